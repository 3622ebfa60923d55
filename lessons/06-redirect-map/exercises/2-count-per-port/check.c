// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is handed over for sending is counted by the interface that it leaves by,
 * and what finds no entry in the devmap is not.
 */
#include <stdbool.h>

#include "../ports.h"

#define PORTS  2
#define NO_WAY 2 /* an interface that has no way out */

/* As in the answer's xdp_port_counts.h. */
struct way {
	__u32 out_ifindex;
	__u8 station_mac[ETH_ALEN];
	__u8 own_mac[ETH_ALEN];
};

struct port_counts {
	__u64 packets;
	__u64 bytes;
	__u64 no_entry;
};

static const struct packet ping = { "a ping", { ETH(), IP4(), ICMP(8) } };
static const struct packet tcp = { "TCP over IPv6",
				   { ETH(), IP6(), TCP(1024, 80) } };
static const struct packet arp = { "ARP", { ETH(), ARP() } };

static const struct exercise_case cases[] = {
	/* They enter port 0. */
	{ { "a ping leaves", { ETH(), IP4(), ICMP(8) } }, XDP_REDIRECT },
	{ { "TCP over IPv6 leaves", { ETH(), IP6(), TCP(1024, 80) } },
	  XDP_REDIRECT },
	{ { "ARP stays", { ETH(), ARP() } }, XDP_PASS },
};

/* The three maps as the loader fills them: what enters a port leaves by the other. */
struct filling {
	__u32 ifindex[PORTS];
	struct way ways[PORTS];
};

static struct filling filling(void)
{
	struct filling f = { .ifindex = { port_ifindex(0), port_ifindex(1) } };
	int i;

	for (i = 0; i < PORTS; i++)
		f.ways[i] = (struct way){ .out_ifindex = f.ifindex[!i],
					  .station_mac = { 2, 0, 0, 0, i, 2 },
					  .own_mac = { 2, 0, 0, 0, i, 1 } };
	return f;
}

static struct bpf_map *map_ways(const struct bpf_object *obj)
{
	return exercise_map(obj, "ways", sizeof(struct way));
}

static struct bpf_map *map_tx_port(const struct bpf_object *obj)
{
	return exercise_map(obj, "tx_port", sizeof(__u32));
}

static struct bpf_map *map_counts(const struct bpf_object *obj)
{
	struct bpf_map *map =
		exercise_map(obj, "counts", sizeof(struct port_counts));

	if (bpf_map__type(map) != BPF_MAP_TYPE_PERCPU_HASH)
		fail_msg(
			"map counts is not of type BPF_MAP_TYPE_PERCPU_HASH: two CPUs would lose counts");
	return map;
}

/* The first answer is for the cases: its maps are filled before it is loaded. */
static void prepare(struct bpf_object *obj)
{
	struct filling f = filling();
	static bool later;

	if (!later) {
		port_prefill(map_ways(obj), f.ifindex, f.ways, PORTS);
		port_prefill(map_tx_port(obj), f.ifindex, f.ifindex, PORTS);
	}
	later = true;
}

static void put(const struct bpf_map *map, __u32 key, const void *value)
{
	if (bpf_map_update_elem(bpf_map__fd(map), &key, value, 0))
		fail_msg("map %s cannot be written: %s", bpf_map__name(map),
			 strerror(errno));
}

/* An answer with its maps filled, all counters 0. */
static struct bpf_object *load_filled(void)
{
	struct bpf_object *obj = exercise_load();
	struct filling f = filling();
	struct port_counts *zeros =
		calloc(libbpf_num_possible_cpus(), sizeof(*zeros));
	int i;

	for (i = 0; i < PORTS; i++) {
		put(map_ways(obj), f.ifindex[i], &f.ways[i]);
		put(map_tx_port(obj), f.ifindex[i], &f.ifindex[i]);
		put(map_counts(obj), f.ifindex[i], zeros);
	}
	free(zeros);
	return obj;
}

