// SPDX-License-Identifier: GPL-2.0-only
/* Count packets and bytes by the size of the packet, and let every packet pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define LIMIT_FIRST 64 /* bytes; each class's limit is twice the one before */

/* Keys of the map: the classes, by their greatest length in bytes. */
enum {
	SIZE_64,
	SIZE_128,
	SIZE_256,
	SIZE_512,
	SIZE_1024,
	SIZE_LARGER,
	SIZES
};

struct counter {
	__u64 packets;
	__u64 bytes; /* from the Ethernet header on, without FCS */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct counter);
	__uint(max_entries, SIZES);
} sizes SEC(".maps");

static __u32 find_size(__u64 bytes)
{
	__u32 size;

	for (size = SIZE_64; size < SIZE_LARGER; size++)
		if (bytes <= (__u64)LIMIT_FIRST << size)
			break;
	return size;
}

SEC("xdp")
int xdp_sizes(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	void *data = (void *)(long)ctx->data;
	__u64 bytes = data_end - data;
	struct counter *counter;
	__u32 size;

	size = find_size(bytes);
	counter = bpf_map_lookup_elem(&sizes, &size);
	if (!counter)
		return XDP_ABORTED;

	counter->packets++;
	counter->bytes += bytes;

	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
