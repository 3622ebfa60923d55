// SPDX-License-Identifier: GPL-2.0-only
/* Count whose metadata stands in front of packets; only ours has a say. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "note.h"

/* Keys of the map. */
enum {
	SEEN_NONE,   /* no metadata */
	SEEN_OURS,   /* a note */
	SEEN_THEIRS, /* anything else */
	SEEN_KINDS
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64); /* packets */
	__uint(max_entries, SEEN_KINDS);
} seen SEC(".maps");

static __u32 find_kind(struct __sk_buff *skb)
{
	void *meta = (void *)(long)skb->data_meta;
	void *data = (void *)(long)skb->data;
	struct note *note = meta;
	__u64 bytes = data - meta;

	if (!bytes)
		return SEEN_NONE;
	/* The verifier draws no conclusion from bytes: the first condition is for
	 * it. The second is ours, for what is longer.
	 */
	if ((void *)(note + 1) > data || bytes != sizeof(*note))
		return SEEN_THEIRS;
	if (note->magic != NOTE_MAGIC)
		return SEEN_THEIRS;

	skb->mark = note->mark;
	return SEEN_OURS;
}

SEC("tc")
int tc_who_wrote(struct __sk_buff *skb)
{
	__u32 kind = find_kind(skb);
	__u64 *packets = bpf_map_lookup_elem(&seen, &kind);

	if (packets)
		(*packets)++;

	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
