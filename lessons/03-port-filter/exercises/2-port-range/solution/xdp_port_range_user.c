// SPDX-License-Identifier: GPL-2.0-only
/* Fill in the range, attach xdp_port_range, and detach it on Ctrl-C. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xdp_port_range.h"
#include "xdp_port_range_kern.skel.h"
#include "xdp_user.h"

static const char usage[] =
	"Usage: xdp_port_range_user [-S|-N] [-F] [-v] [-p FIRST[-LAST]] IFACE\n"
	"Drop TCP from and to a range of ports at IFACE, until Ctrl-C.\n"
	"\n"
	"  -p  the range, or one port (default 80)\n" XDP_OPTIONS_HELP;

/*
 * Read "8000-8999", or "80", which is 80 to 80. Exits if @arg is anything else.
 * Of @arg only the first number is left.
 */
static struct port_range parse_range(char *arg)
{
	char *first = strsep(&arg, "-"); /* now arg is what follows, or NULL */
	struct port_range range;

	range.first = xdp_option_number("port", first, 0, 65535);
	range.last = arg ? xdp_option_number("port", arg, 0, 65535) :
			   range.first;
	if (range.first > range.last)
		errx(EXIT_USAGE, "ports %u-%u: the first is above the last",
		     range.first, range.last);
	return range;
}

int main(int argc, char **argv)
{
	struct port_range range = { PORT_DEFAULT, PORT_DEFAULT };
	struct xdp_port_range_kern *skel;
	struct xdp_opts opts = {};
	int link, opt;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "p:")) != -1) {
		if (opt == 'p')
			range = parse_range(optarg);
		else
			xdp_option(&opts, opt, usage);
	}
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();

	skel = xdp_port_range_kern__open();
	if (!skel)
		errx(EXIT_FAILURE, "open xdp_port_range: %s",
		     xdp_reason(errno));

	/* Between open and load, read-only data can be written. */
	skel->rodata->range = range;

	if (xdp_port_range_kern__load(skel))
		errx(EXIT_FAILURE, "load xdp_port_range: %s",
		     xdp_reason(errno));

	link = xdp_attach(skel->progs.xdp_port_range, &opts);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s", opts.ifname,
		     xdp_reason(link));

	xdp_wait(0);

	close(link);
	xdp_port_range_kern__destroy(skel);
	return EXIT_SUCCESS;
}
