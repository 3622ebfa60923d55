/* SPDX-License-Identifier: GPL-2.0-only */
/* What both sides of layercoop agree on: the maps' keys and values. */
#ifndef LAYERCOOP_H
#define LAYERCOOP_H

#include <linux/types.h>

#define PAIRS_MAX 10240

/*
 * Two addresses, in the order seen from this host: a packet that is received
 * goes to local, one that is sent comes from it. So both directions have one key.
 */
struct pair {
	__u8 local[16]; /* network byte order; IPv4: the first 4, the rest is 0 */
	__u8 remote[16];
	__u32 version; /* of IP: 4 or 6 */
};

/* Frames are counted from the Ethernet header on, with VLAN tags, without FCS. (A tag
 * that a card took off what it received is not there to be counted.)
 */
struct traffic {
	__u64 rx_packets; /* frames received, at XDP */
	__u64 rx_bytes;
	__u64 tx_packets; /* frames sent, as they leave */
	__u64 tx_bytes;
	__u64 tx_skbs; /* the same at TC egress: one may become many frames */
	__u64 tx_skb_bytes;
};

/* Keys of the second map: what has no entry in the first. */
enum {
	REST_NOT_IP,  /* other EtherType, or headers cut short */
	REST_NO_ROOM, /* IP, but no entry: as a rule all PAIRS_MAX are taken */
	RESTS
};

#endif /* LAYERCOOP_H */
