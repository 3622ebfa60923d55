// SPDX-License-Identifier: GPL-2.0-only
/* Let ICMP pass, and what ping needs besides. Drop the rest. */
#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_only_icmp(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	switch (bpf_ntohs(eth->h_proto)) {
	/* TODO: a case for each EtherType that ping needs. */
	default:
		return XDP_DROP;
	}
}

char _license[] SEC("license") = "GPL";
