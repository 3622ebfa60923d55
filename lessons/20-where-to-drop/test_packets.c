// SPDX-License-Identifier: GPL-2.0-only
/* UDP to the port is dropped and counted, at XDP and at TC; everything else passes. */
#include <errno.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>

#include "packet_test.h"
#include "where_to_drop_kern.skel.h"
#include "xdp_user.h"

#define PORT 9

static struct where_to_drop_kern *skel;

enum outcome {
	PASSES,
	DROPPED,
	PASSES_XDP, /* the kernel makes no skb of it for a test of TC */
};

static const struct test_case {
	struct packet packet;
	enum outcome outcome;
} cases[] = {
	{ { "UDP to the port", { ETH(), IP4(), UDP(1000, PORT) } }, DROPPED },
	{ { "over IPv6", { ETH(), IP6(), UDP(1000, PORT) } }, DROPPED },
	{ { "behind two VLAN tags",
	    { ETH(), VLAN_AD(1), VLAN(2), IP4(), UDP(1000, PORT) } },
	  DROPPED },
	{ { "behind IPv4 options", { ETH(), IP4(.ihl = 15), UDP(1000, PORT) } },
	  DROPPED },
	{ { "first fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2000)), UDP(1000, PORT) } },
	  DROPPED },
	{ { "1514 bytes", { ETH(), IP4(), UDP(1000, PORT), DATA(1472) } },
	  DROPPED },
	{ { "UDP header, just whole",
	    { ETH(), IP4(), UDP(1000, PORT), CUT(14 + 20 + 8) } },
	  DROPPED },

	{ { "another port", { ETH(), IP4(), UDP(1000, 80) } }, PASSES },
	{ { "another port, IPv6", { ETH(), IP6(), UDP(1000, 80) } }, PASSES },
	{ { "from the port", { ETH(), IP4(), UDP(PORT, 1000) } }, PASSES },
	{ { "the port in the wrong byte order",
	    { ETH(), IP4(), UDP(1000, PORT << 8) } },
	  PASSES },
	{ { "TCP to the port", { ETH(), IP4(), TCP(1000, PORT) } }, PASSES },
	{ { "later fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(1)), UDP(1000, PORT) } },
	  PASSES },
	{ { "UDP header cut after 7 bytes",
	    { ETH(), IP4(), UDP(1000, PORT), CUT(14 + 20 + 7) } },
	  PASSES },
	{ { "behind an IPv6 extension header",
	    { ETH(), IP6(), EXT(IPPROTO_DSTOPTS, 0), UDP(1000, PORT) } },
	  PASSES },
	{ { "IPv4 header cut after 19 bytes",
	    { ETH(), IP4(), UDP(1000, PORT), CUT(14 + 19) } },
	  PASSES_XDP },
	{ { "IPv6 header cut after 39 bytes",
	    { ETH(), IP6(), UDP(1000, PORT), CUT(14 + 39) } },
	  PASSES_XDP },
	{ { "ARP", { ETH(), ARP() } }, PASSES },
};

static __u64 count(void)
{
	__u64 packets;

	assert_int_equal(xdp_sum_percpu(skel->maps.dropped, 0, &packets, 1), 0);
	return packets;
}

static void at_both_places(void **state)
{
	const struct test_case *c = *state;
	struct packet_result result;
	bool dropped = c->outcome == DROPPED;
	__u64 before = count();

	packet_verdict(skel->progs.drop_at_xdp, &c->packet,
		       dropped ? XDP_DROP : XDP_PASS);
	assert_int_equal(count() - before, dropped);
	if (c->outcome == PASSES_XDP)
		return;

	packet_run(skel->progs.drop_at_tc, &c->packet, &result);
	assert_int_equal((int)result.verdict,
			 dropped ? TC_ACT_SHOT : TC_ACT_UNSPEC);
	assert_int_equal(count() - before, 2 * dropped);
}

int main(void)
{
	int status;

	skel = where_to_drop_kern__open();
	if (skel) {
		skel->rodata->port = PORT;
		if (where_to_drop_kern__load(skel)) {
			where_to_drop_kern__destroy(skel);
			skel = NULL;
		}
	}
	status = packet_tests_run(skel, at_both_places, cases, sizeof(cases[0]),
				  ARRAY_SIZE(cases), NULL, 0);
	where_to_drop_kern__destroy(skel);
	return status;
}
