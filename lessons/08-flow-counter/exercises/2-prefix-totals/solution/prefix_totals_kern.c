// SPDX-License-Identifier: GPL-2.0-only
/* Count packets and bytes by the network that they come from: /24 or /64. */
#include "parse.h"

#define PREFIXES    256
#define IPV4_PREFIX 0xffffff00 /* the first 24 bits, host byte order */

/* The first bits of an address; all others are 0. */
struct prefix {
	__be32 address[4]; /* IPv4: in the first, the others are 0 */
	__u8 version;	   /* of IP: 4 or 6 */
	__u8 zero[3];
};

struct total {
	__u64 packets;
	__u64 bytes; /* from the Ethernet header on, without FCS */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct prefix);
	__type(value, struct total);
	__uint(max_entries, PREFIXES);
} prefixes SEC(".maps");

/* IP packets that "prefixes" had no room for. One entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct total);
	__uint(max_entries, 1);
} missed SEC(".maps");

static void add(struct total *total, __u64 bytes)
{
	__sync_fetch_and_add(&total->packets, 1);
	__sync_fetch_and_add(&total->bytes, bytes);
}

static void count(const struct prefix *prefix, __u64 bytes)
{
	struct total first = { .packets = 1, .bytes = bytes };
	struct total *total;
	__u32 zero = 0;

	total = bpf_map_lookup_elem(&prefixes, prefix);
	if (!total) {
		if (!bpf_map_update_elem(&prefixes, prefix, &first,
					 BPF_NOEXIST))
			return;
		/* Another CPU made it, or there is no room. */
		total = bpf_map_lookup_elem(&prefixes, prefix);
	}
	if (!total)
		total = bpf_map_lookup_elem(&missed, &zero);
	if (total)
		add(total, bytes);
}

SEC("xdp")
int prefix_totals(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 bytes = cur.end - cur.pos;
	struct prefix prefix = {};
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	switch (parse_eth(&cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(&cur);
		if (!ip)
			return XDP_PASS;
		prefix.version = 4;
		prefix.address[0] = ip->saddr & bpf_htonl(IPV4_PREFIX);
		break;
	case ETH_P_IPV6:
		ip6 = parse_ipv6(&cur);
		if (!ip6)
			return XDP_PASS;
		prefix.version = 6;
		prefix.address[0] = ip6->saddr.in6_u.u6_addr32[0];
		prefix.address[1] = ip6->saddr.in6_u.u6_addr32[1];
		break;
	default:
		return XDP_PASS;
	}

	count(&prefix, bytes);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
