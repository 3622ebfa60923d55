// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each packet is received, then sent: is it counted for the right pair, in the
 * right direction, with the right bytes? And nowhere else?
 */
#include <errno.h>
#include <stdbool.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>

#include "layercoop.h"
#include "layercoop_kern.skel.h"
#include "layercoop_rx_kern.skel.h"
#include "layercoop_tx_kern.skel.h"
#include "packet_test.h"

static struct layercoop_kern *skel;

/* From these to these, if a packet says nothing else: see packet_build(). */
#define IP4_FROM "\x0a\x0b\x01\x02"
#define IP4_TO	 "\x0a\x0b\x02\x02"
#define IP6_FROM "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02"
#define IP6_TO	 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"

static const struct test_case {
	struct packet packet;
	__u32 version; /* of the pair that counts; 0: REST_NOT_IP does */
} cases[] = {
	{ { "TCP over IPv4", { ETH(), IP4(), TCP(1, 2) } }, 4 },
	{ { "UDP over IPv6", { ETH(), IP6(), UDP(1, 2) } }, 6 },
	{ { "unknown protocol over IPv4", { ETH(), IP4(), NEXT(253) } }, 4 },
	{ { "unknown protocol over IPv6", { ETH(), IP6(), NEXT(253) } }, 6 },
	{ { "1514 bytes", { ETH(), IP4(), UDP(1, 2), DATA(1472) } }, 4 },
	{ { "IPv4 options", { ETH(), IP4(.ihl = 15), ICMP(8) } }, 4 },
	{ { "IPv4, first fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2000)), UDP(1, 2), DATA(64) } },
	  4 },
	{ { "IPv4, later fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(185)), NEXT(17), DATA(64) } },
	  4 },
	{ { "IPv6, hop-by-hop options",
	    { ETH(), IP6(), EXT(IPPROTO_HOPOPTS, 0), ICMP6(143) } },
	  6 },
	{ { "IPv6, later fragment",
	    { ETH(), IP6(), FRAG6(1, 0), NEXT(17), DATA(32) } },
	  6 },
	{ { "one VLAN tag", { ETH(), VLAN(1), IP4(), TCP(1, 2) } }, 4 },
	{ { "two VLAN tags", { ETH(), VLAN_AD(1), VLAN(2), IP6(), UDP(1, 2) } },
	  6 },

	{ { "ARP", { ETH(), ARP() } }, 0 },
	{ { "EtherType 0x1234", { ETH(), NEXT(0x1234), DATA(100) } }, 0 },
	{ { "three VLAN tags",
	    { ETH(), VLAN_AD(1), VLAN(2), VLAN(3), IP4(), TCP(1, 2) } },
	  0 },
	{ { "cut in the VLAN tag", { ETH(), VLAN(1), IP4(), CUT(14 + 3) } },
	  0 },
	{ { "IPv4 header, just whole",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 20) } },
	  4 },
	{ { "IPv4 header length 16", { ETH(), IP4(.ihl = 4), TCP(1, 2) } }, 0 },
	{ { "IPv4 options beyond the frame",
	    { ETH(), IP4(.ihl = 6), TCP(1, 2), CUT(14 + 23) } },
	  0 },
	{ { "IPv6 header, just whole",
	    { ETH(), IP6(), TCP(1, 2), CUT(14 + 40) } },
	  6 },
};

/* Newer kernels do not make an skb of these for a test. */
static const struct test_case cut[] = {
	{ { "IPv4 header cut after 19 bytes",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 19) } },
	  0 },
	{ { "IPv6 header cut after 39 bytes",
	    { ETH(), IP6(), TCP(1, 2), CUT(14 + 39) } },
	  0 },
};

/* All that is counted, added up. */
static void add_up(struct traffic *all)
{
	const __u64 zero[sizeof(*all) / sizeof(__u64)] = {};
	struct pair pair, *previous = NULL;
	struct traffic one;
	__u64 *sums = (void *)all, *numbers = (void *)&one;
	__u32 rest;
	size_t i;

	memcpy(all, zero, sizeof(*all));
	while (!bpf_map__get_next_key(skel->maps.layercoop_pairs, previous,
				      &pair, sizeof(pair))) {
		assert_int_equal(bpf_map__lookup_elem(
					 skel->maps.layercoop_pairs, &pair,
					 sizeof(pair), &one, sizeof(one), 0),
				 0);
		for (i = 0; i < ARRAY_SIZE(zero); i++)
			sums[i] += numbers[i];
		previous = &pair;
	}
	for (rest = 0; rest < RESTS; rest++) {
		assert_int_equal(bpf_map__lookup_elem(skel->maps.layercoop_rest,
						      &rest, sizeof(rest), &one,
						      sizeof(one), 0),
				 0);
		for (i = 0; i < ARRAY_SIZE(zero); i++)
			sums[i] += numbers[i];
	}
}