/* What was counted for the packets that leave by a port. */
static struct port_counts counts_of(const struct bpf_object *obj, int port)
{
	int cpu, nr_cpus = libbpf_num_possible_cpus();
	struct port_counts *copies = calloc(nr_cpus, sizeof(*copies));
	struct port_counts sum = {};
	__u32 ifindex = port_ifindex(port);

	if (bpf_map_lookup_elem(bpf_map__fd(map_counts(obj)), &ifindex, copies))
		fail_msg(
			"the counters of a port have vanished from map counts");
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		sum.packets += copies[cpu].packets;
		sum.bytes += copies[cpu].bytes;
		sum.no_entry += copies[cpu].no_entry;
	}
	free(copies);
	return sum;
}

static void send_packets(const struct bpf_object *obj, int in,
			 const struct packet *packet, int count)
{
	struct packet_result result;

	while (count--)
		port_run(exercise_program(obj, "xdp_port_counts"), in, packet,
			 &result);
}

static void by_interface(void **state)
{
	struct bpf_object *obj = load_filled();
	struct port_counts counts[PORTS];

	(void)state;
	send_packets(obj, 0, &ping, 3);
	send_packets(obj, 1, &tcp, 2);
	send_packets(obj, 0, &tcp, 4);
	counts[0] = counts_of(obj, 0);
	counts[1] = counts_of(obj, 1);
	if (counts[1].packets != 7 || counts[0].packets != 2)
		fail_msg(
			"7 packets left by port 1 and 2 by port 0; the counters say %llu and %llu",
			counts[1].packets, counts[0].packets);
	bpf_object__close(obj);
}

static void is_frame_length(void **state)
{
	static const struct packet packets[] = {
		{ "60 bytes", { ETH(), IP4(), ICMP(8) } },
		{ "a tag and 1000 bytes of data",
		  { ETH(), VLAN(7), IP4(), UDP(1024, 53), DATA(1000) } },
		{ "IPv6 and 1440 bytes of data",
		  { ETH(), IP6(), TCP(1024, 80), DATA(1440) } },
		/* Padding counts: it is sent. */
		{ "an IPv4 length field that says 28",
		  { ETH(), IP4(.tot_len = bpf_htons(28)), ICMP(8),
		    DATA(200) } },
	};
	struct bpf_object *obj = load_filled();
	__u64 before, came;
	__u8 frame[FRAME_MAX];
	__u32 len;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		len = packet_build(&packets[i], frame);
		before = counts_of(obj, 1).bytes;
		send_packets(obj, 0, &packets[i], 1);
		came = counts_of(obj, 1).bytes - before;
		if (came != len)
			fail_msg("%s: counted as %llu bytes, the frame has %u",
				 packets[i].name, came, len);
	}
	bpf_object__close(obj);
}

static void lose_entry(const struct bpf_object *obj, int port)
{
	__u32 ifindex = port_ifindex(port);

	if (bpf_map_delete_elem(bpf_map__fd(map_tx_port(obj)), &ifindex))
		fail_msg("map tx_port: its entry cannot be deleted: %s",
			 strerror(errno));
}

static void is_not_sent(void **state)
{
	struct bpf_object *obj = load_filled();
	struct port_counts counts;

	(void)state;
	send_packets(obj, 0, &ping, 1);
	lose_entry(obj, 1);
	send_packets(obj, 0, &ping, 3);
	counts = counts_of(obj, 1);
	if (counts.packets != 1)
		fail_msg(
			"1 packet left, then 3 found no entry: \"packets\" is %llu, right is 1",
			counts.packets);
	if (counts.bytes != FRAME_MIN)
		fail_msg(
			"1 packet of 60 bytes left, then 3 found no entry: \"bytes\" is %llu, right is 60",
			counts.bytes);
	bpf_object__close(obj);
}

