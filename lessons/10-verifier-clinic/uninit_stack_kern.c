// SPDX-License-Identifier: GPL-2.0-only
/* A key on the stack, of which one field is never written. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct key {
	__u64 ifindex;
	__u64 queue;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct key);
	__type(value, __u64);
} packets SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct key key;
	__u64 *count;

	key.queue = ctx->rx_queue_index;
	count = bpf_map_lookup_elem(&packets, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	struct key key;
	__u64 *count;

	key.ifindex = ctx->ingress_ifindex;
	key.queue = ctx->rx_queue_index;
	count = bpf_map_lookup_elem(&packets, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
