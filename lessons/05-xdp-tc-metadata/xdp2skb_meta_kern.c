// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP writes a mark in front of the packet; TC reads it there, and gives it to
 * the socket buffer, where netfilter and routing see it.
 *
 *	frame -> xdp_write_mark -> [mark][frame] -> skb -> tc_read_mark -> skb->mark
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#include "xdp2skb_meta.h"

const volatile __u32 mark;
const volatile bool trace; /* say so in the kernel's trace, packet by packet */

SEC("xdp")
int xdp_write_mark(struct xdp_md *ctx)
{
	struct meta *meta;
	void *data;

	/* Not every driver leaves room in front: then there is no mark. */
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_PASS;

	/* After the helper, pointers read before it are no longer valid. */
	data = (void *)(long)ctx->data;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > data)
		return XDP_PASS;

	meta->mark = mark;
	if (trace)
		bpf_printk("xdp wrote mark %u, packet of %u bytes", mark,
			   ctx->data_end - ctx->data);

	return XDP_PASS;
}

SEC("tc")
int tc_read_mark(struct __sk_buff *skb)
{
	struct meta *meta = (void *)(long)skb->data_meta;
	void *data = (void *)(long)skb->data;

	/* Nobody wrote anything in front of this packet. */
	if ((void *)(meta + 1) > data) {
		if (trace)
			bpf_printk("tc found no mark, packet of %u bytes",
				   skb->len);
		return TC_ACT_UNSPEC;
	}

	skb->mark = meta->mark;
	if (trace)
		bpf_printk("tc read mark %u, packet of %u bytes", meta->mark,
			   skb->len);

	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
