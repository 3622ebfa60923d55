// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every packet passes, and is counted in the class of its length. On each side of
 * each limit there is a packet, and the length is the frame's, not IP's.
 */
#include <errno.h>
#include <stdlib.h>
#include <bpf/bpf.h>

#include "exercise.h"

enum {
	SIZE_64,
	SIZE_128,
	SIZE_256,
	SIZE_512,
	SIZE_1024,
	SIZE_LARGER,
	SIZES
};

#define S(count)      ((count) == 1 ? "" : "s")
#define IS_ARE(count) ((count) == 1 ? "is" : "are")

struct counter {
	__u64 packets;
	__u64 bytes;
};

static const struct exercise_case cases[] = {
	{ { "TCP passes", { ETH(), IP4(), TCP(1024, 80) } }, XDP_PASS },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },
	{ { "a bare Ethernet header passes", { ETH(), CUT(14) } }, XDP_PASS },
	{ { "1514 bytes pass", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
	  XDP_PASS },
};

static struct sized_case {
	struct packet packet; /* its name is the test's name */
	__u32 size;	      /* the class */
} sized[] = {
	{ { "60 bytes count as up to 64", { ETH(), IP4(), UDP(1, 2) } },
	  SIZE_64 },
	{ { "64 bytes count as up to 64",
	    { ETH(), IP4(), UDP(1, 2), DATA(22) } },
	  SIZE_64 },
	{ { "65 bytes count as up to 128",
	    { ETH(), IP4(), UDP(1, 2), DATA(23) } },
	  SIZE_128 },
	{ { "128 bytes count as up to 128",
	    { ETH(), IP4(), UDP(1, 2), DATA(86) } },
	  SIZE_128 },
	{ { "129 bytes count as up to 256",
	    { ETH(), IP4(), UDP(1, 2), DATA(87) } },
	  SIZE_256 },
	{ { "256 bytes count as up to 256",
	    { ETH(), IP4(), UDP(1, 2), DATA(214) } },
	  SIZE_256 },
	{ { "257 bytes count as up to 512",
	    { ETH(), IP4(), UDP(1, 2), DATA(215) } },
	  SIZE_512 },
	{ { "512 bytes count as up to 512",
	    { ETH(), IP4(), UDP(1, 2), DATA(470) } },
	  SIZE_512 },
	{ { "513 bytes count as up to 1024",
	    { ETH(), IP4(), UDP(1, 2), DATA(471) } },
	  SIZE_1024 },
	{ { "1024 bytes count as up to 1024",
	    { ETH(), IP4(), UDP(1, 2), DATA(982) } },
	  SIZE_1024 },
	{ { "1025 bytes count as above 1024",
	    { ETH(), IP4(), UDP(1, 2), DATA(983) } },
	  SIZE_LARGER },
	{ { "1514 bytes count as above 1024",
	    { ETH(), IP6(), UDP(1, 2), DATA(1452) } },
	  SIZE_LARGER },
	/* A frame beyond what Ethernet has. The next power of two is no limit. */
	{ { "2049 bytes count as above 1024",
	    { ETH(), IP4(), UDP(1, 2), DATA(2007) } },
	  SIZE_LARGER },
	{ { "a bare Ethernet header counts as up to 64", { ETH(), CUT(14) } },
	  SIZE_64 },
	{ { "ARP counts as up to 64", { ETH(), ARP() } }, SIZE_64 },
	{ { "300 bytes of an unknown protocol count as up to 512",
	    { ETH(), NEXT(0x88b5), DATA(286) } },
	  SIZE_512 },
	{ { "a tag is part of the length: 68 bytes",
	    { ETH(), VLAN(1), IP4(), UDP(1, 2), DATA(22) } },
	  SIZE_128 },
	{ { "what is behind the IP packet is part of the length: 65 bytes",
	    { ETH(), IP4(.tot_len = bpf_htons(28)), UDP(1, 2), DATA(23) } },
	  SIZE_128 },
};

static struct bpf_object *load(const struct bpf_map **map)
{
	struct bpf_object *obj = exercise_load();

