// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a lookup costs in a BPF map, by kind and number of entries:
 *
 *	testenv/map_cost hash 1000 1000000
 *
 * The map is filled, and then looked up in, by programs inside the kernel: a run of one
 * makes BATCH lookups, so that its start does not count. The same program without the
 * lookup runs in turn, and its time is subtracted. Time is what this thread had the
 * processor for: other processes do not count, except for what they do to the caches.
 *
 * Keys have 8 bytes (in an array 4), values 8. Each key is there, and each is as likely
 * to be the next one: caches help as much as they do with packets from everywhere. Keys
 * of a trie are IPv4 addresses, all /32, spread over all of 0.0.0.0/0. The other kinds
 * have the same 8 bytes as their key. Neighbours in a trie are not inserted one after the
 * other, so they are not neighbours in memory. A lookup starts when the one before it has
 * ended.
 *
 * Needs bpf_loop(): Linux 5.17. Nothing is attached or pinned: when the process ends, in
 * whichever way, the kernel frees the map. (^C has to wait until a map is made: of a
 * percpu_hash with 10 million entries that is seconds.)
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <bpf/bpf.h>

#include "map_cost_kern.skel.h"
#include "packet_test.h"
#include "xdp_user.h"

#define EXIT_SKIP 4 /* kselftest's "cannot run here" */

#define ENTRIES_MAX  10000000
#define RUNS_MAX     1000
#define RUNS_DEFAULT 5
#define RUN_SECONDS  0.1
#define BATCH	     10000 /* lookups, or insertions, in a run: whole rounds of 100 */

/* Of a machine that is short of memory: how often it gets 10 ms to find some. */
#define TRIES	  200
#define TRY_AGAIN 10000 /* microseconds */

/* Bytes, in Linux 6.1 to 7.3, 64 bits: kernel/bpf/hashtab.c, kernel/bpf/lpm_trie.c */
#define ELEMENT	  64 /* struct htab_elem, 8 bytes of key, 8 of value or pointer */
#define BUCKET	  16 /* struct bucket */
#define TRIE_NODE 64 /* 44 to 52, in a slab whose objects have 64 */
#define VALUE	  8

/* An LRU map hands free elements to a CPU by up to so many (LOCAL_FREE_TARGET of
 * kernel/bpf/bpf_lru_list.c).
 */
#define LRU_BATCH 128

static const struct kind {
	const char *name; /* bpftool's */
	enum bpf_map_type type;
} kinds[] = {
	{ "array", BPF_MAP_TYPE_ARRAY },
	{ "hash", BPF_MAP_TYPE_HASH },
	{ "lru_hash", BPF_MAP_TYPE_LRU_HASH },
	{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH },
	{ "lpm_trie", BPF_MAP_TYPE_LPM_TRIE },
};

static const char usage[] =
	"Usage: map_cost [-r RUNS] KIND ENTRIES...\n"
	"Print what a lookup costs in a BPF map, for each number of ENTRIES, 1 to\n"
	"10000000. KIND: array, hash, lru_hash, percpu_hash or lpm_trie.\n"
	"  -r  measure so many times, 1 to 1000 (default 5)\n"
	"  -h  show this help\n"
	"Columns: nanoseconds for a lookup, median, smallest and greatest of the RUNS;\n"
	"nanoseconds for an insertion; bytes of memory; lookups that were made.\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 4 cannot run here.\n";

struct cost {
	double lookup[RUNS_MAX];   /* nanoseconds, in order */
	double insert;		   /* nanoseconds */
	unsigned long long memory; /* bytes */
	unsigned long lookups;
};

static const struct kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	errx(EXIT_USAGE,
	     "kind %s: not array, hash, lru_hash, percpu_hash or lpm_trie",
	     name);
}

/* The number after a label such as "MemAvailable:", or 0. */
static unsigned long long number_in(const char *path, const char *label)
{
	unsigned long long number = 0;
	size_t length = strlen(label);
	char line[256];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, label, length))
			number = strtoull(line + length, NULL, 10);
	if (file)
		fclose(file);
	return number;
}

/*
 * A map of which no key is lost. A CPU takes free elements of an LRU map by LRU_BATCH, in
 * small maps of newer kernels by fewer. Where fewer are left than that, it deletes entries
 * to make up for it, although it needs one element only. So with the last key there have
 * to be LRU_BATCH left. All keys are inserted on one CPU: no other one takes any.
 */
static __u32 max_entries(const struct kind *kind, __u32 entries)
{
	if (kind->type == BPF_MAP_TYPE_LRU_HASH)
		return entries + LRU_BATCH - 1;
	return entries;
}

