// SPDX-License-Identifier: GPL-2.0-only
/* A read past the end of struct xdp_md. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct __sk_buff *skb = (void *)ctx;

	return skb->ingress_ifindex == 2 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == 2 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
