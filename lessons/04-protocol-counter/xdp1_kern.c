// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count packets and bytes by transport protocol, then drop or pass.
 *
 *	frame -> Ethernet, VLAN tags -> IPv4 or IPv6 -> protocol -> its counter
 *
 * The user side reads the counters while this program goes on counting.
 */
#include "parse.h"
#include "xdp1.h"

/*
 * One copy for each CPU. A packet is handled on one CPU from start to end, so
 * plain additions are safe, and no CPU waits for another. The price is paid by
 * the reader, who has to add up the copies.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct counter);
	__uint(max_entries, SLOTS);
} counters SEC(".maps");

const volatile __u32 verdict = XDP_DROP; /* of every packet, once counted */

/* The slot that a packet is counted in. */
static __u32 find_slot(struct cursor *cur)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	int protocol;

	switch (parse_eth(cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(cur);
		return ip ? ip->protocol : SLOT_NOT_IP;
	case ETH_P_IPV6:
		ip6 = parse_ipv6(cur);
		if (!ip6)
			return SLOT_NOT_IP;
		protocol = parse_ipv6_ext(cur, ip6->nexthdr);
		return protocol < 0 ? SLOT_NOT_IP : protocol;
	default:
		return SLOT_NOT_IP;
	}
}

SEC("xdp")
int xdp1(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 bytes = cur.end - cur.pos;
	struct counter *counter;
	__u32 slot;

	slot = find_slot(&cur);

	/* Never NULL, for slot is below SLOTS. But only we know that: without
	 * the check the verifier rejects the program.
	 */
	counter = bpf_map_lookup_elem(&counters, &slot);
	if (!counter)
		return XDP_ABORTED;

	counter->packets++;
	counter->bytes += bytes;

	return verdict;
}

char _license[] SEC("license") = "GPL";
