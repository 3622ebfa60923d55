// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet leaves by all ports but its own, with the addresses of each port's
 * cable, which only the devmap entry's program can write.
 *
 * BPF_PROG_TEST_RUN does not run such programs. So packets really go through: the
 * first program is attached to a port, what is sent into the other end of its cable
 * enters there, and what leaves by port n arrives at the other end of cable n.
 *
 * BPF_F_TEST_XDP_LIVE_FRAMES would do without the sending, but before Linux 6.3 it
 * makes copies that begin at the wrong byte (commit 294635a8165a).
 */
#include <poll.h>
#include <stdbool.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "../ports.h"

#define PORTS	   3 /* 0 is only for packets to enter */
#define TIMEOUT_MS 1000

/* As in the answer's xdp_hub.h. */
struct cable {
	__u8 station_mac[ETH_ALEN];
	__u8 own_mac[ETH_ALEN];
};

static const struct cable cables[PORTS] = {
	[1] = { { 2, 0, 0xbb, 0, 1, 2 }, { 2, 0, 0xaa, 0, 1, 1 } },
	[2] = { { 2, 0, 0xbb, 0, 2, 2 }, { 2, 0, 0xaa, 0, 2, 1 } },
};

static const struct packet tcp = { "TCP", { ETH(), IP4(), TCP(1024, 80) } };
static const struct packet udp = { "UDP over IPv6",
				   { ETH(), IP6(), UDP(1024, 53), DATA(900) } };

static const struct exercise_case cases[] = {
	{ { "a ping leaves", { ETH(), IP4(), ICMP(8) } }, XDP_REDIRECT },
	{ { "TCP over IPv6 leaves", { ETH(), IP6(), TCP(1024, 80) } },
	  XDP_REDIRECT },
	{ { "ARP stays", { ETH(), ARP() } }, XDP_PASS },
};

/* The other end of the cable of port n: hears what leaves, sends what enters. */
static int ends[PORTS];

/* A veth hands on redirected frames if its other end runs a program. */
static int attach_pass(__u32 ifindex)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass,
			       ARRAY_SIZE(pass), NULL);

	return fd < 0 ? fd : bpf_link_create(fd, ifindex, BPF_XDP, NULL);
}

/* The cables work, and we listen. Returns 0, or -1, which has been printed. */
static int connect_cables(void)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	char name[IFNAMSIZ];
	int i;

	/* Without IPv6, an interface says nothing when it comes up. */
	if (system("PATH=$PATH:/usr/sbin:/sbin\n"
		   "off=/proc/sys/net/ipv6/conf/all/disable_ipv6\n"
		   "[ ! -e $off ] || echo 1 >$off || exit\n"
		   "ip link add port0 type veth peer name cable0 || exit\n"
		   "for i in 0 1 2; do\n"
		   "ip link set dev port$i up || exit\n"
		   "ip link set dev cable$i up || exit\n"
		   "done")) {
		fprintf(stderr, "cannot bring the interfaces up\n");
		return -1;
	}
	for (i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "cable%d", i);
		address.sll_ifindex = if_nametoindex(name);
		ends[i] = socket(AF_PACKET, SOCK_RAW, 0);
		if (ends[i] < 0 ||
		    bind(ends[i], (void *)&address, sizeof(address))) {
			perror("a packet socket");
			return -1;
		}
		if (attach_pass(address.sll_ifindex) < 0) {
			perror("attach a program to a veth interface");
			return -1;
		}
	}
	return 0;
}

/* On a slow machine, limits of waiting are that many times longer. */
static int patience(void)
{
	const char *times = getenv("XDP_LESSONS_PATIENCE");

	return times && atoi(times) > 0 ? atoi(times) : 1;
}

/*
 * The next frame that leaves by a port. Returns its length; 0: none came. After
 * that has been waited for once, the check has failed and need not be patient.
 */
static __u32 hear(int port, __u8 *frame)
{
	struct pollfd end = { .fd = ends[port], .events = POLLIN };
	static int timeout = TIMEOUT_MS;
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	ssize_t len;

	while (poll(&end, 1, timeout * patience()) == 1) {
		len = recvfrom(end.fd, frame, FRAME_MAX, 0, (void *)&from,
			       &size);
		if (len > 0 && from.sll_pkttype != PACKET_OUTGOING)
			return len;
	}
	timeout = TIMEOUT_MS / 10;
	return 0;
}

/* A packet enters a port, where the answer's program is from now on. */
static void enter(const struct bpf_object *obj, int port,
		  const struct packet *packet)
{
	const struct bpf_program *prog = exercise_program(obj, "xdp_hub");
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(packet, frame);
	static int link = -1;
	char name[IFNAMSIZ];

	if (link >= 0)
		close(link);
	snprintf(name, sizeof(name), "port%d", port);
	link = bpf_link_create(bpf_program__fd(prog), if_nametoindex(name),
			       BPF_XDP, NULL);
	if (link < 0)
		fail_msg("attach %s: %s", bpf_program__name(prog),
			 strerror(errno));
	if (send(ends[port], frame, len, 0) != (ssize_t)len)
		fail_msg("send a packet: %s", strerror(errno));
}

static struct bpf_map *map_tx_ports(const struct bpf_object *obj)
{
	return exercise_map(obj, "tx_ports", sizeof(struct bpf_devmap_val));
}

