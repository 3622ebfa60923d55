/* SPDX-License-Identifier: GPL-2.0-only */
/* What kernel side and user side have in common. */
#ifndef XDP_BLOCKLIST_H
#define XDP_BLOCKLIST_H

#include <linux/types.h>

#define LIST_MAX 1000000 /* prefixes, IPv4 and IPv6 together */

#define FAMILY_BITS 32 /* of struct prefix, before the address */
#define IPV4_BITS   32
#define IPV6_BITS   128

/* The values of family, in network byte order: the version fields of the headers. */
#define FAMILY_IPV4 4
#define FAMILY_IPV6 6

/*
 * A prefix, as the trie wants its keys: first how many bits count, then the bits, the
 * most significant one first. The family is a part of them, so that one trie holds both
 * kinds, and 0.0.0.0/0 does not cover IPv6.
 */
struct prefix {
	__u32 bits;    /* FAMILY_BITS and the prefix length */
	__be32 family; /* FAMILY_IPV4 or FAMILY_IPV6 */
	__u8 addr[IPV6_BITS /
		  8]; /* IPv4: the first 4; what does not count is 0 */
};

/* What became of packets. One for each kind. */
struct total {
	__u64 passed;
	__u64 dropped;
};

enum {
	TOTAL_IPV4,
	TOTAL_IPV6,
	TOTAL_OTHER, /* other EtherType, or headers cut short */
	TOTALS
};

#endif /* XDP_BLOCKLIST_H */
