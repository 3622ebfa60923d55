// SPDX-License-Identifier: GPL-2.0-only
/* A way through the function ends without a return. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#pragma clang diagnostic ignored "-Wreturn-type" /* it would have said so */

__u64 packets;

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&packets, 1);
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&packets, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
