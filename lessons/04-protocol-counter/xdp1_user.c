// SPDX-License-Identifier: GPL-2.0-only
/* Attach xdp1, and print every interval what it has counted. */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xdp1.h"
#include "xdp1_kern.skel.h"
#include "xdp_user.h"

#define INTERVAL_MAX 3600 /* seconds */

static const char usage[] =
	"Usage: xdp1_user [-S|-N] [-F] [-v] [-p] [-i SECONDS] IFACE\n"
	"Count the packets that IFACE receives, by protocol, and drop them.\n"
	"\n"
	"  -p  pass them instead\n"
	"  -i  seconds from report to report, 1 to 3600 (default 1)\n" XDP_OPTIONS_HELP;

/* Add up all slots. Returns 0 or -errno. */
static int read_counters(const struct bpf_map *map, struct counter *counters)
{
	__u64 sums[2];
	__u32 slot;
	int ret;

	for (slot = 0; slot < SLOTS; slot++) {
		ret = xdp_sum_percpu(map, slot, sums, 2);
		if (ret)
			return ret;
		counters[slot].packets = sums[0];
		counters[slot].bytes = sums[1];
	}
	return 0;
}

static void print_name(__u32 slot)
{
	struct protoent *protocol;

	if (slot == SLOT_NOT_IP) {
		printf("%-12s %6s", "not IP", "-");
		return;
	}
	protocol = getprotobynumber(slot);
	printf("%-12s %6u", protocol ? protocol->p_name : "?", slot);
}

/* A line for each protocol that has been seen, and how it grew in seconds. */
static void print_report(const struct counter *now,
			 const struct counter *before, double seconds)
{
	__u32 slot;

	printf("%-12s %6s %12s %12s %14s\n", "protocol", "number", "packets/s",
	       "packets", "bytes");
	for (slot = 0; slot < SLOTS; slot++) {
		if (!now[slot].packets)
			continue;
		print_name(slot);
		printf(" %12.0f %12llu %14llu\n",
		       (now[slot].packets - before[slot].packets) / seconds,
		       now[slot].packets, now[slot].bytes);
	}
	printf("\n");
}

/* Print a report every interval, and a last one. Returns 0 or -errno. */
static int report(const struct bpf_map *map, unsigned int interval)
{
	static struct counter now[SLOTS], before[SLOTS];
	double time, time_before = xdp_seconds();
	bool again;
	int ret;

	do {
		again = xdp_wait(interval);
		ret = read_counters(map, now);
		if (ret)
			return ret;
		time = xdp_seconds();
		print_report(now, before, time - time_before);
		memcpy(before, now, sizeof(before));
		time_before = time;
	} while (again);

	return 0;
}

int main(int argc, char **argv)
{
	struct xdp_opts opts = {};
	unsigned int interval = 1;
	struct xdp1_kern *skel;
	int err, link, opt;
	bool pass = false;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "pi:")) != -1) {
		switch (opt) {
		case 'p':
			pass = true;
			break;
		case 'i':
			interval = xdp_option_number("interval", optarg, 1,
						     INTERVAL_MAX);
			break;
		default:
			xdp_option(&opts, opt, usage);
		}
	}
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();

	skel = xdp1_kern__open();
	if (!skel)
		errx(EXIT_FAILURE, "open xdp1: %s", xdp_reason(errno));
	skel->rodata->verdict = pass ? XDP_PASS : XDP_DROP;
	if (xdp1_kern__load(skel))
		errx(EXIT_FAILURE, "load xdp1: %s", xdp_reason(errno));

	link = xdp_attach(skel->progs.xdp1, &opts);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s", opts.ifname,
		     xdp_reason(link));

	err = report(skel->maps.counters, interval);
	if (err)
		errx(EXIT_FAILURE, "read the counters: %s", xdp_reason(err));
	if (xdp_flush())
		return EXIT_FAILURE;

	close(link);
	xdp1_kern__destroy(skel);
	return EXIT_SUCCESS;
}
