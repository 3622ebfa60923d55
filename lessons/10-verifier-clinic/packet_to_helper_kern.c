// SPDX-License-Identifier: GPL-2.0-only
/* A helper that takes no packet pointers is given one. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16); /* bytes */
} events SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	bpf_ringbuf_output(&events, eth, sizeof(*eth), 0);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct ethhdr copy;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;

	copy = *eth;
	bpf_ringbuf_output(&events, &copy, sizeof(copy), 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
