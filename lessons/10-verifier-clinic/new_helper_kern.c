// SPDX-License-Identifier: GPL-2.0-only
/* A helper that this kernel does not have yet. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* No kernel has it: whichever runs, it is too old. */
static long (*bpf_of_tomorrow)(void) = (void *)9999;

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	return bpf_of_tomorrow() ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	return bpf_get_prandom_u32() ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
