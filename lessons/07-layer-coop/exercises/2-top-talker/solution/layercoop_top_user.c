// SPDX-License-Identifier: GPL-2.0-only
/* Attach both programs, and say at the end who talked most. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "layercoop.h"
#include "layercoop_top_kern.skel.h"
#include "tc_user.h"
#include "xdp_user.h"

static const char usage[] =
	"Usage: layercoop_top_user [-S|-N] [-F] [-v] IFACE\n"
	"Count what IFACE receives and sends until Ctrl-C. Then say which remote\n"
	"address had the most bytes.\n"
	"\n" XDP_OPTIONS_HELP;

struct row {
	struct pair pair;
	struct traffic traffic;
};

/* A remote address, and its bytes: with all local ones, in both directions. */
struct talker {
	__u8 remote[16];
	__u32 version;
	__u64 bytes;
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

/*
 * Read all pairs into rows, room for PAIRS_MAX, in the order of compare_rows().
 * Returns their number or -errno.
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

static bool same_remote(const struct pair *pair, const struct talker *talker)
{
	return pair->version == talker->version &&
	       !memcmp(pair->remote, talker->remote, sizeof(pair->remote));
}

/*
 * Find the remote address with the most bytes, and add up the bytes of all. With
 * nobody there, the talker's version is 0.
 */
static struct talker find_top(const struct row *rows, int count, __u64 *all)
{
	struct talker talker = {}, top = {};
	int i;

	*all = 0;
	/* Pairs with the same remote address are neighbours: see compare_rows(). */
	for (i = 0; i < count; i++) {
		const struct pair *pair = &rows[i].pair;
		__u64 bytes =
			rows[i].traffic.rx_bytes + rows[i].traffic.tx_bytes;

		if (!same_remote(pair, &talker)) {
			talker.version = pair->version;
			memcpy(talker.remote, pair->remote,
			       sizeof(talker.remote));
			talker.bytes = 0;
		}
		talker.bytes += bytes;
		*all += bytes;
		if (talker.bytes > top.bytes)
			top = talker;
	}
	return top;
}

/* Count until a signal, then report. Returns 0 or -errno. */
static int report(const struct bpf_map *map)
{
	static struct row rows[PAIRS_MAX];
	char text[INET6_ADDRSTRLEN];
	struct talker top;
	__u64 all;
	int count;

	xdp_wait(0);
	count = read_pairs(map, rows);
	if (count < 0)
		return count;

	top = find_top(rows, count, &all);
	if (!top.version) {
		printf("top talker: nobody\n");
		return 0;
	}
	inet_ntop(top.version == 4 ? AF_INET : AF_INET6, top.remote, text,
		  sizeof(text));
	printf("top talker: %s, %llu of %llu bytes\n", text, top.bytes, all);
	return 0;
}

int main(int argc, char **argv)
{
	struct layercoop_top_kern *skel;
	int link, opt, ret, status = EXIT_FAILURE;
	struct xdp_opts opts = {};
	struct tc_filter filter;

	while ((opt = getopt(argc, argv, XDP_OPTIONS)) != -1)
		xdp_option(&opts, opt, usage);
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();

	skel = layercoop_top_kern__open_and_load();
	if (!skel)
		errx(EXIT_FAILURE, "load layercoop_top: %s", xdp_reason(errno));

	/* First XDP: its link is exclusive. A second one of us ends here, before
	 * it touches the filter of the first.
	 */
	link = xdp_attach(skel->progs.top_xdp, &opts);
	if (link < 0) {
		warnx("attach to %s: %s", opts.ifname, xdp_reason(link));
		goto destroy;
	}

	ret = tc_attach(&filter, skel->progs.top_tc, opts.ifindex,
			BPF_TC_EGRESS);
	if (ret) {
		warnx("attach to TC egress of %s: %s", opts.ifname,
		      tc_reason(ret));
		goto detach_xdp;
	}

	ret = report(skel->maps.pairs);
	if (ret)
		warnx("read the map: %s", strerror(-ret));
	else
		status = EXIT_SUCCESS;

	tc_detach(&filter);
detach_xdp:
	close(link);
destroy:
	layercoop_top_kern__destroy(skel);
	return status;
}