/* Bytes of a map that is full, without what does not grow with it. */
static unsigned long long map_bytes(const struct kind *kind, __u32 entries)
{
	unsigned long long buckets = 1, elements = max_entries(kind, entries);

	switch (kind->type) {
	case BPF_MAP_TYPE_ARRAY:
		return elements * VALUE;
	case BPF_MAP_TYPE_LPM_TRIE:
		/* Between n entries of the same length there are n - 1 forks. */
		return (elements * 2 - 1) * TRIE_NODE;
	default:
		while (buckets < elements)
			buckets *= 2;
		return elements * ELEMENT + buckets * BUCKET +
		       (kind->type == BPF_MAP_TYPE_PERCPU_HASH ?
				elements * VALUE * libbpf_num_possible_cpus() :
				0);
	}
}

/*
 * What the map takes: the kernel's figure, or ours if that is greater. From 6.4 on the
 * kernel's is exact for arrays and hash maps (map_mem_usage). Of a trie it counts neither
 * the forks nor what a slab adds: a quarter of the whole. Before 6.4 it is an estimate,
 * key and value of each entry. Neither figure has the 8 bytes that accounting by control
 * group adds to an object of a slab.
 */
static unsigned long long memory(const struct kind *kind, __u32 entries, int fd)
{
	unsigned long long told, ours = map_bytes(kind, entries);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	told = number_in(path, "memlock:");
	return told > ours ? told : ours;
}

/* Is there memory for the map? If not, says so. */
static bool fits(const struct kind *kind, __u32 entries)
{
	unsigned long long available, needed = map_bytes(kind, entries);

	available = number_in("/proc/meminfo", "MemAvailable:") * 1024;
	/* Accounting, 8 bytes for each 4 of one CPU, and maps of what is in use. */
	if (kind->type == BPF_MAP_TYPE_PERCPU_HASH)
		needed += entries * 24ULL;
	/* The same for slabs. And the machine needs some to go on. */
	needed += needed / 8 + (64 << 20);
	if (needed <= available)
		return true;
	warnx("%s with %u entries takes about %llu MB, and only %llu MB are free: skipped",
	      kind->name, entries, needed / 1000000, available / 1000000);
	return false;
}

/* Seconds that this thread had a processor. */
static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int run(const struct bpf_program *prog)
{
	__u8 frame[ETH_ZLEN] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = sizeof(frame), .repeat = 1);

	return bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
}

/* Seconds that so many runs take, or -errno. */
static double run_seconds(const struct bpf_program *prog, unsigned int count)
{
	double start = cpu_seconds();
	int ret = 0;

	while (!ret && count--)
		ret = run(prog);
	return ret ?: cpu_seconds() - start;
}

/*
 * All entries. *@seconds is for the entries alone; with few of them it may be below zero,
 * for it is a difference. Returns 0 or -errno.
 */
