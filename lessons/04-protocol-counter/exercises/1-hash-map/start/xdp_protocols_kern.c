// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count packets and bytes by transport protocol, and let every packet pass.
 *
 * The map has an entry for each protocol that was seen, and no other.
 */
#include "parse.h"

#define PROTOCOLS  256 /* numbers of IANA, 0 to 255: the keys */
#define KEY_NOT_IP 256 /* other EtherType, or headers cut short */

struct counter {
	__u64 packets;
	__u64 bytes; /* from the Ethernet header on, without FCS */
};

/* TODO: make this a hash map, and let every packet pass. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct counter);
	__uint(max_entries, PROTOCOLS + 1);
} counters SEC(".maps");

/* The key that a packet is counted under. */
static __u32 find_key(struct cursor *cur)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	int protocol;

	switch (parse_eth(cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(cur);
		return ip ? ip->protocol : KEY_NOT_IP;
	case ETH_P_IPV6:
		ip6 = parse_ipv6(cur);
		if (!ip6)
			return KEY_NOT_IP;
		protocol = parse_ipv6_ext(cur, ip6->nexthdr);
		return protocol < 0 ? KEY_NOT_IP : protocol;
	default:
		return KEY_NOT_IP;
	}
}

SEC("xdp")
int xdp_protocols(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 bytes = cur.end - cur.pos;
	struct counter *counter;
	__u32 key;

	key = find_key(&cur);

	counter = bpf_map_lookup_elem(&counters, &key);
	if (!counter)
		return XDP_ABORTED;

	counter->packets++;
	counter->bytes += bytes;

	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
