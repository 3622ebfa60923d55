// SPDX-License-Identifier: GPL-2.0-only
/* ICMP passes, ICMPv6 by its type, ARP; nothing else does. */
#include "exercise.h"

/* Units of 8 bytes: this piece begins at byte 1480 of what was cut up. */
#define LATER_FRAGMENT .frag_off = bpf_htons(185)

static const struct exercise_case cases[] = {
	/* IPv4, and ARP, which it needs. */
	{ { "a ping over IPv4 passes", { ETH(), IP4(), ICMP(8) } }, XDP_PASS },
	{ { "its reply passes", { ETH(), IP4(), ICMP(0) } }, XDP_PASS },
	{ { "an ICMP error passes", { ETH(), IP4(), ICMP(3) } }, XDP_PASS },
	{ { "TCP over IPv4 is dropped", { ETH(), IP4(), TCP(1024, 80) } },
	  XDP_DROP },
	{ { "UDP over IPv4 is dropped", { ETH(), IP4(), UDP(1024, 53) } },
	  XDP_DROP },
	{ { "ICMPv6's number over IPv4 is dropped",
	    { ETH(), IP4(), ICMP6(128) } },
	  XDP_DROP },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },
	{ { "ARP without its last byte is dropped",
	    { ETH(), ARP(), CUT(14 + 27) } },
	  XDP_DROP },
	{ { "RARP is dropped", { ETH(), NEXT(0x8035) } }, XDP_DROP },

	/* What makes an IPv4 header longer, and what cuts it. */
	{ { "a ping with IPv4 options passes",
	    { ETH(), IP4(.ihl = 15), ICMP(8) } },
	  XDP_PASS },
	{ { "a later fragment of a ping passes",
	    { ETH(), IP4(LATER_FRAGMENT), NEXT(IPPROTO_ICMP), DATA(64) } },
	  XDP_PASS },
	{ { "a later fragment of UDP is dropped",
	    { ETH(), IP4(LATER_FRAGMENT), NEXT(IPPROTO_UDP), DATA(64) } },
	  XDP_DROP },
	{ { "an IPv4 header without its last byte is dropped",
	    { ETH(), IP4(), ICMP(8), CUT(14 + 19) } },
	  XDP_DROP },
	{ { "IPv4 options without their last byte are dropped",
	    { ETH(), IP4(.ihl = 7), ICMP(8), CUT(14 + 27) } },
	  XDP_DROP },
	{ { "an IPv4 header length of 16 bytes is dropped",
	    { ETH(), IP4(.ihl = 4), ICMP(8) } },
	  XDP_DROP },
	{ { "IP version 6 under the EtherType of IPv4 is dropped",
	    { ETH(), IP4(.version = 6), ICMP(8) } },
	  XDP_DROP },

	/* IPv6: ping, neighbour discovery, errors, and the types beside them. */
	{ { "a ping over IPv6 passes", { ETH(), IP6(), ICMP6(128) } },
	  XDP_PASS },
	{ { "its reply passes over IPv6", { ETH(), IP6(), ICMP6(129) } },
	  XDP_PASS },
	{ { "a router solicitation (133) passes",
	    { ETH(), IP6(), ICMP6(133) } },
	  XDP_PASS },
	{ { "a neighbour solicitation (135) passes",
	    { ETH(), IP6(), ICMP6(135) } },
	  XDP_PASS },
	{ { "a neighbour advertisement (136) passes",
	    { ETH(), IP6(), ICMP6(136) } },
	  XDP_PASS },
	{ { "a redirect (137) passes", { ETH(), IP6(), ICMP6(137) } },
	  XDP_PASS },
	{ { "Destination Unreachable (1) passes", { ETH(), IP6(), ICMP6(1) } },
	  XDP_PASS },
	{ { "Packet Too Big (2) passes", { ETH(), IP6(), ICMP6(2) } },
	  XDP_PASS },
	{ { "Parameter Problem (4) passes", { ETH(), IP6(), ICMP6(4) } },
	  XDP_PASS },
	{ { "ICMPv6 type 0 is dropped", { ETH(), IP6(), ICMP6(0) } },
	  XDP_DROP },
	{ { "ICMPv6 type 5 is dropped", { ETH(), IP6(), ICMP6(5) } },
	  XDP_DROP },
	{ { "ICMPv6 type 8 is dropped", { ETH(), IP6(), ICMP6(8) } },
	  XDP_DROP },
	{ { "ICMPv6 type 127 is dropped", { ETH(), IP6(), ICMP6(127) } },
	  XDP_DROP },
	{ { "ICMPv6 type 130 is dropped", { ETH(), IP6(), ICMP6(130) } },
	  XDP_DROP },
	{ { "ICMPv6 type 132 is dropped", { ETH(), IP6(), ICMP6(132) } },
	  XDP_DROP },
	{ { "ICMPv6 type 138 is dropped", { ETH(), IP6(), ICMP6(138) } },
	  XDP_DROP },
	/* 0x8000: its first byte is 128, as that of an echo request. */
	{ { "TCP over IPv6 is dropped", { ETH(), IP6(), TCP(0x8000, 80) } },
	  XDP_DROP },
	{ { "UDP over IPv6 is dropped", { ETH(), IP6(), UDP(0x8000, 53) } },
	  XDP_DROP },
	{ { "ICMP's number over IPv6 is dropped", { ETH(), IP6(), ICMP(128) } },
	  XDP_DROP },
	{ { "a ping behind an extension header is dropped",
	    { ETH(), IP6(), EXT(IPPROTO_HOPOPTS, 0), ICMP6(128) } },
	  XDP_DROP },
	{ { "an IPv6 header without its last byte is dropped",
	    { ETH(), IP6(), ICMP6(128), CUT(14 + 39) } },
	  XDP_DROP },
	{ { "an ICMPv6 header without its last byte is dropped",
	    { ETH(), IP6(), ICMP6(135), CUT(14 + 40 + 7) } },
	  XDP_DROP },
	{ { "IP version 4 under the EtherType of IPv6 is dropped",
	    { ETH(), IP6(.version = 4), ICMP6(128) } },
	  XDP_DROP },

	/* Other EtherTypes. */
	{ { "a ping with a VLAN tag is dropped",
	    { ETH(), VLAN(1), IP4(), ICMP(8) } },
	  XDP_DROP },
	{ { "an EtherType that nobody knows is dropped",
	    { ETH(), NEXT(0x88b5) } },
	  XDP_DROP },
};

int main(int argc, char **argv)
{
	const struct exercise exercise = {
		.object = "xdp_only_icmp_kern.o",
		.program = "xdp_only_icmp",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
	};

	return exercise_main(argc, argv, &exercise);
}
