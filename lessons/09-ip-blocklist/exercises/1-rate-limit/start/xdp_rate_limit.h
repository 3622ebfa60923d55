/* SPDX-License-Identifier: GPL-2.0-only */
/* What kernel side and whoever fills its maps have in common. */
#ifndef XDP_RATE_LIMIT_H
#define XDP_RATE_LIMIT_H

#include <linux/bpf.h>
#include <linux/types.h>

#define BUCKETS 64

/* Key of the list, as in the lesson. */
struct prefix {
	__u32 bits;	   /* 32 for the family, and the prefix length */
	__be32 family;	   /* 4 or 6 */
	__be32 address[4]; /* IPv4: the first; the rest is 0 */
};

/* What a prefix may still send. All zero: it has not sent anything yet. */
struct bucket {
	struct bpf_spin_lock lock;
	__u32 tokens; /* packets that may pass now */
	__u64 filled; /* up to when tokens were added: ns, CLOCK_MONOTONIC */
};

#endif /* XDP_RATE_LIMIT_H */
