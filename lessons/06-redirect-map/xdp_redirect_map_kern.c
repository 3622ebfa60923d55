// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send the IP packets that enter one interface out of another.
 *
 *	frame -> stays here?       yes: XDP_PASS
 *	      -> new MAC addresses -> count -> out of the interface in the map
 *
 * A wire, not a router: routes are not looked up, and TTL stays as it is.
 */
#include <linux/icmpv6.h>
#include <stdbool.h>

#include "parse.h"

/* ICMPv6 types of neighbour discovery, 133 to 137: RFC 4861, section 4. */
#define ND_ROUTER_SOLICIT 133
#define ND_REDIRECT	  137

#define GROUP_BIT 1 /* of a MAC address' first byte: multicast, broadcast */

/* Where to: the user side writes the interface index into entry 0. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} tx_port SEC(".maps");

/*
 * How many packets were to leave, sent in the end or not: one number, a copy for
 * each CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} redirected SEC(".maps");

const volatile __u32 out_ifindex; /* for bpf_redirect(), which has no map */
const volatile bool swap_macs;	  /* instead of writing the two below */
const volatile __u8 dest_mac[ETH_ALEN];	  /* of the station behind it */
const volatile __u8 source_mac[ETH_ALEN]; /* of the outgoing interface */

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

static void rewrite_macs(struct ethhdr *eth)
{
	__u8 dest;
	int i;

	/* Byte by byte: memcpy() would cast "volatile" away, and the compiler
	 * would then take both addresses for the zeros that it sees.
	 */
	for (i = 0; i < ETH_ALEN; i++) {
		dest = eth->h_dest[i];
		eth->h_dest[i] = swap_macs ? eth->h_source[i] : dest_mac[i];
		eth->h_source[i] = swap_macs ? dest : source_mac[i];
	}
}

/* Make a frame ready to leave. False: it stays here, and is as it was. */
static bool prepare(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct cursor cur = {
		.pos = eth,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 *packets;
	__u32 key = 0;

	if (stays_here(&cur) || (void *)(eth + 1) > cur.end)
		return false;

	rewrite_macs(eth);

	packets = bpf_map_lookup_elem(&redirected, &key);
	if (packets)
		(*packets)++;
	return true;
}

SEC("xdp")
int xdp_redirect_map(struct xdp_md *ctx)
{
	if (!prepare(ctx))
		return XDP_PASS;

	/* The last argument is the verdict if the map has no such entry. */
	return bpf_redirect_map(&tx_port, 0, XDP_ABORTED);
}

SEC("xdp")
int xdp_redirect(struct xdp_md *ctx)
{
	if (!prepare(ctx))
		return XDP_PASS;

	return bpf_redirect(out_ifindex, 0);
}

/* For a driver that transmits redirected frames only beside a program. */
SEC("xdp")
int xdp_dummy(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
