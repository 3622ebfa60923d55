// SPDX-License-Identifier: GPL-2.0-only
/* An address is kept in a variable of 32 bits. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u32 payload = ctx->data + ETH_HLEN;
	__u8 *byte = (void *)(long)payload;

	if (byte + 1 > end)
		return XDP_DROP;

	return *byte ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *byte = (void *)(long)ctx->data + ETH_HLEN;

	if (byte + 1 > end)
		return XDP_DROP;

	return *byte ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
