// SPDX-License-Identifier: GPL-2.0-only
/* One packet in: which flow is it in, and what became of the rest? */
#include <errno.h>
#include <time.h>
#include <bpf/bpf.h>

#include "flow_counter.h"
#include "flow_counter_kern.skel.h"
#include "packet_test.h"
#include "xdp_user.h"

#define ROOM	100  /* flows, in the test of a full map */
#define FLOOD	1000 /* in that of one that forgets */
#define PACKETS 3

#define MEETINGS 2000
#define TOGETHER 1000000

static struct flow_counter_kern *skel;

/* clang-format off */

/* The addresses of common/packet_test.c, and nothing else that is not given. */
#define FLOW4(...)						\
	{ .version = 4, .source = { HTONL(0x0a0b0102) },	\
	  .dest = { HTONL(0x0a0b0202) }, __VA_ARGS__ }
#define FLOW6(...)						\
	{ .version = 6, .source = { HTONL(0xfd000000), 0, 0, HTONL(2) },	\
	  .dest = { HTONL(0xfd000000), 0, 0, HTONL(1) }, __VA_ARGS__ }
#define NOT_IP { .version = 0 }

#define HTONL(number) bpf_htonl(number)
#define PORTS(source, dest) \
	.source_port = bpf_htons(source), .dest_port = bpf_htons(dest)

/* clang-format on */

