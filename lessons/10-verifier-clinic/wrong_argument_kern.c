// SPDX-License-Identifier: GPL-2.0-only
/* A helper is given the key itself where it wants the key's address. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u64 *count;

	count = bpf_map_lookup_elem(&packets,
				    (void *)(long)ctx->rx_queue_index);
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 *count;

	count = bpf_map_lookup_elem(&packets, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
