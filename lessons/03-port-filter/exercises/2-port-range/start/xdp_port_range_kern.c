// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drop TCP from or to a range of ports. Pass the rest.
 *
 *	frame -> Ethernet -> IPv4 with options, or IPv6
 *	      -> unless it is a later fragment: source and destination port
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp_port_range.h"

#define IHL_MIN	  5	 /* words of 4 bytes: RFC 791, section 3.1 */
#define IP_OFFSET 0x1fff /* bits of frag_off that hold the offset: same */

/* TCP begins with these: RFC 9293, section 3.1. */
struct l4_ports {
	__be16 source;
	__be16 dest;
};

/* Read-only data: the user side fills it in before the program is loaded. */
const volatile struct port_range range;

/* TODO: this compares with the first port only. */
static bool is_in_range(__be16 port)
{
	return port == bpf_htons(range.first);
}

static int filter_tcp(struct l4_ports *tcp, void *end)
{
	if ((void *)(tcp + 1) > end)
		return XDP_PASS;

	return is_in_range(tcp->source) || is_in_range(tcp->dest) ? XDP_DROP :
								    XDP_PASS;
}

static int filter_ipv4(struct iphdr *ip, void *end)
{
	if ((void *)(ip + 1) > end || ip->ihl < IHL_MIN)
		return XDP_PASS;

	/* Only the first fragment carries the ports. */
	if (ip->protocol != IPPROTO_TCP || ip->frag_off & bpf_htons(IP_OFFSET))
		return XDP_PASS;

	return filter_tcp((void *)ip + ip->ihl * 4, end);
}

static int filter_ipv6(struct ipv6hdr *ip6, void *end)
{
	if ((void *)(ip6 + 1) > end || ip6->nexthdr != IPPROTO_TCP)
		return XDP_PASS;

	return filter_tcp((void *)(ip6 + 1), end);
}

SEC("xdp")
int xdp_port_range(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;

	switch (bpf_ntohs(eth->h_proto)) {
	case ETH_P_IP:
		return filter_ipv4((void *)(eth + 1), end);
	case ETH_P_IPV6:
		return filter_ipv6((void *)(eth + 1), end);
	default:
		return XDP_PASS;
	}
}

char _license[] SEC("license") = "GPL";
