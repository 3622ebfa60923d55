// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways to count a packet, some of them wrong: for test_races, which runs each on
 * two CPUs at once. Packets are not looked at. The first half counts packets of
 * one flow, the second those of a new flow each time.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>

#define FLOWS	      200000
#define NEVER_REACHED (1ULL << 63)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, FLOWS);
} shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} copies SEC(".maps");

/* How many packets each CPU has seen. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} turns SEC(".maps");

SEC("xdp")
int plain(struct xdp_md *ctx)
{
	__u32 flow = 0;
	__u64 *packets = bpf_map_lookup_elem(&shared, &flow);
	__u64 before;

	/* Read, add, write: "*packets += 1". Emulated processors take turns, and
	 * change at branches only. Without this one they would lose nothing.
	 */
	if (packets) {
		before = *packets;
		if (before < NEVER_REACHED)
			*packets = before + 1;
	}
	return XDP_PASS;
}

SEC("xdp")
int replace(struct xdp_md *ctx)
{
	__u32 flow = 0;
	__u64 *packets = bpf_map_lookup_elem(&shared, &flow);
	__u64 one_more;

	if (packets) {
		one_more = *packets + 1;
		bpf_map_update_elem(&shared, &flow, &one_more, BPF_EXIST);
	}
	return XDP_PASS;
}

SEC("xdp")
int atomic(struct xdp_md *ctx)
{
	__u32 flow = 0;
	__u64 *packets = bpf_map_lookup_elem(&shared, &flow);

	if (packets)
		__sync_fetch_and_add(packets, 1);
	return XDP_PASS;
}

SEC("xdp")
int per_cpu(struct xdp_md *ctx)
{
	__u32 flow = 0;
	__u64 *packets = bpf_map_lookup_elem(&copies, &flow);

	if (packets)
		*packets += 1;
	return XDP_PASS;
}

/* The flow of this CPU's next packet. Every CPU gets the same ones. */
static __u32 next_flow(void)
{
	__u32 key = 0;
	__u32 *turn = bpf_map_lookup_elem(&turns, &key);

	return turn ? (*turn)++ : 0;
}

SEC("xdp")
int any(struct xdp_md *ctx)
{
	__u32 flow = next_flow();
	__u64 *packets = bpf_map_lookup_elem(&shared, &flow);
	__u64 one = 1;

	if (packets)
		__sync_fetch_and_add(packets, 1);
	else
		bpf_map_update_elem(&shared, &flow, &one, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp")
int noexist(struct xdp_md *ctx)
{
	__u32 flow = next_flow();
	__u64 *packets = bpf_map_lookup_elem(&shared, &flow);
	__u64 one = 1;

	if (packets)
		__sync_fetch_and_add(packets, 1);
	else
		bpf_map_update_elem(&shared, &flow, &one, BPF_NOEXIST);
	return XDP_PASS;
}

SEC("xdp")
int noexist_again(struct xdp_md *ctx)
{
	__u32 flow = next_flow();
	__u64 *packets = bpf_map_lookup_elem(&shared, &flow);
	__u64 one = 1;
	int err;

	if (!packets) {
		err = bpf_map_update_elem(&shared, &flow, &one, BPF_NOEXIST);
		if (err == -EEXIST)
			packets = bpf_map_lookup_elem(&shared, &flow);
	}
	if (packets)
		__sync_fetch_and_add(packets, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
