// SPDX-License-Identifier: GPL-2.0-only
/* Drop the UDP packets to one port, at a place on their way, and count them. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tc_user.h"
#include "where_to_drop_kern.skel.h"
#include "xdp_user.h"

#define PORT_DEFAULT 9 /* discard: RFC 863 */

static const char usage[] =
	"Usage: where_to_drop_user [-S|-N] [-F] [-v] [-p PORT] PLACE IFACE\n"
	"Drop the UDP packets to PORT that IFACE receives, until Ctrl-C. Then print how\n"
	"many there were. PLACE says where they end:\n"
	"\n"
	"  xdp     an XDP program\n"
	"  tcx     a program at TC ingress, attached by tcx (Linux 6.6)\n"
	"  clsact  the same program, a filter of the qdisc clsact\n"
	"  socket  a socket that nobody reads: it is full after a few packets\n"
	"\n"
	"  -p  1 to 65535 (default 9)\n" XDP_OPTIONS_HELP;

/* One place: what it takes to drop there, and how many were. */
struct place {
	const char *name;
	/* Returns 0, or -1, and then has said why. */
	int (*start)(void);
	void (*stop)(void);
	/* Returns 0 or -errno. */
	int (*count)(__u64 *packets);
};

static struct xdp_opts opts;
static __u16 port = PORT_DEFAULT;
static struct where_to_drop_kern *skel;
static struct tc_filter filter;
static int fd = -1; /* a link, or the socket */

static void say(const char *where)
{
	printf("%s: UDP to port %u is dropped at %s\n", opts.ifname, port,
	       where);
}

static int load(void)
{
	skel = where_to_drop_kern__open();
	if (skel) {
		skel->rodata->port = port;
		if (!where_to_drop_kern__load(skel))
			return 0;
	}
	warnx("load where_to_drop: %s", xdp_reason(errno));
	return -1;
}

static int count_in_map(__u64 *packets)
{
	return xdp_sum_percpu(skel->maps.dropped, 0, packets, 1);
}

static int xdp_start(void)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	fd = xdp_attach(skel->progs.drop_at_xdp, &opts);
	if (fd < 0) {
		warnx("attach to %s: %s", opts.ifname, xdp_reason(fd));
		return -1;
	}
	if (bpf_xdp_query(opts.ifindex, 0, &query))
		warnx("ask %s for its mode: %s", opts.ifname, strerror(errno));
	say(query.attach_mode == XDP_ATTACHED_SKB ? "generic XDP" :
						    "native XDP");
	return 0;
}

static int tcx_start(void)
{
	fd = tcx_attach(skel->progs.drop_at_tc, opts.ifindex, BPF_TC_INGRESS);
	if (fd < 0) {
		warnx("attach to tcx of %s: %s", opts.ifname, tcx_reason(fd));
		return -1;
	}
	say("TC ingress, by tcx");
	return 0;
}

static void close_fd(void)
{
	close(fd);
}

static int clsact_start(void)
{
	int ret = tc_attach(&filter, skel->progs.drop_at_tc, opts.ifindex,
			    BPF_TC_INGRESS);

	if (ret) {
		warnx("attach to clsact of %s: %s", opts.ifname,
		      tc_reason(ret));
		return -1;
	}
	say("TC ingress, by clsact");
	return 0;
}

static void clsact_stop(void)
{
	tc_detach(&filter);
}

static int socket_start(void)
{
	/* IPv6, which takes IPv4 as well. */
	struct sockaddr_in6 any = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };
	int least = 1, no = 0; /* the kernel makes least what it can do with */

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, opts.ifname,
		       strlen(opts.ifname)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		warn("open a socket for port %u", port);
		return -1;
	}
	say("a socket that nobody reads");
	return 0;
}

/* What did not fit, and what waits in the queue. */
static int count_at_socket(__u64 *packets)
{
	__u32 info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);
	char byte;

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return -errno;
	*packets = info[SK_MEMINFO_DROPS];
	while (recv(fd, &byte, 1, 0) >= 0)
		*packets += 1;
	return 0;
}

static const struct place places[] = {
	{ "xdp", xdp_start, close_fd, count_in_map },
	{ "tcx", tcx_start, close_fd, count_in_map },
	{ "clsact", clsact_start, clsact_stop, count_in_map },
	{ "socket", socket_start, close_fd, count_at_socket },
};

static const struct place *find_place(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(places[i].name, name))
			return &places[i];
	errx(EXIT_USAGE, "place \"%s\": not xdp, tcx, clsact or socket", name);
}

int main(int argc, char **argv)
{
	const struct place *place;
	int opt, ret, status = EXIT_FAILURE;
	__u64 packets;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "p:")) != -1) {
		if (opt == 'p')
			port = xdp_option_number("port", optarg, 1, 65535);
		else
			xdp_option(&opts, opt, usage);
	}
	if (optind != argc - 2)
		errx(EXIT_USAGE,
		     "a place and an interface, please: -h shows them");
	place = find_place(argv[optind]);
	if (opts.flags && place->start != xdp_start)
		errx(EXIT_USAGE, "-S and -N go with xdp only");
	xdp_option_iface(&opts, argv[optind + 1]);
	xdp_stop_signals();

	if (place->count == count_in_map && load())
		return EXIT_FAILURE;
	if (place->start())
		goto destroy;

	xdp_wait(0);

	ret = place->count(&packets);
	if (ret) {
		warnx("read the counter: %s", strerror(-ret));
	} else {
		printf("dropped %llu packets\n", packets);
		if (!xdp_flush())
			status = EXIT_SUCCESS;
	}
	place->stop();
destroy:
	where_to_drop_kern__destroy(skel);
	return status;
}
