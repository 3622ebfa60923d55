// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a flow counter's map in two ways, key by key and in batches: while a flow is
 * deleted, and with 100,000 flows in it.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "flow_counter.h"
#include "flow_counter_kern.skel.h"
#include "packet_test.h"
#include "xdp_user.h"

#define FEW   1000
#define MANY  100000
#define BATCH 4096

#define RUNS_MIN 5
#define RUNS_MAX 50
#define LIMIT_MS 500

static struct flow_key keys[MANY + BATCH];
static struct flow flows[MANY + BATCH];

/* What reading it all took. */
struct effort {
	__u32 calls;
	__u32 read;  /* flows */
	__u32 twice; /* of them, those that had been read before */
	double ms;   /* of this process's CPU time */
};

static double cpu_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* A new map. Flow number i has i as its source address, and i bytes. */
static struct flow_counter_kern *fill(__u32 count)
{
	struct flow_counter_kern *skel = flow_counter_kern__open_and_load();
	__u32 i;

	if (!skel)
		err(EXIT_FAILURE, "load flow_counter");
	memset(keys, 0, sizeof(keys));
	memset(flows, 0, sizeof(flows));
	for (i = 0; i < count; i++) {
		keys[i].version = 4;
		keys[i].source[0] = htonl(i);
		flows[i].bytes = i;
	}
	if (bpf_map_update_batch(bpf_map__fd(skel->maps.flows), keys, flows,
				 &count, NULL))
		err(EXIT_FAILURE, "fill the map");
	return skel;
}

static void delete (const struct bpf_map *map, const struct flow_key *key)
{
	if (bpf_map__delete_elem(map, key, sizeof(*key), 0))
		err(EXIT_FAILURE, "delete a flow");
}

/* How many of the flows that were read are there a second time. */
static __u32 count_twice(__u32 read)
{
	static __u8 seen[MANY];
	__u32 i, twice = 0;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < read; i++)
		if (seen[flows[i].bytes]++)
			twice++;
	return twice;
}

/* Key by key. Once "delete_at" flows are read, the last one is deleted. */
static struct effort read_by_key(const struct bpf_map *map, __u32 delete_at)
{
	struct effort effort = {};
	struct flow_key *key = NULL;
	double start = cpu_ms();
	int ret;

	for (;;) {
		effort.calls++;
		ret = bpf_map__get_next_key(map, key, &keys[effort.read],
					    sizeof(*key));
		if (ret)
			break;
		key = &keys[effort.read];
		effort.calls++;
		/* Deleted since: then it is none of the flows any more. */
		ret = bpf_map__lookup_elem(map, key, sizeof(*key),
					   &flows[effort.read],
					   sizeof(flows[0]), 0);
		if (ret == -ENOENT)
			continue;
		if (ret)
			break;
		if (++effort.read == delete_at)
			delete (map, key);
	}
	if (ret != -ENOENT)
		errx(EXIT_FAILURE, "read by key: %s", xdp_reason(ret));
	effort.ms = cpu_ms() - start;
	effort.twice = count_twice(effort.read);
	return effort;
}

/*
 * So many flows with each call. After the first call that brought at least
 * "delete_at" flows in all, the last one is deleted. Returns 0 or -errno.
 */
static int read_by_batch(const struct bpf_map *map, __u32 batch,
			 __u32 delete_at, struct effort *effort)
{
	double start = cpu_ms();
	void *from = NULL;
	__u32 position, count;
	int ret;

	memset(effort, 0, sizeof(*effort));
	do {
		count = batch;
		effort->calls++;
		ret = bpf_map_lookup_batch(bpf_map__fd(map), from, &position,
					   &keys[effort->read],
					   &flows[effort->read], &count, NULL);
		if (ret && ret != -ENOENT)
			return ret;
		effort->read += count;
		if (delete_at && effort->read >= delete_at) {
			delete (map, &keys[effort->read - 1]);
			delete_at = 0;
		}
		from = &position;
	} while (ret != -ENOENT);
	effort->ms = cpu_ms() - start;
	effort->twice = count_twice(effort->read);
	return 0;
}

static struct effort read_in_batches(const struct bpf_map *map, __u32 delete_at)
{
	struct effort effort;
	int ret =
		read_by_batch(map, delete_at ? 100 : BATCH, delete_at, &effort);

	if (ret)
		errx(EXIT_FAILURE, "read in batches: %s", xdp_reason(ret));
	return effort;
}

int main(void)
{
	double by_key = 1e9, in_batches = 1e9;
	struct flow_counter_kern *skel;
	struct effort effort;
	bool fast = false;
	int i, ret;

	if (geteuid())
		errx(EXIT_FAILURE, "load flow_counter: %s", xdp_reason(EPERM));

	skel = fill(FEW);
	effort = read_by_key(skel->maps.flows, FEW / 2);
	printf("%d flows, one deleted when half are read\n", FEW);
	printf("  key by key: %4u flows, %u of them twice\n", effort.read,
	       effort.twice);
	flow_counter_kern__destroy(skel);
	skel = fill(FEW);
	effort = read_in_batches(skel->maps.flows, FEW / 2);
	printf("  in batches: %4u flows, %u of them twice\n", effort.read,
	       effort.twice);
	flow_counter_kern__destroy(skel);

	skel = fill(MANY);
	printf("%d flows\n", MANY);
	ret = read_by_batch(skel->maps.flows, 1, 0, &effort);
	printf("  in batches of 1: %s, after %u flows\n", strerror(-ret),
	       effort.read);

	/* Whatever else the machine does can only make it longer: the best counts. */
	for (i = 0; i < RUNS_MIN; i++) {
		effort = read_by_key(skel->maps.flows, 0);
		by_key = effort.ms < by_key ? effort.ms : by_key;
	}
	printf("  key by key: %u flows, %6u calls, %.0f ms\n", effort.read,
	       effort.calls, by_key);
	for (i = 0; i < RUNS_MAX; i++) {
		effort = read_in_batches(skel->maps.flows, 0);
		in_batches = effort.ms < in_batches ? effort.ms : in_batches;
		fast = in_batches < LIMIT_MS && in_batches < by_key / 3;
		if (fast && i >= RUNS_MIN)
			break;
	}
	printf("  in batches: %u flows, %6u calls, %.0f ms\n", effort.read,
	       effort.calls, in_batches);
	printf("  in batches it takes %s half a second and a third of the time\n",
	       fast ? "less than" : "more than");
	flow_counter_kern__destroy(skel);
	return EXIT_SUCCESS;
}
