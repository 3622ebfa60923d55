// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count what this host receives and sends, per pair of addresses: two programs,
 * at two hooks, and one map that both of them fill.
 *
 *	frame -> layercoop_xdp -> skb -> ... -> skb -> layercoop_tc -> frame
 *	              |                                    |
 *	              +--------> layercoop_pairs <---------+
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

/* One object, loaded once: both programs have the same maps anyway. */
#define LAYERCOOP_PINNING LIBBPF_PIN_NONE
#include "layercoop_count.h"

/* Set by the loader once both are attached: they begin at the same moment. */
bool counting;

SEC("xdp")
int layercoop_xdp(struct xdp_md *ctx)
{
	if (counting)
		count_received(ctx);
	return XDP_PASS;
}

SEC("tc")
int layercoop_tc(struct __sk_buff *skb)
{
	if (counting)
		count_sent(skb);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
