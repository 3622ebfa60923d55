// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receiving half of layercoop_kern.c, as an object of its own. Whoever loads
 * it finds the maps by their pins, or makes and pins them.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define LAYERCOOP_PINNING LIBBPF_PIN_BY_NAME
#include "layercoop_count.h"

SEC("xdp")
int layercoop_rx(struct xdp_md *ctx)
{
	count_received(ctx);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
