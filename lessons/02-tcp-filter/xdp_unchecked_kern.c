// SPDX-License-Identifier: GPL-2.0-only
/*
 * Let only IPv4 pass, and forget to look where the packet ends. The verifier
 * rejects this program: the page of this lesson reads what it says.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_unchecked(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return XDP_PASS;

	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
