// SPDX-License-Identifier: GPL-2.0-only
/* Count packets and bytes by the size of the packet, and let every packet pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

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

SEC("xdp")
int xdp_sizes(struct xdp_md *ctx)
{
	/* TODO: find the class of this packet, and count it there. */
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
