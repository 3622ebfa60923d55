// SPDX-License-Identifier: GPL-2.0-only
/*
 * What enters one of two ports leaves by the other, with that cable's addresses.
 *
 * BPF_PROG_TEST_RUN redirects nothing: it says XDP_REDIRECT and no more. Which key
 * the program asked for is seen by a map with only one entry: for any other key
 * the verdict is XDP_ABORTED.
 */
#include <stdbool.h>

#include "../ports.h"

#define PORTS	2
#define NO_PORT 2 /* an interface that is not one of the two */

static const __u8 own_mac[PORTS][ETH_ALEN] = { { 2, 0, 0xaa, 0, 1, 1 },
					       { 2, 0, 0xaa, 0, 2, 1 } };
static const __u8 station_mac[PORTS][ETH_ALEN] = { { 2, 0, 0xbb, 0, 1, 2 },
						   { 2, 0, 0xbb, 0, 2, 2 } };

static const struct packet tcp = { "TCP", { ETH(), IP4(), TCP(1024, 80) } };
static const struct packet udp = { "UDP over IPv6",
				   { ETH(), IP6(), UDP(1024, 53) } };

static const struct exercise_case cases[] = {
	/* They enter port 0. */
	{ { "a ping leaves", { ETH(), IP4(), ICMP(8) } }, XDP_REDIRECT },
	{ { "TCP over IPv6 leaves", { ETH(), IP6(), TCP(1024, 80) } },
	  XDP_REDIRECT },
	{ { "a tagged packet leaves",
	    { ETH(), VLAN(7), IP4(), UDP(1024, 53) } },
	  XDP_REDIRECT },
	{ { "a ping over IPv6 leaves", { ETH(), IP6(), ICMP6(128) } },
	  XDP_REDIRECT },
	{ { "neighbour discovery stays", { ETH(), IP6(), ICMP6(135) } },
	  XDP_PASS },
	{ { "ARP stays", { ETH(), ARP() } }, XDP_PASS },
	{ { "multicast stays",
	    { ETH(.h_dest = { 1, 0, 0x5e, 0, 0, 1 }), IP4(), UDP(1024, 53) } },
	  XDP_PASS },
	{ { "a cut IPv4 header stays",
	    { ETH(), IP4(), TCP(1024, 80), CUT(14 + 19) } },
	  XDP_PASS },
};

static void write_entry(const struct bpf_object *obj, __u32 port)
{
	const struct bpf_map *map = exercise_map(obj, "tx_port", sizeof(__u32));
	__u32 ifindex = port_ifindex(port);

	if (bpf_map_update_elem(bpf_map__fd(map), &port, &ifindex, 0))
		fail_msg("entry %u of map tx_port cannot be written: %s", port,
			 strerror(errno));
}

/* Before load: the constants. Port n is interface n of ports.h. */
static void prepare(struct bpf_object *obj)
{
	const __u32 ifindex[PORTS] = { port_ifindex(0), port_ifindex(1) };
	static const __u32 keys[PORTS] = { 0, 1 };
	static bool later;

	exercise_rodata(obj, "ifindex", ifindex, sizeof(ifindex));
	exercise_rodata(obj, "own_mac", own_mac, sizeof(own_mac));
	exercise_rodata(obj, "station_mac", station_mac, sizeof(station_mac));

	/* The first answer is for the cases, and has both entries. */
	if (!later)
		port_prefill(exercise_map(obj, "tx_port", sizeof(__u32)), keys,
			     ifindex, PORTS);
	later = true;
}

static void run(const struct bpf_object *obj, int port,
		const struct packet *packet, struct packet_result *result)
{
	port_run(exercise_program(obj, "xdp_two_way"), port, packet, result);
}

/* An answer whose map has only one entry. */
static struct bpf_object *load_with(__u32 port)
{
	struct bpf_object *obj = exercise_load();

	write_entry(obj, port);
	return obj;
}

