// SPDX-License-Identifier: GPL-2.0-only
/* A helper for socket buffers is called by an XDP program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 byte;

	if (bpf_skb_load_bytes(ctx, 0, &byte, sizeof(byte)))
		return XDP_DROP;
	return byte ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u8 byte;

	if (bpf_xdp_load_bytes(ctx, 0, &byte, sizeof(byte)))
		return XDP_DROP;
	return byte ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
