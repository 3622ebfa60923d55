// SPDX-License-Identifier: GPL-2.0-only
/* A field of the context that this kind of program may not read. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	return ctx->egress_ifindex == 2 ? XDP_DROP : XDP_PASS;
}

SEC("xdp/devmap")
int mended(struct xdp_md *ctx)
{
	return ctx->egress_ifindex == 2 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