	*map = exercise_map(obj, "sizes", sizeof(struct counter));
	if (bpf_map__type(*map) != BPF_MAP_TYPE_PERCPU_ARRAY)
		fail_msg("map sizes is of type %s, right is %s",
			 libbpf_bpf_map_type_str(bpf_map__type(*map)),
			 libbpf_bpf_map_type_str(BPF_MAP_TYPE_PERCPU_ARRAY));
	if (bpf_map__max_entries(*map) != SIZES)
		fail_msg("map sizes has %u entries, right are %u",
			 bpf_map__max_entries(*map), SIZES);
	return obj;
}

static void is_percpu(void **state)
{
	const struct bpf_map *map;

	(void)state;
	bpf_object__close(load(&map));
}

/* Of each class: packets and bytes, all processors added up. */
static void read_counters(const struct bpf_map *map, struct counter *sums)
{
	int cpus = libbpf_num_possible_cpus(), i;
	struct counter copies[cpus];
	__u32 size;

	for (size = 0; size < SIZES; size++) {
		if (bpf_map__lookup_elem(map, &size, sizeof(size), copies,
					 sizeof(copies), 0))
			fail_msg("key %u cannot be read: %s", size,
				 strerror(errno));
		sums[size] = (struct counter){};
		for (i = 0; i < cpus; i++) {
			sums[size].packets += copies[i].packets;
			sums[size].bytes += copies[i].bytes;
		}
	}
}

static void want_counters(const struct bpf_map *map,
			  const struct counter *right)
{
	struct counter sums[SIZES];
	__u32 size;

	read_counters(map, sums);
	for (size = 0; size < SIZES; size++) {
		const struct counter *sum = &sums[size], *want = &right[size];

		if (sum->packets != want->packets || sum->bytes != want->bytes)
			fail_msg(
				"key %u: %llu packet%s, %llu byte%s; right %s %llu packet%s, %llu byte%s",
				size, sum->packets, S(sum->packets), sum->bytes,
				S(sum->bytes), IS_ARE(want->packets),
				want->packets, S(want->packets), want->bytes,
				S(want->bytes));
	}
}

/* Run the answer on this packet, and note what it should count. */
static void count(const struct bpf_object *obj, const struct sized_case *row,
		  struct counter *right)
{
	struct packet_result result;
	__u8 frame[FRAME_MAX];

	packet_run(exercise_program(obj, "xdp_sizes"), &row->packet, &result);
	right[row->size].packets++;
	right[row->size].bytes += packet_build(&row->packet, frame);
}

static void is_counted(void **state)
{
	const struct sized_case *row = *state;
	struct counter right[SIZES] = {}, sums[SIZES];
	const struct bpf_map *map;
	struct bpf_object *obj = load(&map);
	__u32 size;

	count(obj, row, right);
	read_counters(map, sums);
	for (size = 0; size < SIZES; size++)
		if (sums[size].packets && !sums[row->size].packets)
			fail_msg("it was counted under key %u, right is %u",
				 size, row->size);
	want_counters(map, right);
	bpf_object__close(obj);
}

static void adds_up(void **state)
{
	struct counter right[SIZES] = {};
	const struct bpf_map *map;
	struct bpf_object *obj = load(&map);
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sized); i++)
		for (n = 0; n <= i; n++)
			count(obj, &sized[i], right);
	want_counters(map, right);
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	struct CMUnitTest more[ARRAY_SIZE(sized) + 2] = {};
	const struct exercise exercise = {
		.object = "xdp_sizes_kern.o",
		.program = "xdp_sizes",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};
	size_t i, n = 0;

	more[n].name = "each processor has a copy of its own";
	more[n++].test_func = is_percpu;
	for (i = 0; i < ARRAY_SIZE(sized); i++) {
		more[n].name = sized[i].packet.name;
		more[n].test_func = is_counted;
		more[n++].initial_state = &sized[i];
	}
	more[n].name = "packets and bytes add up";
	more[n].test_func = adds_up;

	return exercise_main(argc, argv, &exercise);
}
