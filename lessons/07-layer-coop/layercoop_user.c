// SPDX-License-Identifier: GPL-2.0-only
/* Attach both programs, and print every interval what they have counted. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "layercoop.h"
#include "layercoop_kern.skel.h"
#include "tc_user.h"
#include "xdp_user.h"

#define INTERVAL_MAX  3600 /* seconds */
#define ADDRESS_WIDTH 17 /* IPv4 and short IPv6; longer ones widen the table */

static const char usage[] =
	"Usage: layercoop_user [-S|-N] [-F] [-v] [-i SECONDS] IFACE\n"
	"Count what IFACE receives and sends, per pair of addresses, until Ctrl-C.\n"
	"\n"
	"  -i  seconds from report to report, 1 to 3600 (default 1)\n" XDP_OPTIONS_HELP;

/* What is attached to TC egress: a filter of clsact, or a link of tcx. */
struct egress {
	struct tc_filter filter;
	int link; /* of tcx; -1: it is clsact */
};

struct row {
	struct pair pair;
	struct traffic traffic;
};

/*
 * Attach prog to TC egress: by clsact, which works from Linux 6.1 on, else by tcx,
 * from 6.6 on, and then say so. Returns 0, or -errno, and then has said why.
 */
static int egress_attach(struct egress *egress, const struct bpf_program *prog,
			 const struct xdp_opts *opts)
{
	int ret;

	egress->link = -1;
	ret = tc_attach(&egress->filter, prog, opts->ifindex, BPF_TC_EGRESS);
	if (!ret)
		return 0;

	egress->link = tcx_attach(prog, opts->ifindex, BPF_TC_EGRESS);
	if (egress->link < 0) {
		warnx("attach to TC egress of %s: %s, and tcx: %s",
		      opts->ifname, tc_reason(ret), tcx_reason(egress->link));
		return ret;
	}
	warnx("attach to TC egress of %s: with tcx instead of clsact: %s",
	      opts->ifname, tc_reason(ret));
	return 0;
}

static void egress_detach(struct egress *egress)
{
	/* A link of tcx goes with the process, as that of XDP does, whatever
	 * happens to it. A filter does not: it was attached through netlink.
	 */
	if (egress->link >= 0)
		close(egress->link);
	else
		tc_detach(&egress->filter);
}

/* By version, then remote, then local: a table that keeps its order. */
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

/*
 * Read all pairs into rows, room for PAIRS_MAX. Nothing is ever deleted, so the
 * walk from key to key sees each once. Returns their number or -errno.
 */
static int read_pairs(const struct bpf_map *map, struct row *rows)
{
	const struct pair *previous = NULL;
	int count = 0, ret;

	while (count < PAIRS_MAX) {
		struct row *row = &rows[count];

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
		count++;
	}
	qsort(rows, count, sizeof(*rows), compare_rows);
	return count;
}

static const char *address(const struct pair *pair, const __u8 *bytes,
			   char *text)
{
	return inet_ntop(pair->version == 4 ? AF_INET : AF_INET6, bytes, text,
			 INET6_ADDRSTRLEN);
}

static int longer(int width, const char *text)
{
	int length = strlen(text);

	return length > width ? length : width;
}

static void print_row(int width, const char *local, const char *remote,
		      const struct traffic *traffic)
{
	printf("%-*s  %-*s %11llu %13llu %11llu %13llu %9llu\n", width, local,
	       width, remote, traffic->rx_packets, traffic->rx_bytes,
	       traffic->tx_packets, traffic->tx_bytes, traffic->tx_skbs);
}

/* Each pair, then what belongs to none, if there was any. Returns 0 or -errno. */
static int print_report(const struct layercoop_kern *skel, struct row *rows)
{
	static const char *const names[] = {
		[REST_NOT_IP] = "not IP",
		[REST_NO_ROOM] = "no room",
	};
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
	int count, i, ret, width = ADDRESS_WIDTH;
	struct traffic traffic;
	__u32 rest;

	count = read_pairs(skel->maps.layercoop_pairs, rows);
	if (count < 0)
		return count;

	for (i = 0; i < count; i++) {
		const struct pair *pair = &rows[i].pair;

		width = longer(width, address(pair, pair->local, local));
		width = longer(width, address(pair, pair->remote, remote));
	}
	printf("%-*s  %-*s %11s %13s %11s %13s %9s\n", width, "local", width,
	       "remote", "rx packets", "rx bytes", "tx packets", "tx bytes",
	       "tx skbs");
	for (i = 0; i < count; i++) {
		const struct pair *pair = &rows[i].pair;

		print_row(width, address(pair, pair->local, local),
			  address(pair, pair->remote, remote),
			  &rows[i].traffic);
	}
	for (rest = 0; rest < RESTS; rest++) {
		ret = bpf_map__lookup_elem(skel->maps.layercoop_rest, &rest,
					   sizeof(rest), &traffic,
					   sizeof(traffic), 0);
		if (ret)
			return ret;
		if (traffic.rx_packets || traffic.tx_packets)
			print_row(width, names[rest], "-", &traffic);
	}
	printf("\n");
	return 0;
}

/* Print a report every interval, and a last one. Returns 0 or -errno. */
static int report(const struct layercoop_kern *skel, unsigned int interval)
{
	struct row *rows;
	bool again;
	int ret;

	rows = malloc(PAIRS_MAX * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	do {
		again = xdp_wait(interval);
		ret = print_report(skel, rows);
	} while (!ret && again);
	free(rows);
	return ret;
}

int main(int argc, char **argv)
{
	struct xdp_opts opts = {};
	struct layercoop_kern *skel;
	int link, opt, ret, status = EXIT_FAILURE;
	unsigned int interval = 1;
	struct egress egress;

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

	skel = layercoop_kern__open_and_load();
	if (!skel)
		errx(EXIT_FAILURE, "load layercoop: %s", xdp_reason(errno));

	/* First XDP: its link is exclusive. A second one of us ends here, before
	 * it touches the filter of the first.
	 */
	link = xdp_attach(skel->progs.layercoop_xdp, &opts);
	if (link < 0) {
		warnx("attach to %s: %s", opts.ifname, xdp_reason(link));
		goto destroy;
	}

	if (egress_attach(&egress, skel->progs.layercoop_tc, &opts))
		goto detach_xdp;

	skel->bss->counting = true;

	ret = report(skel, interval);
	if (ret)
		warnx("read the map: %s", strerror(-ret));
	else if (!xdp_flush())
		status = EXIT_SUCCESS;

	egress_detach(&egress);
detach_xdp:
	close(link);
destroy:
	layercoop_kern__destroy(skel);
	return status;
}
