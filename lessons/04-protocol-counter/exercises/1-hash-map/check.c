// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every packet passes. The map holds the protocols that came, each with its packets
 * and bytes, and nothing else, whatever other processors do meanwhile.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "exercise.h"

#define KEY_NOT_IP 256
#define KEYS	   257
#define KEY_FILLER 1000 /* and above: of no protocol */

#define S(count)      ((count) == 1 ? "" : "s")
#define IS_ARE(count) ((count) == 1 ? "is" : "are")

struct counter {
	__u64 packets;
	__u64 bytes;
};

static const struct exercise_case cases[] = {
	{ { "TCP passes", { ETH(), IP4(), TCP(1024, 80) } }, XDP_PASS },
	{ { "a ping over IPv6 passes", { ETH(), IP6(), ICMP6(128) } },
	  XDP_PASS },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },
	{ { "a header cut short passes", { ETH(), IP4(), CUT(14 + 19) } },
	  XDP_PASS },
};

static struct counted_case {
	struct packet packet; /* its name is the test's name */
	__u32 key;
} counted[] = {
	{ { "TCP is counted under 6",
	    { ETH(), IP4(), TCP(1024, 80), DATA(100) } },
	  IPPROTO_TCP },
	{ { "TCP over IPv6 is counted under 6",
	    { ETH(), IP6(), TCP(1024, 80) } },
	  IPPROTO_TCP },
	{ { "UDP is counted under 17", { ETH(), IP4(.ihl = 6), UDP(1, 2) } },
	  IPPROTO_UDP },
	{ { "UDP behind a tag and an extension header is counted under 17",
	    { ETH(), VLAN(1), IP6(), EXT(IPPROTO_DSTOPTS, 1), UDP(1, 2) } },
	  IPPROTO_UDP },
	{ { "a ping over IPv6 is counted under 58",
	    { ETH(), IP6(), ICMP6(128) } },
	  IPPROTO_ICMPV6 },
	{ { "protocol 0 is counted under 0", { ETH(), IP4(), NEXT(0) } }, 0 },
	{ { "protocol 255 is counted under 255", { ETH(), IP4(), NEXT(255) } },
	  255 },
	{ { "ARP is counted under 256", { ETH(), ARP() } }, KEY_NOT_IP },
	{ { "a header cut short is counted under 256",
	    { ETH(), IP6(), TCP(1024, 80), CUT(14 + 39) } },
	  KEY_NOT_IP },
};

static const struct bpf_map *find_counters(const struct bpf_object *obj)
{
	const struct bpf_map *map =
		exercise_map(obj, "counters", sizeof(struct counter));

	if (bpf_map__key_size(map) != sizeof(__u32))
		fail_msg("map counters: its keys have %u bytes, right are %zu",
			 bpf_map__key_size(map), sizeof(__u32));
	return map;
}

static void is_empty(void **state)
{
	struct bpf_object *obj = exercise_load();
	const struct bpf_map *map = find_counters(obj);
	__u32 key;

	(void)state;
	if (!bpf_map__get_next_key(map, NULL, &key, sizeof(key)))
		fail_msg(
			"no packet has come, and key %u is in the map: of type %s, it has all its entries from the start",
			key, libbpf_bpf_map_type_str(bpf_map__type(map)));
	bpf_object__close(obj);
}

/* The answer, loaded, and its map, if that is of the right type. */
static struct bpf_object *load(const struct bpf_map **map)
{
	struct bpf_object *obj = exercise_load();

	*map = find_counters(obj);
	if (bpf_map__type(*map) != BPF_MAP_TYPE_PERCPU_HASH)
		fail_msg("map counters is of type %s, right is %s",
			 libbpf_bpf_map_type_str(bpf_map__type(*map)),
			 libbpf_bpf_map_type_str(BPF_MAP_TYPE_PERCPU_HASH));
	return obj;
}

static void is_percpu(void **state)
{
	const struct bpf_map *map;

	(void)state;
	bpf_object__close(load(&map));
}

static void has_room(void **state)
{
	const struct bpf_map *map;
	struct bpf_object *obj = load(&map);

	(void)state;
	if (bpf_map__max_entries(map) != KEYS)
		fail_msg("max_entries of map counters is %u, right is %d",
			 bpf_map__max_entries(map), KEYS);
	bpf_object__close(obj);
}

