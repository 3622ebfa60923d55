// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send the IP packets that enter one port out of all others.
 *
 *	xdp_hub         frame -> stays here?  yes: XDP_PASS
 *	                      -> a copy for each other port
 *	xdp_hub_leave   copy  -> is its cable known?  no: XDP_DROP
 *	                      -> the MAC addresses of that cable -> out
 */
#include <linux/icmpv6.h>
#include <stdbool.h>

#include "parse.h"
#include "xdp_hub.h"

/* ICMPv6 types of neighbour discovery, 133 to 137: RFC 4861, section 4. */
#define ND_ROUTER_SOLICIT 133
#define ND_REDIRECT	  137

#define GROUP_BIT 1 /* of a MAC address' first byte: multicast, broadcast */

/* The ports. A value is an interface and the program that runs before a packet
 * leaves by it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
	__uint(max_entries, PORTS_MAX);
} tx_ports SEC(".maps");

/* Key: number of the interface to leave by. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct cable);
	__uint(max_entries, PORTS_MAX);
} cables SEC(".maps");

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

SEC("xdp")
int xdp_hub(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};

	if (stays_here(&cur))
		return XDP_PASS;

	/* To all entries of the map, whatever the key, but the one it came from. */
	return bpf_redirect_map(&tx_ports, 0,
				BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
}

/* Runs for each copy, when it is known by which interface it leaves. */
SEC("xdp/devmap")
int xdp_hub_leave(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	__u32 out_ifindex = ctx->egress_ifindex;
	struct cable *cable;

	cable = bpf_map_lookup_elem(&cables, &out_ifindex);
	if (!cable || (void *)(eth + 1) > end)
		return XDP_DROP;

	__builtin_memcpy(eth->h_dest, cable->station_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, cable->own_mac, ETH_ALEN);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
