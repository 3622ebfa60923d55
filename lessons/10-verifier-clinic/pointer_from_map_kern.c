// SPDX-License-Identifier: GPL-2.0-only
/* A number out of a map is used as a pointer. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} addresses SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *address;

	address = bpf_map_lookup_elem(&addresses, &key);
	if (!address)
		return XDP_ABORTED;
	return *(__u8 *)*address ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *value;

	value = bpf_map_lookup_elem(&addresses, &key);
	if (!value)
		return XDP_ABORTED;
	return *value ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
