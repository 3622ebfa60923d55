/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How packets are counted, at both hooks. For kernel sides: layercoop_kern.c has
 * both programs, layercoop_rx_kern.c and layercoop_tx_kern.c have one each. The
 * file that includes this one says first how its maps are pinned:
 *
 *	#define LAYERCOOP_PINNING LIBBPF_PIN_BY_NAME
 */
#ifndef LAYERCOOP_COUNT_H
#define LAYERCOOP_COUNT_H

#include "parse.h"
#include "layercoop.h"

#define VLAN_TAG_LEN 4

/* Ethernet header, VLAN tags, and an IP header at its longest. */
#define HEADERS_MAX (ETH_HLEN + VLAN_TAGS_MAX * VLAN_TAG_LEN + 60)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct pair);
	__type(value, struct traffic);
	__uint(max_entries, PAIRS_MAX);
	__uint(pinning, LAYERCOOP_PINNING);
} layercoop_pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct traffic);
	__uint(max_entries, RESTS);
	__uint(pinning, LAYERCOOP_PINNING);
} layercoop_rest SEC(".maps");

/*
 * Read the addresses of a packet; the cursor is at its first byte. What is
 * received comes from remote. Returns false if it is not IP.
 */
static __always_inline bool read_pair(struct cursor *cur, bool received,
				      struct pair *pair)
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

/* The entry that a packet is counted in. NULL only in theory. */
static __always_inline struct traffic *find_traffic(const struct pair *pair,
						    bool is_ip)
{
	struct traffic *traffic, none = {};
	__u32 rest = REST_NOT_IP;

	if (is_ip) {
		traffic = bpf_map_lookup_elem(&layercoop_pairs, pair);
		if (traffic)
			return traffic;

		/* The first packet of a pair. If another CPU is faster, its entry
		 * stays as it is, and is the one that is found.
		 */
		bpf_map_update_elem(&layercoop_pairs, pair, &none, BPF_NOEXIST);
		traffic = bpf_map_lookup_elem(&layercoop_pairs, pair);
		if (traffic)
			return traffic;
		rest = REST_NO_ROOM;
	}
	return bpf_map_lookup_elem(&layercoop_rest, &rest);
}

/*
 * Several CPUs may count for the same pair, so additions are atomic: one copy of
 * each entry, which all of them share.
 */
static __always_inline void count_received(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 bytes = cur.end - cur.pos;
	/* Every byte of a key counts: those that IPv4 does not use, too. */
	struct pair pair = {};
	struct traffic *traffic;

	traffic = find_traffic(&pair, read_pair(&cur, true, &pair));
	if (!traffic)
		return;
	__sync_fetch_and_add(&traffic->rx_packets, 1);
	__sync_fetch_and_add(&traffic->rx_bytes, bytes);
}

/* The same for an skb, which may be in pieces. */
static __always_inline bool read_sent(struct __sk_buff *skb, struct pair *pair)
{
	__u32 headers = skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX;
	struct cursor cur = {
		.pos = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end,
	};

	/* Only the first piece lies between data and data_end. As a rule it has all
	 * headers, and then they stay where they are: with most segments of TCP,
	 * moving them would mean to copy them.
	 */
	if (read_pair(&cur, false, pair))
		return true;
	if (skb->data_end - skb->data >= headers ||
	    bpf_skb_pull_data(skb, headers))
		return false;

	cur.pos = (void *)(long)skb->data;
	cur.end = (void *)(long)skb->data_end;
	return read_pair(&cur, false, pair);
}

static __always_inline void count_sent(struct __sk_buff *skb)
{
	/* 0 or 1 in an skb that is not to be cut; 0 also in some of virtual machines. */
	__u64 frames = skb->gso_segs ? skb->gso_segs : 1;
	/* With headers for each frame that it will be cut into: the kernel has
	 * worked that out for its queues.
	 */
	__u64 bytes = skb->wire_len;
	struct traffic *traffic;
	struct pair pair = {};

	/* A tag that travels beside the packet is in no length yet. */
	if (skb->vlan_present)
		bytes += frames * VLAN_TAG_LEN;

	traffic = find_traffic(&pair, read_sent(skb, &pair));
	if (!traffic)
		return;
	__sync_fetch_and_add(&traffic->tx_packets, frames);
	__sync_fetch_and_add(&traffic->tx_bytes, bytes);
	__sync_fetch_and_add(&traffic->tx_skbs, 1);
	__sync_fetch_and_add(&traffic->tx_skb_bytes, skb->len);
}

#endif /* LAYERCOOP_COUNT_H */
