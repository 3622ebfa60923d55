// SPDX-License-Identifier: GPL-2.0-only
/* A helper is told to read 16 bytes of a variable of 8. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16); /* bytes */
} events SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	bpf_ringbuf_output(&events, &now, 16, 0);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	bpf_ringbuf_output(&events, &now, sizeof(now), 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
