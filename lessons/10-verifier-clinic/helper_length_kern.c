// SPDX-License-Identifier: GPL-2.0-only
/* A helper is told to read as many bytes as some number says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SNAP 64 /* bytes of a packet that are kept */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16); /* bytes */
} events SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u64 length = ctx->data_end - ctx->data;
	__u8 bytes[SNAP] = {};

	bpf_ringbuf_output(&events, bytes, length, 0);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 length = ctx->data_end - ctx->data;
	__u8 bytes[SNAP] = {};

	if (length > SNAP)
		length = SNAP;
	bpf_ringbuf_output(&events, bytes, length, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
