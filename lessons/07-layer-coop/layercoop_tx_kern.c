// SPDX-License-Identifier: GPL-2.0-only
/* The sending half of layercoop_kern.c: see layercoop_rx_kern.c. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define LAYERCOOP_PINNING LIBBPF_PIN_BY_NAME
#include "layercoop_count.h"

SEC("tc")
int layercoop_tx(struct __sk_buff *skb)
{
	count_sent(skb);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
