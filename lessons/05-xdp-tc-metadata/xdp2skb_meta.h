/* SPDX-License-Identifier: GPL-2.0-only */
/* What XDP leaves in front of a packet, and TC finds there. */
#ifndef XDP2SKB_META_H
#define XDP2SKB_META_H

#include <linux/types.h>

/*
 * The kernel wants a multiple of 4 bytes, at most 32: bpf_xdp_adjust_meta(),
 * net/core/filter.c, Linux 6.1. From 6.3 on, up to 252 are allowed.
 */
struct meta {
	__u32 mark;
};

#endif /* XDP2SKB_META_H */
