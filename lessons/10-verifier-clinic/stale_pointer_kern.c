// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pointer into the packet is used after a helper has moved the packet's
 * start.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

#define VLAN_HLEN 4 /* bytes of an IEEE 802.1Q tag */

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (bpf_xdp_adjust_head(ctx, -VLAN_HLEN))
		return XDP_DROP;

	eth->h_dest[0] = 0;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	struct ethhdr *eth;
	void *end;

	if (bpf_xdp_adjust_head(ctx, -VLAN_HLEN))
		return XDP_DROP;

	end = (void *)(long)ctx->data_end;
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	eth->h_dest[0] = 0;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