/* The sum of all processors' copies. False: there is no such key. */
static bool read_counter(const struct bpf_map *map, __u32 key,
			 struct counter *sum)
{
	int cpus = libbpf_num_possible_cpus(), i;
	struct counter copies[cpus];

	*sum = (struct counter){};
	if (bpf_map__lookup_elem(map, &key, sizeof(key), copies, sizeof(copies),
				 0))
		return false;
	for (i = 0; i < cpus; i++) {
		sum->packets += copies[i].packets;
		sum->bytes += copies[i].bytes;
	}
	return true;
}

static void want_counter(const struct bpf_map *map, __u32 key, __u64 packets,
			 __u64 bytes)
{
	struct counter sum;

	if (!read_counter(map, key, &sum))
		fail_msg(
			"key %u is not in the map; right %s %llu packet%s, %llu bytes",
			key, IS_ARE(packets), packets, S(packets), bytes);
	if (sum.packets != packets || sum.bytes != bytes)
		fail_msg(
			"key %u: %llu packet%s, %llu byte%s; right %s %llu packet%s, %llu bytes",
			key, sum.packets, S(sum.packets), sum.bytes,
			S(sum.bytes), IS_ARE(packets), packets, S(packets),
			bytes);
}

/* Counted once, and once more; and no other key is there. */
static void is_counted(void **state)
{
	const struct counted_case *row = *state;
	const struct bpf_map *map;
	struct bpf_object *obj = load(&map);
	struct bpf_program *prog = exercise_program(obj, "xdp_protocols");
	struct packet_result result;
	__u32 key, *before = NULL, len;
	__u8 frame[FRAME_MAX];
	struct counter sum;
	int i;

	len = packet_build(&row->packet, frame);
	for (i = 1; i <= 2; i++) {
		packet_run(prog, &row->packet, &result);
		if (!read_counter(map, row->key, &sum) &&
		    !bpf_map__get_next_key(map, NULL, &key, sizeof(key)))
			fail_msg("it was counted under key %u, right is %u",
				 key, row->key);
		want_counter(map, row->key, i, i * len);
	}
	while (!bpf_map__get_next_key(map, before, &key, sizeof(key))) {
		if (key != row->key)
			fail_msg(
				"key %u is in the map: no packet of its kind came",
				key);
		before = &key;
	}
	bpf_object__close(obj);
}

static void are_kept_apart(void **state)
{
	static struct counter right[KEY_NOT_IP + 1];
	const struct bpf_map *map;
	struct bpf_object *obj = load(&map);
	struct bpf_program *prog = exercise_program(obj, "xdp_protocols");
	struct packet_result result;
	__u8 frame[FRAME_MAX];
	__u32 key, len;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(counted); i++) {
		len = packet_build(&counted[i].packet, frame);
		for (n = 0; n <= i; n++) {
			packet_run(prog, &counted[i].packet, &result);
			right[counted[i].key].packets++;
			right[counted[i].key].bytes += len;
		}
	}
	for (key = 0; key <= KEY_NOT_IP; key++)
		if (right[key].packets)
			want_counter(map, key, right[key].packets,
				     right[key].bytes);
	bpf_object__close(obj);
}

/* Make the entries key, key + 1 and so on, all zero: count, or while there is room. */
static __u32 make_entries(const struct bpf_map *map, __u32 key, __u32 count)
{
	struct counter zero[libbpf_num_possible_cpus()];
	__u32 made;

	memset(zero, 0, sizeof(zero));
	for (made = 0; made < count; made++, key++)
		if (bpf_map__update_elem(map, &key, sizeof(key), zero,
					 sizeof(zero), BPF_NOEXIST))
			break;
	return made;
}

