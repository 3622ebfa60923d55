// SPDX-License-Identifier: GPL-2.0-only
/* A pointer is counted back from the packet's end. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;
	__u8 *last = end - 1;

	if (last < data)
		return XDP_DROP;

	return *last ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 length = bpf_xdp_get_buff_len(ctx);
	__u8 last;

	if (bpf_xdp_load_bytes(ctx, length - 1, &last, sizeof(last)))
		return XDP_DROP;

	return last ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
