/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two sides agree on. A flow, here: two addresses and a protocol. */
#ifndef FLOW_AGING_H
#define FLOW_AGING_H

#include <linux/types.h>

struct flow_key {
	__be32 source[4]; /* IPv4: in the first, the others are 0 */
	__be32 dest[4];
	__u8 protocol;
	__u8 version; /* of IP: 4 or 6 */
	__u8 zero[2];
};

struct flow {
	__u64 packets;
	__u64 last_ns; /* when seen last: CLOCK_MONOTONIC */
};

#endif /* FLOW_AGING_H */
