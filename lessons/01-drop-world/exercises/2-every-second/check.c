// SPDX-License-Identifier: GPL-2.0-only
/* Every second packet passes, and the count is right on any number of processors. */
#include <stdbool.h>
#include <stdlib.h>
#include <bpf/bpf.h>

#include "exercise.h"

#define PACKETS 10

static const struct packet ping = { "a ping", { ETH(), IP4(), ICMP(8) } };
static const struct packet tcp = { "TCP", { ETH(), IP6(), TCP(1024, 80) } };

static __u64 read_count(const struct bpf_object *obj)
{
	const struct bpf_map *bss = exercise_map(obj, ".bss", sizeof(__u64));
	__u32 key = 0;
	__u64 count;

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
	int i;

	(void)state;
	for (i = 0; i < PACKETS; i++) {
		packet_run(prog, i % 3 ? &ping : &tcp, &result);
		right = i % 2 ? XDP_DROP : XDP_PASS;
		if (result.verdict != right)
			fail_msg("packet %d: %s, right is %s", i + 1,
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
	int i;

	(void)state;
	for (i = 0; i < PACKETS; i++)
		packet_run(exercise_program(obj, "xdp_every_second"), &ping,
			   &result);
	count = read_count(obj);
	if (count != PACKETS)
		fail_msg("after %d packets the variable \"packets\" is %llu",
			 PACKETS, count);
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
