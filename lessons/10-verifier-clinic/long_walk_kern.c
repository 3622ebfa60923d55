// SPDX-License-Identifier: GPL-2.0-only
/* A loop over the packet, as long as the packet is. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *byte = (void *)(long)ctx->data;

	for (; byte + 1 <= end; byte++)
		if (*byte == 0xff)
			return XDP_PASS;
	return XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *byte = (void *)(long)ctx->data;
	int i;

	for (i = 0; i < ETH_HLEN && byte + 1 <= end; i++, byte++)
		if (*byte == 0xff)
			return XDP_PASS;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
