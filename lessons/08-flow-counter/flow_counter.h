/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two sides of the flow counter agree on. */
#ifndef FLOW_COUNTER_H
#define FLOW_COUNTER_H

#include <linux/types.h>

/*
 * What tells one flow from another. The map compares keys byte by byte, so there
 * is no byte in it that nobody sets.
 */
struct flow_key {
	__be32 source[4]; /* IPv4: in the first, the others are 0 */
	__be32 dest[4];
	__be16 source_port; /* of protocols without ports, both are 0 */
	__be16 dest_port;   /* of ICMP and ICMPv6: type * 256 + code */
	__u8 protocol;
	__u8 version;	    /* of IP: 4 or 6 */
	__u8 ports_unknown; /* 1: later fragments, and headers cut short */
	__u8 zero;
};

struct flow {
	__u64 packets;
	__u64 bytes;	/* from the Ethernet header on, without FCS */
	__u64 first_ns; /* when seen first: CLOCK_MONOTONIC */
	__u64 last_ns;
};

/* Packets that are in no flow, and how often a flow began. */
enum {
	COUNT_NEW,    /* first packets: each made an entry */
	COUNT_FULL,   /* would have made one, but the map was full */
	COUNT_FAILED, /* the same, and the kernel gave another reason */
	COUNT_NOT_IP, /* other EtherType; IP or extension header cut short, or too many */
	COUNTS
};

struct counter {
	__u64 packets;
	__u64 bytes; /* as above */
};

#endif /* FLOW_COUNTER_H */
