// SPDX-License-Identifier: GPL-2.0-only
/*
 * Let TCP pass, and that by which hosts find each other. Drop the rest.
 *
 *	frame -> Ethernet -> ARP                          pass
 *	                  -> IPv4 -> TCP                  pass
 *	                  -> IPv6 -> TCP                  pass
 *	                          -> neighbour discovery  pass
 *	anything else, tagged, cut short or malformed     drop
 */
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

/* ICMPv6 types of neighbour discovery, 133 to 137: RFC 4861, section 4. */
#define ND_ROUTER_SOLICIT 133
#define ND_REDIRECT	  137

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

	/* In every fragment, not only in the first. */
	return ip->protocol == IPPROTO_TCP ? XDP_PASS : XDP_DROP;
}

static int filter_icmpv6(struct icmp6hdr *icmp, void *end)
{
	if ((void *)(icmp + 1) > end)
		return XDP_DROP;

	return icmp->icmp6_type >= ND_ROUTER_SOLICIT &&
			       icmp->icmp6_type <= ND_REDIRECT ?
		       XDP_PASS :
		       XDP_DROP;
}

static int filter_ipv6(struct ipv6hdr *ip6, void *end)
{
	if ((void *)(ip6 + 1) > end)
		return XDP_DROP;
	if (ip6->version != 6)
		return XDP_DROP;

	switch (ip6->nexthdr) {
	case IPPROTO_TCP:
		return XDP_PASS;
	case IPPROTO_ICMPV6:
		return filter_icmpv6((void *)(ip6 + 1), end);
	default:
		return XDP_DROP;
	}
}

SEC("xdp")
int xdp_tcp_filter(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	/* Before a byte is read, the verifier wants to see that it is there. */
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
