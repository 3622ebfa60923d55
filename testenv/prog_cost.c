// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet costs in a program that is loaded: the XDP program of an interface, or
 * one by its number, which "bpftool prog" shows. The kernel runs it on a frame of ours;
 * nothing is sent.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "packet_test.h"
#include "xdp_user.h"

#define RUNS_DEFAULT 5
#define RUNS_MAX     1000
#define SOURCE_PORT  10000

static const char usage[] =
	"Usage: prog_cost [-r RUNS] [-p PORT] [-u] [-6] IFACE|ID\n"
	"Measure what a packet costs in the XDP program of IFACE, or in the XDP or TC program\n"
	"number ID, and in the empty program next to it. Print nanoseconds: median, least and\n"
	"most of each.\n"
	"The program gets the same frame again and again, as it left it. If it moves the frame's\n"
	"ends, each frame is a new one in a run of its own: a line says so. What it changes within\n"
	"the frame is still there when the frame comes back.\n"
	"\n"
	"  -r  how often, 1 to 1000 (default 5)\n"
	"  -p  the packet's destination port (default 80)\n"
	"  -u  UDP instead of TCP\n"
	"  -6  IPv6 instead of IPv4\n"
	"  -h  show this help\n";

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Exits, and says why, if the kernel does not run the program for us. */
static void try_program(int fd, const struct bpf_prog_info *info, __u8 *frame,
			__u32 len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .repeat = 1);

	if (bpf_prog_test_run_opts(fd, &opts))
		errx(EXIT_FAILURE, "run program %u, %s: %s", info->id,
		     info->name,
		     errno == EINVAL ?
			     "BPF_PROG_TEST_RUN takes none for a devmap, a cpumap or a card" :
			     strerror(errno));
}

/* The number of a program, as typed, or of the one that is attached. */
static __u32 find_program(const char *arg)
{
	unsigned int ifindex = if_nametoindex(arg);
	__u32 id = 0;

	if (!ifindex && arg[strspn(arg, "0123456789")])
		errx(EXIT_USAGE, "%s: neither an interface nor a number", arg);
	if (!ifindex)
		return xdp_option_number("program", arg, 1, UINT32_MAX);
	if (bpf_xdp_query_id(ifindex, 0, &id))
		err(EXIT_FAILURE, "ask %s for its program", arg);
	if (!id)
		errx(EXIT_FAILURE, "%s: no XDP program is attached", arg);
	return id;
}

/* Sorts the values. */
static void print_line(const char *name, double *values, unsigned int count)
{
	double median;

	qsort(values, count, sizeof(*values), compare);
	median = (values[(count - 1) / 2] + values[count / 2]) / 2;
	printf("%-16s %8.2f %8.2f %8.2f\n", name, median, values[0],
	       values[count - 1]);
}

int main(int argc, char **argv)
{
	unsigned int i, runs = RUNS_DEFAULT;
	struct packet packet = { "TCP",
				 { ETH(), IP4(), TCP(SOURCE_PORT, 80) } };
	struct bpf_prog_info info = {};
	__u32 id, info_len = sizeof(info), len;
	struct packet_cost *costs;
	struct xdp_opts opts = {};
	__u8 frame[FRAME_MAX];
	double *values;
	int fd, opt;
	bool many;

	while ((opt = getopt(argc, argv, "r:p:u6h")) != -1) {
		switch (opt) {
		case 'r':
			runs = xdp_option_number("number of runs", optarg, 1,
						 RUNS_MAX);
			break;
		case 'p':
			packet.layers[2].arg2 =
				xdp_option_number("port", optarg, 0, 65535);
			break;
		case 'u':
			packet.layers[2].kind = LAYER_UDP;
			packet.layers[2].id = IPPROTO_UDP;
			break;
		case '6':
			packet.layers[1] = (struct layer)IP6();
			break;
		default:
			xdp_option(&opts, opt, usage);
		}
	}
	if (optind != argc - 1)
		errx(EXIT_USAGE,
		     "one interface or program, please: -h shows the options");
	id = find_program(argv[optind]);

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		errx(EXIT_FAILURE, "open program %u: %s", id,
		     errno == ENOENT ? "there is none, see bpftool prog" :
				       xdp_reason(errno));
	if (bpf_obj_get_info_by_fd(fd, &info, &info_len))
		err(EXIT_FAILURE, "ask for program %u", id);
	if (info.type != BPF_PROG_TYPE_XDP &&
	    info.type != BPF_PROG_TYPE_SCHED_CLS)
		errx(EXIT_FAILURE, "program %u is neither for XDP nor for TC",
		     id);

	costs = calloc(runs, sizeof(*costs));
	values = calloc(runs, sizeof(*values));
	if (!costs || !values)
		err(EXIT_FAILURE, "measure");
	len = packet_build(&packet, frame);
	try_program(fd, &info, frame, len);
	many = packet_cost(fd, info.type, frame, len, runs, costs);

	printf("%-16s %8s %8s %8s\n", "ns", "median", "least", "most");
	for (i = 0; i < runs; i++)
		values[i] = costs[i].full;
	print_line(info.name, values, runs);
	for (i = 0; i < runs; i++)
		values[i] = costs[i].empty;
	print_line("(empty program)", values, runs);
	if (!many)
		printf("%s moves the frame's ends: each frame in a run of its own, whose start is\n"
		       "in both lines. Their difference is right to some ns.\n",
		       info.name);
	return EXIT_SUCCESS;
}
