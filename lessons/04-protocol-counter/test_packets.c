// SPDX-License-Identifier: GPL-2.0-only
/* One packet in, one counter up: is each kind counted where it belongs? */
#include "packet_test.h"
#include "xdp1.h"
#include "xdp1_kern.skel.h"
#include "xdp_user.h"

static struct xdp1_kern *drops, *passes;

static const struct test_case {
	struct packet packet;
	__u32 slot;
} cases[] = {
	{ { "TCP over IPv4", { ETH(), IP4(), TCP(1, 2) } }, IPPROTO_TCP },
	{ { "UDP over IPv4", { ETH(), IP4(), UDP(1, 2) } }, IPPROTO_UDP },
	{ { "ICMP", { ETH(), IP4(), ICMP(8) } }, IPPROTO_ICMP },
	{ { "protocol 0 over IPv4", { ETH(), IP4(), NEXT(0) } }, 0 },
	{ { "protocol 255", { ETH(), IP4(), NEXT(255) } }, 255 },
	{ { "TCP over IPv6", { ETH(), IP6(), TCP(1, 2) } }, IPPROTO_TCP },
	{ { "ICMPv6", { ETH(), IP6(), ICMP6(128) } }, IPPROTO_ICMPV6 },
	{ { "1514 bytes", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
	  IPPROTO_UDP },

	{ { "ARP is not IP", { ETH(), ARP() } }, SLOT_NOT_IP },
	{ { "EtherType 0 is not IP", { ETH(), NEXT(0) } }, SLOT_NOT_IP },
	{ { "IPv4 header cut after 19 bytes",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 19) } },
	  SLOT_NOT_IP },
	{ { "IPv4 header, just whole",
	    { ETH(), IP4(), TCP(1, 2), CUT(14 + 20) } },
	  IPPROTO_TCP },
	{ { "IPv4 header length 16", { ETH(), IP4(.ihl = 4), TCP(1, 2) } },
	  SLOT_NOT_IP },
	{ { "IPv4 options", { ETH(), IP4(.ihl = 15), TCP(1, 2) } },
	  IPPROTO_TCP },
	{ { "IPv4 options beyond the frame",
	    { ETH(), IP4(.ihl = 6), TCP(1, 2), CUT(14 + 23) } },
	  SLOT_NOT_IP },
	{ { "later fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(185)), NEXT(17), DATA(64) } },
	  IPPROTO_UDP },
	{ { "IPv6 header cut after 39 bytes",
	    { ETH(), IP6(), TCP(1, 2), CUT(14 + 39) } },
	  SLOT_NOT_IP },

	{ { "IPv6, hop-by-hop options",
	    { ETH(), IP6(), EXT(IPPROTO_HOPOPTS, 0), ICMP6(143) } },
	  IPPROTO_ICMPV6 },
	{ { "IPv6, routing header of 24 bytes",
	    { ETH(), IP6(), EXT(IPPROTO_ROUTING, 2), UDP(1, 2) } },
	  IPPROTO_UDP },
	{ { "IPv6, first fragment",
	    { ETH(), IP6(), FRAG6(0, 1), EXT(IPPROTO_DSTOPTS, 0), TCP(1, 2) } },
	  IPPROTO_TCP },
	{ { "IPv6, later fragment: the walk ends at its header",
	    { ETH(), IP6(), FRAG6(1, 0), NEXT(IPPROTO_DSTOPTS), DATA(32) } },
	  IPPROTO_DSTOPTS },
	{ { "IPv6, six extension headers",
	    { ETH(), IP6(), EXT(0, 0), EXT(60, 0), EXT(43, 0), EXT(60, 0),
	      EXT(60, 1), EXT(60, 0), TCP(1, 2) } },
	  IPPROTO_TCP },
	{ { "IPv6, seven extension headers",
	    { ETH(), IP6(), EXT(0, 0), EXT(60, 0), EXT(43, 0), EXT(60, 0),
	      EXT(60, 1), EXT(60, 0), EXT(60, 0), TCP(1, 2) } },
	  SLOT_NOT_IP },
	{ { "IPv6, cut in the extension header",
	    { ETH(), IP6(), EXT(60, 0), TCP(1, 2), CUT(14 + 40 + 1) } },
	  SLOT_NOT_IP },
	{ { "IPv6, extension header longer than the frame",
	    { ETH(), IP6(), EXT(60, 3), TCP(1, 2), CUT(14 + 40 + 31) } },
	  SLOT_NOT_IP },

	{ { "one VLAN tag", { ETH(), VLAN(1), IP4(), TCP(1, 2) } },
	  IPPROTO_TCP },
	{ { "two VLAN tags", { ETH(), VLAN_AD(1), VLAN(2), IP6(), UDP(1, 2) } },
	  IPPROTO_UDP },
	{ { "three VLAN tags",
	    { ETH(), VLAN_AD(1), VLAN(2), VLAN(3), IP4(), TCP(1, 2) } },
	  SLOT_NOT_IP },
	{ { "cut in the VLAN tag", { ETH(), VLAN(1), IP4(), CUT(14 + 3) } },
	  SLOT_NOT_IP },
};

static void read_slot(struct xdp1_kern *skel, __u32 slot, struct counter *sum)
{
	__u64 sums[2];

	assert_int_equal(xdp_sum_percpu(skel->maps.counters, slot, sums, 2), 0);
	sum->packets = sums[0];
	sum->bytes = sums[1];
}

/* Run it once: one slot counts, and no other. */
static void counts_in(struct xdp1_kern *skel, const struct test_case *c,
		      __u32 verdict)
{
	struct counter before[SLOTS], after;
	__u8 frame[FRAME_MAX];
	__u32 slot;

	for (slot = 0; slot < SLOTS; slot++)
		read_slot(skel, slot, &before[slot]);
	packet_verdict(skel->progs.xdp1, &c->packet, verdict);

	before[c->slot].packets++;
	before[c->slot].bytes += packet_build(&c->packet, frame);
	for (slot = 0; slot < SLOTS; slot++) {
		read_slot(skel, slot, &after);
		if (after.packets != before[slot].packets ||
		    after.bytes != before[slot].bytes)
			fail_msg("slot %u: %llu packets, %llu bytes", slot,
				 after.packets, after.bytes);
	}
}

static void is_counted(void **state)
{
	counts_in(drops, *state, XDP_DROP);
	counts_in(passes, *state, XDP_PASS);
}

/* The counter, loaded; it drops unless told otherwise. NULL: no luck. */
static struct xdp1_kern *load(bool pass)
{
	struct xdp1_kern *skel = xdp1_kern__open();

	if (!skel)
		return NULL;
	if (pass)
		skel->rodata->verdict = XDP_PASS;
	if (xdp1_kern__load(skel)) {
		xdp1_kern__destroy(skel);
		return NULL;
	}
	return skel;
}

int main(void)
{
	int status;

	drops = load(false);
	passes = load(true);
	status = packet_tests_run(drops && passes ? drops : NULL, is_counted,
				  cases, sizeof(cases[0]), ARRAY_SIZE(cases),
				  NULL, 0);
	xdp1_kern__destroy(drops);
	xdp1_kern__destroy(passes);
	return status;
}
