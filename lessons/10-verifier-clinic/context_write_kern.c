// SPDX-License-Identifier: GPL-2.0-only
/* A field of the context that nobody may write. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	ctx->data_end = ctx->data + ETH_HLEN;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 length = ctx->data_end - ctx->data;

	if (bpf_xdp_adjust_tail(ctx, ETH_HLEN - (int)length))
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
