// SPDX-License-Identifier: GPL-2.0-only
/* Every second packet passes, and the count is right on any number of processors. */
#include <stdbool.h>
#include <stdlib.h>
#include <bpf/bpf.h>

#include "exercise.h"

/* An odd number of kinds, in a ring: each is in turn to pass, and to be dropped. */
static const struct packet kinds[] = {
	{ "a ping", { ETH(), IP4(), ICMP(8) } },
	{ "TCP over IPv6", { ETH(), IP6(), TCP(1024, 80) } },
	{ "ARP", { ETH(), ARP() } },
	{ "a bare Ethernet header", { ETH(), CUT(14) } },
	{ "a tagged packet", { ETH(), VLAN(1), IP4(), UDP(1, 2) } },
	{ "neighbour discovery", { ETH(), IP6(), ICMP6(135) } },
	{ "1514 bytes", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
};

#define KINDS	ARRAY_SIZE(kinds)
#define PACKETS (2 * KINDS)

/* Zeros are in .bss. A variable that starts with another number is not there. */
static const struct bpf_map *find_variables(const struct bpf_object *obj)
{
	const char *name;
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		name = strchr(bpf_map__name(map), '.');
		if (name && !strcmp(name, ".bss"))
			return map;
	}
	fail_msg(
		"there is no global variable that starts with 0; right is one, __u64 packets");
	return NULL;
}

static __u64 read_count(const struct bpf_object *obj)
{
	const struct bpf_map *bss = find_variables(obj);
	__u32 key = 0;
	__u64 count;

	if (bpf_map__value_size(bss) != sizeof(count))
		fail_msg(
			"your global variables take %u bytes; right is one of %zu bytes, __u64 packets",
			bpf_map__value_size(bss), sizeof(count));
	if (bpf_map_lookup_elem(bpf_map__fd(bss), &key, &count))
		fail_msg("the variable \"packets\" cannot be read");
	return count;
}

static void by_turns(void **state)
{
	struct bpf_object *obj = exercise_load();
	const struct bpf_program *prog =
		exercise_program(obj, "xdp_every_second");
	struct packet_result result;
	__u32 right;
	size_t i;

	(void)state;
	for (i = 0; i < PACKETS; i++) {
		packet_run(prog, &kinds[i % KINDS], &result);
		right = i % 2 ? XDP_DROP : XDP_PASS;
		if (result.verdict != right)
			fail_msg("packet %zu, %s%s%s, gets %s, right is %s",
				 i + 1, kinds[i % KINDS].name,
				 i ? " after " : "",
				 i ? kinds[(i - 1) % KINDS].name : "",
				 packet_verdict_name(result.verdict),
				 packet_verdict_name(right));
	}
	bpf_object__close(obj);
}

static void is_counted(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct packet_result result;
	__u64 count;
	size_t i;

	(void)state;
	for (i = 0; i < PACKETS; i++) {
		packet_run(exercise_program(obj, "xdp_every_second"),
			   &kinds[i % KINDS], &result);
		count = read_count(obj);
		if (count != i + 1)
			fail_msg(
				"after packet %zu, %s, the variable \"packets\" is %llu, right is %zu",
				i + 1, kinds[i % KINDS].name, count, i + 1);
	}
	bpf_object__close(obj);
}

/* A store to memory that is not the program's own stack. */
static bool is_plain_store(const struct bpf_insn *insn)
{
	return (BPF_CLASS(insn->code) == BPF_STX ||
		BPF_CLASS(insn->code) == BPF_ST) &&
	       BPF_MODE(insn->code) == BPF_MEM && insn->dst_reg != BPF_REG_10;
}

static bool is_atomic_fetch(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_STX &&
	       BPF_MODE(insn->code) == BPF_ATOMIC && insn->imm & BPF_FETCH;
}

/*
 * Two processors that add at the same time lose counts only now and then. So this
 * looks at the instructions instead of waiting for it to happen.
 */
static void is_atomic(void **state)
{
	struct bpf_object *obj = exercise_load();
	const struct bpf_program *prog =
		exercise_program(obj, "xdp_every_second");
	const struct bpf_insn *insn = bpf_program__insns(prog);
	size_t count = bpf_program__insn_cnt(prog), i;
	bool fetch = false;

	(void)state;
	for (i = 0; i < count; i++) {
		if (is_plain_store(&insn[i]))
			fail_msg(
				"the variable is read, added to and written in three steps: two processors lose counts");
		fetch = fetch || is_atomic_fetch(&insn[i]);
	}
	if (!fetch)
		fail_msg(
			"no atomic addition gives the program its number: two processors may decide by the same one");
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "pass, drop, pass, drop", by_turns, NULL, NULL, NULL },
		{ "each packet is counted", is_counted, NULL, NULL, NULL },
		{ "no count is lost", is_atomic, NULL, NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "xdp_every_second_kern.o",
		.program = "xdp_every_second",
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	return exercise_main(argc, argv, &exercise);
}