/* What is counted for the pair that a packet of this version belongs to. */
static void read_one(__u32 version, bool received, struct traffic *traffic)
{
	const char *from = version == 4 ? IP4_FROM : IP6_FROM;
	const char *to = version == 4 ? IP4_TO : IP6_TO;
	struct pair pair = { .version = version };
	size_t bytes = version == 4 ? 4 : 16;
	__u32 rest = REST_NOT_IP;

	memset(traffic, 0, sizeof(*traffic));
	if (!version) {
		assert_int_equal(bpf_map__lookup_elem(skel->maps.layercoop_rest,
						      &rest, sizeof(rest),
						      traffic, sizeof(*traffic),
						      0),
				 0);
		return;
	}
	memcpy(pair.local, received ? to : from, bytes);
	memcpy(pair.remote, received ? from : to, bytes);
	bpf_map__lookup_elem(skel->maps.layercoop_pairs, &pair, sizeof(pair),
			     traffic, sizeof(*traffic), 0);
}

/* Run the TC program once, on an skb with what the kernel says of it. */
static void transmit(const struct packet *packet, const struct __sk_buff *said)
{
	struct __sk_buff ctx = *said;
	__u8 frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = packet_build(packet, frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.layercoop_tc),
				   &opts))
		fail_msg("run layercoop_tc: %s", strerror(errno));
	assert_int_equal((int)opts.retval, TC_ACT_UNSPEC);
	packet_cost_note(skel->progs.layercoop_tc, packet->name, frame,
			 opts.data_size_in, opts.retval);
}

static void check(const char *what, const struct traffic *got,
		  const struct traffic *right)
{
	if (memcmp(got, right, sizeof(*got)))
		fail_msg(
			"%s: received %llu packets, %llu bytes; sent %llu, %llu; skbs %llu, %llu",
			what, got->rx_packets, got->rx_bytes, got->tx_packets,
			got->tx_bytes, got->tx_skbs, got->tx_skb_bytes);
}

/* Run the XDP program: one pair counts, and nothing else moves. */
static void counts_received(const struct test_case *c)
{
	struct traffic all, one, got;
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(&c->packet, frame);

	add_up(&all);
	read_one(c->version, true, &one);
	packet_verdict(skel->progs.layercoop_xdp, &c->packet, XDP_PASS);
	one.rx_packets++;
	one.rx_bytes += len;
	all.rx_packets++;
	all.rx_bytes += len;
	read_one(c->version, true, &got);
	check("received", &got, &one);
	add_up(&got);
	check("all, received", &got, &all);
}

static void counts_sent(const struct test_case *c)
{
	static const struct __sk_buff plain;
	struct traffic all, one, got;
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(&c->packet, frame);

	add_up(&all);
	read_one(c->version, false, &one);
	transmit(&c->packet, &plain);
	one.tx_packets++;
	one.tx_bytes += len;
	one.tx_skbs++;
	one.tx_skb_bytes += len;
	all.tx_packets++;
	all.tx_bytes += len;
	all.tx_skbs++;
	all.tx_skb_bytes += len;
	read_one(c->version, false, &got);
	check("sent", &got, &one);
	add_up(&got);
	check("all, sent", &got, &all);
}

static void is_counted(void **state)
{
	counts_received(*state);
	counts_sent(*state);
}

static void cut_short(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cut); i++)
		counts_received(&cut[i]);
}

static const struct packet request = { "a request",
				       { ETH(),
					 IP4(.saddr = bpf_htonl(0x0a000009),
					     .daddr = bpf_htonl(0x0a000001)),
					 TCP(9, 80) } };

static const struct packet answer = { "its answer",
				      { ETH(),
					IP4(.saddr = bpf_htonl(0x0a000001),
					    .daddr = bpf_htonl(0x0a000009)),
					TCP(80, 9) } };

/* What comes and what goes belong to one pair. */
static void one_pair(void **state)
{
	static const struct __sk_buff plain;
	struct pair pair = { .version = 4,
			     .local = { 10, 0, 0, 1 },
			     .remote = { 10, 0, 0, 9 } };
	struct traffic got;

	(void)state;
	packet_verdict(skel->progs.layercoop_xdp, &request, XDP_PASS);
	transmit(&answer, &plain);
	assert_int_equal(bpf_map__lookup_elem(skel->maps.layercoop_pairs, &pair,
					      sizeof(pair), &got, sizeof(got),
					      0),
			 0);
	assert_int_equal(got.rx_packets, 1);
	assert_int_equal(got.tx_packets, 1);
}

