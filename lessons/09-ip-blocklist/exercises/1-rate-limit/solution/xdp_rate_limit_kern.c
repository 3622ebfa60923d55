// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limit what comes from the addresses of a list: a token bucket for each prefix.
 *
 *	source in the list?  no: XDP_PASS
 *	a token left?        yes: take it, XDP_PASS; no: XDP_DROP
 */
#include <stdbool.h>

#include "parse.h"
#include "xdp_rate_limit.h"

#define FAMILY_BITS 32 /* of struct prefix, before the address */
#define IPV4_BITS   32
#define IPV6_BITS   128

const volatile __u64 interval =
	200000000;		 /* ns from token to token: 5 a second */
const volatile __u32 burst = 10; /* tokens that a bucket holds */

/* Value: number of the prefix's bucket. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct prefix);
	__type(value, __u32);
	__uint(max_entries, BUCKETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} list SEC(".maps");

/* A trie's values cannot hold a lock. So the buckets are in a map of their own. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bucket);
	__uint(max_entries, BUCKETS);
} buckets SEC(".maps");

/* Add what has come since. Call it with the lock held. */
static __always_inline void fill(struct bucket *bucket, __u64 now)
{
	__u64 come;

	if (!bucket->filled) {
		bucket->tokens = burst;
		bucket->filled = now;
		return;
	}
	/* Another processor may have read the clock later, and got the lock first. */
	if (now <= bucket->filled)
		return;

	come = (now - bucket->filled) / interval;
	/* The part of an interval that is left over is not lost. */
	bucket->filled += come * interval;
	if (come > burst - bucket->tokens)
		come = burst - bucket->tokens;
	bucket->tokens += come;
}

static bool take_token(struct bucket *bucket)
{
	/* With the lock held, no helper may be called. */
	__u64 now = bpf_ktime_get_ns();
	bool taken = false;

	bpf_spin_lock(&bucket->lock);
	fill(bucket, now);
	if (bucket->tokens) {
		bucket->tokens--;
		taken = true;
	}
	bpf_spin_unlock(&bucket->lock);
	return taken;
}

static int limit(const struct prefix *source)
{
	struct bucket *bucket;
	__u32 *number;

	number = bpf_map_lookup_elem(&list, source);
	if (!number)
		return XDP_PASS;
	bucket = bpf_map_lookup_elem(&buckets, number);
	if (!bucket)
		return XDP_PASS;
	return take_token(bucket) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int xdp_rate_limit(struct xdp_md *ctx)
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
		source.family = bpf_htonl(4);
		source.address[0] = ip->saddr;
		return limit(&source);
	case ETH_P_IPV6:
		ip6 = parse_ipv6(&cur);
		if (!ip6)
			break;
		source.bits = FAMILY_BITS + IPV6_BITS;
		source.family = bpf_htonl(6);
		__builtin_memcpy(source.address, &ip6->saddr,
				 sizeof(ip6->saddr));
		return limit(&source);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
