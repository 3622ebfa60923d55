/* SPDX-License-Identifier: GPL-2.0-only */
/* What both sides agree on: the map's keys and values, as in the lesson. */
#ifndef LAYERCOOP_H
#define LAYERCOOP_H

#include <linux/types.h>

#define PAIRS_MAX 10240

/* Two addresses, in the order seen from this host. */
struct pair {
	__u8 local[16]; /* network byte order; IPv4: the first 4, the rest is 0 */
	__u8 remote[16];
	__u32 version; /* of IP: 4 or 6 */
};

/* Since the programs were attached. Frames without FCS. */
struct traffic {
	__u64 rx_packets;
	__u64 rx_bytes;
	__u64 tx_packets;
	__u64 tx_bytes;
};

#endif /* LAYERCOOP_H */