/* An skb that will be cut into 10 frames, each with 54 bytes of headers. */
static void super_packet(void **state)
{
	const struct packet packet = {
		"TCP", { ETH(), IP4(), TCP(1, 2), DATA(1000) }
	};
	const struct __sk_buff said = { .gso_segs = 10,
					.gso_size = 100,
					.wire_len = 54 + 1000 + 9 * 54 };
	struct traffic one, got;

	(void)state;
	read_one(4, false, &one);
	transmit(&packet, &said);
	one.tx_packets += 10;
	one.tx_bytes += 10 * (54 + 100);
	one.tx_skbs++;
	one.tx_skb_bytes += 54 + 1000;
	read_one(4, false, &got);
	check("sent", &got, &one);
}

/* Nothing is counted before the loader says so. */
static void not_yet(void **state)
{
	static const struct __sk_buff plain;
	struct traffic before, after;

	(void)state;
	add_up(&before);
	skel->bss->counting = false;
	packet_verdict(skel->progs.layercoop_xdp, &request, XDP_PASS);
	transmit(&answer, &plain);
	skel->bss->counting = true;
	add_up(&after);
	check("not counting", &after, &before);
}

/* The map is full: old pairs go on, a new one is counted as such. Last. */
static void full(void **state)
{
	struct pair pair = { .version = 4 };
	struct traffic none = {}, got;
	__u32 rest = REST_NO_ROOM, i;
	int err = 0;

	(void)state;
	for (i = 0; !err && i <= PAIRS_MAX; i++) {
		memcpy(pair.local, &i, sizeof(i));
		err = bpf_map__update_elem(skel->maps.layercoop_pairs, &pair,
					   sizeof(pair), &none, sizeof(none),
					   BPF_NOEXIST);
	}
	assert_int_equal(err, -E2BIG);

	packet_verdict(skel->progs.layercoop_xdp, &request, XDP_PASS);
	assert_int_equal(bpf_map__lookup_elem(skel->maps.layercoop_rest, &rest,
					      sizeof(rest), &got, sizeof(got),
					      0),
			 0);
	assert_int_equal(got.rx_packets, 0);

	packet_verdict(skel->progs.layercoop_xdp,
		       &(struct packet){
			       "a new pair, map full",
			       { ETH(), IP4(.saddr = 0xffffffff), UDP(1, 2) } },
		       XDP_PASS);
	assert_int_equal(bpf_map__lookup_elem(skel->maps.layercoop_rest, &rest,
					      sizeof(rest), &got, sizeof(got),
					      0),
			 0);
	assert_int_equal(got.rx_packets, 1);
	assert_int_equal(got.rx_bytes, FRAME_MIN);
}

/* The objects of the first half, here without their pins. */
static void separate_objects(void **state)
{
	struct layercoop_rx_kern *rx = layercoop_rx_kern__open();
	struct layercoop_tx_kern *tx = layercoop_tx_kern__open();
	struct bpf_object *objects[] = { rx->obj, tx->obj };
	struct bpf_map *map;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		bpf_object__for_each_map(map, objects[i])
		{
			assert_non_null(bpf_map__pin_path(map));
			assert_int_equal(bpf_map__set_pin_path(map, NULL), 0);
		}
		assert_int_equal(bpf_object__load(objects[i]), 0);
	}
	assert_int_equal(bpf_map__max_entries(rx->maps.layercoop_pairs),
			 PAIRS_MAX);
	packet_verdict(rx->progs.layercoop_rx, &request, XDP_PASS);
	layercoop_rx_kern__destroy(rx);
	layercoop_tx_kern__destroy(tx);
}

int main(void)
{
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(cut_short),	    cmocka_unit_test(one_pair),
		cmocka_unit_test(super_packet),	    cmocka_unit_test(not_yet),
		cmocka_unit_test(separate_objects), cmocka_unit_test(full),
	};
	int status;

	skel = layercoop_kern__open_and_load();
	if (skel)
		skel->bss->counting = true;
	status = packet_tests_run(skel, is_counted, cases, sizeof(cases[0]),
				  ARRAY_SIZE(cases), more, ARRAY_SIZE(more));
	layercoop_kern__destroy(skel);
	return status;
}
