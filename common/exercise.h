/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks of exercises: somebody's answer, compiled to an object file, is loaded
 * and tried with packets. What comes out is TAP, for testenv/exercise.sh.
 *
 *	int main(int argc, char **argv)
 *	{
 *		const struct exercise exercise = {
 *			.object = "xdp_pass_kern.o",
 *			.program = "xdp_pass",
 *			.cases = cases,
 *			.nr_cases = ARRAY_SIZE(cases),
 *		};
 *
 *		return exercise_main(argc, argv, &exercise);
 *	}
 *
 * A check knows of an answer nothing but the names that the exercise's page asks
 * for: those of the object file, its programs and its maps.
 */
#ifndef EXERCISE_H
#define EXERCISE_H

#include "packet_test.h"

/* One packet, and the verdict that is right. Its name is the test's name. */
struct exercise_case {
	struct packet packet;
	__u32 verdict; /* enum xdp_action */
};

/**
 * struct exercise - What a check wants of an answer.
 * @object: name of the object file in the answer's folder.
 * @program: name of the XDP program that the cases are for.
 * @prepare: called between open and load, to set read-only data; or NULL. What
 *           it does not find there it says by fail_msg().
 * @cases: packets, each tried on the same loaded program.
 * @nr_cases: how many.
 * @more: tests with objects of their own, by exercise_load(); or NULL.
 * @nr_more: how many.
 */
struct exercise {
	const char *object;
	const char *program;
	void (*prepare)(struct bpf_object *obj);
	const struct exercise_case *cases;
	size_t nr_cases;
	const struct CMUnitTest *more;
	size_t nr_more;
};

/**
 * exercise_main() - Try one answer.
 * @argc: of main().
 * @argv: of main(): one argument, the folder where the answer's object is.
 * @exercise: what is wanted.
 *
 * Environment: EXERCISE_LOG=FILE, where the verifier's log goes if it rejects the
 * answer. EXERCISE_PACKET=N: no tests, but the packet of check N, as exercise.sh
 * counts, into in.pcap and out.pcap in the folder EXERCISE_PCAP; what was wanted and
 * what came is printed.
 *
 * Return: exit status for main(): 0 solved, 1 not so, 2 wrong usage, 4 this machine
 * cannot run BPF programs.
 */
int exercise_main(int argc, char **argv, const struct exercise *exercise);

/**
 * exercise_load() - Load the answer once more, with empty maps.
 *
 * Fails the running test if that fails.
 *
 * Return: the object, which the caller closes by bpf_object__close().
 */
struct bpf_object *exercise_load(void);

/**
 * exercise_program() - Find a program in an answer.
 * @obj: the answer.
 * @name: its name.
 *
 * Return: the program. If there is none, the running test fails and says so.
 */
struct bpf_program *exercise_program(const struct bpf_object *obj,
				     const char *name);

/**
 * exercise_map() - Find a map in an answer.
 * @obj: the answer.
 * @name: its name, or for global variables that of their section: ".bss".
 * @value_size: how many bytes a value must have; 0: any.
 *
 * Return: the map. If there is none, or its values have another size, the running
 * test fails and says so.
 */
struct bpf_map *exercise_map(const struct bpf_object *obj, const char *name,
			     size_t value_size);

/**
 * exercise_rodata() - Set a constant of an answer that is not loaded yet.
 * @obj: the answer.
 * @name: of a "const volatile" variable.
 * @value: its new value.
 * @size: bytes of it.
 *
 * If there is no such variable of this size, the running test fails and says so.
 */
void exercise_rodata(struct bpf_object *obj, const char *name,
		     const void *value, size_t size);

#endif /* EXERCISE_H */
