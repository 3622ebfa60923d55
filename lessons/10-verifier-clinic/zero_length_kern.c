// SPDX-License-Identifier: GPL-2.0-only
/* A helper that does not take the length 0 may get it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MOST 8 /* bytes */

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u64 length = ctx->rx_queue_index;
	__u8 bytes[MOST] = {};

	if (length > MOST)
		return XDP_DROP;
	if (bpf_xdp_load_bytes(ctx, 0, bytes, length))
		return XDP_DROP;
	return bytes[0] ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 length = (ctx->rx_queue_index & (MOST - 1)) + 1;
	__u8 bytes[MOST] = {};

	if (bpf_xdp_load_bytes(ctx, 0, bytes, length))
		return XDP_DROP;
	return bytes[0] ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
