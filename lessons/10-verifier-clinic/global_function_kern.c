// SPDX-License-Identifier: GPL-2.0-only
/* A function that is not static returns a pointer into the packet. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

struct ethhdr *checked(struct xdp_md *ctx);
__noinline struct ethhdr *checked(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	return (void *)(eth + 1) > end ? NULL : eth;
}

static __noinline struct ethhdr *checked_here(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	return (void *)(eth + 1) > end ? NULL : eth;
}

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct ethhdr *eth = checked(ctx);

	return eth && eth->h_dest[0] & 1 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	struct ethhdr *eth = checked_here(ctx);

	return eth && eth->h_dest[0] & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
