// SPDX-License-Identifier: GPL-2.0-only
/* A loop with an end, but a far one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FAR  10000000
#define NEAR 1000

__u64 sum;

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u64 i;

	for (i = 0; i < FAR; i++)
		*(volatile __u64 *)&sum += i;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 i;

	for (i = 0; i < NEAR; i++)
		*(volatile __u64 *)&sum += i;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
