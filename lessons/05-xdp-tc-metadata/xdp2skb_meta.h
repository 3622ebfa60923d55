/* SPDX-License-Identifier: GPL-2.0-only */
/* What XDP leaves in front of a packet, and TC finds there. */
#ifndef XDP2SKB_META_H
#define XDP2SKB_META_H

#include <linux/types.h>

/*
 * The kernel wants a multiple of 4 bytes, at most 32: xdp_metalen_invalid() in
 * include/net/xdp.h, Linux 6.1. Newer kernels allow more.
 */
struct meta {
	__u32 mark;
};

#endif /* XDP2SKB_META_H */
