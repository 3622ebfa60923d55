// SPDX-License-Identifier: GPL-2.0-only
/*
 * Only the network's own DHCP server hands out IPv4 addresses, and it is not behind
 * this interface:
 *
 *	UDP over IPv4 from port 67, the DHCP server's           drop
 *	IPv4, its first 20 bytes cut short, or a length below   drop
 *	UDP over IPv4, cut short before the UDP header's end    drop
 *	anything else                                           pass
 *
 * That includes later fragments, which hold no UDP header and are of no use without
 * the first, and whatever has a VLAN tag.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IHL_MIN	    5	   /* words of 4 bytes: RFC 791, section 3.1 */
#define IP_OFFSET   0x1fff /* bits of frag_off that hold the offset: same */
#define DHCP_SERVER 67	   /* port: RFC 2131, section 4.1 */

static int filter_udp(struct udphdr *udp, void *end)
{
	if ((void *)(udp + 1) > end)
		return XDP_DROP;

	return udp->source == bpf_htons(DHCP_SERVER) ? XDP_DROP : XDP_PASS;
}

static int filter_ipv4(struct iphdr *ip, void *end)
{
	if ((void *)(ip + 1) > end || ip->ihl < IHL_MIN)
		return XDP_DROP;
	if (ip->protocol != IPPROTO_UDP)
		return XDP_PASS;

	/* Only the first fragment has a UDP header. */
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return XDP_PASS;

	return filter_udp((void *)ip + ip->ihl * 4, end);
}

SEC("xdp")
int xdp_dhcp_guard(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;

	return filter_ipv4((void *)(eth + 1), end);
}

char _license[] SEC("license") = "GPL";
