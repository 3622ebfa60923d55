// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drop what comes from the addresses of a list, also where an IPv6 address holds an IPv4
 * address of the list.
 */
#include <stdbool.h>

#include "parse.h"

#define LIST_MAX 1024 /* prefixes */

#define FAMILY_BITS 32 /* of struct prefix, before the address */
#define IPV4_BITS   32
#define IPV6_BITS   128

#define FAMILY_IPV4 4
#define FAMILY_IPV6 6

/* Key of the list, as in the lesson. */
struct prefix {
	__u32 bits;	   /* FAMILY_BITS and the prefix length */
	__be32 family;	   /* FAMILY_IPV4 or FAMILY_IPV6 */
	__be32 address[4]; /* IPv4: the first; the rest is 0 */
};

/* The value is a mark that nobody looks at. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct prefix);
	__type(value, __u32);
	__uint(max_entries, LIST_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} list SEC(".maps");

static bool ipv4_is_listed(__be32 address)
{
	struct prefix source = {
		.bits = FAMILY_BITS + IPV4_BITS,
		.family = bpf_htonl(FAMILY_IPV4),
		.address = { address },
	};

	return bpf_map_lookup_elem(&list, &source);
}

static bool ipv6_is_listed(const struct in6_addr *address)
{
	struct prefix source = {
		.bits = FAMILY_BITS + IPV6_BITS,
		.family = bpf_htonl(FAMILY_IPV6),
	};

	__builtin_memcpy(source.address, address, sizeof(*address));
	return bpf_map_lookup_elem(&list, &source);
}

/* Does it hold an IPv4 address? If so, *ipv4 is that. */
static bool find_ipv4(const struct in6_addr *address, __be32 *ipv4)
{
	/* TODO: ::ffff:0:0/96, 64:ff9b::/96 and 2002::/16 hold one. Where in the address?
	 * address->s6_addr32[0] is its first 4 bytes, address->s6_addr16[0] its first 2.
	 */
	return false;
}

SEC("xdp")
int xdp_mapped(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__be32 ipv4;

	switch (parse_eth(&cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(&cur);
		if (ip && ipv4_is_listed(ip->saddr))
			return XDP_DROP;
		break;
	case ETH_P_IPV6:
		ip6 = parse_ipv6(&cur);
		if (!ip6)
			break;
		if (ipv6_is_listed(&ip6->saddr))
			return XDP_DROP;
		if (find_ipv4(&ip6->saddr, &ipv4) && ipv4_is_listed(ipv4))
			return XDP_DROP;
		break;
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
