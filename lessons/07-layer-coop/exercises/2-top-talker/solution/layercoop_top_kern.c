// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count per pair of addresses, at both hooks, as in the lesson, but for tags beside an skb.
 * Nothing to do here.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#include "parse.h"
#include "layercoop.h"

#define HEADERS_MAX 82 /* Ethernet, two VLAN tags, IPv4 at its longest */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct pair);
	__type(value, struct traffic);
	__uint(max_entries, PAIRS_MAX);
} pairs SEC(".maps");

static bool read_pair(struct cursor *cur, bool received, struct pair *pair)
{
	__u8 *source = received ? pair->remote : pair->local;
	__u8 *dest = received ? pair->local : pair->remote;
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	switch (parse_eth(cur)) {
	case ETH_P_IP:
		ip = parse_ipv4(cur);
		if (!ip)
			return false;
		pair->version = 4;
		__builtin_memcpy(source, &ip->saddr, sizeof(ip->saddr));
		__builtin_memcpy(dest, &ip->daddr, sizeof(ip->daddr));
		return true;
	case ETH_P_IPV6:
		ip6 = parse_ipv6(cur);
		if (!ip6)
			return false;
		pair->version = 6;
		__builtin_memcpy(source, &ip6->saddr, sizeof(ip6->saddr));
		__builtin_memcpy(dest, &ip6->daddr, sizeof(ip6->daddr));
		return true;
	default:
		return false;
	}
}

/* The entry that a packet is counted in, or NULL: no IP, or no room. */
static struct traffic *find_traffic(struct cursor *cur, bool received)
{
	struct traffic *traffic, none = {};
	struct pair pair = {};

	if (!read_pair(cur, received, &pair))
		return NULL;
	traffic = bpf_map_lookup_elem(&pairs, &pair);
	if (traffic)
		return traffic;
	bpf_map_update_elem(&pairs, &pair, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&pairs, &pair);
}

SEC("xdp")
int top_xdp(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 bytes = cur.end - cur.pos;
	struct traffic *traffic = find_traffic(&cur, true);

	if (traffic) {
		__sync_fetch_and_add(&traffic->rx_packets, 1);
		__sync_fetch_and_add(&traffic->rx_bytes, bytes);
	}
	return XDP_PASS;
}

/* Not all of an skb may lie between data and data_end; as a rule its headers do. */
static struct traffic *find_sent(struct __sk_buff *skb)
{
	__u32 headers = skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX;
	struct cursor cur = {
		.pos = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end,
	};
	struct traffic *traffic = find_traffic(&cur, false);

	if (traffic || skb->data_end - skb->data >= headers ||
	    bpf_skb_pull_data(skb, headers))
		return traffic;
	cur.pos = (void *)(long)skb->data;
	cur.end = (void *)(long)skb->data_end;
	return find_traffic(&cur, false);
}

SEC("tc")
int top_tc(struct __sk_buff *skb)
{
	struct traffic *traffic = find_sent(skb);
	__u64 frames = skb->gso_segs ? skb->gso_segs : 1;
	__u64 bytes = skb->wire_len;

	if (traffic) {
		__sync_fetch_and_add(&traffic->tx_packets, frames);
		__sync_fetch_and_add(&traffic->tx_bytes, bytes);
	}
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
