// SPDX-License-Identifier: GPL-2.0-only
/* A helper for GPL programs, called by a program under another licence. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 packets;

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	bpf_printk("a packet");
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&packets, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "Proprietary";