static const struct test_case {
	struct packet packet;
	struct flow_key key;
} cases[] = {
	{ { "TCP over IPv4", { ETH(), IP4(), TCP(1024, 80) } },
	  FLOW4(.protocol = IPPROTO_TCP, PORTS(1024, 80)) },
	{ { "the way back is another flow", { ETH(), IP4(), TCP(80, 1024) } },
	  FLOW4(.protocol = IPPROTO_TCP, PORTS(80, 1024)) },
	{ { "UDP over IPv4", { ETH(), IP4(), UDP(1024, 80) } },
	  FLOW4(.protocol = IPPROTO_UDP, PORTS(1024, 80)) },
	{ { "TCP over IPv6", { ETH(), IP6(), TCP(65535, 1) } },
	  FLOW6(.protocol = IPPROTO_TCP, PORTS(65535, 1)) },
	{ { "UDP over IPv6, 1514 bytes",
	    { ETH(), IP6(), UDP(1, 2), DATA(1452) } },
	  FLOW6(.protocol = IPPROTO_UDP, PORTS(1, 2)) },
	{ { "UDP-Lite", { ETH(), IP4(), NEXT(136), DATA(64) } },
	  FLOW4(.protocol = 136, PORTS(0x0001, 0x0203)) },
	{ { "SCTP", { ETH(), IP4(), NEXT(132), DATA(64) } },
	  FLOW4(.protocol = 132, PORTS(0x0001, 0x0203)) },
	{ { "DCCP", { ETH(), IP6(), NEXT(33), DATA(64) } },
	  FLOW6(.protocol = 33, PORTS(0x0001, 0x0203)) },

	{ { "ICMP echo request: type 8, code 0", { ETH(), IP4(), ICMP(8) } },
	  FLOW4(.protocol = IPPROTO_ICMP, PORTS(0, 8 << 8)) },
	{ { "ICMP echo reply: type 0, code 0", { ETH(), IP4(), ICMP(0) } },
	  FLOW4(.protocol = IPPROTO_ICMP, PORTS(0, 0)) },
	{ { "ICMP type 0, code 1",
	    { ETH(), IP4(), NEXT(IPPROTO_ICMP), DATA(8) } },
	  FLOW4(.protocol = IPPROTO_ICMP, PORTS(0, 1)) },
	{ { "ICMPv6 echo request: type 128, code 0",
	    { ETH(), IP6(), ICMP6(128) } },
	  FLOW6(.protocol = IPPROTO_ICMPV6, PORTS(0, 128 << 8)) },
	{ { "GRE has no ports", { ETH(), IP4(), NEXT(IPPROTO_GRE), DATA(64) } },
	  FLOW4(.protocol = IPPROTO_GRE) },
	{ { "protocol 0 over IPv4", { ETH(), IP4(), NEXT(0), DATA(64) } },
	  FLOW4() },

	{ { "IPv4 options", { ETH(), IP4(.ihl = 15), TCP(1, 2) } },
	  FLOW4(.protocol = IPPROTO_TCP, PORTS(1, 2)) },
	{ { "first fragment has the ports",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2000)), UDP(1, 2), DATA(64) } },
	  FLOW4(.protocol = IPPROTO_UDP, PORTS(1, 2)) },
	{ { "do not fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(0x4000)), UDP(1, 2) } },
	  FLOW4(.protocol = IPPROTO_UDP, PORTS(1, 2)) },
	{ { "later fragment has none",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2001)), UDP(1, 2), DATA(64) } },
	  FLOW4(.protocol = IPPROTO_UDP, .ports_unknown = 1) },
	{ { "last fragment, the farthest",
	    { ETH(), IP4(.frag_off = bpf_htons(0x1fff)), UDP(1, 2) } },
	  FLOW4(.protocol = IPPROTO_UDP, .ports_unknown = 1) },
	{ { "later fragment of what has no ports",
	    { ETH(), IP4(.frag_off = bpf_htons(1)), NEXT(IPPROTO_GRE),
	      DATA(64) } },
	  FLOW4(.protocol = IPPROTO_GRE) },
	{ { "later fragment of ICMP has no type",
	    { ETH(), IP4(.frag_off = bpf_htons(1)), ICMP(8) } },
	  FLOW4(.protocol = IPPROTO_ICMP, .ports_unknown = 1) },

	{ { "IPv6, hop-by-hop options",
	    { ETH(), IP6(), EXT(IPPROTO_HOPOPTS, 0), ICMP6(143) } },
	  FLOW6(.protocol = IPPROTO_ICMPV6, PORTS(0, 143 << 8)) },
	{ { "IPv6, routing header of 24 bytes",
	    { ETH(), IP6(), EXT(IPPROTO_ROUTING, 2), UDP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_UDP, PORTS(1, 2)) },
	{ { "IPv6, first fragment",
	    { ETH(), IP6(), FRAG6(0, 1), EXT(IPPROTO_DSTOPTS, 0), TCP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_TCP, PORTS(1, 2)) },
	{ { "IPv6, later fragment", { ETH(), IP6(), FRAG6(1, 0), UDP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_UDP, .ports_unknown = 1) },
	{ { "IPv6, later fragment: the walk ends at its header",
	    { ETH(), IP6(), FRAG6(8191, 1), EXT(IPPROTO_DSTOPTS, 0),
	      TCP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_DSTOPTS, .ports_unknown = 1) },
	{ { "IPv6, later fragment of a packet with a routing header",
	    { ETH(), IP6(), FRAG6(1, 0), EXT(IPPROTO_ROUTING, 0), UDP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_ROUTING, .ports_unknown = 1) },
	{ { "IPv6, later fragment of what has no ports",
	    { ETH(), IP6(), FRAG6(1, 0), NEXT(IPPROTO_GRE), DATA(64) } },
	  FLOW6(.protocol = IPPROTO_GRE) },
	{ { "IPv6, no next header",
	    { ETH(), IP6(), NEXT(IPPROTO_NONE), DATA(8) } },
	  FLOW6(.protocol = IPPROTO_NONE) },
	{ { "IPv6, six extension headers",
	    { ETH(), IP6(), EXT(0, 0), EXT(60, 0), EXT(43, 0), EXT(60, 0),
	      EXT(60, 1), EXT(60, 0), TCP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_TCP, PORTS(1, 2)) },
	{ { "IPv6, five, and a later fragment",
	    { ETH(), IP6(), EXT(0, 0), EXT(60, 0), EXT(43, 0), EXT(60, 0),
	      EXT(60, 1), FRAG6(1, 0), TCP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_TCP, .ports_unknown = 1) },
	{ { "IPv6, seven extension headers",
	    { ETH(), IP6(), EXT(0, 0), EXT(60, 0), EXT(43, 0), EXT(60, 0),
	      EXT(60, 1), EXT(60, 0), EXT(60, 0), TCP(1, 2) } },
	  NOT_IP },

	{ { "one VLAN tag: the same flow as without",
	    { ETH(), VLAN(1), IP4(), TCP(1024, 80) } },
	  FLOW4(.protocol = IPPROTO_TCP, PORTS(1024, 80)) },
	{ { "two VLAN tags", { ETH(), VLAN_AD(1), VLAN(2), IP6(), UDP(1, 2) } },
	  FLOW6(.protocol = IPPROTO_UDP, PORTS(1, 2)) },
	{ { "three VLAN tags",
	    { ETH(), VLAN_AD(1), VLAN(2), VLAN(3), IP4(), TCP(1, 2) } },
	  NOT_IP },

	{ { "ARP", { ETH(), ARP() } }, NOT_IP },
	{ { "EtherType 0", { ETH(), NEXT(0) } }, NOT_IP },
	{ { "cut in the VLAN tag", { ETH(), VLAN(1), IP4(), CUT(14 + 3) } },
	  NOT_IP },
	{ { "IPv4 header cut after 19 bytes",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 19) } },
	  NOT_IP },
	{ { "IPv4 header length 16", { ETH(), IP4(.ihl = 4), TCP(1, 2) } },
	  NOT_IP },
	{ { "IPv4 options beyond the frame",
	    { ETH(), IP4(.ihl = 6), TCP(1, 2), CUT(14 + 23) } },
	  NOT_IP },
	{ { "IPv4 header just whole, and no ports",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 20) } },
	  FLOW4(.protocol = IPPROTO_TCP, .ports_unknown = 1) },
	{ { "ports cut after 3 bytes",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 20 + 3) } },
	  FLOW4(.protocol = IPPROTO_TCP, .ports_unknown = 1) },
	{ { "ports just whole", { ETH(), IP4(), TCP(1, 2), CUT(14 + 20 + 4) } },
	  FLOW4(.protocol = IPPROTO_TCP, PORTS(1, 2)) },
	{ { "ICMP cut after its type",
	    { ETH(), IP4(), ICMP(8), CUT(14 + 20 + 1) } },
	  FLOW4(.protocol = IPPROTO_ICMP, .ports_unknown = 1) },
	{ { "ICMP cut after its code",
	    { ETH(), IP4(), ICMP(8), CUT(14 + 20 + 2) } },
	  FLOW4(.protocol = IPPROTO_ICMP, PORTS(0, 8 << 8)) },
	{ { "IPv6 header cut after 39 bytes",
	    { ETH(), IP6(), TCP(1, 2), CUT(14 + 39) } },
	  NOT_IP },
	{ { "IPv6, cut in the extension header",
	    { ETH(), IP6(), EXT(60, 0), TCP(1, 2), CUT(14 + 40 + 1) } },
	  NOT_IP },
	{ { "IPv6, extension header longer than the frame",
	    { ETH(), IP6(), EXT(60, 3), TCP(1, 2), CUT(14 + 40 + 31) } },
	  NOT_IP },
	{ { "IPv6, fragment header cut after 7 bytes",
	    { ETH(), IP6(), FRAG6(1, 0), TCP(1, 2), CUT(14 + 40 + 7) } },
	  NOT_IP },
};

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void read_count(const struct flow_counter_kern *from, __u32 slot,
		       struct counter *sum)
{
	__u64 sums[2];

