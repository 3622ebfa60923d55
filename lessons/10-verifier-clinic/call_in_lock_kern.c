// SPDX-License-Identifier: GPL-2.0-only
/* A helper is called while a lock is held. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct account {
	struct bpf_spin_lock lock;
	__u64 last; /* nanoseconds since boot */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct account *account;
	__u32 key = 0;

	account = bpf_map_lookup_elem(&accounts, &key);
	if (!account)
		return XDP_ABORTED;

	bpf_spin_lock(&account->lock);
	account->last = bpf_ktime_get_ns();
	bpf_spin_unlock(&account->lock);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct account *account;
	__u32 key = 0;

	account = bpf_map_lookup_elem(&accounts, &key);
	if (!account)
		return XDP_ABORTED;

	bpf_spin_lock(&account->lock);
	account->last = now;
	bpf_spin_unlock(&account->lock);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
