// SPDX-License-Identifier: GPL-2.0-only
/* What a packet costs in the counter, against the empty program. */
#include "packet_test.h"
#include "xdp1_kern.skel.h"

#define COST_LIMIT 1.25

static struct xdp1_kern *skel;

static const struct packet packets[] = {
	{ "TCP over IPv4", { ETH(), IP4(), TCP(1, 2) } },
	{ "UDP over IPv6", { ETH(), IP6(), UDP(1, 2) } },
};

static void costs_little(void **state)
{
	double ratio = packet_cost_ratio(skel->progs.xdp1, *state, COST_LIMIT);

	print_message("# %.2f times the empty program\n", ratio);
	if (ratio > COST_LIMIT)
		fail_msg("%.2f times the empty program, more than %.2f", ratio,
			 COST_LIMIT);
}

int main(void)
{
	const char *reason = packet_no_timing();
	int status;

	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return EXIT_SUCCESS;
	}
	skel = xdp1_kern__open_and_load();
	status = packet_tests_run(skel, costs_little, packets,
				  sizeof(packets[0]), ARRAY_SIZE(packets), NULL,
				  0);
	xdp1_kern__destroy(skel);
	return status;
}
