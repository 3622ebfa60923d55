// SPDX-License-Identifier: GPL-2.0-only
/*
 * An exit in assembler: the compiler does not know it, and puts code behind it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	asm volatile("r0 = 1; exit"); /* 1: XDP_DROP */
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	int verdict;

	asm volatile("%0 = 1" : "=r"(verdict));
	return verdict;
}

char _license[] SEC("license") = "GPL";
