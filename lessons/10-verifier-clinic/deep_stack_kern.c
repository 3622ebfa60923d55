// SPDX-License-Identifier: GPL-2.0-only
/* Two functions with 320 bytes each on the stack, one called by the other. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16); /* bytes */
} events SEC(".maps");

struct big {
	__u8 bytes[320];
};

static __noinline int send_another(void)
{
	struct big another = {};

	return bpf_ringbuf_output(&events, &another, sizeof(another), 0);
}

static __noinline int send(struct big *big)
{
	return bpf_ringbuf_output(&events, big, sizeof(*big), 0);
}

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct big big = {};

	if (bpf_ringbuf_output(&events, &big, sizeof(big), 0))
		return XDP_ABORTED;
	return send_another() ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	struct big big = {};

	if (send(&big))
		return XDP_ABORTED;
	return send(&big) ? XDP_ABORTED : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
