// SPDX-License-Identifier: GPL-2.0-only
/*
 * A number of 64 bits, of which nothing is known, is added to a pointer into
 * the packet.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __s64);
} offsets SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *byte = (void *)(long)ctx->data;
	__u32 key = 0;
	__s64 *offset;

	offset = bpf_map_lookup_elem(&offsets, &key);
	if (!offset)
		return XDP_ABORTED;
	byte += *offset;
	if (byte + 1 > end)
		return XDP_DROP;

	return *byte ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u8 *end = (void *)(long)ctx->data_end;
	__u8 *byte = (void *)(long)ctx->data;
	__u32 key = 0;
	__s64 *offset;

	offset = bpf_map_lookup_elem(&offsets, &key);
	if (!offset)
		return XDP_ABORTED;
	byte += *offset & 0xff;
	if (byte + 1 > end)
		return XDP_DROP;

	return *byte ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
