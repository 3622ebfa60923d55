/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two sides of the port range filter agree on. */
#ifndef XDP_PORT_RANGE_H
#define XDP_PORT_RANGE_H

#include <linux/types.h>

#define PORT_DEFAULT 80 /* http: RFC 9110, section 4.2.1 */

/* Ports, both ends included. */
struct port_range {
	__u16 first; /* in host byte order, as "<" wants it */
	__u16 last;  /* the same */
};

#endif /* XDP_PORT_RANGE_H */