/* What entered port "in" asks for the other one's entry. */
static void crosses(int in)
{
	struct bpf_object *obj = load_with(!in);
	struct packet_result result;

	run(obj, in, &tcp, &result);
	if (result.verdict == XDP_ABORTED)
		fail_msg(
			"it entered port %d, and the program asks for another entry than %d",
			in, !in);
	if (result.verdict != XDP_REDIRECT)
		fail_msg("it entered port %d: %s, right is XDP_REDIRECT", in,
			 packet_verdict_name(result.verdict));
	bpf_object__close(obj);
}

static void there(void **state)
{
	(void)state;
	crosses(0);
}

static void back(void **state)
{
	(void)state;
	crosses(1);
}

static void check_macs(const struct bpf_object *obj, int in,
		       const struct packet *packet)
{
	struct packet_result result;
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(packet, frame);

	run(obj, in, packet, &result);
	if (memcmp(result.frame, station_mac[!in], ETH_ALEN))
		fail_msg(
			"%s from port %d: its destination is not the station behind port %d",
			packet->name, in, !in);
	if (memcmp(result.frame + ETH_ALEN, own_mac[!in], ETH_ALEN))
		fail_msg(
			"%s from port %d: its source is not the own address of port %d",
			packet->name, in, !in);
	if (result.len != len ||
	    memcmp(result.frame + 2 * ETH_ALEN, frame + 2 * ETH_ALEN,
		   len - 2 * ETH_ALEN))
		fail_msg(
			"%s from port %d: more than the two addresses was changed",
			packet->name, in);
}

static void has_new_macs(void **state)
{
	struct bpf_object *obj = exercise_load();
	int in;

	(void)state;
	write_entry(obj, 0);
	write_entry(obj, 1);
	for (in = 0; in < PORTS; in++) {
		check_macs(obj, in, &tcp);
		check_macs(obj, in, &udp);
	}
	bpf_object__close(obj);
}

static void elsewhere(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct packet_result result;

	(void)state;
	write_entry(obj, 0);
	write_entry(obj, 1);
	run(obj, NO_PORT, &tcp, &result);
	if (result.verdict != XDP_PASS)
		fail_msg("it entered neither port: %s, right is XDP_PASS",
			 packet_verdict_name(result.verdict));
	bpf_object__close(obj);
}

static void is_unchanged(void **state)
{
	static const struct packet arp = { "ARP", { ETH(), ARP() } };
	struct bpf_object *obj = exercise_load();
	struct packet_result result;
	__u8 frame[FRAME_MAX];
	__u32 len;

	(void)state;
	len = packet_build(&arp, frame);
	run(obj, 1, &arp, &result);
	if (result.len != len || memcmp(result.frame, frame, len))
		fail_msg("ARP from port 1 stays here, but was changed");
	len = packet_build(&tcp, frame);
	run(obj, NO_PORT, &tcp, &result);
	if (result.len != len || memcmp(result.frame, frame, len))
		fail_msg(
			"a packet from neither port stays here, but was changed");
	bpf_object__close(obj);
}

static void missing(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct packet_result result;
	int in;

	(void)state;
	for (in = 0; in < PORTS; in++) {
		run(obj, in, &tcp, &result);
		if (result.verdict != XDP_ABORTED)
			fail_msg(
				"entry %d is missing: %s, right is XDP_ABORTED",
				!in, packet_verdict_name(result.verdict));
	}
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "what enters port 0 leaves by port 1", there, NULL, NULL,
		  NULL },
		{ "what enters port 1 leaves by port 0", back, NULL, NULL,
		  NULL },
		{ "the addresses are those of the cable it leaves by",
		  has_new_macs, NULL, NULL, NULL },
		{ "what enters elsewhere passes", elsewhere, NULL, NULL, NULL },
		{ "what stays is not changed", is_unchanged, NULL, NULL, NULL },
		{ "for a missing entry it says XDP_ABORTED", missing, NULL,
		  NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "xdp_two_way_kern.o",
		.program = "xdp_two_way",
		.prepare = prepare,
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	if (ports_make())
		return PORTS_CANNOT_RUN;
	return exercise_main(argc, argv, &exercise);
}
