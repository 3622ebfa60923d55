// SPDX-License-Identifier: GPL-2.0-only
/* Packets of a few networks: is there one total for each, and is it right? */
#include <stdbool.h>
#include <bpf/bpf.h>

#include "exercise.h"

#define PROGRAM	 "prefix_totals"
#define PREFIXES 256
#define LIST_MAX 6
#define LOADS	 20 /* of the program, to let two processors meet */

struct prefix {
	__be32 address[4];
	__u8 version;
	__u8 zero[3];
};

struct total {
	__u64 packets;
	__u64 bytes;
};

/* clang-format off */

#define FROM4(a, b, c, d) IP4(.saddr = bpf_htonl((a) << 24 | (b) << 16 | (c) << 8 | (d)))
#define TO4(a, b, c, d) IP4(.saddr = bpf_htonl(0x0a0b0102), \
			    .daddr = bpf_htonl((a) << 24 | (b) << 16 | (c) << 8 | (d)))
/* fdXX:XX... with bytes 6, 7 and 8 as given, the last one 2. */
#define FROM6(six, seven, eight) \
	IP6(.saddr.s6_addr = { 0xfd, 0x11, [6] = (six), [7] = (seven), [8] = (eight), [15] = 2 })
#define NET4(a, b, c) { .version = 4, .address = { bpf_htonl((a) << 24 | (b) << 16 | (c) << 8) } }
#define NET6(six, seven) { .version = 6, \
	.address = { bpf_htonl(0xfd110000), bpf_htonl((six) << 8 | (seven)) } }

/* clang-format on */

/* Packets, the networks that they are from, and which is from which. */
struct list {
	const char *name;
	struct {
		__u32 network; /* 0: none, 1: the first, ... */
		struct packet packet;
	} packets[LIST_MAX];
	struct prefix networks[LIST_MAX];
};

static const struct list lists[] = {
	{ "two hosts of one /24 have one total",
	  { { 1, { "a packet", { ETH(), FROM4(192, 0, 2, 1), UDP(1, 2) } } },
	    { 1, { "a packet", { ETH(), FROM4(192, 0, 2, 254), TCP(1, 2) } } },
	    { 1, { "a packet", { ETH(), FROM4(192, 0, 2, 1), ICMP(8) } } } },
	  { NET4(192, 0, 2) } },
	{ "the next /24 has another",
	  { { 1, { "a packet", { ETH(), FROM4(192, 0, 2, 1), UDP(1, 2) } } },
	    { 2, { "a packet", { ETH(), FROM4(192, 0, 3, 1), UDP(1, 2) } } },
	    { 3, { "a packet", { ETH(), FROM4(193, 0, 2, 1), UDP(1, 2) } } } },
	  { NET4(192, 0, 2), NET4(192, 0, 3), NET4(193, 0, 2) } },
	{ "the destination makes no difference",
	  { { 1, { "a packet", { ETH(), TO4(192, 0, 2, 1), UDP(1, 2) } } },
	    { 1, { "a packet", { ETH(), TO4(198, 51, 100, 1), UDP(1, 2) } } } },
	  { NET4(10, 11, 1) } },
	{ "two hosts of one /64 have one total",
	  { { 1, { "a packet", { ETH(), FROM6(1, 2, 3), UDP(1, 2) } } },
	    { 1, { "a packet", { ETH(), FROM6(1, 2, 255), TCP(1, 2) } } } },
	  { NET6(1, 2) } },
	{ "the next /64 has another",
	  { { 1, { "a packet", { ETH(), FROM6(1, 2, 3), UDP(1, 2) } } },
	    { 2, { "a packet", { ETH(), FROM6(1, 3, 3), UDP(1, 2) } } },
	    { 3, { "a packet", { ETH(), FROM6(0, 2, 3), UDP(1, 2) } } } },
	  { NET6(1, 2), NET6(1, 3), NET6(0, 2) } },
	{ "IPv4 and IPv6 networks of the same bytes are two",
	  { { 1, { "a packet", { ETH(), FROM4(253, 17, 0, 9), UDP(1, 2) } } },
	    { 2, { "a packet", { ETH(), FROM6(0, 0, 0), UDP(1, 2) } } } },
	  { NET4(253, 17, 0), NET6(0, 0) } },
	{ "tagged packets, options and fragments count as well",
	  { { 1,
	      { "a packet",
		{ ETH(), VLAN(1), FROM4(192, 0, 2, 1), UDP(1, 2), DATA(99) } } },
	    { 1,
	      { "a packet",
		{ ETH(), IP4(.ihl = 15, .saddr = bpf_htonl(0xc0000201)),
		  TCP(1, 2) } } },
	    { 1,
	      { "a packet",
		{ ETH(),
		  IP4(.frag_off = bpf_htons(9), .saddr = bpf_htonl(0xc0000201)),
		  NEXT(17), DATA(8) } } } },
	  { NET4(192, 0, 2) } },
	{ "what is not IP has no total",
	  { { 0, { "a packet", { ETH(), ARP() } } },
	    { 0, { "a packet", { ETH(), NEXT(0) } } },
	    { 0, { "a packet", { ETH(), IP4(.ihl = 4), UDP(1, 2) } } },
	    { 0, { "a packet", { ETH(), IP4(), UDP(1, 2), CUT(14 + 19) } } } },
	  {} },
};

