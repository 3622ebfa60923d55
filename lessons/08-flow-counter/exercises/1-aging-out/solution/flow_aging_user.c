// SPDX-License-Identifier: GPL-2.0-only
/* Count flows, and forget those that have been idle for a while. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "flow_aging.h"
#include "flow_aging_kern.skel.h"
#include "xdp_user.h"

#define FLOWS	 131072 /* as many as the map has room for */
#define IDLE_MAX 3600	/* seconds */
#define NS_PER_S 1000000000ULL

static const char usage[] =
	"Usage: flow_aging_user [-S|-N] [-F] [-v] -t SECONDS IFACE\n"
	"Count the packets that IFACE receives, by flow. Forget flows that have been\n"
	"idle for so many seconds, 1 to 3600.\n"
	"\n" XDP_OPTIONS_HELP;

/* Flows, and all packets of them. */
struct sum {
	__u64 flows;
	__u64 packets;
};

/* What is in the map, as it was a moment ago. */
static struct flow_key keys[FLOWS];
static struct flow flows[FLOWS];
static __u32 nr_flows;

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Fill "keys", "flows" and "nr_flows". Returns 0 or -errno. */
static int read_flows(const struct bpf_map *map)
{
	__u32 position, count = FLOWS;
	int err;

	err = bpf_map_lookup_batch(bpf_map__fd(map), NULL, &position, keys,
				   flows, &count, NULL);
	if (err && err != -ENOENT)
		return err;
	nr_flows = count;
	return 0;
}

static bool is_idle(const struct flow *flow, __u64 idle_ns)
{
	__u64 now = now_ns();

	return now > flow->last_ns && now - flow->last_ns >= idle_ns;
}

/*
 * Delete the flows that have been idle for idle_ns or longer, and add them to
 * "aged". Returns 0 or -errno.
 */
static int age_out(const struct bpf_map *map, __u64 idle_ns, struct sum *aged)
{
	struct flow flow;
	__u32 i;
	int err;

	for (i = 0; i < nr_flows; i++) {
		if (!is_idle(&flows[i], idle_ns))
			continue;

		/* It may have had a packet since it was read. */
		err = bpf_map__lookup_elem(map, &keys[i], sizeof(keys[i]),
					   &flow, sizeof(flow), 0);
		if (err == -ENOENT || (!err && !is_idle(&flow, idle_ns)))
			continue;
		if (err)
			return err;

		/* Or have one right now: what counts is what it had in the end. */
		err = bpf_map__lookup_and_delete_elem(
			map, &keys[i], sizeof(keys[i]), &flow, sizeof(flow), 0);
		if (err == -ENOENT)
			continue;
		if (err)
			return err;
		aged->flows++;
		aged->packets += flow.packets;
	}
	return 0;
}

/* Forget every second what is idle, and print a line. Returns 0 or -errno. */
static int report(const struct bpf_map *map, __u64 idle_ns)
{
	struct sum aged = {}, here;
	bool again;
	__u32 i;
	int err;

	do {
		again = xdp_wait(1);
		err = read_flows(map);
		if (!err)
			err = age_out(map, idle_ns, &aged);
		if (!err)
			err = read_flows(map);
		if (err)
			return err;

		here = (struct sum){ .flows = nr_flows };
		for (i = 0; i < nr_flows; i++)
			here.packets += flows[i].packets;
		printf("here: %llu flows, %llu packets; aged out: %llu flows, %llu packets\n",
		       here.flows, here.packets, aged.flows, aged.packets);
	} while (again);

	return 0;
}

int main(int argc, char **argv)
{
	struct flow_aging_kern *skel;
	struct xdp_opts opts = {};
	int err, link, opt;
	__u64 idle_s = 0;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "t:")) != -1) {
		switch (opt) {
		case 't':
			idle_s = xdp_option_number("idle time", optarg, 1,
						   IDLE_MAX);
			break;
		default:
			xdp_option(&opts, opt, usage);
		}
	}
	if (!idle_s || optind != argc - 1)
		errx(EXIT_USAGE,
		     "-t and one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();

	skel = flow_aging_kern__open_and_load();
	if (!skel)
		errx(EXIT_FAILURE, "load flow_aging: %s", xdp_reason(errno));
	link = xdp_attach(skel->progs.flow_aging, &opts);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s", opts.ifname,
		     xdp_reason(link));

	err = report(skel->maps.flows, idle_s * NS_PER_S);
	if (err)
		errx(EXIT_FAILURE, "age out: %s", xdp_reason(err));

	close(link);
	flow_aging_kern__destroy(skel);
	return EXIT_SUCCESS;
}
