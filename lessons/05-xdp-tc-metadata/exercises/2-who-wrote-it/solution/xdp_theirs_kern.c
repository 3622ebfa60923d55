// SPDX-License-Identifier: GPL-2.0-only
/* Leave 12 bytes in front of each packet that are no note: somebody else's. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define NS_PER_MS 1000000

struct arrival {
	__u32 queue;
	__u32 bytes;	    /* from the Ethernet header on, without FCS */
	__u32 milliseconds; /* since boot */
};

SEC("xdp")
int xdp_theirs(struct xdp_md *ctx)
{
	struct arrival *arrival;
	void *data;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*arrival)))
		return XDP_PASS;

	data = (void *)(long)ctx->data;
	arrival = (void *)(long)ctx->data_meta;
	if ((void *)(arrival + 1) > data)
		return XDP_PASS;

	arrival->queue = ctx->rx_queue_index;
	arrival->bytes = (void *)(long)ctx->data_end - data;
	arrival->milliseconds = bpf_ktime_get_ns() / NS_PER_MS;

	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
