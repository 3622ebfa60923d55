// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without an interface there is no metadata. TC counts such packets, and lets them
 * go on. The rest takes an interface: see check.bats.
 */
#include <errno.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include <linux/pkt_cls.h>

#include "exercise.h"

#define KINDS	3
#define PACKETS 5

static const struct packet packets[] = {
	{ "a ping", { ETH(), IP4(), ICMP(8) } },
	{ "TCP over IPv6", { ETH(), IP6(), TCP(1024, 80) } },
	{ "ARP", { ETH(), ARP() } },
};

static void goes_on(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct packet_result result;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		packet_run(exercise_program(obj, "tc_who_wrote"), &packets[i],
			   &result);
		if ((int)result.verdict != TC_ACT_UNSPEC)
			fail_msg(
				"%s: its verdict is %d, right is TC_ACT_UNSPEC (%d)",
				packets[i].name, (int)result.verdict,
				TC_ACT_UNSPEC);
	}
	bpf_object__close(obj);
}

static void counts_none(void **state)
{
	static const __u64 right[KINDS] = { PACKETS };
	struct bpf_object *obj = exercise_load();
	const struct bpf_map *map = exercise_map(obj, "seen", sizeof(__u64));
	int cpus = libbpf_num_possible_cpus(), i;
	struct packet_result result;
	__u64 copies[cpus], sum;
	__u32 key;

	(void)state;
	for (i = 0; i < PACKETS; i++)
		packet_run(exercise_program(obj, "tc_who_wrote"),
			   &packets[i % ARRAY_SIZE(packets)], &result);
	for (key = 0; key < KINDS; key++) {
		if (bpf_map__lookup_elem(map, &key, sizeof(key), copies,
					 sizeof(copies), 0))
			fail_msg("map seen, key %u: %s; keep it as it is", key,
				 strerror(errno));
		for (i = 0, sum = 0; i < cpus; i++)
			sum += copies[i];
		if (sum != right[key])
			fail_msg(
				"of %d packets without metadata, key %u counted %llu, right are %llu",
				PACKETS, key, sum, right[key]);
	}
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "TC has no opinion", goes_on, NULL, NULL, NULL },
		{ "a packet without metadata is counted as none", counts_none,
		  NULL, NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "tc_who_wrote_kern.o",
		.program = "tc_who_wrote",
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	return exercise_main(argc, argv, &exercise);
}
