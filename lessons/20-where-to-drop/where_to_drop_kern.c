// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drop the UDP packets to one port, and count them: the same work once at XDP and once at
 * TC. What differs is how far a packet has come when it ends.
 */
#include <stdbool.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include "parse.h"

/* Packets dropped: one number, a copy for each CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} dropped SEC(".maps");

const volatile __u16 port; /* host byte order */

/* Is it UDP to our port? A later fragment has no ports. */
static bool is_wanted(void *data, void *end)
{
	struct cursor cur = { .pos = data, .end = end };
	struct ipv6hdr *ip6;
	struct udphdr *udp;
	struct iphdr *ip;
	int protocol;

	switch (parse_eth(&cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(&cur);
		if (!ip || ip->frag_off & bpf_htons(IPV4_OFFSET))
			return false;
		protocol = ip->protocol;
		break;
	case ETH_P_IPV6:
		ip6 = parse_ipv6(&cur);
		if (!ip6)
			return false;
		protocol = ip6->nexthdr;
		break;
	default:
		return false;
	}

	udp = cur.pos;
	return protocol == IPPROTO_UDP && (void *)(udp + 1) <= cur.end &&
	       udp->dest == bpf_htons(port);
}

static void count(void)
{
	__u32 key = 0;
	__u64 *packets = bpf_map_lookup_elem(&dropped, &key);

	if (packets)
		*packets += 1;
}

SEC("xdp")
int drop_at_xdp(struct xdp_md *ctx)
{
	if (!is_wanted((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return XDP_PASS;
	count();
	return XDP_DROP;
}

SEC("tc")
int drop_at_tc(struct __sk_buff *skb)
{
	if (!is_wanted((void *)(long)skb->data, (void *)(long)skb->data_end))
		return TC_ACT_UNSPEC;
	count();
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
