// SPDX-License-Identifier: GPL-2.0-only
/* Fill in the ports, attach xdp_port_filter, and detach it on Ctrl-C. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "xdp_port_filter.h"
#include "xdp_port_filter_kern.skel.h"
#include "xdp_user.h"

static const char usage[] =
	"Usage: xdp_port_filter_user [-S|-N] [-F] [-v] [-u] [-p PORT]... IFACE\n"
	"Drop TCP from and to some ports at IFACE, until Ctrl-C.\n"
	"\n"
	"  -p  a port, source or destination, up to 16 times (default 80)\n"
	"  -u  UDP from and to these ports as well\n" XDP_OPTIONS_HELP;

int main(int argc, char **argv)
{
	struct xdp_port_filter_kern *skel;
	__u16 ports[PORTS_MAX] = { PORT_DEFAULT };
	struct xdp_opts opts = {};
	unsigned int i, nr_ports = 0;
	bool filter_udp = false;
	int link, opt;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "up:")) != -1) {
		switch (opt) {
		case 'u':
			filter_udp = true;
			break;
		case 'p':
			if (nr_ports == PORTS_MAX)
				errx(EXIT_USAGE, "port %s: %d are the most",
				     optarg, PORTS_MAX);
			ports[nr_ports++] =
				xdp_option_number("port", optarg, 0, 65535);
			break;
		default:
			xdp_option(&opts, opt, usage);
		}
	}
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();
	if (!nr_ports)
		nr_ports = 1; /* PORT_DEFAULT */

	skel = xdp_port_filter_kern__open();
	if (!skel)
		errx(EXIT_FAILURE, "open xdp_port_filter: %s",
		     xdp_reason(errno));

	/* Between open and load, read-only data can be written. */
	skel->rodata->filter_udp = filter_udp;
	skel->rodata->nr_ports = nr_ports;
	for (i = 0; i < nr_ports; i++)
		skel->rodata->ports[i] = htons(ports[i]);

	if (xdp_port_filter_kern__load(skel))
		errx(EXIT_FAILURE, "load xdp_port_filter: %s",
		     xdp_reason(errno));

	link = xdp_attach(skel->progs.xdp_port_filter, &opts);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s", opts.ifname,
		     xdp_reason(link));

	xdp_wait(0);

	close(link);
	xdp_port_filter_kern__destroy(skel);
	return EXIT_SUCCESS;
}
