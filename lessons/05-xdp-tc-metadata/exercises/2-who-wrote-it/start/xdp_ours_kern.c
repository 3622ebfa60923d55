// SPDX-License-Identifier: GPL-2.0-only
/* Leave a note in front of each packet. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "note.h"

#define MARK 42

SEC("xdp")
int xdp_ours(struct xdp_md *ctx)
{
	struct note *note;
	void *data;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*note)))
		return XDP_PASS;

	data = (void *)(long)ctx->data;
	note = (void *)(long)ctx->data_meta;
	if ((void *)(note + 1) > data)
		return XDP_PASS;

	note->magic = NOTE_MAGIC;
	note->mark = MARK;

	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
