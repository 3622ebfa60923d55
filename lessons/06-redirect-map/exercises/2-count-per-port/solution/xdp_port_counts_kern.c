// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send IP packets from interface to interface, and count them by the one that they
 * leave by.
 *
 *	frame -> has its interface a way?  no: XDP_PASS
 *	      -> stays here?               yes: XDP_PASS
 *	      -> new MAC addresses -> out of the other interface -> count
 */
#include <linux/icmpv6.h>
#include <stdbool.h>

#include "parse.h"
#include "xdp_port_counts.h"

/* ICMPv6 types of neighbour discovery, 133 to 137: RFC 4861, section 4. */
#define ND_ROUTER_SOLICIT 133
#define ND_REDIRECT	  137

#define GROUP_BIT 1 /* of a MAC address' first byte: multicast, broadcast */

/* Key: number of the interface that a packet enters by. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct way);
	__uint(max_entries, PORTS_MAX);
} ways SEC(".maps");

/* Key: number of an interface. Value: the same number. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, PORTS_MAX);
} tx_port SEC(".maps");

/* Key: number of the interface to leave by. The user side makes the entries. A
 * value has a copy for each CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, __u32);
	__type(value, struct port_counts);
	__uint(max_entries, PORTS_MAX);
} counts SEC(".maps");

/*
 * What hosts need to find each other is for this host: ARP, neighbour
 * discovery, everything sent to a group. So is what we cannot read.
 */
static bool stays_here(struct cursor *cur)
{
	struct ethhdr *eth = cur->pos;
	struct icmp6hdr *icmp;
	struct ipv6hdr *ip6;

	if ((void *)(eth + 1) > cur->end || eth->h_dest[0] & GROUP_BIT)
		return true;

	switch (parse_eth(cur)) {
	case ETH_P_IP:
		return !parse_ipv4(cur);
	case ETH_P_IPV6:
		ip6 = parse_ipv6(cur);
		if (!ip6)
			return true;
		if (ip6->nexthdr != IPPROTO_ICMPV6)
			return false;
		icmp = cur->pos;
		return (void *)(icmp + 1) > cur->end ||
		       (icmp->icmp6_type >= ND_ROUTER_SOLICIT &&
			icmp->icmp6_type <= ND_REDIRECT);
	default:
		return true;
	}
}

/* Count a packet that was to leave. */
static void count(__u32 out_ifindex, __u64 bytes, int verdict)
{
	struct port_counts *port = bpf_map_lookup_elem(&counts, &out_ifindex);

	if (!port)
		return;
	if (verdict == XDP_REDIRECT) {
		port->packets++;
		port->bytes += bytes;
	} else {
		port->no_entry++;
	}
}

SEC("xdp")
int xdp_port_counts(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct cursor cur = {
		.pos = eth,
		.end = (void *)(long)ctx->data_end,
	};
	__u32 in_ifindex = ctx->ingress_ifindex;
	struct way *way;
	int verdict;

	way = bpf_map_lookup_elem(&ways, &in_ifindex);
	if (!way)
		return XDP_PASS;
	if (stays_here(&cur) || (void *)(eth + 1) > cur.end)
		return XDP_PASS;

	__builtin_memcpy(eth->h_dest, way->station_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, way->own_mac, ETH_ALEN);

	/* Only the helper knows whether there is an entry. */
	verdict = bpf_redirect_map(&tx_port, way->out_ifindex, XDP_ABORTED);
	count(way->out_ifindex, ctx->data_end - ctx->data, verdict);
	return verdict;
}

char _license[] SEC("license") = "GPL";
