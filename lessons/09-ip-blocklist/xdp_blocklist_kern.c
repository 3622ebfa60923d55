// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drop what comes from the addresses of a list, and count it. Pass the rest.
 *
 *	frame -> Ethernet -> 0 to 2 VLAN tags
 *	      -> IPv4 or IPv6: the source address
 *	      -> longest prefix of the list that covers it?  yes: count, drop
 *
 * The source address is in the fixed part of both headers, and in every fragment.
 * So nothing behind that is looked at.
 */
#include "parse.h"
#include "xdp_blocklist.h"

/*
 * A list, empty: the first one. The user side changes a single prefix in place. For more
 * than that it fills a new list, and exchanges the two in one step.
 */
struct trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct prefix);
	__type(value, struct prefix); /* the key again: see lookup() */
	__uint(max_entries, LIST_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* a trie has to have it */
} first_trie SEC(".maps");

/* One entry: the list that counts now. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct trie);
} list SEC(".maps") = {
	.values = { &first_trie },
};

/*
 * Packets that a prefix dropped. In a map of its own, so that it outlives the exchange. A
 * prefix has an entry from its first packet on. All CPUs share it: memory for one copy
 * a CPU is much slower to get, and many listed prefixes may send their first at once.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct prefix);
	__type(value, __u64);
	__uint(max_entries, LIST_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct total);
	__uint(max_entries, TOTALS);
} totals SEC(".maps");

/* The longest prefix of the list that covers an address, or NULL. */
static struct prefix *lookup(const struct prefix *source)
{
	__u32 now = 0;
	void *trie = bpf_map_lookup_elem(&list, &now);

	/* A trie says what it found by the value only. */
	return trie ? bpf_map_lookup_elem(trie, source) : NULL;
}

static void count_hit(const struct prefix *listed)
{
	__u64 *packets = bpf_map_lookup_elem(&hits, listed);
	__u64 none = 0;

	if (!packets) {
		/* Another CPU may be first: then there is one all the same. */
		bpf_map_update_elem(&hits, listed, &none, BPF_NOEXIST);
		packets = bpf_map_lookup_elem(&hits, listed);
	}
	/* No memory for it: then only the totals have this packet. */
	if (packets)
		__sync_fetch_and_add(packets, 1);
}

static int count(__u32 kind, int verdict)
{
	struct total *total = bpf_map_lookup_elem(&totals, &kind);

	if (!total)
		return XDP_ABORTED;
	if (verdict == XDP_DROP)
		total->dropped++;
	else
		total->passed++;
	return verdict;
}

static int filter(const struct prefix *source, __u32 kind)
{
	struct prefix *listed = lookup(source);

	if (!listed)
		return count(kind, XDP_PASS);
	count_hit(listed);
	return count(kind, XDP_DROP);
}

/* "frags": also where the MTU is so large that a frame is in several pieces. The headers
 * are in the first.
 */
SEC("xdp.frags")
int xdp_blocklist(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	struct prefix source = {};
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	switch (parse_eth(&cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(&cur);
		if (!ip)
			break;
		source.bits = FAMILY_BITS + IPV4_BITS;
		source.family = bpf_htonl(FAMILY_IPV4);
		__builtin_memcpy(source.addr, &ip->saddr, sizeof(ip->saddr));
		return filter(&source, TOTAL_IPV4);
	case ETH_P_IPV6:
		ip6 = parse_ipv6(&cur);
		if (!ip6)
			break;
		source.bits = FAMILY_BITS + IPV6_BITS;
		source.family = bpf_htonl(FAMILY_IPV6);
		__builtin_memcpy(source.addr, &ip6->saddr, sizeof(ip6->saddr));
		return filter(&source, TOTAL_IPV6);
	}
	/* The stack knows what to do with it. */
	return count(TOTAL_OTHER, XDP_PASS);
}

char _license[] SEC("license") = "GPL";
