// SPDX-License-Identifier: GPL-2.0-only
/* Echo requests are dropped, wherever they are found. Replies and all else pass. */
#include "exercise.h"

#define HOP	EXT(IPPROTO_HOPOPTS, 0)
#define ROUTE	EXT(IPPROTO_ROUTING, 2)
#define DESTOPT EXT(IPPROTO_DSTOPTS, 31)

static const struct exercise_case cases[] = {
	/* Which messages of which protocol. */
	{ { "a ping over IPv4 is dropped", { ETH(), IP4(), ICMP(8) } },
	  XDP_DROP },
	{ { "its reply passes", { ETH(), IP4(), ICMP(0) } }, XDP_PASS },
	{ { "an ICMP error passes", { ETH(), IP4(), ICMP(3) } }, XDP_PASS },
	{ { "ICMP type 9 passes", { ETH(), IP4(), ICMP(9) } }, XDP_PASS },
	{ { "ICMP type 128 passes: it is no ping in IPv4",
	    { ETH(), IP4(), ICMP(128) } },
	  XDP_PASS },
	{ { "ICMPv6's number over IPv4 passes, whatever the type",
	    { ETH(), IP4(), ICMP6(8) } },
	  XDP_PASS },
	/* 0x0800: its first byte is 8, as that of an echo request. */
	{ { "TCP over IPv4 passes, from port 2048 too",
	    { ETH(), IP4(), TCP(0x0800, 80) } },
	  XDP_PASS },
	{ { "UDP over IPv4 passes, from port 2048 too",
	    { ETH(), IP4(), UDP(0x0800, 53) } },
	  XDP_PASS },
	{ { "a ping over IPv6 is dropped", { ETH(), IP6(), ICMP6(128) } },
	  XDP_DROP },
	{ { "its reply passes over IPv6", { ETH(), IP6(), ICMP6(129) } },
	  XDP_PASS },
	{ { "Packet Too Big passes", { ETH(), IP6(), ICMP6(2) } }, XDP_PASS },
	{ { "a neighbour solicitation passes", { ETH(), IP6(), ICMP6(135) } },
	  XDP_PASS },
	{ { "ICMPv6 type 8 passes: it is no ping in IPv6",
	    { ETH(), IP6(), ICMP6(8) } },
	  XDP_PASS },
	{ { "ICMP's number over IPv6 passes, whatever the type",
	    { ETH(), IP6(), ICMP(128) } },
	  XDP_PASS },
	{ { "TCP over IPv6 passes, from port 32768 too",
	    { ETH(), IP6(), TCP(0x8000, 80) } },
	  XDP_PASS },
	{ { "UDP over IPv6 passes, from port 32768 too",
	    { ETH(), IP6(), UDP(0x8000, 53) } },
	  XDP_PASS },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },

	/* What stands before it: tags, options, extension headers. */
	{ { "a ping behind a VLAN tag is dropped",
	    { ETH(), VLAN(5), IP4(), ICMP(8) } },
	  XDP_DROP },
	{ { "a ping behind two tags is dropped",
	    { ETH(), VLAN_AD(5), VLAN(6), IP6(), ICMP6(128) } },
	  XDP_DROP },
	{ { "behind three tags it passes",
	    { ETH(), VLAN_AD(5), VLAN(6), VLAN(7), IP4(), ICMP(8) } },
	  XDP_PASS },
	{ { "a ping behind 4 bytes of IPv4 options is dropped",
	    { ETH(), IP4(.ihl = 6), ICMP(8) } },
	  XDP_DROP },
	{ { "a ping behind 40 bytes of IPv4 options is dropped",
	    { ETH(), IP4(.ihl = 15), ICMP(8) } },
	  XDP_DROP },
	{ { "a ping behind hop-by-hop options is dropped",
	    { ETH(), IP6(), HOP, ICMP6(128) } },
	  XDP_DROP },
	{ { "a ping behind 256 bytes of destination options is dropped",
	    { ETH(), IP6(), DESTOPT, ICMP6(128) } },
	  XDP_DROP },
	{ { "a ping behind six extension headers is dropped",
	    { ETH(), IP6(), HOP, DESTOPT, ROUTE, FRAG6(0, 1), ROUTE, HOP,
	      ICMP6(128) } },
	  XDP_DROP },
	{ { "behind seven extension headers it passes",
	    { ETH(), IP6(), HOP, DESTOPT, ROUTE, FRAG6(0, 1), ROUTE, HOP, HOP,
	      ICMP6(128) } },
	  XDP_PASS },
	{ { "a reply behind an extension header passes",
	    { ETH(), IP6(), HOP, ICMP6(129) } },
	  XDP_PASS },

	/* Fragments. */
	{ { "a ping that must not be fragmented is dropped",
	    { ETH(), IP4(.frag_off = bpf_htons(0x4000)), ICMP(8) } },
	  XDP_DROP },
	{ { "the first fragment of a ping is dropped",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2000)), ICMP(8) } },
	  XDP_DROP },
	{ { "its last fragment passes, even if its data look like a ping",
	    { ETH(), IP4(.frag_off = bpf_htons(185)), ICMP(8) } },
	  XDP_PASS },
	{ { "the first fragment of a ping over IPv6 is dropped",
	    { ETH(), IP6(), FRAG6(0, 1), ICMP6(128) } },
	  XDP_DROP },
	{ { "its last fragment passes over IPv6, even if it looks like a ping",
	    { ETH(), IP6(), FRAG6(181, 0), ICMP6(128) } },
	  XDP_PASS },

	/* Cut short or malformed: the stack's business. */
	{ { "a ping without data is dropped",
	    { ETH(), IP4(), ICMP(8), CUT(14 + 20 + 8) } },
	  XDP_DROP },
	{ { "a ping without data is dropped over IPv6",
	    { ETH(), IP6(), ICMP6(128), CUT(14 + 40 + 8) } },
	  XDP_DROP },
	{ { "cut before the type, it passes",
	    { ETH(), IP4(), ICMP(8), CUT(14 + 20) } },
	  XDP_PASS },
	{ { "cut before the type, it passes over IPv6",
	    { ETH(), IP6(), ICMP6(128), CUT(14 + 40) } },
	  XDP_PASS },
	{ { "cut in the IPv4 header, it passes",
	    { ETH(), IP4(), ICMP(8), CUT(14 + 19) } },
	  XDP_PASS },
	{ { "cut in the IPv4 options, it passes",
	    { ETH(), IP4(.ihl = 15), ICMP(8), CUT(14 + 59) } },
	  XDP_PASS },
	/* Its address would be taken for an ICMP header: 8.8.8.8. */
	{ { "an IPv4 header length of 16 bytes passes",
	    { ETH(), IP4(.ihl = 4, .daddr = bpf_htonl(0x08080808)), ICMP(8) } },
	  XDP_PASS },
};

int main(int argc, char **argv)
{
	const struct exercise exercise = {
		.object = "xdp_drop_ping_kern.o",
		.program = "xdp_drop_ping",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
	};

	return exercise_main(argc, argv, &exercise);
}
