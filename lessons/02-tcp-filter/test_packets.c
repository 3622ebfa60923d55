// SPDX-License-Identifier: GPL-2.0-only
/* TCP, ARP and neighbour discovery pass: each rule, and what lies beside it. */
#include "packet_test.h"
#include "xdp_tcp_filter_kern.skel.h"

#define LATER_FRAGMENT \
	.frag_off = bpf_htons(185) /* in units of 8 bytes: 1480 */

static struct xdp_tcp_filter_kern *skel;

static const struct test_case {
	struct packet packet;
	__u32 verdict;
} cases[] = {
	{ { "TCP over IPv4", { ETH(), IP4(), TCP(1, 80) } }, XDP_PASS },
	{ { "TCP over IPv6", { ETH(), IP6(), TCP(1, 80) } }, XDP_PASS },
	{ { "UDP over IPv4", { ETH(), IP4(), UDP(1, 53) } }, XDP_DROP },
	{ { "UDP over IPv6", { ETH(), IP6(), UDP(1, 53) } }, XDP_DROP },
	{ { "ICMP", { ETH(), IP4(), ICMP(8) } }, XDP_DROP },
	{ { "TCP's number, no TCP header", { ETH(), IP4(), NEXT(6) } },
	  XDP_PASS },
	{ { "protocol 5", { ETH(), IP4(), NEXT(5) } }, XDP_DROP },
	{ { "protocol 7", { ETH(), IP4(), NEXT(7) } }, XDP_DROP },

	{ { "IPv4 with options", { ETH(), IP4(.ihl = 15), TCP(1, 80) } },
	  XDP_PASS },
	{ { "first fragment of TCP",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2000)), TCP(1, 80) } },
	  XDP_PASS },
	{ { "later fragment of TCP",
	    { ETH(), IP4(LATER_FRAGMENT), NEXT(6), DATA(64) } },
	  XDP_PASS },
	{ { "later fragment of UDP",
	    { ETH(), IP4(LATER_FRAGMENT), NEXT(17), DATA(64) } },
	  XDP_DROP },

	{ { "ARP", { ETH(), ARP() } }, XDP_PASS },
	{ { "ARP, its last byte missing", { ETH(), ARP(), CUT(14 + 27) } },
	  XDP_DROP },
	{ { "ARP, just whole", { ETH(), ARP(), CUT(14 + 28) } }, XDP_PASS },
	{ { "RARP", { ETH(), NEXT(0x8035) } }, XDP_DROP },

	{ { "ICMPv6 132, end of listening", { ETH(), IP6(), ICMP6(132) } },
	  XDP_DROP },
	{ { "ICMPv6 133, router solicitation", { ETH(), IP6(), ICMP6(133) } },
	  XDP_PASS },
	{ { "ICMPv6 135, neighbour solicitation",
	    { ETH(), IP6(), ICMP6(135) } },
	  XDP_PASS },
	{ { "ICMPv6 136, neighbour advertisement",
	    { ETH(), IP6(), ICMP6(136) } },
	  XDP_PASS },
	{ { "ICMPv6 137, redirect", { ETH(), IP6(), ICMP6(137) } }, XDP_PASS },
	{ { "ICMPv6 138, renumbering", { ETH(), IP6(), ICMP6(138) } },
	  XDP_DROP },
	{ { "ICMPv6 128, echo request", { ETH(), IP6(), ICMP6(128) } },
	  XDP_DROP },
	{ { "neighbour solicitation, cut in its header",
	    { ETH(), IP6(), ICMP6(135), CUT(14 + 40 + 7) } },
	  XDP_DROP },
	{ { "TCP behind an IPv6 extension header",
	    { ETH(), IP6(), EXT(IPPROTO_HOPOPTS, 0), TCP(1, 80) } },
	  XDP_DROP },

	{ { "IPv4 header length 16", { ETH(), IP4(.ihl = 4), TCP(1, 80) } },
	  XDP_DROP },
	{ { "IPv4 options beyond the frame",
	    { ETH(), IP4(.ihl = 6), TCP(1, 80), CUT(14 + 23) } },
	  XDP_DROP },
	{ { "IPv4 EtherType, version 6",
	    { ETH(), IP4(.version = 6), TCP(1, 80) } },
	  XDP_DROP },
	{ { "IPv6 EtherType, version 4",
	    { ETH(), IP6(.version = 4), TCP(1, 80) } },
	  XDP_DROP },
	{ { "IPv4 header, its last byte missing",
	    { ETH(), IP4(), TCP(1, 80), CUT(14 + 19) } },
	  XDP_DROP },
	{ { "IPv4 header, just whole",
	    { ETH(), IP4(), TCP(1, 80), CUT(14 + 20) } },
	  XDP_PASS },
	{ { "IPv6 header, its last byte missing",
	    { ETH(), IP6(), TCP(1, 80), CUT(14 + 39) } },
	  XDP_DROP },
	{ { "IPv6 header, just whole",
	    { ETH(), IP6(), TCP(1, 80), CUT(14 + 40) } },
	  XDP_PASS },
	{ { "nothing but an Ethernet header",
	    { ETH(), NEXT(ETH_P_IP), CUT(14) } },
	  XDP_DROP },

	{ { "TCP behind an 802.1Q tag", { ETH(), VLAN(1), IP4(), TCP(1, 80) } },
	  XDP_DROP },
	{ { "TCP behind an 802.1ad tag",
	    { ETH(), VLAN_AD(1), IP4(), TCP(1, 80) } },
	  XDP_DROP },
	{ { "an EtherType that nobody knows", { ETH(), NEXT(0x88b5) } },
	  XDP_DROP },
};

static void verdict_is_right(void **state)
{
	const struct test_case *c = *state;

	packet_verdict(skel->progs.xdp_tcp_filter, &c->packet, c->verdict);
}

int main(void)
{
	int status;

	skel = xdp_tcp_filter_kern__open_and_load();
	status = packet_tests_run(skel, verdict_is_right, cases,
				  sizeof(cases[0]), ARRAY_SIZE(cases), NULL, 0);
	xdp_tcp_filter_kern__destroy(skel);
	return status;
}
