// SPDX-License-Identifier: GPL-2.0-only
/* Attach both programs, and print every interval how fast each pair is. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "layercoop.h"
#include "layercoop_rates_kern.skel.h"
#include "tc_user.h"
#include "xdp_user.h"

#define INTERVAL_MAX 3600 /* seconds */

static const char usage[] =
	"Usage: layercoop_rates_user [-S|-N] [-F] [-v] [-i SECONDS] IFACE\n"
	"Print what IFACE receives and sends per second, for each pair of addresses.\n"
	"\n"
	"  -i  seconds from report to report, 1 to 3600 (default 1)\n" XDP_OPTIONS_HELP;

struct row {
	struct pair pair;
	struct traffic traffic;
};

/* One reading of the whole map. */
struct reading {
	double time; /* seconds, of xdp_seconds() */
	int count;
	struct row rows[PAIRS_MAX]; /* in the order of compare_rows() */
};

/* By version, then remote, then local. */
static int compare_rows(const void *a, const void *b)
{
	const struct pair *x = &((const struct row *)a)->pair;
	const struct pair *y = &((const struct row *)b)->pair;
	int order;

	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	order = memcmp(x->remote, y->remote, sizeof(x->remote));
	return order ?: memcmp(x->local, y->local, sizeof(x->local));
}

/* Read all pairs, and the time. Returns 0 or -errno. */
static int read_pairs(const struct bpf_map *map, struct reading *now)
{
	const struct pair *previous = NULL;
	int ret;

	now->count = 0;
	while (now->count < PAIRS_MAX) {
		struct row *row = &now->rows[now->count];

		ret = bpf_map__get_next_key(map, previous, &row->pair,
					    sizeof(row->pair));
		if (ret == -ENOENT)
			break;
		if (!ret)
			ret = bpf_map__lookup_elem(map, &row->pair,
						   sizeof(row->pair),
						   &row->traffic,
						   sizeof(row->traffic), 0);
		if (ret)
			return ret;
		previous = &row->pair;
		now->count++;
	}
	qsort(now->rows, now->count, sizeof(now->rows[0]), compare_rows);
	now->time = xdp_seconds();
	return 0;
}

static void print_addresses(const struct pair *pair)
{
	int family = pair->version == 4 ? AF_INET : AF_INET6;
	char text[INET6_ADDRSTRLEN];

	printf("%-15s ", inet_ntop(family, pair->local, text, sizeof(text)));
	printf("%-15s ", inet_ntop(family, pair->remote, text, sizeof(text)));
}

/* A line for each pair: what came and went per second since the reading before. */
static void print_report(const struct reading *now,
			 const struct reading *before)
{
	double seconds = now->time - before->time;
	int i;

	printf("interval %.3f s\n", seconds);
	printf("%-15s %-15s %12s %14s %12s %14s\n", "local", "remote",
	       "rx packets/s", "rx bit/s", "tx packets/s", "tx bit/s");
	for (i = 0; i < now->count; i++) {
		const struct traffic *traffic = &now->rows[i].traffic;

		print_addresses(&now->rows[i].pair);
		/* TODO: these are totals, and bytes. What came and went in this
		 * interval, per second? And where is the past of this pair?
		 */
		printf("%12.1f %14.0f %12.1f %14.0f\n",
		       (double)traffic->rx_packets, (double)traffic->rx_bytes,
		       (double)traffic->tx_packets, (double)traffic->tx_bytes);
	}
	printf("\n");
}

/* Print a report every interval, and a last one. Returns 0 or -errno. */
static int report(const struct bpf_map *map, unsigned int interval)
{
	static struct reading readings[2];
	struct reading *now = &readings[0], *before = &readings[1], *swap;
	bool again;
	int ret;

	before->time = xdp_seconds();
	do {
		again = xdp_wait(interval);
		ret = read_pairs(map, now);
		if (ret)
			return ret;
		print_report(now, before);
		swap = before;
		before = now;
		now = swap;
	} while (again);
	return 0;
}

int main(int argc, char **argv)
{
	struct layercoop_rates_kern *skel;
	int link, opt, ret, status = EXIT_FAILURE;
	struct xdp_opts opts = {};
	unsigned int interval = 1;
	struct tc_filter filter;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "i:")) != -1) {
		switch (opt) {
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

	skel = layercoop_rates_kern__open_and_load();
	if (!skel)
		errx(EXIT_FAILURE, "load layercoop_rates: %s",
		     xdp_reason(errno));

	/* First XDP: its link is exclusive. A second one of us ends here, before
	 * it touches the filter of the first.
	 */
	link = xdp_attach(skel->progs.rates_xdp, &opts);
	if (link < 0) {
		warnx("attach to %s: %s", opts.ifname, xdp_reason(link));
		goto destroy;
	}

	ret = tc_attach(&filter, skel->progs.rates_tc, opts.ifindex,
			BPF_TC_EGRESS);
	if (ret) {
		warnx("attach to TC egress of %s: %s", opts.ifname,
		      tc_reason(ret));
		goto detach_xdp;
	}

	ret = report(skel->maps.pairs, interval);
	if (ret)
		warnx("read the map: %s", strerror(-ret));
	else
		status = EXIT_SUCCESS;

	tc_detach(&filter);
detach_xdp:
	close(link);
destroy:
	layercoop_rates_kern__destroy(skel);
	return status;
}
