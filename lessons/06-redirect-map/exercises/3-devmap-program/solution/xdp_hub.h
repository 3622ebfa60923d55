/* SPDX-License-Identifier: GPL-2.0-only */
/* What kernel side and user side have in common. */
#ifndef XDP_HUB_H
#define XDP_HUB_H

#include <linux/if_ether.h>
#include <linux/types.h>

#define PORTS_MAX 16

/* The addresses of the two ends of a cable. */
struct cable {
	__u8 station_mac[ETH_ALEN]; /* of the host at the other end */
	__u8 own_mac[ETH_ALEN];	    /* of the interface at our end */
};

#endif /* XDP_HUB_H */