static void know_cable(const struct bpf_object *obj, int port)
{
	__u32 ifindex = port_ifindex(port);

	if (bpf_map_update_elem(bpf_map__fd(exercise_map(obj, "cables",
							 sizeof(struct cable))),
				&ifindex, &cables[port], 0))
		fail_msg("map cables cannot be written: %s", strerror(errno));
}

/* Ports 1 and 2 are entries 1 and 2, with the answer's program. */
static void add_port(const struct bpf_object *obj, __u32 port)
{
	struct bpf_map *map = map_tx_ports(obj);
	struct bpf_program *prog = exercise_program(obj, "xdp_hub_leave");
	struct bpf_devmap_val value = {
		.ifindex = port_ifindex(port),
		.bpf_prog.fd = bpf_program__fd(prog),
	};

	if (bpf_program__expected_attach_type(prog) != BPF_XDP_DEVMAP)
		fail_msg(
			"xdp_hub_leave is no program for a devmap: its section is %s",
			bpf_program__section_name(prog));
	if (bpf_map_update_elem(bpf_map__fd(map), &port, &value, 0))
		fail_msg("map tx_ports takes no port with a program: %s",
			 strerror(errno));
}

/* An answer with empty maps. What a test before left unheard is forgotten. */
static struct bpf_object *load_fresh(void)
{
	__u8 frame[FRAME_MAX];
	int port;

	for (port = 0; port < PORTS; port++)
		while (recv(ends[port], frame, FRAME_MAX, MSG_DONTWAIT) > 0)
			;
	return exercise_load();
}

static struct bpf_object *load_filled(void)
{
	struct bpf_object *obj = load_fresh();
	int port;

	for (port = 1; port < PORTS; port++) {
		know_cable(obj, port);
		add_port(obj, port);
	}
	return obj;
}

static void holds_program(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct bpf_devmap_val value;
	__u32 key = 1;

	(void)state;
	add_port(obj, 1);
	if (bpf_map_lookup_elem(bpf_map__fd(map_tx_ports(obj)), &key, &value) ||
	    !value.bpf_prog.id)
		fail_msg("map tx_ports: its entry holds no program");
	bpf_object__close(obj);
}

/* A packet leaves by a port, with the addresses of the cable there. */
static void comes_out(int port, const struct packet *packet)
{
	__u8 came[FRAME_MAX], frame[FRAME_MAX];
	__u32 len = packet_build(packet, frame);

	if (!hear(port, came))
		fail_msg("%s: nothing left by port %d", packet->name, port);
	if (memcmp(came, cables[port].station_mac, ETH_ALEN))
		fail_msg(
			"%s, out of port %d: its destination is not the station of that port",
			packet->name, port);
	if (memcmp(came + ETH_ALEN, cables[port].own_mac, ETH_ALEN))
		fail_msg(
			"%s, out of port %d: its source is not the own address of that port",
			packet->name, port);
	if (memcmp(came + 2 * ETH_ALEN, frame + 2 * ETH_ALEN,
		   len - 2 * ETH_ALEN))
		fail_msg(
			"%s, out of port %d: more than its addresses was changed",
			packet->name, port);
}

static void has_each_address(void **state)
{
	struct bpf_object *obj = load_filled();

	(void)state;
	enter(obj, 0, &tcp);
	comes_out(1, &tcp);
	comes_out(2, &tcp);
	enter(obj, 0, &udp);
	comes_out(1, &udp);
	comes_out(2, &udp);
	bpf_object__close(obj);
}

static void does_not_return(void **state)
{
	struct bpf_object *obj = load_filled();
	__u8 came[FRAME_MAX], frame[FRAME_MAX];

	(void)state;
	enter(obj, 1, &tcp);
	comes_out(2, &tcp);
	/* Had TCP returned, it would be the first to come. */
	enter(obj, 2, &udp);
	if (hear(1, came) != packet_build(&udp, frame))
		fail_msg(
			"a packet that entered port 1 has left by port 1, or what entered port 2 has not");
	bpf_object__close(obj);
}

static void is_dropped(void **state)
{
	struct bpf_object *obj = load_fresh();
	__u8 came[FRAME_MAX], frame[FRAME_MAX];

	(void)state;
	add_port(obj, 1);
	add_port(obj, 2);
	know_cable(obj, 2);
	enter(obj, 0, &tcp);
	comes_out(2, &tcp);
	/* Had TCP left by port 1, it would be the first to come. */
	know_cable(obj, 1);
	enter(obj, 0, &udp);
	if (hear(1, came) != packet_build(&udp, frame))
		fail_msg(
			"the cable of port 1 was not in map cables, and yet a packet left by it");
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "an entry of the map can hold a program", holds_program, NULL,
		  NULL, NULL },
		{ "each copy has the addresses of its own cable",
		  has_each_address, NULL, NULL, NULL },
		{ "nothing returns to where it came from", does_not_return,
		  NULL, NULL, NULL },
		{ "what has no known cable is dropped", is_dropped, NULL, NULL,
		  NULL },
	};
	const struct exercise exercise = {
		.object = "xdp_hub_kern.o",
		.program = "xdp_hub",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	if (ports_make() || connect_cables())
		return PORTS_CANNOT_RUN;
	return exercise_main(argc, argv, &exercise);
}
