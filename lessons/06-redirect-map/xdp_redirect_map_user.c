// SPDX-License-Identifier: GPL-2.0-only
/* Redirect from one interface to another, and print how many packets were to leave. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "xdp_redirect_map_kern.skel.h"
#include "xdp_user.h"

static const char usage[] =
	"Usage: xdp_redirect_map_user [-S|-N] [-F] [-v] [-d MAC|-x] [-r] [-D] IN OUT\n"
	"Send the IP packets that IN receives out of OUT, until Ctrl-C. Print each\n"
	"second how many were to leave, sent in the end or not.\n"
	"\n"
	"  -d  destination MAC address (default: that of the one neighbour at OUT)\n"
	"  -x  exchange source and destination MAC address instead\n"
	"  -r  by bpf_redirect() and an interface index, without a map\n"
	"  -D  attach a dummy to OUT: some drivers need one to transmit\n" XDP_OPTIONS_HELP;

/*
 * The MAC address of the one station behind an interface, as far as this host
 * has spoken with it by IPv4. Returns 0 or -errno: -ENOENT, with none; -E2BIG,
 * with several.
 */
static int find_neighbour(const char *ifname, __u8 *mac)
{
	char line[256], text[18], dev[IFNAMSIZ];
	unsigned int flags;
	__u8 found[ETH_ALEN];
	FILE *neighbours;
	int ret = -ENOENT;

	/* Text, a neighbour a line: proc(5). */
	neighbours = fopen("/proc/net/arp", "r");
	if (!neighbours)
		return -errno;

	while (fgets(line, sizeof(line), neighbours)) {
		if (sscanf(line, "%*s %*s %x %17s %*s %15s", &flags, text,
			   dev) != 3 ||
		    !(flags & ATF_COM) || strcmp(dev, ifname) ||
		    xdp_read_station(text, found))
			continue;
		if (!ret && memcmp(mac, found, ETH_ALEN)) {
			ret = -E2BIG;
			break;
		}
		memcpy(mac, found, ETH_ALEN);
		ret = 0;
	}
	fclose(neighbours);
	return ret;
}

/*
 * The interface's own MAC address. Returns 0 or -errno: -EINVAL, it is none of
 * Ethernet's kind.
 */
static int own_mac(const char *ifname, __u8 *mac)
{
	struct ifreq request = {};
	int fd, ret;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	ret = ioctl(fd, SIOCGIFHWADDR, &request) ? -errno : 0;
	if (!ret && request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		ret = -EINVAL;
	close(fd);
	if (!ret)
		memcpy(mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return ret;
}

/* Print a line every second, and a last one. Returns 0 or -errno. */
static int report(const struct bpf_map *map)
{
	double time, time_before = xdp_seconds();
	__u64 packets, packets_before = 0;
	bool again;
	int ret;

	printf("%12s %12s\n", "packets/s", "packets");
	do {
		again = xdp_wait(1);
		ret = xdp_sum_percpu(map, 0, &packets, 1);
		if (ret)
			return ret;
		time = xdp_seconds();
		printf("%12.0f %12llu\n",
		       (packets - packets_before) / (time - time_before),
		       packets);
		packets_before = packets;
		time_before = time;
	} while (again);

	return 0;
}

int main(int argc, char **argv)
{
	__u8 dest_mac[ETH_ALEN] = {}, source_mac[ETH_ALEN];
	bool dummy = false, plain = false, swap = false;
	struct xdp_opts in = {}, out = {};
	struct xdp_redirect_map_kern *skel;
	int link, dummy_link = -1, opt, ret;
	const char *dest = NULL;
	__u32 key = 0;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "d:xrD")) != -1) {
		switch (opt) {
		case 'd':
			dest = optarg;
			if (xdp_read_station(dest, dest_mac))
				errx(EXIT_USAGE,
				     "MAC address %s: not that of a station, like 02:00:00:00:02:02",
				     dest);
			break;
		case 'x':
			swap = true;
			break;
		case 'r':
			plain = true;
			break;
		case 'D':
			dummy = true;
			break;
		default:
			xdp_option(&in, opt, usage);
		}
	}
	if (dest && swap)
		errx(EXIT_USAGE, "-d and -x exclude each other");
	if (optind != argc - 2)
		errx(EXIT_USAGE,
		     "two interfaces, please: -h shows the options");
	/* Nothing is taken from OUT, so its default route is in no danger. */
	out.flags = in.flags;
	out.force = true;
	xdp_option_iface(&out, argv[optind + 1]);
	out.force = in.force;
	xdp_option_iface(&in, argv[optind]);
	xdp_stop_signals();

	ret = own_mac(out.ifname, source_mac);
	if (ret)
		errx(EXIT_FAILURE, "MAC address of %s: %s", out.ifname,
		     xdp_reason(ret));
	if (!dest && !swap) {
		ret = find_neighbour(out.ifname, dest_mac);
		if (ret == -ENOENT)
			errx(EXIT_FAILURE,
			     "neighbour at %s: none is known: ping it, or give -d MAC",
			     out.ifname);
		if (ret == -E2BIG)
			errx(EXIT_FAILURE,
			     "neighbour at %s: several are known: give -d MAC",
			     out.ifname);
		if (ret)
			errx(EXIT_FAILURE, "neighbour at %s: %s", out.ifname,
			     xdp_reason(ret));
	}

	skel = xdp_redirect_map_kern__open();
	if (!skel)
		errx(EXIT_FAILURE, "open xdp_redirect_map: %s",
		     xdp_reason(errno));
	skel->rodata->out_ifindex = out.ifindex;
	skel->rodata->swap_macs = swap;
	memcpy((void *)skel->rodata->dest_mac, dest_mac, ETH_ALEN);
	memcpy((void *)skel->rodata->source_mac, source_mac, ETH_ALEN);
	if (xdp_redirect_map_kern__load(skel))
		errx(EXIT_FAILURE, "load xdp_redirect_map: %s",
		     xdp_reason(errno));

	ret = bpf_map__update_elem(skel->maps.tx_port, &key, sizeof(key),
				   &out.ifindex, sizeof(out.ifindex), 0);
	if (ret)
		errx(EXIT_FAILURE, "write %s into the map: %s", out.ifname,
		     xdp_reason(ret));

	if (dummy) {
		dummy_link = xdp_attach(skel->progs.xdp_dummy, &out);
		if (dummy_link < 0)
			errx(EXIT_FAILURE, "attach the dummy to %s: %s",
			     out.ifname, xdp_reason(dummy_link));
	}

	link = xdp_attach(plain ? skel->progs.xdp_redirect :
				  skel->progs.xdp_redirect_map,
			  &in);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s", in.ifname,
		     xdp_reason(link));

	ret = report(skel->maps.redirected);
	if (ret)
		errx(EXIT_FAILURE, "read the counter: %s", xdp_reason(ret));
	if (xdp_flush())
		return EXIT_FAILURE;

	close(link);
	if (dummy)
		close(dummy_link);
	xdp_redirect_map_kern__destroy(skel);
	return EXIT_SUCCESS;
}
