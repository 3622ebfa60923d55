// SPDX-License-Identifier: GPL-2.0-only
/* Let every packet pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	/* TODO: this drops every packet. Let it pass. */
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
