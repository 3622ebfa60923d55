// SPDX-License-Identifier: GPL-2.0-only
/* An index of which nothing is known. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SLOTS 64

struct slots {
	__u64 packets[SLOTS];
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
	struct slots *slots;
	__u32 key = 0;

	slots = bpf_map_lookup_elem(&all, &key);
	if (!slots)
		return XDP_ABORTED;

	slots->packets[ctx->rx_queue_index]++;
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	struct slots *slots;
	__u32 key = 0;

	slots = bpf_map_lookup_elem(&all, &key);
	if (!slots || queue >= SLOTS)
		return XDP_ABORTED;

	slots->packets[queue]++;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
