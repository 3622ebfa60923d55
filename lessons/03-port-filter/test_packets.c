// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which packets the ports are found in. The program is loaded twice: for ports
 * 80 and 443 of TCP, and for the same with UDP.
 */
#include "packet_test.h"
#include "xdp_port_filter.h"
#include "xdp_port_filter_kern.skel.h"

#define HOP	EXT(IPPROTO_HOPOPTS, 0)
#define ROUTE	EXT(IPPROTO_ROUTING, 2)
#define DESTOPT EXT(IPPROTO_DSTOPTS, 31)

static struct xdp_port_filter_kern *tcp_only, *with_udp;

static const struct test_case {
	struct packet packet;
	__u32 tcp_only; /* verdict */
	__u32 with_udp; /* verdict with -u */
} cases[] = {
	/* clang-format off */

	/* Which ports, of which protocol. */
	{ { "TCP to port 80", { ETH(), IP4(), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "TCP from port 80", { ETH(), IP4(), TCP(80, 1024) } },
	  XDP_DROP, XDP_DROP },
	{ { "TCP to port 443, second of the list",
	    { ETH(), IP4(), TCP(1024, 443) } },
	  XDP_DROP, XDP_DROP },
	{ { "TCP to port 79", { ETH(), IP4(), TCP(1024, 79) } },
	  XDP_PASS, XDP_PASS },
	{ { "TCP to port 81", { ETH(), IP4(), TCP(1024, 81) } },
	  XDP_PASS, XDP_PASS },
	{ { "TCP to port 20480, 80 in the wrong byte order",
	    { ETH(), IP4(), TCP(1024, 20480) } },
	  XDP_PASS, XDP_PASS },
	{ { "TCP to port 0, the list's unused rest",
	    { ETH(), IP4(), TCP(1024, 0) } },
	  XDP_PASS, XDP_PASS },
	{ { "UDP to port 80", { ETH(), IP4(), UDP(1024, 80) } },
	  XDP_PASS, XDP_DROP },
	{ { "UDP from port 443", { ETH(), IP4(), UDP(443, 1024) } },
	  XDP_PASS, XDP_DROP },
	{ { "UDP to port 53", { ETH(), IP4(), UDP(1024, 53) } },
	  XDP_PASS, XDP_PASS },
	{ { "SCTP, no such rule",
	    { ETH(), IP4(), NEXT(132), DATA(20) } },
	  XDP_PASS, XDP_PASS },
	{ { "ICMP", { ETH(), IP4(), ICMP(8) } }, XDP_PASS, XDP_PASS },
	{ { "ARP", { ETH(), ARP() } }, XDP_PASS, XDP_PASS },

	/* IPv4. */
	{ { "IPv4, 4 bytes of options",
	    { ETH(), IP4(.ihl = 6), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv4, 40 bytes of options",
	    { ETH(), IP4(.ihl = 15), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv4 options, another port",
	    { ETH(), IP4(.ihl = 15), TCP(1024, 81) } },
	  XDP_PASS, XDP_PASS },
	{ { "IPv4, do not fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(0x4000)), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv4, first fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2000)), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv4, fragment at offset 8",
	    { ETH(), IP4(.frag_off = bpf_htons(1)), TCP(1024, 80) } },
	  XDP_PASS, XDP_PASS },
	{ { "IPv4, last fragment, its data look like a port",
	    { ETH(), IP4(.frag_off = bpf_htons(0x1fff)), TCP(80, 80) } },
	  XDP_PASS, XDP_PASS },

	/* IPv6. */
	{ { "IPv6, TCP to port 80", { ETH(), IP6(), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, TCP to port 81", { ETH(), IP6(), TCP(1024, 81) } },
	  XDP_PASS, XDP_PASS },
	{ { "IPv6, UDP to port 443", { ETH(), IP6(), UDP(1024, 443) } },
	  XDP_PASS, XDP_DROP },
	{ { "IPv6, hop-by-hop options",
	    { ETH(), IP6(), HOP, TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, routing header", { ETH(), IP6(), ROUTE, TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, 256 bytes of destination options",
	    { ETH(), IP6(), DESTOPT, TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, 1448 bytes of destination options",
	    { ETH(), IP6(), EXT(IPPROTO_DSTOPTS, 180), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, first fragment",
	    { ETH(), IP6(), FRAG6(0, 1), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, only fragment (RFC 6946)",
	    { ETH(), IP6(), FRAG6(0, 0), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, fragment at offset 8",
	    { ETH(), IP6(), FRAG6(1, 1), TCP(80, 80) } },
	  XDP_PASS, XDP_PASS },
	{ { "IPv6, last fragment",
	    { ETH(), IP6(), FRAG6(0x1fff, 0), TCP(80, 80) } },
	  XDP_PASS, XDP_PASS },
	{ { "IPv6, six extension headers",
	    { ETH(), IP6(), HOP, DESTOPT, ROUTE, FRAG6(0, 1), ROUTE, HOP,
	      TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "IPv6, seven extension headers",
	    { ETH(), IP6(), HOP, DESTOPT, ROUTE, FRAG6(0, 1), ROUTE, HOP, HOP,
	      TCP(1024, 80) } },
	  XDP_PASS, XDP_PASS },
	{ { "IPv6, no next header (59)", { ETH(), IP6(), NEXT(59), DATA(8) } },
	  XDP_PASS, XDP_PASS },

	/* VLAN tags. */
	{ { "one 802.1Q tag", { ETH(), VLAN(5), IP4(), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "one tag, another port",
	    { ETH(), VLAN(5), IP4(), TCP(1024, 81) } },
	  XDP_PASS, XDP_PASS },
	{ { "two tags, 802.1ad and 802.1Q",
	    { ETH(), VLAN_AD(5), VLAN(6), IP6(), TCP(1024, 80) } },
	  XDP_DROP, XDP_DROP },
	{ { "three tags",
	    { ETH(), VLAN_AD(5), VLAN(6), VLAN(7), IP4(), TCP(1024, 80) } },
	  XDP_PASS, XDP_PASS },

	/* Cut short or malformed: the stack's business. */
	{ { "cut behind the Ethernet header",
	    { ETH(), IP4(), TCP(1024, 80), CUT(14) } },
	  XDP_PASS, XDP_PASS },
	{ { "cut in the tag", { ETH(), VLAN(5), IP4(), CUT(14 + 3) } },
	  XDP_PASS, XDP_PASS },
	{ { "cut in the IPv4 header",
	    { ETH(), IP4(), TCP(1024, 80), CUT(14 + 19) } },
	  XDP_PASS, XDP_PASS },
	{ { "cut in the destination port",
	    { ETH(), IP4(), TCP(1024, 80), CUT(14 + 20 + 3) } },
	  XDP_PASS, XDP_PASS },
	{ { "cut behind the ports: they are there to be read",
	    { ETH(), IP4(), TCP(1024, 80), CUT(14 + 20 + 4) } },
	  XDP_DROP, XDP_DROP },
	{ { "cut in the IPv6 header",
	    { ETH(), IP6(), TCP(1024, 80), CUT(14 + 39) } },
	  XDP_PASS, XDP_PASS },
	{ { "cut in the IPv6 ports",
	    { ETH(), IP6(), TCP(1024, 80), CUT(14 + 40 + 3) } },
	  XDP_PASS, XDP_PASS },
	{ { "cut in the extension header",
	    { ETH(), IP6(), HOP, TCP(1024, 80), CUT(14 + 40 + 1) } },
	  XDP_PASS, XDP_PASS },
	{ { "cut in the fragment header",
	    { ETH(), IP6(), FRAG6(0, 1), TCP(1024, 80), CUT(14 + 40 + 7) } },
	  XDP_PASS, XDP_PASS },
	{ { "extension header longer than the frame",
	    { ETH(), IP6(), DESTOPT, TCP(80, 80), CUT(200) } },
	  XDP_PASS, XDP_PASS },
	{ { "IPv4 header length 16", { ETH(), IP4(.ihl = 4), TCP(80, 80) } },
	  XDP_PASS, XDP_PASS },

	/* clang-format on */
};

static void verdict_is_right(void **state)
{
	const struct test_case *c = *state;

	packet_verdict(tcp_only->progs.xdp_port_filter, &c->packet,
		       c->tcp_only);
	packet_verdict(with_udp->progs.xdp_port_filter, &c->packet,
		       c->with_udp);
}

/* All 16 places of the list count, the last one too. */
static void sixteen_ports(void **state)
{
	static const struct packet listed = { "TCP to port 16",
					      { ETH(), IP4(), TCP(1024, 16) } };
	static const struct packet beside = { "TCP to port 17",
					      { ETH(), IP4(), TCP(1024, 17) } };
	struct xdp_port_filter_kern *skel = xdp_port_filter_kern__open();
	int i;

	(void)state;
	assert_non_null(skel);
	skel->rodata->nr_ports = PORTS_MAX;
	for (i = 0; i < PORTS_MAX; i++)
		skel->rodata->ports[i] = htons(i + 1);
	assert_int_equal(xdp_port_filter_kern__load(skel), 0);

	packet_verdict(skel->progs.xdp_port_filter, &listed, XDP_DROP);
	packet_verdict(skel->progs.xdp_port_filter, &beside, XDP_PASS);
	xdp_port_filter_kern__destroy(skel);
}

/* The program for ports 80 and 443, loaded. NULL if it cannot be. */
static struct xdp_port_filter_kern *load(bool filter_udp)
{
	struct xdp_port_filter_kern *skel = xdp_port_filter_kern__open();

	if (!skel)
		return NULL;
	skel->rodata->filter_udp = filter_udp;
	skel->rodata->nr_ports = 2;
	skel->rodata->ports[0] = htons(80);
	skel->rodata->ports[1] = htons(443);
	if (xdp_port_filter_kern__load(skel)) {
		xdp_port_filter_kern__destroy(skel);
		return NULL;
	}
	return skel;
}

int main(void)
{
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(sixteen_ports),
	};
	int status;

	tcp_only = load(false);
	with_udp = load(true);
	status = packet_tests_run(tcp_only && with_udp ? tcp_only : NULL,
				  verdict_is_right, cases, sizeof(cases[0]),
				  ARRAY_SIZE(cases), more, ARRAY_SIZE(more));
	xdp_port_filter_kern__destroy(tcp_only);
	xdp_port_filter_kern__destroy(with_udp);
	return status;
}