static bool read_total(const struct bpf_object *obj, const struct prefix *key,
		       struct total *total)
{
	return !bpf_map_lookup_elem(
		bpf_map__fd(exercise_map(obj, "prefixes", sizeof(*total))), key,
		total);
}

static __u32 count_totals(const struct bpf_object *obj)
{
	int fd = bpf_map__fd(
		exercise_map(obj, "prefixes", sizeof(struct total)));
	struct prefix key, *before = NULL;
	__u32 count = 0;

	while (!bpf_map_get_next_key(fd, before, &key)) {
		before = &key;
		count++;
	}
	return count;
}

static void read_missed(const struct bpf_object *obj, struct total *total)
{
	const struct bpf_map *missed =
		exercise_map(obj, "missed", sizeof(*total));
	__u32 key = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(missed), &key, total))
		fail_msg("entry 0 of the map \"missed\" cannot be read");
}

static void passes(const struct bpf_object *obj, const struct packet *packet)
{
	packet_verdict(exercise_program(obj, PROGRAM), packet, XDP_PASS);
}

static void has_totals(void **state)
{
	const struct list *list = *state;
	struct bpf_object *obj = exercise_load();
	struct total right[LIST_MAX + 1] = {}, total;
	__u32 i, networks, network;
	__u8 frame[FRAME_MAX];

	for (i = 0; i < LIST_MAX && list->packets[i].packet.name; i++) {
		network = list->packets[i].network;
		right[network].packets++;
		right[network].bytes +=
			packet_build(&list->packets[i].packet, frame);
		passes(obj, &list->packets[i].packet);
	}
	for (i = 0; i < LIST_MAX && list->networks[i].version; i++) {
		if (!read_total(obj, &list->networks[i], &total))
			fail_msg("there is no total of network %u", i + 1);
		if (total.packets != right[i + 1].packets)
			fail_msg("network %u: %llu packets, right are %llu",
				 i + 1, total.packets, right[i + 1].packets);
		if (total.bytes != right[i + 1].bytes)
			fail_msg("network %u: %llu bytes, right are %llu",
				 i + 1, total.bytes, right[i + 1].bytes);
	}
	networks = count_totals(obj);
	if (networks != i)
		fail_msg("there are %u totals, right are %u", networks, i);
	read_missed(obj, &total);
	if (total.packets)
		fail_msg("\"missed\" says %llu packets, and nothing was missed",
			 total.packets);
	bpf_object__close(obj);
}

/* A packet for each of 256 networks, and 44 more. */
static void says_what_it_missed(void **state)
{
	struct packet packet = { "a packet", { ETH(), IP4(), UDP(1, 2) } };
	struct bpf_object *obj = exercise_load();
	struct total total;
	__u32 i;

	(void)state;
	for (i = 0; i < PREFIXES + 44; i++) {
		packet.layers[1].ip4.saddr = htonl(0x0b000001 + (i << 8));
		passes(obj, &packet);
	}
	packet.layers[1].ip4.saddr = htonl(0x0b000002);
	passes(obj, &packet);

	i = count_totals(obj);
	if (i != PREFIXES)
		fail_msg(
			"packets of 300 networks: the map has %u of them, right are %u",
			i, PREFIXES);
	read_missed(obj, &total);
	if (total.packets != 44 || total.bytes != 44 * FRAME_MIN)
		fail_msg(
			"44 packets of 60 bytes had no room: \"missed\" says %llu packets, %llu bytes",
			total.packets, total.bytes);
	bpf_object__close(obj);
}

