// SPDX-License-Identifier: GPL-2.0-only
/* One way out of the program leaves the lock locked. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct account {
	struct bpf_spin_lock lock;
	__u32 packets;
	__u64 bytes;
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
	__u32 length = ctx->data_end - ctx->data;
	struct account *account;
	__u32 key = 0;

	account = bpf_map_lookup_elem(&accounts, &key);
	if (!account)
		return XDP_ABORTED;

	bpf_spin_lock(&account->lock);
	if (++account->packets > 1000)
		return XDP_DROP;
	account->bytes += length;
	bpf_spin_unlock(&account->lock);
	return XDP_PASS;
}

SEC("xdp")
int mended(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	struct account *account;
	int verdict = XDP_DROP;
	__u32 key = 0;

	account = bpf_map_lookup_elem(&accounts, &key);
	if (!account)
		return XDP_ABORTED;

	bpf_spin_lock(&account->lock);
	if (++account->packets <= 1000) {
		account->bytes += length;
		verdict = XDP_PASS;
	}
	bpf_spin_unlock(&account->lock);
	return verdict;
}

char _license[] SEC("license") = "GPL";
