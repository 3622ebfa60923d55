// SPDX-License-Identifier: GPL-2.0-only
/* Redirect between two interfaces, each with its program for what leaves. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "xdp_hub_kern.skel.h"
#include "xdp_hub.h"
#include "xdp_user.h"

#define PORTS 2

static const char usage[] =
	"Usage: xdp_hub_user [-S|-N] [-F] [-v] -a MAC -b MAC A B\n"
	"Send the IP packets that interface A receives out of B, and those that B\n"
	"receives out of A, until Ctrl-C.\n"
	"\n"
	"  -a  MAC address of the station behind A\n"
	"  -b  MAC address of the station behind B\n" XDP_OPTIONS_HELP;

/* What the kernel means by EINVAL. */
static const char devmap_help[] =
	" (a devmap takes programs of SEC(\"xdp/devmap\") only, and values of the"
	" size that it was declared with)";

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

/* Make an interface a port. Returns 0 or -errno. */
static int add_port(struct xdp_hub_kern *skel, __u32 key,
		    const struct xdp_opts *port, const struct cable *cable)
{
	struct bpf_devmap_val value = {
		.ifindex = port->ifindex,
		.bpf_prog.fd = bpf_program__fd(skel->progs.xdp_hub_leave),
	};
	int ret;

	ret = bpf_map__update_elem(skel->maps.cables, &port->ifindex,
				   sizeof(port->ifindex), cable, sizeof(*cable),
				   0);
	if (!ret)
		ret = bpf_map__update_elem(skel->maps.tx_ports, &key,
					   sizeof(key), &value, sizeof(value),
					   0);
	return ret;
}

int main(int argc, char **argv)
{
	struct xdp_opts ports[PORTS] = {};
	struct cable cables[PORTS] = {};
	int i, links[PORTS], opt, ret;
	bool known[PORTS] = {};
	struct xdp_hub_kern *skel;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "a:b:")) != -1) {
		if (opt == 'a' || opt == 'b') {
			read_mac(optarg, cables[opt - 'a'].station_mac);
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
		ret = find_own_mac(&ports[i], cables[i].own_mac);
		if (ret)
			errx(EXIT_FAILURE, "MAC address of %s: %s",
			     ports[i].ifname, xdp_reason(ret));
	}

	skel = xdp_hub_kern__open_and_load();
	if (!skel)
		errx(EXIT_FAILURE, "load xdp_hub: %s", xdp_reason(errno));

	for (i = 0; i < PORTS; i++) {
		ret = add_port(skel, i, &ports[i], &cables[i]);
		if (ret)
			errx(EXIT_FAILURE, "write %s into the maps: %s%s",
			     ports[i].ifname, xdp_reason(ret),
			     ret == -EINVAL ? devmap_help : "");
	}
	for (i = 0; i < PORTS; i++) {
		links[i] = xdp_attach(skel->progs.xdp_hub, &ports[i]);
		if (links[i] < 0)
			errx(EXIT_FAILURE, "attach to %s: %s", ports[i].ifname,
			     xdp_reason(links[i]));
	}

	xdp_wait(0);

	for (i = 0; i < PORTS; i++)
		close(links[i]);
	xdp_hub_kern__destroy(skel);
	return EXIT_SUCCESS;
}