static void is_aborted(void **state)
{
	struct bpf_object *obj = load_filled();
	struct packet_result result;

	(void)state;
	lose_entry(obj, 1);
	port_run(exercise_program(obj, "xdp_port_counts"), 0, &ping, &result);
	if (result.verdict != XDP_ABORTED)
		fail_msg("it found no entry: %s, right is XDP_ABORTED",
			 packet_verdict_name(result.verdict));
	bpf_object__close(obj);
}

static void no_entry_is_counted(void **state)
{
	struct bpf_object *obj = load_filled();
	struct port_counts counts;

	(void)state;
	lose_entry(obj, 1);
	send_packets(obj, 0, &ping, 3);
	send_packets(obj, 1, &ping, 2);
	counts = counts_of(obj, 1);
	if (counts.no_entry != 3)
		fail_msg(
			"3 packets for port 1 found no entry: its \"no_entry\" is %llu",
			counts.no_entry);
	counts = counts_of(obj, 0);
	if (counts.no_entry != 0)
		fail_msg(
			"port 0 has an entry, and \"no_entry\" of port 0 is %llu",
			counts.no_entry);
	bpf_object__close(obj);
}

static void stays_uncounted(void **state)
{
	struct bpf_object *obj = load_filled();
	struct port_counts counts;
	int i;

	(void)state;
	send_packets(obj, 0, &arp, 1);
	send_packets(obj, 1, &arp, 1);
	send_packets(obj, NO_WAY, &ping, 1);
	for (i = 0; i < PORTS; i++) {
		counts = counts_of(obj, i);
		if (counts.packets || counts.bytes || counts.no_entry)
			fail_msg(
				"nothing left, and of port %d it says: packets %llu, bytes %llu, no_entry %llu",
				i, counts.packets, counts.bytes,
				counts.no_entry);
	}
	bpf_object__close(obj);
}

static void no_counters(void **state)
{
	struct bpf_object *obj = load_filled();
	struct packet_result result;
	__u32 ifindex = port_ifindex(1);

	(void)state;
	bpf_map_delete_elem(bpf_map__fd(map_counts(obj)), &ifindex);
	port_run(exercise_program(obj, "xdp_port_counts"), 0, &ping, &result);
	if (result.verdict != XDP_REDIRECT)
		fail_msg(
			"map counts has no such port: %s, right is XDP_REDIRECT all the same",
			packet_verdict_name(result.verdict));
	bpf_object__close(obj);
}

static void makes_no_entry(void **state)
{
	struct bpf_object *obj = load_filled();
	int fd = bpf_map__fd(map_counts(obj)), port;
	__u32 ifindex;

	(void)state;
	for (port = 0; port < PORTS; port++) {
		ifindex = port_ifindex(port);
		bpf_map_delete_elem(fd, &ifindex);
	}
	/* One is sent, one stays, and one finds no entry in the devmap. */
	send_packets(obj, 0, &ping, 1);
	send_packets(obj, 0, &arp, 1);
	lose_entry(obj, 1);
	send_packets(obj, 0, &ping, 1);
	if (!bpf_map_get_next_key(fd, NULL, &ifindex))
		fail_msg(
			"map counts had no entries, and now one for interface %u: only the loader makes them",
			ifindex);
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "packets are counted by the interface they leave by",
		  by_interface, NULL, NULL, NULL },
		{ "bytes are those of the whole frame", is_frame_length, NULL,
		  NULL, NULL },
		{ "without an entry it is not counted as sent", is_not_sent,
		  NULL, NULL, NULL },
		{ "without an entry the verdict is XDP_ABORTED", is_aborted,
		  NULL, NULL, NULL },
		{ "without an entry it is counted as no_entry",
		  no_entry_is_counted, NULL, NULL, NULL },
		{ "what stays is not counted", stays_uncounted, NULL, NULL,
		  NULL },
		{ "what cannot be counted leaves all the same", no_counters,
		  NULL, NULL, NULL },
		{ "the program makes no entries in counts", makes_no_entry,
		  NULL, NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "xdp_port_counts_kern.o",
		.program = "xdp_port_counts",
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