/* A number of 64 bits written to memory that is not the program's own stack. */
static bool is_plain_store(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_STX &&
	       BPF_MODE(insn->code) == BPF_MEM &&
	       BPF_SIZE(insn->code) == BPF_DW && insn->dst_reg != BPF_REG_10;
}

static bool is_constant(const struct bpf_insn *insn, __u8 reg)
{
	return (insn->code == (BPF_ALU64 | BPF_MOV | BPF_K) ||
		insn->code == (BPF_ALU | BPF_MOV | BPF_K)) &&
	       insn->dst_reg == reg;
}

/*
 * Two processors that do it at the same time lose packets only now and then. So
 * this looks at the instructions instead of waiting for it to happen.
 */
static void loses_nothing(void **state)
{
	struct bpf_object *obj = exercise_load();
	const struct bpf_program *prog = exercise_program(obj, PROGRAM);
	const struct bpf_insn *insn = bpf_program__insns(prog);
	size_t count = bpf_program__insn_cnt(prog), i;
	__s32 flags = -1; /* the last constant in the register of argument 4 */

	(void)state;
	for (i = 0; i < count; i++) {
		if (is_plain_store(&insn[i]))
			fail_msg(
				"a total is read, added to and written in three steps: two processors lose packets");
		if (is_constant(&insn[i], BPF_REG_4))
			flags = insn[i].imm;
		if (insn[i].code == (BPF_JMP | BPF_CALL) &&
		    insn[i].imm == BPF_FUNC_map_update_elem && flags == BPF_ANY)
			fail_msg(
				"an update with BPF_ANY replaces what another processor has just counted");
	}
	bpf_object__close(obj);
}

static void change_network(struct packet *packet, __u32 round)
{
	packet->layers[1].ip4.saddr = htonl(0x0b000001 + (round << 8));
}

/* Each network's first packet comes to two processors at the same moment. */
static void two_meet(void **state)
{
	const struct packet packet = { "a packet",
				       { ETH(), IP4(), UDP(1, 2) } };
	struct prefix key = NET4(11, 0, 0);
	struct bpf_object *obj;
	struct total total;
	__u32 load, i;

	(void)state;
	for (load = 0; load < LOADS; load++) {
		obj = exercise_load();
		if (!packet_meet(exercise_program(obj, PROGRAM), &packet,
				 change_network, PREFIXES, 1)) {
			bpf_object__close(obj);
			skip();
		}
		read_missed(obj, &total);
		if (total.packets)
			fail_msg(
				"two processors met a new network: \"missed\" says %llu packets, and there was room for all",
				total.packets);
		for (i = 0; i < PREFIXES; i++) {
			key.address[0] = htonl(0x0b000000 + (i << 8));
			if (!read_total(obj, &key, &total))
				fail_msg("there is no total of network %u",
					 i + 1);
			if (total.packets != 2 || total.bytes != 2 * FRAME_MIN)
				fail_msg(
					"two processors met a new network: %llu packets of it, %llu bytes; right are 2 and %d",
					total.packets, total.bytes,
					2 * FRAME_MIN);
		}
		bpf_object__close(obj);
	}
}

int main(int argc, char **argv)
{
	struct CMUnitTest more[ARRAY_SIZE(lists) + 3];
	const struct exercise exercise = {
		.object = "prefix_totals_kern.o",
		.program = PROGRAM,
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		more[i] = (struct CMUnitTest){ .name = lists[i].name,
					       .test_func = has_totals,
					       .initial_state =
						       (void *)&lists[i] };
	more[i++] = (struct CMUnitTest){ .name = "a full map is noticed",
					 .test_func = says_what_it_missed };
	more[i++] = (struct CMUnitTest){ .name = "no packet is lost",
					 .test_func = loses_nothing };
	more[i] = (struct CMUnitTest){
		.name = "two processors meet a new network, and both are counted",
		.test_func = two_meet
	};
	return exercise_main(argc, argv, &exercise);
}
