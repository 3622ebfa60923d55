// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send frames as fast as one processor can, for bench-nft.sh: UDP, from the addresses of
 * 100.64.0.0/10 (RFC 6598), to whoever is at the other end of a veth. They are no socket
 * buffers: the kernel makes XDP frames of them (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18).
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf.h>

#include "flood_kern.skel.h"
#include "xdp_user.h"

#define FIRST_SOURCE 0x64400000 /* 100.64.0.0 */
#define SOURCES_MAX  (1 << 22)
#define FRAME_LEN    60 /* bytes, the shortest, without FCS */
#define STEP	     7919 /* a prime: neighbours in the list do not follow each other */
#define BATCH	     64 /* frames handed over at once; the queue of a veth holds 256 */

static const char usage[] =
	"Usage: test_rate [-v] IFACE FRAMES SOURCES\n"
	"Send FRAMES frames out of IFACE, a veth, from SOURCES addresses: 100.64.0.0,\n"
	"100.64.0.1 and so on. Print the seconds that it took.\n";

/* How long this process was ready to run, but another one ran: seconds. */
static double seconds_waited(void)
{
	FILE *file = fopen("/proc/self/schedstat", "r");
	unsigned long long waited = 0; /* nanoseconds, the second number */

	if (file && fscanf(file, "%*u %llu", &waited) != 1)
		waited = 0;
	if (file)
		fclose(file);
	return waited / 1e9;
}

/* Returns seconds without those of other processes, or -1: errno says why. */
static double send_frames(int prog, struct bpf_test_run_opts *run)
{
	double start = xdp_seconds() - seconds_waited();

	if (bpf_prog_test_run_opts(prog, run))
		return -1;
	return xdp_seconds() - seconds_waited() - start;
}

int main(int argc, char **argv)
{
	struct {
		struct ethhdr eth;
		struct iphdr ip;
		__u8 rest[FRAME_LEN - sizeof(struct ethhdr) -
			  sizeof(struct iphdr)];
	} __attribute__((packed)) frame = {
		.eth = { .h_dest = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
			 .h_source = { 2, 0, 0, 0, 9, 1 },
			 .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.tot_len = htons(FRAME_LEN - sizeof(struct ethhdr)) },
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = &frame,
		    .data_size_in = sizeof(frame),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	struct xdp_opts opts = { .force = true };
	struct flood_kern *skel;
	double seconds[2];
	int frames, opt, prog;

	while ((opt = getopt(argc, argv, "vh")) != -1)
		xdp_option(&opts, opt, usage);
	if (optind != argc - 3)
		errx(EXIT_USAGE, "three arguments, please: -h shows them");
	xdp_option_iface(&opts, argv[optind]);
	run.repeat = xdp_option_number("number of frames", argv[optind + 1], 1,
				       1000000000);

	skel = flood_kern__open();
	if (!skel)
		errx(EXIT_FAILURE, "open flood: %s", xdp_reason(errno));
	skel->rodata->first_source = FIRST_SOURCE;
	skel->rodata->nr_sources = xdp_option_number(
		"number of sources", argv[optind + 2], 1, SOURCES_MAX);
	if (!(skel->rodata->nr_sources % STEP))
		errx(EXIT_USAGE,
		     "number of sources: no multiple of %d, please: few of them would send",
		     STEP);
	skel->rodata->step = STEP % skel->rodata->nr_sources;
	skel->rodata->out_ifindex = opts.ifindex;
	if (flood_kern__load(skel))
		errx(EXIT_FAILURE, "load flood: %s", xdp_reason(errno));

	/* A run has a start and an end that cost more than many frames. */
	frames = run.repeat;
	run.repeat = 1;
	prog = bpf_program__fd(skel->progs.flood);
	seconds[0] = send_frames(prog, &run);
	run.repeat = frames;
	seconds[1] = send_frames(prog, &run);
	if (seconds[0] < 0 || seconds[1] < 0)
		errx(EXIT_FAILURE, "send out of %s: %s", opts.ifname,
		     xdp_reason(errno));
	printf("%.4f\n", seconds[1] - seconds[0]);
	flood_kern__destroy(skel);
	return EXIT_SUCCESS;
}
