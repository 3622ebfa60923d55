// SPDX-License-Identifier: GPL-2.0-only
/* A pointer that may be NULL is moved first and checked afterwards. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct counters {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counters);
} all SEC(".maps");

static __noinline int add(__u64 *sum, __u64 summand)
{
	if (!sum)
		return XDP_ABORTED;
	__sync_fetch_and_add(sum, summand);
	return XDP_PASS;
}

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct counters *counters;

	counters = bpf_map_lookup_elem(&all, &key);
	return add(&counters->bytes, 60);
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct counters *counters;

	counters = bpf_map_lookup_elem(&all, &key);
	if (!counters)
		return XDP_ABORTED;
	return add(&counters->bytes, 60);
}

char _license[] SEC("license") = "GPL";
