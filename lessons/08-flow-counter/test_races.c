// SPDX-License-Identifier: GPL-2.0-only
/*
 * Let two CPUs count packets at the same time, in each of the ways of
 * flow_races_kern.c, and print how many were counted.
 *
 * Whether a wrong way loses packets is a matter of luck. It gets up to ROUNDS
 * chances. Printed is the last round that lost some, and the shortest time of all
 * rounds, of the slower CPU.
 */
#include <err.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <bpf/bpf.h>

#include "flow_races_kern.skel.h"
#include "packet_test.h"
#include "xdp_user.h"

#define EXIT_SKIP 4 /* kselftest's "cannot run here" */

#define THREADS	   2
#define PACKETS	   1000000 /* of one flow, from each CPU */
#define FLOWS	   200000  /* with one packet from each CPU */
#define ROUNDS_MIN 3
#define ROUNDS	   100

struct runner {
	pthread_t thread;
	pthread_barrier_t *start;
	int prog_fd;
	int cpu;
	int packets;
	int error; /* errno, if it could not run */
	double ns; /* of CPU time for each packet */
};

/* The first CPUs that this process may use. Returns how many there are of them. */
static int find_cpus(int cpus[THREADS])
{
	cpu_set_t set;
	int cpu, found = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		err(EXIT_FAILURE, "ask for the processors");
	for (cpu = 0; cpu < CPU_SETSIZE && found < THREADS; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[found++] = cpu;
	return found;
}

/* Time that this thread did not spend waiting for a processor. */
static double cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static void *run(void *arg)
{
	const struct packet packet = { "UDP", { ETH(), IP4(), UDP(1, 2) } };
	struct runner *runner = arg;
	__u8 frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = packet_build(&packet, frame),
		    .repeat = runner->packets);
	cpu_set_t set;
	double before;

	CPU_ZERO(&set);
	CPU_SET(runner->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		runner->error = errno;
	pthread_barrier_wait(runner->start);
	before = cpu_ns();
	if (!runner->error && bpf_prog_test_run_opts(runner->prog_fd, &opts))
		runner->error = errno;
	runner->ns = (cpu_ns() - before) / runner->packets;
	return NULL;
}

/* Run a program on all CPUs at once. Returns nanoseconds for each packet. */
static double run_on(const int cpus[THREADS], const struct bpf_program *prog,
		     int packets)
{
	struct runner runners[THREADS] = {};
	pthread_barrier_t start;
	double slowest = 0;
	int i, error;

	pthread_barrier_init(&start, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		runners[i].start = &start;
		runners[i].prog_fd = bpf_program__fd(prog);
		runners[i].cpu = cpus[i];
		runners[i].packets = packets;
		error = pthread_create(&runners[i].thread, NULL, run,
				       &runners[i]);
		if (error)
			errx(EXIT_FAILURE, "start a thread: %s",
			     strerror(error));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(runners[i].thread, NULL);
		if (runners[i].error)
			errx(EXIT_FAILURE, "run %s on processor %d: %s",
			     bpf_program__name(prog), runners[i].cpu,
			     strerror(runners[i].error));
		if (slowest < runners[i].ns)
			slowest = runners[i].ns;
	}
	pthread_barrier_destroy(&start);
	return slowest;
}

static __u64 sum_copies(const struct bpf_map *map)
{
	__u64 sum;
	int ret = xdp_sum_percpu(map, 0, &sum, 1);

	if (ret)
		errx(EXIT_FAILURE, "read the copies: %s", xdp_reason(ret));
	return sum;
}

/* All packets of all flows. */
static __u64 sum_shared(const struct bpf_map *map)
{
	static __u32 keys[FLOWS];
	static __u64 values[FLOWS];
	__u32 position, count = FLOWS, i;
	__u64 sum = 0;
	int ret;

	ret = bpf_map_lookup_batch(bpf_map__fd(map), NULL, &position, keys,
				   values, &count, NULL);
	if (ret && ret != -ENOENT)
		errx(EXIT_FAILURE, "read the flows: %s", xdp_reason(ret));
	for (i = 0; i < count; i++)
		sum += values[i];
	return sum;
}

/* One way to count, from empty maps. Prints a line, and returns whether the line
 * is as it should be.
 */
static bool try(const int cpus[THREADS], const char *title, const char *name,
		int packets, bool one_flow, bool right)
{
	__u64 zero[libbpf_num_possible_cpus()], this_time;
	__u64 sent = (__u64)THREADS * packets, counted = sent;
	struct flow_races_kern *skel;
	double ns, best = INFINITY;
	__u32 key = 0;
	struct bpf_program *prog;
	int round = 0;

	memset(zero, 0, sizeof(zero));
	do {
		skel = flow_races_kern__open_and_load();
		if (!skel)
			err(EXIT_FAILURE, "load flow_races");
		if (one_flow &&
		    (bpf_map__update_elem(skel->maps.shared, &key, sizeof(key),
					  zero, sizeof(zero[0]), 0) ||
		     bpf_map__update_elem(skel->maps.copies, &key, sizeof(key),
					  zero, sizeof(zero), 0)))
			err(EXIT_FAILURE, "make a flow");
		prog = bpf_object__find_program_by_name(skel->obj, name);
		ns = run_on(cpus, prog, packets);
		this_time = sum_shared(skel->maps.shared);
		if (one_flow)
			this_time += sum_copies(skel->maps.copies);
		flow_races_kern__destroy(skel);
		if (this_time != sent)
			counted = this_time;
		best = ns < best ? ns : best;
	} while (++round < ROUNDS_MIN ||
		 (!right && counted == sent && round < ROUNDS));

	printf("%-28s %8llu %8llu  %-6s %6.1f ns\n", title, sent, counted,
	       counted == sent ? "exact" : "wrong", best);
	fflush(stdout);
	return (counted == sent) == right;
}

int main(void)
{
	int cpus[THREADS], found = find_cpus(cpus);
	bool good = true;

	if (found < THREADS) {
		warnx("count on %d processors: there is only %d", THREADS,
		      found);
		return EXIT_SKIP;
	}

	printf("%-28s %8s %8s  %-6s %9s\n", "packets of one flow", "sent",
	       "counted", "", "each");
	good &= try(cpus, "plain addition", "plain", PACKETS, true, false);
	good &= try(cpus, "copy, add, update with EXIST", "replace", PACKETS,
		    true, false);
	good &= try(cpus, "atomic addition", "atomic", PACKETS, true, true);
	good &= try(cpus, "a copy for each processor", "per_cpu", PACKETS, true,
		    true);

	printf("\n%-28s %8s %8s  %-6s %9s\n", "first packets of flows", "sent",
	       "counted", "", "each");
	good &= try(cpus, "update with ANY", "any", FLOWS, false, false);
	good &= try(cpus, "update with NOEXIST", "noexist", FLOWS, false,
		    false);
	good &= try(cpus, "the same, and look again", "noexist_again", FLOWS,
		    false, true);
	if (!good)
		errx(EXIT_FAILURE,
		     "count on two processors: not as it should be");
	return EXIT_SUCCESS;
}