	assert_int_equal(xdp_sum_percpu(from->maps.counts, slot, sums, 2), 0);
	sum->packets = sums[0];
	sum->bytes = sums[1];
}

/* One count rose by so many packets and bytes, and no other did. */
static void only_rose(const struct counter before[COUNTS], __u32 slot,
		      __u64 packets, __u64 bytes)
{
	struct counter now;
	__u32 i;

	for (i = 0; i < COUNTS; i++) {
		read_count(skel, i, &now);
		now.packets -= before[i].packets;
		now.bytes -= before[i].bytes;
		if (now.packets != (i == slot ? packets : 0) ||
		    now.bytes != (i == slot ? bytes : 0))
			fail_msg("count %u rose by %llu packets, %llu bytes", i,
				 now.packets, now.bytes);
	}
}

/* The flow after "key", or the first. Returns whether there is one. */
static bool next_flow(const struct flow_counter_kern *in,
		      const struct flow_key *key, struct flow_key *next)
{
	return !bpf_map__get_next_key(in->maps.flows, key, next, sizeof(*next));
}

/* What a test before this one left behind when it failed. */
static void forget_all(void)
{
	struct flow_key key;

	while (next_flow(skel, NULL, &key))
		bpf_map__delete_elem(skel->maps.flows, &key, sizeof(key), 0);
}

