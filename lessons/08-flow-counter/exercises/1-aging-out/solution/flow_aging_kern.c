// SPDX-License-Identifier: GPL-2.0-only
/* Count packets by flow, and note when each was seen last. All pass. */
#include <linux/errno.h>

#include "parse.h"
#include "flow_aging.h"

#define FLOWS 131072

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct flow_key);
	__type(value, struct flow);
	__uint(max_entries, FLOWS);
} flows SEC(".maps");

static void count_flow(const struct flow_key *key)
{
	__u64 now = bpf_ktime_get_ns();
	struct flow first = { .packets = 1, .last_ns = now };
	struct flow *flow = bpf_map_lookup_elem(&flows, key);
	int err;

	if (!flow) {
		err = bpf_map_update_elem(&flows, key, &first, BPF_NOEXIST);
		if (err == -EEXIST)
			flow = bpf_map_lookup_elem(&flows, key);
	}
	if (flow) {
		__sync_fetch_and_add(&flow->packets, 1);
		if (flow->last_ns < now)
			flow->last_ns = now;
	}
	/* Else the map is full. To count that as well is left out: see the page. */
}

SEC("xdp")
int flow_aging(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	struct flow_key key = {};
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	switch (parse_eth(&cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(&cur);
		if (!ip)
			return XDP_PASS;
		key.version = 4;
		key.protocol = ip->protocol;
		key.source[0] = ip->saddr;
		key.dest[0] = ip->daddr;
		break;
	case ETH_P_IPV6:
		ip6 = parse_ipv6(&cur);
		if (!ip6)
			return XDP_PASS;
		key.version = 6;
		key.protocol = ip6->nexthdr;
		__builtin_memcpy(key.source, &ip6->saddr, sizeof(key.source));
		__builtin_memcpy(key.dest, &ip6->daddr, sizeof(key.dest));
		break;
	default:
		return XDP_PASS;
	}

	count_flow(&key);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
