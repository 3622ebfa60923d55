// SPDX-License-Identifier: GPL-2.0-only
/* Whatever comes, it is dropped. */
#include "packet_test.h"
#include "xdp_drop_kern.skel.h"

static struct xdp_drop_kern *skel;

static const struct packet packets[] = {
	{ "TCP over IPv4", { ETH(), IP4(), TCP(1024, 80) } },
	{ "UDP over IPv6", { ETH(), IP6(), UDP(1024, 53) } },
	{ "ICMP echo request", { ETH(), IP4(), ICMP(8) } },
	{ "ARP", { ETH(), ARP() } },
	{ "behind a VLAN tag", { ETH(), VLAN(1), IP4(), TCP(1024, 80) } },
	{ "an EtherType that nobody knows", { ETH(), NEXT(0x88b5) } },
	{ "nothing but an Ethernet header", { ETH(), CUT(14) } },
	{ "1514 bytes", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
};

static void is_dropped(void **state)
{
	packet_verdict(skel->progs.xdp_drop, *state, XDP_DROP);
}

int main(void)
{
	int status;

	skel = xdp_drop_kern__open_and_load();
	status = packet_tests_run(skel, is_dropped, packets, sizeof(packets[0]),
				  ARRAY_SIZE(packets), NULL, 0);
	xdp_drop_kern__destroy(skel);
	return status;
}
