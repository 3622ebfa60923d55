// SPDX-License-Identifier: GPL-2.0-only
/* A loop that ends only if luck wants it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TRIES 16

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	while (bpf_get_prandom_u32() % 8)
		;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	int i;

	for (i = 0; i < TRIES; i++)
		if (!(bpf_get_prandom_u32() % 8))
			return XDP_PASS;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
