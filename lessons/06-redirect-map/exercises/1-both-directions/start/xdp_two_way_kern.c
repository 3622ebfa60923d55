// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send the IP packets that enter one of two ports out of the other.
 *
 *	frame -> stays here?  yes: XDP_PASS
 *	      -> new MAC addresses -> out of the other port
 */
#include <linux/icmpv6.h>
#include <stdbool.h>

#include "parse.h"

/* ICMPv6 types of neighbour discovery, 133 to 137: RFC 4861, section 4. */
#define ND_ROUTER_SOLICIT 133
#define ND_REDIRECT	  137

#define GROUP_BIT 1 /* of a MAC address' first byte: multicast, broadcast */

#define PORTS 2

/* Entry n is the interface of port n. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, PORTS);
} tx_port SEC(".maps");

/* Port 0 and port 1: set before the program is loaded. */
const volatile __u32 ifindex[PORTS];
const volatile __u8 own_mac[PORTS][ETH_ALEN];	  /* of the interface itself */
const volatile __u8 station_mac[PORTS][ETH_ALEN]; /* of the host behind it */

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

/* Byte by byte: memcpy() would cast "volatile" away. */
static void rewrite_macs(struct ethhdr *eth, __u32 port)
{
	int i;

	for (i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = station_mac[port][i];
		eth->h_source[i] = own_mac[port][i];
	}
}

SEC("xdp")
int xdp_two_way(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct cursor cur = {
		.pos = eth,
		.end = (void *)(long)ctx->data_end,
	};
	/* TODO: this is one direction only: whatever comes leaves by port 1. What
	 * enters port 1 has to leave by port 0. What enters neither port passes.
	 */
	__u32 out = 1;

	if (stays_here(&cur) || (void *)(eth + 1) > cur.end)
		return XDP_PASS;

	rewrite_macs(eth, out);
	return bpf_redirect_map(&tx_port, out, XDP_ABORTED);
}

char _license[] SEC("license") = "GPL";
