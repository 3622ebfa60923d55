// SPDX-License-Identifier: GPL-2.0-only
/* Redirect between two interfaces, and print what leaves by each. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "xdp_port_counts_kern.skel.h"
#include "xdp_port_counts.h"
#include "xdp_user.h"

#define PORTS  2
#define COUNTS (sizeof(struct port_counts) / sizeof(__u64))

static const char usage[] =
	"Usage: xdp_port_counts_user [-S|-N] [-F] [-v] -a MAC -b MAC A B\n"
	"Send the IP packets that interface A receives out of B, and those that B\n"
	"receives out of A, until Ctrl-C. Print each second what left by each.\n"
	"\n"
	"  -a  MAC address of the station behind A\n"
	"  -b  MAC address of the station behind B\n" XDP_OPTIONS_HELP;

/* Read the MAC address of a station. Exits if it is none. */
static void read_mac(const char *text, __u8 *mac)
{
	if (xdp_read_station(text, mac))
		errx(EXIT_USAGE,
		     "MAC address %s: not that of a station, like 02:00:00:00:02:02",
		     text);
}

/*
 * The interface's own MAC address. Returns 0 or -errno: -EINVAL, it is none of
 * Ethernet's kind.
 */
static int find_own_mac(const struct xdp_opts *port, __u8 *mac)
{
	struct ifreq request = {};
	int fd, ret;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -errno;
	memcpy(request.ifr_name, port->ifname, sizeof(request.ifr_name));
	ret = ioctl(fd, SIOCGIFHWADDR, &request) ? -errno : 0;
	if (!ret && request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		ret = -EINVAL;
	close(fd);
	if (!ret)
		memcpy(mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return ret;
}

/* An entry of zeros, one copy a CPU. Returns 0 or -errno. */
static int start_counts(const struct bpf_map *map, __u32 ifindex)
{
	int nr_cpus = libbpf_num_possible_cpus(), ret;
	struct port_counts *copies;

	if (nr_cpus < 0)
		return nr_cpus;
	copies = calloc(nr_cpus, sizeof(*copies));
	if (!copies)
		return -ENOMEM;
	ret = bpf_map__update_elem(map, &ifindex, sizeof(ifindex), copies,
				   nr_cpus * sizeof(*copies), 0);
	free(copies);
	return ret;
}

/* The ways from one port to the next. Returns 0 or -errno. */
static int fill_maps(struct xdp_port_counts_kern *skel,
		     const struct xdp_opts *in, const struct xdp_opts *out,
		     const struct way *way)
{
	int ret;

	ret = start_counts(skel->maps.counts, out->ifindex);
	if (!ret)
		ret = bpf_map__update_elem(skel->maps.tx_port, &out->ifindex,
					   sizeof(out->ifindex), &out->ifindex,
					   sizeof(out->ifindex), 0);
	if (!ret)
		ret = bpf_map__update_elem(skel->maps.ways, &in->ifindex,
					   sizeof(in->ifindex), way,
					   sizeof(*way), 0);
	return ret;
}

/* Print a line for each port every second, and a last one. Returns 0 or -errno. */
static int report(const struct bpf_map *map, const struct xdp_opts *ports)
{
	struct port_counts counts;
	bool again;
	int i, ret;

	printf("%-15s %12s %12s %12s\n", "out of", "packets", "bytes",
	       "no entry");
	do {
		again = xdp_wait(1);
		for (i = 0; i < PORTS; i++) {
			ret = xdp_sum_percpu(map, ports[i].ifindex,
					     (__u64 *)&counts, COUNTS);
			if (ret)
				return ret;
			printf("%-15s %12llu %12llu %12llu\n", ports[i].ifname,
			       counts.packets, counts.bytes, counts.no_entry);
		}
	} while (again);

	return 0;
}

int main(int argc, char **argv)
{
	struct way ways[PORTS] = {}; /* n: to port n */
	struct xdp_opts ports[PORTS] = {};
	struct xdp_port_counts_kern *skel;
	int i, links[PORTS], opt, ret;
	bool known[PORTS] = {};

	while ((opt = getopt(argc, argv, XDP_OPTIONS "a:b:")) != -1) {
		if (opt == 'a' || opt == 'b') {
			read_mac(optarg, ways[opt - 'a'].station_mac);
			known[opt - 'a'] = true;
		} else {
			xdp_option(&ports[0], opt, usage);
		}
	}
	if (optind != argc - PORTS || !known[0] || !known[1])
		errx(EXIT_USAGE,
		     "two interfaces, -a and -b, please: -h shows the options");
	xdp_stop_signals();

	ports[1] = ports[0]; /* the same options for both */
	for (i = 0; i < PORTS; i++) {
		xdp_option_iface(&ports[i], argv[optind + i]);
		ways[i].out_ifindex = ports[i].ifindex;
		ret = find_own_mac(&ports[i], ways[i].own_mac);
		if (ret)
			errx(EXIT_FAILURE, "MAC address of %s: %s",
			     ports[i].ifname, xdp_reason(ret));
	}

	skel = xdp_port_counts_kern__open_and_load();
	if (!skel)
		errx(EXIT_FAILURE, "load xdp_port_counts: %s",
		     xdp_reason(errno));

	for (i = 0; i < PORTS; i++) {
		ret = fill_maps(skel, &ports[!i], &ports[i], &ways[i]);
		if (ret)
			errx(EXIT_FAILURE, "write %s into the maps: %s",
			     ports[i].ifname, xdp_reason(ret));
	}
	for (i = 0; i < PORTS; i++) {
		links[i] = xdp_attach(skel->progs.xdp_port_counts, &ports[i]);
		if (links[i] < 0)
			errx(EXIT_FAILURE, "attach to %s: %s", ports[i].ifname,
			     xdp_reason(links[i]));
	}

	ret = report(skel->maps.counts, ports);
	if (ret)
		errx(EXIT_FAILURE, "read the counters: %s", xdp_reason(ret));

	for (i = 0; i < PORTS; i++)
		close(links[i]);
	xdp_port_counts_kern__destroy(skel);
	return EXIT_SUCCESS;
}
