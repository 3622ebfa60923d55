// SPDX-License-Identifier: GPL-2.0-only
/* A constant that is set before the load is written by the program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 limit = 64; /* bytes, of the shortest packet that passes */

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	if (ctx->data_end - ctx->data < limit)
		return XDP_DROP;

	*(volatile __u32 *)&limit = 128;
	return XDP_PASS;
}

__u32 next_limit; /* bytes */

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	if (ctx->data_end - ctx->data < limit)
		return XDP_DROP;

	next_limit = 128;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
