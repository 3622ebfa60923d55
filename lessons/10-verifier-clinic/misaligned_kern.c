// SPDX-License-Identifier: GPL-2.0-only
/* Four bytes are written on the stack, at an address that 4 does not divide. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ADDRESS \
	1 /* where the address begins in the message: no multiple of 4 */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16); /* bytes */
} events SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u8 message[8] = {};

	*(__u32 *)(message + ADDRESS) = ctx->rx_queue_index;
	bpf_ringbuf_output(&events, message, sizeof(message), 0);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	__u8 message[8] = {};

	__builtin_memcpy(message + ADDRESS, &queue, sizeof(queue));
	bpf_ringbuf_output(&events, message, sizeof(message), 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
