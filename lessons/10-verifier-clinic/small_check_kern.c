// SPDX-License-Identifier: GPL-2.0-only
/* The check covers the Ethernet header, the read is in the IPv4 header. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	if (ip->protocol == IPPROTO_TCP)
		return XDP_PASS;

	return XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end)
		return XDP_DROP;

	if (ip->protocol == IPPROTO_TCP)
		return XDP_PASS;

	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
