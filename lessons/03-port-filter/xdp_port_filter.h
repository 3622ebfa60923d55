/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two sides of the port filter agree on. */
#ifndef XDP_PORT_FILTER_H
#define XDP_PORT_FILTER_H

#define PORTS_MAX    16 /* ports on one command line */
#define PORT_DEFAULT 80 /* http: RFC 9110, section 4.2.1 */

#endif /* XDP_PORT_FILTER_H */
