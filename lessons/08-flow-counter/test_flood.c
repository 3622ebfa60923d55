// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hand the packets of many flows to the XDP program of an interface, as if they had
 * been received there. None gets lost on the way, for there is no way.
 *
 *	test_flood IFACE FLOWS [PACKETS]
 *
 * Flow after flow, PACKETS (default 1) of each: 60 bytes, UDP, from 198.18.0.0 and
 * the addresses behind it (for tests: RFC 2544, appendix C.2.2) to 10.11.1.1.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <bpf/bpf.h>

#include "packet_test.h"
#include "xdp_user.h"

#define FLOWS_MAX   1000000
#define PACKETS_MAX 1000000

#define PORT_FIRST  10000
#define PORTS	    50000      /* flows from each source address */
#define SOURCE	    0xc6120000 /* 198.18.0.0 */
#define DESTINATION 0x0a0b0101 /* 10.11.1.1 */
#define DISCARD	    9	       /* port: IANA */

/* The program that receives what comes in there. */
static int attached_program(const char *ifname)
{
	int ifindex = if_nametoindex(ifname), fd;
	__u32 id;

	if (!ifindex)
		err(EXIT_USAGE, "interface %s", ifname);
	if (bpf_xdp_query_id(ifindex, 0, &id))
		err(EXIT_FAILURE, "ask %s for its program", ifname);
	if (!id)
		errx(EXIT_FAILURE, "flood %s: no XDP program is attached",
		     ifname);
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		err(EXIT_FAILURE, "open program %u", id);
	return fd;
}

int main(int argc, char **argv)
{
	struct packet packet = { "flood",
				 { ETH(), IP4(.daddr = htonl(DESTINATION)),
				   UDP(0, DISCARD) } };
	unsigned long flows, packets = 1, i, j;
	__u8 frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .repeat = 1);
	int fd;

	if (argc < 3 || argc > 4)
		errx(EXIT_USAGE, "usage: test_flood IFACE FLOWS [PACKETS]");
	flows = xdp_option_number("flows", argv[2], 1, FLOWS_MAX);
	if (argc > 3)
		packets = xdp_option_number("packets", argv[3], 1, PACKETS_MAX);
	fd = attached_program(argv[1]);

	for (i = 0; i < flows; i++) {
		packet.layers[1].ip4.saddr = htonl(SOURCE + i / PORTS);
		packet.layers[2].arg = PORT_FIRST + i % PORTS;
		opts.data_size_in = packet_build(&packet, frame);
		for (j = 0; j < packets; j++)
			if (bpf_prog_test_run_opts(fd, &opts))
				err(EXIT_FAILURE, "run the program of %s",
				    argv[1]);
	}
	return EXIT_SUCCESS;
}