static int fill(struct map_cost_kern *skel, __u32 entries, double *seconds)
{
	int ret, runs = 0, tries = 0;
	double start, middle;
	__u32 before;

	/* The first run of any program is slow. */
	ret = run(skel->progs.empty);
	if (ret)
		return ret;

	start = cpu_seconds();
	while (skel->bss->filled < entries) {
		before = skel->bss->filled;
		ret = run(skel->progs.fill);
		if (ret)
			return ret;
		runs++;
		if (skel->bss->filled > before) {
			tries = 0;
			continue;
		}
		/* Inside a program the kernel cannot wait for memory. We can. */
		if (skel->bss->refused != -ENOMEM || ++tries == TRIES)
			return skel->bss->refused ?: -EAGAIN;
		usleep(TRY_AGAIN);
	}
	middle = cpu_seconds();

	/* One more run has nothing to do but to start and to end. */
	ret = run(skel->progs.fill);
	if (ret)
		return ret;
	*seconds = middle - start - runs * (cpu_seconds() - middle);
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In a map that is full. Returns 0 or -errno: -ENODATA, a lookup did not find its entry. */
static int look_up(struct map_cost_kern *skel, int runs, struct cost *cost)
{
	double full, empty, warm = 0;
	unsigned int batches = 0;
	int i;

	/* Also warms caches up. */
	while (warm < RUN_SECONDS) {
		full = run_seconds(skel->progs.look_up, 1);
		if (full < 0)
			return full;
		warm += full;
		batches++;
	}

	for (i = 0; i < runs; i++) {
		skel->bss->hits = 0;
		full = run_seconds(skel->progs.look_up, batches);
		cost->lookups += skel->bss->hits;
		if (full < 0)
			return full;
		empty = run_seconds(skel->progs.empty, batches);
		if (empty < 0)
			return empty;
		cost->lookup[i] = (full - empty) * 1e9 / batches / BATCH;
	}
	qsort(cost->lookup, runs, sizeof(cost->lookup[0]), compare);

	if (skel->bss->wrong ||
	    cost->lookups != (unsigned long)runs * batches * BATCH)
		return -ENODATA;
	return 0;
}

/* Returns 0, or -errno after a message. */
static int measure(const struct kind *kind, __u32 entries, int runs,
		   struct cost *cost)
{
	struct map_cost_kern *skel = map_cost_kern__open();
	const char *doing = "open";
	double seconds = 0;
	int ret;

	if (!skel) {
		ret = -errno;
		goto out;
	}
	skel->rodata->entries = entries;
	skel->rodata->batch = BATCH;
	skel->rodata->by_index = kind->type == BPF_MAP_TYPE_ARRAY;

	/* Before loading: the verifier puts in the kind's own lookup. */
	bpf_map__set_type(skel->maps.map, kind->type);
	bpf_map__set_max_entries(skel->maps.map, max_entries(kind, entries));
	if (kind->type == BPF_MAP_TYPE_ARRAY)
		bpf_map__set_key_size(skel->maps.map, sizeof(__u32));
	if (kind->type == BPF_MAP_TYPE_LPM_TRIE)
		bpf_map__set_map_flags(skel->maps.map, BPF_F_NO_PREALLOC);

	doing = "load";
	ret = map_cost_kern__load(skel);
	if (ret)
		goto out;

	doing = "fill";
	ret = fill(skel, entries, &seconds);
	if (ret)
		goto out;
	cost->insert = seconds * 1e9 / entries;

	doing = "look up";
	ret = look_up(skel, runs, cost);
	cost->memory = memory(kind, entries, bpf_map__fd(skel->maps.map));

out:
	map_cost_kern__destroy(skel);
	if (ret == -ENODATA)
		warnx("%s with %u entries: a key was not found", kind->name,
		      entries);
	else if (ret)
		warnx("%s with %u entries: %s: %s", kind->name, entries, doing,
		      xdp_reason(ret));
	return ret;
}

static void print(const struct kind *kind, __u32 entries, int runs,
		  const struct cost *cost, bool first)
{
	double median =
		(cost->lookup[(runs - 1) / 2] + cost->lookup[runs / 2]) / 2;

	if (first)
		printf("#%-11s %9s %10s %13s %13s %10s %12s %10s\n", " kind",
		       "entries", "lookup_ns", "lookup_ns_min", "lookup_ns_max",
		       "insert_ns", "memory_bytes", "lookups");
	printf("%-12s %9u %10.2f %13.2f %13.2f %10.2f %12llu %10lu\n",
	       kind->name, entries, median, cost->lookup[0],
	       cost->lookup[runs - 1], cost->insert, cost->memory,
	       cost->lookups);
	if (fflush(stdout))
		err(EXIT_FAILURE, "write");
}

int main(int argc, char **argv)
{
	int i, opt, runs = RUNS_DEFAULT, sizes;
	struct xdp_opts opts = {};
	const struct kind *kind;
	bool printed = false;
	const char *reason;
	__u32 *entries;

	while ((opt = getopt(argc, argv, "r:h")) != -1) {
		if (opt == 'r')
			runs = xdp_option_number("number of runs", optarg, 1,
						 RUNS_MAX);
		else
			xdp_option(&opts, opt, usage);
	}
	if (argc - optind < 2)
		errx(EXIT_USAGE,
		     "a kind and numbers of entries, please: -h shows them");
	kind = find_kind(argv[optind++]);
	sizes = argc - optind;
	entries = calloc(sizes, sizeof(*entries));
	if (!entries)
		err(EXIT_FAILURE, "start");
	for (i = 0; i < sizes; i++)
		entries[i] = xdp_option_number("entries", argv[optind + i], 1,
					       ENTRIES_MAX);

	if (geteuid())
		errx(EXIT_SKIP, "needs root");
	reason = packet_no_timing();
	if (reason)
		fprintf(stderr, "# %s\n", reason);
	/* Caches, and values of CPUs, are its own then. */
	xdp_stay_on_cpu();

	for (i = 0; i < sizes; i++) {
		struct cost cost = {};
		int ret;

		if (!fits(kind, entries[i]))
			continue;
		ret = measure(kind, entries[i], runs, &cost);
		if (ret)
			return ret == -EPERM ? EXIT_SKIP : EXIT_FAILURE;
		print(kind, entries[i], runs, &cost, !printed);
		printed = true;
	}
	free(entries);
	return printed ? EXIT_SUCCESS : EXIT_SKIP;
}
