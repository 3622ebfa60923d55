// SPDX-License-Identifier: GPL-2.0-only
/* A read of the packet without a comparison with its end. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return XDP_PASS;

	return XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return XDP_PASS;

	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
