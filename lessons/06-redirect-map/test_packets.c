// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which frames leave, with which addresses, and which stay. Three instances:
 * one rewrites the addresses, one exchanges them, one has an empty map.
 */
#include <bpf/bpf.h>

#include "packet_test.h"
#include "xdp_redirect_map_kern.skel.h"
#include "xdp_user.h"

#define LOOPBACK 1 /* its ifindex, in every network namespace */

/* Of the frames that come in, unless a row says otherwise: packet_build(). */
static const __u8 dest[ETH_ALEN] = { 2, 0, 0, 0, 1, 1 };
static const __u8 source[ETH_ALEN] = { 2, 0, 0, 0, 1, 2 };
/* What is written. */
static const __u8 new_dest[ETH_ALEN] = { 2, 0, 0, 0, 2, 2 };
static const __u8 new_source[ETH_ALEN] = { 2, 0, 0, 0, 2, 1 };

static struct xdp_redirect_map_kern *rewrites, *swaps, *empty;

static const struct test_case {
	struct packet packet;
	__u32 verdict;
} cases[] = {
	{ { "TCP over IPv4", { ETH(), IP4(), TCP(1, 2) } }, XDP_REDIRECT },
	{ { "UDP over IPv6", { ETH(), IP6(), UDP(1, 2) } }, XDP_REDIRECT },
	{ { "ICMP", { ETH(), IP4(), ICMP(8) } }, XDP_REDIRECT },
	{ { "IPv4 with TTL 1: a wire does not count it",
	    { ETH(), IP4(.ttl = 1), ICMP(8) } },
	  XDP_REDIRECT },
	{ { "later fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(185)), NEXT(17), DATA(64) } },
	  XDP_REDIRECT },
	{ { "behind a VLAN tag", { ETH(), VLAN(1), IP4(), TCP(1, 2) } },
	  XDP_REDIRECT },
	{ { "1514 bytes", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
	  XDP_REDIRECT },

	{ { "ARP", { ETH(), ARP() } }, XDP_PASS },
	{ { "ICMPv6 132", { ETH(), IP6(), ICMP6(132) } }, XDP_REDIRECT },
	{ { "ICMPv6 133, router solicitation", { ETH(), IP6(), ICMP6(133) } },
	  XDP_PASS },
	{ { "ICMPv6 137, redirect", { ETH(), IP6(), ICMP6(137) } }, XDP_PASS },
	{ { "ICMPv6 138", { ETH(), IP6(), ICMP6(138) } }, XDP_REDIRECT },
	{ { "ICMPv6 cut short",
	    { ETH(), IP6(), ICMP6(128), CUT(14 + 40 + 7) } },
	  XDP_PASS },
	{ { "to a multicast address",
	    { ETH(.h_dest = { 1, 0, 0x5e, 0, 0, 1 }), IP4(), UDP(1, 2) } },
	  XDP_PASS },
	{ { "to everybody",
	    { ETH(.h_dest = { 255, 255, 255, 255, 255, 255 }), IP4(),
	      UDP(1, 2) } },
	  XDP_PASS },
	{ { "an EtherType that nobody knows", { ETH(), NEXT(0x88b5) } },
	  XDP_PASS },
	{ { "IPv4 header cut after 19 bytes",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 19) } },
	  XDP_PASS },
	{ { "IPv4 header length 16", { ETH(), IP4(.ihl = 4), TCP(1, 2) } },
	  XDP_PASS },
	{ { "IPv6 header cut after 39 bytes",
	    { ETH(), IP6(), TCP(1, 2), CUT(14 + 39) } },
	  XDP_PASS },
	{ { "nothing but an Ethernet header", { ETH(), CUT(14) } }, XDP_PASS },
};

static __u64 packets_redirected(struct xdp_redirect_map_kern *skel)
{
	__u64 packets;

	assert_int_equal(xdp_sum_percpu(skel->maps.redirected, 0, &packets, 1),
			 0);
	return packets;
}

/* Run a program; whatever leaves has these addresses, and is counted. */
static void check(struct xdp_redirect_map_kern *skel,
		  const struct bpf_program *prog, const struct test_case *c,
		  const __u8 *left_dest, const __u8 *left_source)
{
	__u64 before = packets_redirected(skel);
	struct packet_result result;
	__u8 frame[FRAME_MAX];
	__u32 len;

	packet_verdict(prog, &c->packet, c->verdict);
	packet_run(prog, &c->packet, &result);

	len = packet_build(&c->packet, frame);
	if (c->verdict == XDP_REDIRECT) {
		memcpy(frame, left_dest, ETH_ALEN);
		memcpy(frame + ETH_ALEN, left_source, ETH_ALEN);
		before += 2;
	}
	assert_int_equal(packets_redirected(skel), before);
	assert_int_equal(result.len, len);
	assert_memory_equal(result.frame, frame, len);
}

static void leaves_or_stays(void **state)
{
	check(rewrites, rewrites->progs.xdp_redirect_map, *state, new_dest,
	      new_source);
	check(rewrites, rewrites->progs.xdp_redirect, *state, new_dest,
	      new_source);
	check(swaps, swaps->progs.xdp_redirect_map, *state, source, dest);
}

static void missing_key(void **state)
{
	static const struct packet packet = { "TCP",
					      { ETH(), IP4(), TCP(1, 2) } };
	static const struct packet arp = { "ARP", { ETH(), ARP() } };

	(void)state;
	packet_verdict(empty->progs.xdp_redirect_map, &packet, XDP_ABORTED);
	packet_verdict(empty->progs.xdp_redirect_map, &arp, XDP_PASS);
}

static void dummy_passes(void **state)
{
	static const struct packet packet = { "TCP",
					      { ETH(), IP4(), TCP(1, 2) } };

	(void)state;
	packet_verdict(empty->progs.xdp_dummy, &packet, XDP_PASS);
}

/* An instance, loaded; its map holds the loopback device. NULL: no luck. */
static struct xdp_redirect_map_kern *load(bool swap, bool fill)
{
	struct xdp_redirect_map_kern *skel = xdp_redirect_map_kern__open();
	__u32 key = 0, ifindex = LOOPBACK;

	if (!skel)
		return NULL;
	skel->rodata->out_ifindex = ifindex;
	skel->rodata->swap_macs = swap;
	memcpy((void *)skel->rodata->dest_mac, new_dest, ETH_ALEN);
	memcpy((void *)skel->rodata->source_mac, new_source, ETH_ALEN);
	if (xdp_redirect_map_kern__load(skel) ||
	    (fill && bpf_map__update_elem(skel->maps.tx_port, &key, sizeof(key),
					  &ifindex, sizeof(ifindex), 0))) {
		xdp_redirect_map_kern__destroy(skel);
		return NULL;
	}
	return skel;
}

int main(void)
{
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(missing_key),
		cmocka_unit_test(dummy_passes),
	};
	int status;

	rewrites = load(false, true);
	swaps = load(true, true);
	empty = load(false, false);
	status = packet_tests_run(rewrites && swaps && empty ? rewrites : NULL,
				  leaves_or_stays, cases, sizeof(cases[0]),
				  ARRAY_SIZE(cases), more, ARRAY_SIZE(more));
	xdp_redirect_map_kern__destroy(rewrites);
	xdp_redirect_map_kern__destroy(swaps);
	xdp_redirect_map_kern__destroy(empty);
	return status;
}
