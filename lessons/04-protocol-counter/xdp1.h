/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two sides of the protocol counter agree on. */
#ifndef XDP1_H
#define XDP1_H

#include <linux/types.h>

/*
 * Keys of the map. 0 to 255 are the protocol numbers of IPv4's protocol field
 * and IPv6's next header field: https://www.iana.org/assignments/protocol-numbers
 */
enum {
	SLOT_NOT_IP = 256, /* other EtherType, or headers cut short */
	SLOTS
};

struct counter {
	__u64 packets;
	__u64 bytes; /* from the Ethernet header on, without FCS */
};

#endif /* XDP1_H */
