// SPDX-License-Identifier: GPL-2.0-only
/* Whatever comes, it passes, and as it came. */
#include "exercise.h"

static const struct exercise_case cases[] = {
	{ { "a ping passes", { ETH(), IP4(), ICMP(8) } }, XDP_PASS },
	{ { "a ping over IPv6 passes", { ETH(), IP6(), ICMP6(128) } },
	  XDP_PASS },
	{ { "TCP passes", { ETH(), IP4(), TCP(1024, 80) } }, XDP_PASS },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },
	{ { "a tagged packet passes",
	    { ETH(), VLAN(1), IP4(), TCP(1024, 80) } },
	  XDP_PASS },
	{ { "a bare Ethernet header passes", { ETH(), CUT(14) } }, XDP_PASS },
	{ { "1514 bytes pass", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
	  XDP_PASS },
};

static void is_unchanged(void **state)
{
	const struct packet packet = { "a ping", { ETH(), IP4(), ICMP(8) } };
	struct bpf_object *obj = exercise_load();
	struct packet_result result;
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(&packet, frame);

	(void)state;
	packet_run(exercise_program(obj, "xdp_pass"), &packet, &result);
	if (result.len != len || memcmp(result.frame, frame, len))
		fail_msg("the packet was changed on its way");
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "the packet is not changed", is_unchanged, NULL, NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "xdp_pass_kern.o",
		.program = "xdp_pass",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	return exercise_main(argc, argv, &exercise);
}
