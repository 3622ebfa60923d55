// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP numbers the packets, and writes in front of each by which queue it came; TC
 * prints both.
 *
 *	frame -> xdp_write_meta -> [queue, number][frame] -> skb -> tc_read_meta
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

/* What XDP leaves in front of a packet, and TC finds there. */
struct meta {
	__u32 queue;
	__u32 number; /* the first packet is 1 */
};

/* Of the packet that came last. All processors share it. */
__u32 last_number;

SEC("xdp")
int xdp_write_meta(struct xdp_md *ctx)
{
	struct meta *meta;
	void *data;

	/* Not every driver leaves room in front. */
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_PASS;

	data = (void *)(long)ctx->data;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > data)
		return XDP_PASS;

	meta->queue = ctx->rx_queue_index;
	/* Queues are served by several processors at a time: add and read in one
	 * step, so that no two packets get the same number.
	 */
	meta->number = __sync_fetch_and_add(&last_number, 1) + 1;

	return XDP_PASS;
}

SEC("tc")
int tc_read_meta(struct __sk_buff *skb)
{
	struct meta *meta = (void *)(long)skb->data_meta;
	void *data = (void *)(long)skb->data;

	if ((void *)(meta + 1) > data)
		return TC_ACT_UNSPEC;

	bpf_printk("tc read queue %u number %u, packet of %u bytes",
		   meta->queue, meta->number, skb->len);

	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
