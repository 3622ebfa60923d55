// SPDX-License-Identifier: GPL-2.0-only
/* UDP from port 67 is dropped, as is what is cut short before that can be seen. */
#include "exercise.h"

/* Units of 8 bytes: this piece begins at byte 1480 of what was cut up. */
#define LATER_FRAGMENT .frag_off = bpf_htons(185)

static const struct exercise_case cases[] = {
	/* UDP from port 67. */
	{ { "what a DHCP server says is dropped",
	    { ETH(), IP4(), UDP(67, 68) } },
	  XDP_DROP },
	{ { "behind IPv4 options it is dropped",
	    { ETH(), IP4(.ihl = 15), UDP(67, 68) } },
	  XDP_DROP },
	{ { "its first fragment is dropped",
	    { ETH(), IP4(.frag_off = bpf_htons(0x2000)), UDP(67, 68) } },
	  XDP_DROP },
	{ { "what a DHCP client says passes", { ETH(), IP4(), UDP(68, 67) } },
	  XDP_PASS },
	{ { "UDP from port 66 passes", { ETH(), IP4(), UDP(66, 68) } },
	  XDP_PASS },
	{ { "UDP from port 17152, 67 in the wrong byte order, passes",
	    { ETH(), IP4(), UDP(17152, 68) } },
	  XDP_PASS },

	/* All else. */
	{ { "TCP from port 67 passes", { ETH(), IP4(), TCP(67, 68) } },
	  XDP_PASS },
	{ { "a ping passes", { ETH(), IP4(), ICMP(8) } }, XDP_PASS },
	{ { "UDP from port 67 over IPv6 passes",
	    { ETH(), IP6(), UDP(67, 68) } },
	  XDP_PASS },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },
	{ { "a tagged packet passes", { ETH(), VLAN(1), IP4(), UDP(67, 68) } },
	  XDP_PASS },
	{ { "a later fragment passes, even if its data look like port 67",
	    { ETH(), IP4(LATER_FRAGMENT), UDP(67, 68) } },
	  XDP_PASS },

	/* Cut short. */
	{ { "an IPv4 header without its last byte is dropped",
	    { ETH(), IP4(), UDP(53, 1024), CUT(14 + 19) } },
	  XDP_DROP },
	{ { "TCP with such an IPv4 header is dropped",
	    { ETH(), IP4(), TCP(1024, 80), CUT(14 + 19) } },
	  XDP_DROP },
	{ { "an IPv4 header length of 16 bytes is dropped",
	    { ETH(), IP4(.ihl = 4), UDP(53, 1024) } },
	  XDP_DROP },
	{ { "TCP with such a header length is dropped",
	    { ETH(), IP4(.ihl = 4), TCP(1024, 80) } },
	  XDP_DROP },
	{ { "a later fragment with such a header length is dropped",
	    { ETH(), IP4(LATER_FRAGMENT, .ihl = 4), UDP(53, 1024) } },
	  XDP_DROP },
	{ { "a UDP header without its last byte is dropped",
	    { ETH(), IP4(), UDP(53, 1024), CUT(14 + 20 + 7) } },
	  XDP_DROP },
	{ { "no UDP header at all is dropped",
	    { ETH(), IP4(), UDP(53, 1024), CUT(14 + 20) } },
	  XDP_DROP },
	{ { "a UDP header that is just whole passes",
	    { ETH(), IP4(), UDP(53, 1024), CUT(14 + 20 + 8) } },
	  XDP_PASS },
	{ { "TCP, cut behind the ports, passes",
	    { ETH(), IP4(), TCP(1024, 80), CUT(14 + 20 + 4) } },
	  XDP_PASS },
	{ { "TCP, cut in the IPv4 options, passes",
	    { ETH(), IP4(.ihl = 15), TCP(1024, 80), CUT(14 + 59) } },
	  XDP_PASS },
	{ { "a last fragment of 4 bytes passes",
	    { ETH(), IP4(LATER_FRAGMENT), UDP(53, 1024), CUT(14 + 20 + 4) } },
	  XDP_PASS },
};

int main(int argc, char **argv)
{
	const struct exercise exercise = {
		.object = "xdp_dhcp_guard_kern.o",
		.program = "xdp_dhcp_guard",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
	};

	return exercise_main(argc, argv, &exercise);
}
