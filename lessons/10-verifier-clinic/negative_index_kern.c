// SPDX-License-Identifier: GPL-2.0-only
/* An index that may be negative. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

#define SLOTS 256

struct slots {
	__u8 seen[SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slots);
} all SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct slots *slots;
	__u32 key = 0;
	int slot;

	slots = bpf_map_lookup_elem(&all, &key);
	if (!slots || (void *)(eth + 1) > end)
		return XDP_DROP;

	slot = eth->h_source[5] - eth->h_dest[5];
	slots->seen[slot] = 1;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct slots *slots;
	__u32 key = 0;
	int slot;

	slots = bpf_map_lookup_elem(&all, &key);
	if (!slots || (void *)(eth + 1) > end)
		return XDP_DROP;

	slot = eth->h_source[5] - eth->h_dest[5];
	if (slot < 0)
		return XDP_DROP;
	slots->seen[slot] = 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
