/* SPDX-License-Identifier: GPL-2.0-only */
/* What kernel side and user side have in common. */
#ifndef XDP_PORT_COUNTS_H
#define XDP_PORT_COUNTS_H

#include <linux/if_ether.h>
#include <linux/types.h>

#define PORTS_MAX 16

/* Where the packets of one interface go. */
struct way {
	__u32 out_ifindex;
	__u8 station_mac[ETH_ALEN]; /* of the host behind that interface */
	__u8 own_mac[ETH_ALEN];	    /* of that interface */
};

/* What was to leave by one interface. All fields are numbers of type __u64. */
struct port_counts {
	__u64 packets;	/* that were handed over for sending, */
	__u64 bytes;	/* and their frames' lengths, without FCS */
	__u64 no_entry; /* packets that found no entry in the devmap */
};

#endif /* XDP_PORT_COUNTS_H */