static void full_map_drops_nothing(void **state)
{
	const struct packet *tcp = &counted[0].packet, *arp = &cases[2].packet;
	const struct bpf_map *map;
	struct bpf_object *obj = load(&map);
	struct bpf_program *prog = exercise_program(obj, "xdp_protocols");
	struct packet_result result;
	struct counter sum;
	__u8 frame[FRAME_MAX];

	(void)state;
	packet_run(prog, tcp, &result);
	make_entries(map, KEY_FILLER, bpf_map__max_entries(map) + 1);
	packet_run(prog, arp, &result);
	if (result.verdict != XDP_PASS)
		fail_msg("there is no room for another key: %s, right is %s",
			 packet_verdict_name(result.verdict),
			 packet_verdict_name(XDP_PASS));
	if (read_counter(map, KEY_NOT_IP, &sum))
		fail_msg("the map has given up an entry to make room");
	packet_run(prog, tcp, &result);
	want_counter(map, IPPROTO_TCP, 2, 2 * packet_build(tcp, frame));
	bpf_object__close(obj);
}

static bool is_call(const struct bpf_insn *insn, int helper)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       insn->imm == helper;
}

/*
 * The answer with one instruction changed: its lookup finds nothing. So it is for a
 * processor where another one makes the entry just after the lookup. Returns -1 if
 * the answer makes the entry before it looks: then this cannot happen.
 */
static int load_blind(const struct bpf_program *prog)
{
	const struct bpf_insn nothing = { .code = BPF_ALU64 | BPF_MOV | BPF_K,
					  .dst_reg = BPF_REG_0 };
	size_t count = bpf_program__insn_cnt(prog), i;
	struct bpf_insn insns[count];
	int fd;

	memcpy(insns, bpf_program__insns(prog), sizeof(insns));
	for (i = 0; i < count; i++) {
		if (is_call(&insns[i], BPF_FUNC_map_update_elem))
			return -1;
		if (is_call(&insns[i], BPF_FUNC_map_lookup_elem))
			break;
	}
	if (i == count)
		fail_msg("it never looks whether the key is in the map");
	insns[i] = nothing;
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "blind", "GPL", insns, count,
			   NULL);
	if (fd < 0)
		fail_msg("it cannot be tried with a lookup that fails: %s",
			 strerror(errno));
	return fd;
}

static void another_was_first(void **state)
{
	const struct packet *tcp = &counted[0].packet;
	const struct bpf_map *map;
	struct bpf_object *obj = load(&map);
	struct counter sum;
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(tcp, frame);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .repeat = 1);
	int fd = load_blind(exercise_program(obj, "xdp_protocols"));

	(void)state;
	if (fd >= 0) {
		make_entries(map, IPPROTO_TCP, 1);
		if (bpf_prog_test_run_opts(fd, &opts))
			fail_msg("run: %s", strerror(errno));
		close(fd);
		read_counter(map, IPPROTO_TCP, &sum);
		if (sum.packets != 1 || sum.bytes != len)
			fail_msg(
				"its lookup found no entry, then another processor made it: %llu packet%s, %llu byte%s counted; right is 1 packet, %u bytes",
				sum.packets, S(sum.packets), sum.bytes,
				S(sum.bytes), len);
	}
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest before[] = {
		{ "before the first packet the map is empty", is_empty, NULL,
		  NULL, NULL },
		{ "each processor has a copy of its own", is_percpu, NULL, NULL,
		  NULL },
		{ "there is room for 257 keys, as before", has_room, NULL, NULL,
		  NULL },
	};
	const struct CMUnitTest after[] = {
		{ "several protocols are kept apart", are_kept_apart, NULL,
		  NULL, NULL },
		{ "a full map drops nothing", full_map_drops_nothing, NULL,
		  NULL, NULL },
		{ "nothing is lost when another processor makes the entry first",
		  another_was_first, NULL, NULL, NULL },
	};
	struct CMUnitTest more[ARRAY_SIZE(before) + ARRAY_SIZE(counted) +
			       ARRAY_SIZE(after)];
	const struct exercise exercise = {
		.object = "xdp_protocols_kern.o",
		.program = "xdp_protocols",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};
	size_t i, n = ARRAY_SIZE(before);

	memcpy(more, before, sizeof(before));
	for (i = 0; i < ARRAY_SIZE(counted); i++)
		more[n++] = (struct CMUnitTest){
			.name = counted[i].packet.name,
			.test_func = is_counted,
			.initial_state = &counted[i],
		};
	memcpy(more + n, after, sizeof(after));

	return exercise_main(argc, argv, &exercise);
}
