// SPDX-License-Identifier: GPL-2.0-only
/* The check lets a packet of 14 bytes by, the read wants the fifteenth. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;

	if (data + ETH_HLEN <= end && data[ETH_HLEN] >> 4 == 4)
		return XDP_PASS;

	return XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;

	if (data + ETH_HLEN < end && data[ETH_HLEN] >> 4 == 4)
		return XDP_PASS;

	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
