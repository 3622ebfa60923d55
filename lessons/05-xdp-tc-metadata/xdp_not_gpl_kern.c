// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write a line to the kernel's trace, without the licence that this takes. The
 * verifier rejects this program: the page of this lesson reads what it says.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_not_gpl(struct xdp_md *ctx)
{
	bpf_printk("packet of %u bytes", ctx->data_end - ctx->data);

	return XDP_PASS;
}

char _license[] SEC("license") = "Proprietary";