/* What the map says of the only flow in it. */
static void read_only_flow(const struct flow_key *key, struct flow *flow)
{
	struct flow_key found, another;

	if (!next_flow(skel, NULL, &found))
		fail_msg("there is no flow");
	if (next_flow(skel, &found, &another))
		fail_msg("there are several flows");
	if (memcmp(&found, key, sizeof(found)))
		fail_msg(
			"IPv%u, protocol %u, ports %u to %u, or other addresses",
			found.version, found.protocol, ntohs(found.source_port),
			ntohs(found.dest_port));
	assert_int_equal(bpf_map__lookup_elem(skel->maps.flows, key,
					      sizeof(*key), flow, sizeof(*flow),
					      0),
			 0);
}

static void is_in_flow(void **state)
{
	const struct test_case *c = *state;
	struct counter before[COUNTS];
	__u8 frame[FRAME_MAX];
	struct flow_key none;
	struct flow flow;
	__u64 start, middle, len = packet_build(&c->packet, frame);
	__u32 slot;
	int i;

	forget_all();
	for (slot = 0; slot < COUNTS; slot++)
		read_count(skel, slot, &before[slot]);
	start = now_ns();
	packet_verdict(skel->progs.flow_counter, &c->packet, XDP_PASS);
	middle = now_ns();
	for (i = 1; i < PACKETS; i++)
		packet_verdict(skel->progs.flow_counter, &c->packet, XDP_PASS);

	if (!c->key.version) {
		assert_false(next_flow(skel, NULL, &none));
		only_rose(before, COUNT_NOT_IP, PACKETS, PACKETS * len);
		return;
	}
	read_only_flow(&c->key, &flow);
	assert_int_equal(flow.packets, PACKETS);
	assert_int_equal(flow.bytes, PACKETS * len);
	assert_in_range(flow.first_ns, start, middle);
	assert_in_range(flow.last_ns, middle, now_ns());
	only_rose(before, COUNT_NEW, 1, len);
}

/* As many flows of one packet each, in a map with so much room. */
static struct flow_counter_kern *flood(enum bpf_map_type type, __u32 room,
				       __u32 count)
{
	struct packet packet = { "flood", { ETH(), IP4(), UDP(0, 2) } };
	struct flow_counter_kern *to = flow_counter_kern__open();
	__u32 i;

	assert_non_null(to);
	bpf_map__set_type(to->maps.flows, type);
	bpf_map__set_max_entries(to->maps.flows, room);
	assert_int_equal(flow_counter_kern__load(to), 0);
	for (i = 0; i < count; i++) {
		packet.layers[2].arg = i;
		packet_verdict(to->progs.flow_counter, &packet, XDP_PASS);
	}
	return to;
}

static __u32 count_flows(const struct flow_counter_kern *in)
{
	struct flow_key key, *before = NULL;
	__u32 count = 0;

	while (next_flow(in, before, &key)) {
		before = &key;
		count++;
	}
	return count;
}

