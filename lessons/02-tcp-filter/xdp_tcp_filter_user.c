// SPDX-License-Identifier: GPL-2.0-only
/* Attach xdp_tcp_filter to an interface, and detach it on Ctrl-C. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "xdp_tcp_filter_kern.skel.h"
#include "xdp_user.h"

static const char usage[] =
	"Usage: xdp_tcp_filter_user [-S|-N] [-F] [-v] IFACE\n"
	"Let only TCP into IFACE, until Ctrl-C; also ARP and IPv6 neighbour\n"
	"discovery, by which hosts find each other.\n"
	"\n" XDP_OPTIONS_HELP;

int main(int argc, char **argv)
{
	struct xdp_tcp_filter_kern *skel;
	struct xdp_opts opts = {};
	int link, opt;

	while ((opt = getopt(argc, argv, XDP_OPTIONS)) != -1)
		xdp_option(&opts, opt, usage);
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();

	skel = xdp_tcp_filter_kern__open_and_load();
	if (!skel)
		errx(EXIT_FAILURE, "load xdp_tcp_filter: %s",
		     xdp_reason(errno));

	link = xdp_attach(skel->progs.xdp_tcp_filter, &opts);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s", opts.ifname,
		     xdp_reason(link));

	xdp_wait(0);

	close(link);
	xdp_tcp_filter_kern__destroy(skel);
	return EXIT_SUCCESS;
}
