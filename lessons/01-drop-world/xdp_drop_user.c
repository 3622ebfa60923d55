// SPDX-License-Identifier: GPL-2.0-only
/* Attach xdp_drop to an interface, and detach it on Ctrl-C. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <net/route.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "xdp_drop_kern.skel.h"

#define EXIT_USAGE 2

static const char usage[] =
	"Usage: xdp_drop_user [-S|-N] [-F] [-v] IFACE\n"
	"Drop every packet that IFACE receives, until Ctrl-C.\n"
	"\n"
	"  -S  generic mode: in the kernel's core, for any driver\n"
	"  -N  native mode only: in the driver, or not at all\n"
	"  -F  force: even if IFACE holds the default route, and in place of an\n"
	"      XDP program that was attached through netlink (ip link): that one\n"
	"      does not come back, even if a later step fails\n"
	"  -v  show what libbpf says\n"
	"  -h  show this help\n";

static bool verbose;

/* libbpf's messages are for -v. The verifier's log is for everybody: lesson 10
 * and testenv/explain say how to read it.
 */
static int print_libbpf(enum libbpf_print_level level, const char *format,
			va_list args)
{
	(void)level;
	if (verbose || strstr(format, "PROG LOAD LOG"))
		return vfprintf(stderr, format, args);
	return 0;
}

/*
 * Does the default route, IPv4 or IPv6, leave through this interface? Whoever
 * is logged in over it would be locked out. Looks at the main table, and at the
 * first of several next hops.
 */
static bool holds_default_route(const char *ifname)
{
	char line[512], dev[IFNAMSIZ], dest[33], mask[33];
	unsigned int flags;
	bool found = false;
	FILE *routes;

	/* Both are text, a route a line: proc(5), net/ipv6/route.c. */
	routes = fopen("/proc/net/route", "r");
	while (routes && fgets(line, sizeof(line), routes))
		if (sscanf(line, "%15s %8s %*s %*s %*s %*s %*s %8s", dev, dest,
			   mask) == 3 &&
		    !strcmp(dev, ifname) && !strcmp(dest, "00000000") &&
		    !strcmp(mask, "00000000"))
			found = true;
	if (routes)
		fclose(routes);

	routes = fopen("/proc/net/ipv6_route", "r");
	while (routes && fgets(line, sizeof(line), routes))
		if (sscanf(line, "%32s %2s %*s %*s %*s %*s %*s %*s %x %15s",
			   dest, mask, &flags, dev) == 4 &&
		    !strcmp(dev, ifname) && strspn(dest, "0") == 32 &&
		    !strcmp(mask, "00") && !(flags & RTF_REJECT))
			found = true;
	if (routes)
		fclose(routes);

	return found;
}

/* What the user can do about an error number. */
static const char *hint(int error)
{
	switch (error) {
	case EPERM:
		return " (needs root, or CAP_BPF and CAP_NET_ADMIN)";
	case EBUSY:
		return " (an XDP program is there already: see ip link show)";
	case EEXIST:
		return " (an XDP program is there already, in another mode)";
	case ERANGE:
		return " (the MTU is too large for XDP; with veth, the other end's)";
	case EOPNOTSUPP:
		return " (no native XDP in this driver: try -S)";
	default:
		return "";
	}
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_link_create_opts, link_opts);
	struct xdp_drop_kern *skel;
	bool force = false;
	char ifname[IFNAMSIZ];
	int ifindex, link, opt, sig;
	sigset_t stop;

	while ((opt = getopt(argc, argv, "SNFvh")) != -1) {
		switch (opt) {
		case 'S':
			link_opts.flags |= XDP_FLAGS_SKB_MODE;
			break;
		case 'N':
			link_opts.flags |= XDP_FLAGS_DRV_MODE;
			break;
		case 'F':
			force = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			errx(EXIT_USAGE, "-h shows the options");
		}
	}
	if (link_opts.flags == (XDP_FLAGS_SKB_MODE | XDP_FLAGS_DRV_MODE))
		errx(EXIT_USAGE, "-S and -N exclude each other");
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");

	/* To the index and back: what was typed may be an alternative name. */
	ifindex = if_nametoindex(argv[optind]);
	if (!ifindex || !if_indextoname(ifindex, ifname))
		err(EXIT_USAGE, "interface %s", argv[optind]);
	if (!force && holds_default_route(ifname))
		errx(EXIT_FAILURE,
		     "attach to %s: it holds the default route (-F does it all the same)",
		     ifname);

	/* From here on Ctrl-C and kill end sigwait() below, not the process. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);

	libbpf_set_print(print_libbpf);

	/* Open: read the object that the skeleton carries. The kernel does not
	 * know of it yet.
	 */
	skel = xdp_drop_kern__open();
	if (!skel)
		err(EXIT_FAILURE, "open xdp_drop");

	/* Load: the kernel verifies the program and compiles it. */
	if (xdp_drop_kern__load(skel))
		errx(EXIT_FAILURE, "load xdp_drop: %s%s", strerror(errno),
		     hint(errno));

	/* What netlink attached, netlink can detach: native or generic. What a
	 * link holds stays, and attaching says EBUSY.
	 */
	if (force) {
		bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, NULL);
		bpf_xdp_detach(ifindex, XDP_FLAGS_SKB_MODE, NULL);
	}

	/* Attach: from now on the program sees every packet received. The link
	 * is a file descriptor, and the attachment lives as long as it is open.
	 */
	link = bpf_link_create(bpf_program__fd(skel->progs.xdp_drop), ifindex,
			       BPF_XDP, &link_opts);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s%s", ifname,
		     strerror(errno), hint(errno));

	/* Wait. The kernel does the work. */
	sigwait(&stop, &sig);

	/* Detach. The kernel does the same for a process that is killed. */
	close(link);
	xdp_drop_kern__destroy(skel);
	return EXIT_SUCCESS;
}
