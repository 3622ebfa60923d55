// SPDX-License-Identifier: GPL-2.0-only
/*
 * An offset that may be greater than any packet: the check after it proves
 * nothing.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;
	__u8 *byte = data + ctx->rx_queue_index;

	if (byte + 1 > end)
		return XDP_DROP;

	return *byte ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;
	__u32 offset = ctx->rx_queue_index;
	__u8 *byte;

	if (offset > ETH_FRAME_LEN)
		return XDP_DROP;
	byte = data + offset;
	if (byte + 1 > end)
		return XDP_DROP;

	return *byte ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
