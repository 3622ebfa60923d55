/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces for the checks of this lesson to redirect between, and running a
 * program as if a packet had entered one of them.
 *
 * They are in a network namespace of the check's own, and end with it. Nobody
 * sends there. Port 0 is the loopback device: it is where BPF_PROG_TEST_RUN lets
 * packets enter if it is not told otherwise.
 */
#ifndef PORTS_H
#define PORTS_H

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <net/if.h>

#include "exercise.h"

#define PORTS_CANNOT_RUN 4 /* exit status: not the answer's fault */

static const char *const port_names[] = { "lo", "port1", "port2" };

/**
 * ports_make() - Make the interfaces, before anything else.
 *
 * Return: 0, or -1 if this machine cannot, which has been printed then.
 */
static inline int ports_make(void)
{
	if (unshare(CLONE_NEWNET)) {
		perror("a network namespace");
		return -1;
	}
	/* Of each pair, the other end is the cable's. */
	if (system("PATH=$PATH:/usr/sbin:/sbin\n"
		   "for i in 1 2; do\n"
		   "ip link add port$i type veth peer name cable$i || exit\n"
		   "done")) {
		fprintf(stderr, "cannot make a pair of veth interfaces\n");
		return -1;
	}
	return 0;
}

/**
 * port_ifindex() - The number of an interface.
 * @port: 0 to 2.
 */
static inline __u32 port_ifindex(int port)
{
	return if_nametoindex(port_names[port]);
}

/**
 * port_run() - Run a program on a packet that entered a port.
 * @prog: a loaded XDP program.
 * @port: 0 to 2.
 * @packet: what it receives.
 * @result: where verdict and frame go.
 *
 * Fails the running test if the kernel does not run the program.
 */
static inline void port_run(const struct bpf_program *prog, int port,
			    const struct packet *packet,
			    struct packet_result *result)
{
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(packet, frame);
	struct xdp_md ctx = {
		.data_end = len,
		.ingress_ifindex = port_ifindex(port),
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .data_out = result->frame,
		    .data_size_out = sizeof(result->frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		fail_msg("run %s: %s", bpf_program__name(prog),
			 strerror(errno));
	result->verdict = opts.retval;
	result->len = opts.data_size_out;
}

/**
 * port_prefill() - Have a map of an answer filled before it is loaded.
 * @map: of the answer, which is not loaded yet.
 * @keys: its keys,
 * @values: and its values, in the order of the keys.
 * @count: how many.
 *
 * For the cases of struct exercise: they run as soon as the answer is loaded.
 */
static inline void port_prefill(struct bpf_map *map, const __u32 *keys,
				const void *values, int count)
{
	__u32 size = bpf_map__value_size(map);
	int i, fd;

	fd = bpf_map_create(bpf_map__type(map), NULL, bpf_map__key_size(map),
			    size, bpf_map__max_entries(map), NULL);
	for (i = 0; i < count; i++)
		if (fd < 0 ||
		    bpf_map_update_elem(fd, &keys[i], values + i * size, 0))
			fail_msg("map %s cannot be filled: %s",
				 bpf_map__name(map), strerror(errno));
	/* libbpf takes a copy of the descriptor. */
	if (bpf_map__reuse_fd(map, fd))
		fail_msg("map %s: %s", bpf_map__name(map), strerror(errno));
	close(fd);
}

#endif /* PORTS_H */
