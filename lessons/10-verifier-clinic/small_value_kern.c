// SPDX-License-Identifier: GPL-2.0-only
/* The map's value is smaller than what is read of it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct counters {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} all SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} both SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct counters *counters;
	__u32 key = 0;

	counters = bpf_map_lookup_elem(&all, &key);
	if (counters)
		__sync_fetch_and_add(&counters->bytes, 1);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	struct counters *counters;
	__u32 key = 0;

	counters = bpf_map_lookup_elem(&both, &key);
	if (counters)
		__sync_fetch_and_add(&counters->bytes, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
