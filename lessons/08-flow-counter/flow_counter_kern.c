// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count packets and bytes by flow: addresses, protocol and ports. All pass.
 *
 *	frame -> Ethernet, VLAN tags -> IPv4 or IPv6 -> addresses, protocol
 *	      -> ports, or ICMP type and code -> its entry in the map
 */
#include <linux/errno.h>
#include <stdbool.h>

#include "parse.h"
#include "flow_counter.h"

#define IPV6_OFFSET \
	0xfff8 /* bits that hold the offset: RFC 8200, section 4.5 */

#define FLOWS_DEFAULT 131072

/*
 * One entry a flow, shared by all CPUs. The user side chooses its size, and may
 * make it a BPF_MAP_TYPE_LRU_HASH.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct flow_key);
	__type(value, struct flow);
	__uint(max_entries, FLOWS_DEFAULT);
} flows SEC(".maps");

/* What the flows do not tell, by COUNT_*. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct counter);
	__uint(max_entries, COUNTS);
} counts SEC(".maps");

/* TCP, UDP and their kin all begin with these. */
struct l4_ports {
	__be16 source;
	__be16 dest;
};

/*
 * ICMP has a type and a code where others have ports: together they are one number,
 * as IPFIX has it (IANA, IPFIX information elements 32 and 139).
 *
 * A later fragment of a packet is its middle: there are no ports in it. Nor are
 * there any if the frame ends before them. With IPv6 it may not say the protocol
 * either, but the number of an extension header: what is behind that one is in the
 * first fragment.
 */
static void read_ports(struct cursor *cur, struct flow_key *key, bool later)
{
	struct l4_ports *ports = cur->pos;
	__be16 *type_code = cur->pos;

	switch (key->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		if (later || (void *)(ports + 1) > cur->end)
			break;
		key->source_port = ports->source;
		key->dest_port = ports->dest;
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (later || (void *)(type_code + 1) > cur->end)
			break;
		key->dest_port = *type_code;
		return;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
		if (later)
			break;
		return;
	default:
		return;
	}
	key->ports_unknown = 1;
}

static bool read_ipv4(struct cursor *cur, struct flow_key *key)
{
	struct iphdr *ip = parse_ipv4(cur);

	if (!ip)
		return false;

	key->version = 4;
	key->protocol = ip->protocol;
	key->source[0] = ip->saddr;
	key->dest[0] = ip->daddr;
	read_ports(cur, key, ip->frag_off & bpf_htons(IPV4_OFFSET));
	return true;
}

/*
 * parse_ipv6_ext() steps over a fragment header, but does not say that it did. So
 * this is the same walk, with an end at a later fragment.
 *
 * Returns the transport protocol, -1 if there is none to be found. In *later
 * whether what follows is the middle of a packet.
 */
static int walk_ipv6(struct cursor *cur, __u8 nexthdr, bool *later)
{
	struct ipv6_frag_hdr *frag;
	struct ipv6_opt_hdr *ext;
	void *pos = cur->pos;
	int i;

	*later = false;
	for (i = 0; i <= IPV6_EXT_MAX && !*later; i++) {
		switch (nexthdr) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			ext = pos;
			if ((void *)(ext + 1) > cur->end)
				return -1;
			nexthdr = ext->nexthdr;
			pos += (1 + ext->hdrlen) * IPV6_EXT_UNIT;
			break;
		case IPPROTO_FRAGMENT:
			frag = pos;
			if ((void *)(frag + 1) > cur->end)
				return -1;
			nexthdr = frag->nexthdr;
			pos = frag + 1;
			*later = frag->frag_off & bpf_htons(IPV6_OFFSET);
			break;
		default:
			cur->pos = pos;
			return pos > cur->end ? -1 : nexthdr;
		}
	}
	return *later ? nexthdr : -1;
}

static bool read_ipv6(struct cursor *cur, struct flow_key *key)
{
	struct ipv6hdr *ip6 = parse_ipv6(cur);
	int protocol;
	bool later;

	if (!ip6)
		return false;
	protocol = walk_ipv6(cur, ip6->nexthdr, &later);
	if (protocol < 0)
		return false;

	key->version = 6;
	key->protocol = protocol;
	__builtin_memcpy(key->source, &ip6->saddr, sizeof(key->source));
	__builtin_memcpy(key->dest, &ip6->daddr, sizeof(key->dest));
	read_ports(cur, key, later);
	return true;
}

static void count(__u32 slot, __u64 bytes)
{
	struct counter *counter = bpf_map_lookup_elem(&counts, &slot);

	if (!counter)
		return;
	counter->packets++;
	counter->bytes += bytes;
}

static void count_flow(const struct flow_key *key, __u64 bytes)
{
	__u64 now = bpf_ktime_get_ns();
	struct flow first = {
		.packets = 1, .bytes = bytes, .first_ns = now, .last_ns = now
	};
	struct flow *flow;
	int err; /* not long: before Linux 6.4 its upper half is not set */

	flow = bpf_map_lookup_elem(&flows, key);
	if (!flow) {
		err = bpf_map_update_elem(&flows, key, &first, BPF_NOEXIST);
		if (!err) {
			count(COUNT_NEW, bytes);
			return;
		}
		/* Another CPU was faster: then its entry is there now. */
		if (err == -EEXIST)
			flow = bpf_map_lookup_elem(&flows, key);
		if (!flow) {
			count(err == -E2BIG ? COUNT_FULL : COUNT_FAILED, bytes);
			return;
		}
	}

	/* Other CPUs may add to the same entry at this moment. */
	__sync_fetch_and_add(&flow->packets, 1);
	__sync_fetch_and_add(&flow->bytes, bytes);
	/* Another CPU may have written a later time since "now" was read. */
	if (flow->last_ns < now)
		flow->last_ns = now;
}

SEC("xdp")
int flow_counter(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u64 bytes = cur.end - cur.pos;
	struct flow_key key = {};
	bool is_ip = false;

	switch (parse_eth(&cur)) {
	case ETH_P_IP:
		is_ip = read_ipv4(&cur, &key);
		break;
	case ETH_P_IPV6:
		is_ip = read_ipv6(&cur, &key);
		break;
	}

	if (is_ip)
		count_flow(&key, bytes);
	else
		count(COUNT_NOT_IP, bytes);

	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
