// SPDX-License-Identifier: GPL-2.0-only
/*
 * Room is reserved in a ring buffer, and one way out neither sends it nor gives
 * it back.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16); /* bytes */
} events SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	__u32 *event;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return XDP_PASS;
	if (length < ETH_ZLEN)
		return XDP_PASS;

	*event = length;
	bpf_ringbuf_submit(event, 0);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	__u32 *event;

	if (length < ETH_ZLEN)
		return XDP_PASS;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return XDP_PASS;

	*event = length;
	bpf_ringbuf_submit(event, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