static void full_map(void **state)
{
	struct flow_counter_kern *full = flood(BPF_MAP_TYPE_HASH, ROOM, FLOOD);
	const struct packet known = { "a known flow",
				      { ETH(), IP4(), UDP(0, 2) } };
	struct counter counter;

	(void)state;
	assert_int_equal(count_flows(full), ROOM);
	read_count(full, COUNT_NEW, &counter);
	assert_int_equal(counter.packets, ROOM);
	read_count(full, COUNT_FULL, &counter);
	assert_int_equal(counter.packets, FLOOD - ROOM);
	assert_int_equal(counter.bytes, (FLOOD - ROOM) * FRAME_MIN);

	/* Flows that are in it go on counting. */
	packet_verdict(full->progs.flow_counter, &known, XDP_PASS);
	read_count(full, COUNT_FULL, &counter);
	assert_int_equal(counter.packets, FLOOD - ROOM);
	flow_counter_kern__destroy(full);
}

static void forgetting_map(void **state)
{
	struct flow_counter_kern *lru =
		flood(BPF_MAP_TYPE_LRU_HASH, ROOM, FLOOD);
	struct counter counter;
	__u32 count = count_flows(lru);

	(void)state;
	if (count > ROOM || !count)
		fail_msg("%u flows, with room for %d", count, ROOM);
	read_count(lru, COUNT_NEW, &counter);
	assert_int_equal(counter.packets, FLOOD);
	read_count(lru, COUNT_FULL, &counter);
	assert_int_equal(counter.packets, 0);
	read_count(lru, COUNT_FAILED, &counter);
	assert_int_equal(counter.packets, 0);
	flow_counter_kern__destroy(lru);
}

static void change_port(struct packet *packet, __u32 round)
{
	packet->layers[2].arg = round;
}

/*
 * Two CPUs make the entry of one flow at the same moment, sooner or later: then one
 * of them is told that it exists.
 */
static void two_meet(void **state)
{
	struct flow_counter_kern *both = flow_counter_kern__open_and_load();
	struct flow_key key = FLOW4(.protocol = IPPROTO_UDP);
	struct packet packet = { "a new flow", { ETH(), IP4(), UDP(0, 2) } };
	struct counter counter;
	struct flow flow;
	__u64 right;
	int i;

	(void)state;
	assert_non_null(both);
	if (!packet_meet(both->progs.flow_counter, &packet, change_port,
			 MEETINGS, 1)) {
		flow_counter_kern__destroy(both);
		skip();
	}
	/* And then many of the last one. */
	change_port(&packet, MEETINGS - 1);
	packet_meet(both->progs.flow_counter, &packet, NULL, 1, TOGETHER);

	for (i = 0; i < MEETINGS; i++) {
		key.source_port = htons(i);
		key.dest_port = htons(2);
		assert_int_equal(bpf_map__lookup_elem(both->maps.flows, &key,
						      sizeof(key), &flow,
						      sizeof(flow), 0),
				 0);
		right = i < MEETINGS - 1 ? 2 : 2 + 2 * TOGETHER;
		if (flow.packets != right || flow.bytes != right * FRAME_MIN)
			fail_msg("flow %d: %llu packets, right are %llu", i,
				 flow.packets, right);
		if (flow.last_ns < flow.first_ns)
			fail_msg(
				"flow %d: seen last %llu ns before it was seen first",
				i, flow.first_ns - flow.last_ns);
	}
	read_count(both, COUNT_NEW, &counter);
	assert_int_equal(counter.packets, MEETINGS);
	read_count(both, COUNT_FAILED, &counter);
	assert_int_equal(counter.packets, 0);
	flow_counter_kern__destroy(both);
}

int main(void)
{
	const struct CMUnitTest more[] = {
		{ "a full map takes no new flow, and it is counted", full_map,
		  NULL, NULL, NULL },
		{ "two processors meet a new flow, and both are counted",
		  two_meet, NULL, NULL, NULL },
		{ "an LRU map takes all, and stays within its room",
		  forgetting_map, NULL, NULL, NULL },
	};
	int status;

	skel = flow_counter_kern__open_and_load();
	status = packet_tests_run(skel, is_in_flow, cases, sizeof(cases[0]),
				  ARRAY_SIZE(cases), more, ARRAY_SIZE(more));
	flow_counter_kern__destroy(skel);
	return status;
}
