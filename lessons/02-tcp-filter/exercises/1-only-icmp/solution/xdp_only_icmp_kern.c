// SPDX-License-Identifier: GPL-2.0-only
/* Let ICMP pass, and what ping needs besides. Drop the rest. */
#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ARP_LEN 28 /* bytes, IPv4 over Ethernet: RFC 826 */
#define IHL_MIN 5  /* words of 4 bytes: RFC 791, section 3.1 */

/* ICMPv6 types. RFC 4443, section 2.1: errors and echo. RFC 4861, section 4:
 * neighbour discovery.
 */
#define ICMP6_UNREACHABLE   1
#define ICMP6_PARAM_PROBLEM 4
#define ICMP6_ECHO_REQUEST  128
#define ICMP6_ECHO_REPLY    129
#define ND_ROUTER_SOLICIT   133
#define ND_REDIRECT	    137

static int filter_arp(void *arp, void *end)
{
	if (arp + ARP_LEN > end)
		return XDP_DROP;

	return XDP_PASS;
}

static int filter_ipv4(struct iphdr *ip, void *end)
{
	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	if (ip->version != 4 || ip->ihl < IHL_MIN)
		return XDP_DROP;
	if ((void *)ip + ip->ihl * 4 > end)
		return XDP_DROP;

	/* The protocol, not the type: later fragments have no ICMP header. */
	return ip->protocol == IPPROTO_ICMP ? XDP_PASS : XDP_DROP;
}

static int filter_icmpv6(struct icmp6hdr *icmp, void *end)
{
	if ((void *)(icmp + 1) > end)
		return XDP_DROP;

	switch (icmp->icmp6_type) {
	case ICMP6_UNREACHABLE ... ICMP6_PARAM_PROBLEM:
	case ICMP6_ECHO_REQUEST:
	case ICMP6_ECHO_REPLY:
	case ND_ROUTER_SOLICIT ... ND_REDIRECT:
		return XDP_PASS;
	default:
		return XDP_DROP;
	}
}

static int filter_ipv6(struct ipv6hdr *ip6, void *end)
{
	if ((void *)(ip6 + 1) > end)
		return XDP_DROP;
	if (ip6->version != 6 || ip6->nexthdr != IPPROTO_ICMPV6)
		return XDP_DROP;

	return filter_icmpv6((void *)(ip6 + 1), end);
}

SEC("xdp")
int xdp_only_icmp(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	switch (bpf_ntohs(eth->h_proto)) {
	case ETH_P_ARP:
		return filter_arp(eth + 1, end);
	case ETH_P_IP:
		return filter_ipv4((void *)(eth + 1), end);
	case ETH_P_IPV6:
		return filter_ipv6((void *)(eth + 1), end);
	default:
		return XDP_DROP;
	}
}

char _license[] SEC("license") = "GPL";
