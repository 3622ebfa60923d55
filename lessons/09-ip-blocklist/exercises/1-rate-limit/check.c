// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock cannot be set. What can be set is when a bucket was filled: that is what the
 * tests move. They take an interval so long that no token comes of its own, and yet the
 * machine is up for ten of them.
 */
#include <errno.h>
#include <stdbool.h>
#include <time.h>
#include <bpf/bpf.h>

#include "exercise.h"
#include "solution/xdp_rate_limit.h"

#define BURST	  5
#define SECOND	  1000000000ULL /* ns */
#define INTERVALS 10
#define MEETINGS  200000 /* packets from each of two processors */

static __u64 interval; /* ns */
static __u32 burst = BURST;

static const struct packet ipv4 = { "IPv4", { ETH(), IP4(), UDP(1, 2) } };
static const struct packet ipv6 = { "IPv6", { ETH(), IP6(), UDP(1, 2) } };
static const struct packet tagged = { "tagged",
				      { ETH(), VLAN(7), IP4(), UDP(1, 2) } };
static const struct packet arp = { "ARP", { ETH(), ARP() } };

static void prepare(struct bpf_object *obj)
{
	exercise_rodata(obj, "interval", &interval, sizeof(interval));
	exercise_rodata(obj, "burst", &burst, sizeof(burst));
}

static __u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* Put a prefix into the list, with this bucket. */
static void list(const struct bpf_object *obj, const char *text, int length,
		 __u32 number)
{
	const struct bpf_map *map = exercise_map(obj, "list", sizeof(number));
	struct prefix prefix = { .bits = 32 + length };

	if (inet_pton(AF_INET, text, prefix.address) == 1)
		prefix.family = htonl(4);
	else if (inet_pton(AF_INET6, text, prefix.address) == 1)
		prefix.family = htonl(6);
	if (bpf_map_update_elem(bpf_map__fd(map), &prefix, &number, 0))
		fail_msg("map list: %s", strerror(errno));
}

static struct bucket get(const struct bpf_object *obj, __u32 number)
{
	const struct bpf_map *map =
		exercise_map(obj, "buckets", sizeof(struct bucket));
	struct bucket bucket;

	if (bpf_map_lookup_elem(bpf_map__fd(map), &number, &bucket))
		fail_msg("map buckets: %s", strerror(errno));
	return bucket;
}

static void set(const struct bpf_object *obj, __u32 number, __u32 tokens,
		__u64 filled)
{
	const struct bpf_map *map =
		exercise_map(obj, "buckets", sizeof(struct bucket));
	const struct bucket bucket = { .tokens = tokens, .filled = filled };

	if (bpf_map_update_elem(bpf_map__fd(map), &number, &bucket, 0))
		fail_msg("map buckets: %s", strerror(errno));
}

/* Send packets until one is dropped, at most so many. Returns how many passed. */
static int passed(const struct bpf_object *obj, const struct packet *packet,
		  int most)
{
	const struct bpf_program *prog =
		exercise_program(obj, "xdp_rate_limit");
	struct packet_result result;
	int i;

	for (i = 0; i < most; i++) {
		packet_run(prog, packet, &result);
		if (result.verdict == XDP_DROP)
			break;
		if (result.verdict != XDP_PASS)
			fail_msg("%s: the verdict is %s", packet->name,
				 packet_verdict_name(result.verdict));
	}
	return i;
}

static void not_listed(void **state)
{
	struct bpf_object *obj = exercise_load();

	(void)state;
	list(obj, "10.11.1.3", 32, 0);
	list(obj, "fd00::3", 128, 0);
	assert_int_equal(passed(obj, &ipv4, 100), 100);
	assert_int_equal(passed(obj, &ipv6, 100), 100);
	assert_int_equal(passed(obj, &arp, 100), 100);
	bpf_object__close(obj);
}

static void is_burst(const struct packet *packet, const char *listed,
		     int length)
{
	struct bpf_object *obj = exercise_load();
	int got;

	list(obj, listed, length, 7);
	got = passed(obj, packet, 100);
	if (got != BURST)
		fail_msg("of 100 packets at once %d passed, right are %d", got,
			 BURST);
	if (passed(obj, packet, 1))
		fail_msg("after a dropped packet, another one passes at once");
	bpf_object__close(obj);
}

static void burst_ipv4(void **state)
{
	(void)state;
	is_burst(&ipv4, "10.11.1.2", 32);
}

static void burst_ipv6(void **state)
{
	(void)state;
	is_burst(&ipv6, "fd00::", 8);
}

static void burst_tagged(void **state)
{
	(void)state;
	is_burst(&tagged, "10.11.0.0", 16);
}

/* With a bucket that is empty, and was filled some time ago. */
static void comes_back(__u64 ago, int right)
{
	struct bpf_object *obj = exercise_load();
	int got;

	list(obj, "10.11.1.2", 32, 7);
	set(obj, 7, 0, now() - ago);
	got = passed(obj, &ipv4, 100);
	if (got != right)
		fail_msg(
			"%.1f intervals after the bucket was empty, %d packets pass, right are %d",
			(double)ago / interval, got, right);
	bpf_object__close(obj);
}

static void one_interval(void **state)
{
	(void)state;
	comes_back(interval / 2, 0);
	comes_back(interval + interval / 2, 1);
	comes_back(3 * interval + interval / 2, 3);
}

static void full(void **state)
{
	(void)state;
	comes_back(5 * interval + interval / 2, BURST);
	comes_back(9 * interval, BURST);
}

static void tokens_left(void **state)
{
	struct bpf_object *obj = exercise_load();
	int got;

	(void)state;
	list(obj, "10.11.1.2", 32, 7);
	set(obj, 7, 2, now() - interval - interval / 2);
	got = passed(obj, &ipv4, 100);
	if (got != 3)
		fail_msg(
			"2 tokens and 1.5 intervals: %d packets pass, right are 3",
			got);
	set(obj, 7, BURST - 1, now() - 3 * interval);
	got = passed(obj, &ipv4, 100);
	if (got != BURST)
		fail_msg(
			"%d tokens and 3 intervals: %d packets pass, right are %d: a bucket holds no more",
			BURST - 1, got, BURST);
	bpf_object__close(obj);
}

/* One and a half intervals, and half a one: that is two tokens. */
static void nothing_lost(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct bucket bucket;
	int got;

	(void)state;
	list(obj, "10.11.1.2", 32, 7);
	set(obj, 7, 0, now() - interval - interval / 2);
	got = passed(obj, &ipv4, 100);
	bucket = get(obj, 7);
	set(obj, 7, bucket.tokens, bucket.filled - interval / 2);
	got += passed(obj, &ipv4, 100);
	if (got != 2)
		fail_msg(
			"a packet after 1.5 intervals, and again 0.5 later: %d pass, right are 2",
			got);
	bpf_object__close(obj);
}

static void own_buckets(void **state)
{
	struct bpf_object *obj = exercise_load();

	(void)state;
	list(obj, "10.11.1.2", 32, 1);
	list(obj, "10.0.0.0", 8, 2);
	list(obj, "fd00::2", 128, 3);
	assert_int_equal(passed(obj, &ipv4, 100), BURST);
	assert_int_equal(passed(obj, &ipv6, 100), BURST);
	if (get(obj, 2).filled)
		fail_msg(
			"10.11.1.2/32 and 10.0.0.0/8 are in the list: the packet was that of the /32 only");
	bpf_object__close(obj);
}

static void later_clock(void **state)
{
	struct bpf_object *obj = exercise_load();

	(void)state;
	list(obj, "10.11.1.2", 32, 7);
	/* Whatever the machine does meanwhile, it is still ahead. */
	set(obj, 7, 0, now() + interval);
	if (passed(obj, &ipv4, 1))
		fail_msg(
			"another processor filled the bucket a moment later, and it is empty: the packet passed");
	if (get(obj, 7).filled < now())
		fail_msg("\"filled\" went back in time");
	bpf_object__close(obj);
}

/* Each of the two takes its tokens, and none is taken by both. */
static void two_take(void **state)
{
	struct bpf_object *obj;
	__u32 left;

	(void)state;
	burst = BURST + 2 * MEETINGS;
	obj = exercise_load();
	list(obj, "10.11.1.2", 32, 7);
	set(obj, 7, burst, now());
	if (!packet_meet(exercise_program(obj, "xdp_rate_limit"), &ipv4, NULL,
			 1, MEETINGS)) {
		burst = BURST;
		bpf_object__close(obj);
		skip();
	}
	burst = BURST;
	left = get(obj, 7).tokens;
	if (left != BURST)
		fail_msg(
			"two processors took %d tokens of %d each: %u are left, right are %d",
			MEETINGS, BURST + 2 * MEETINGS, left, BURST);
	bpf_object__close(obj);
}

static bool is_call(const struct bpf_insn *insn, int helper)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       insn->imm == helper;
}

/* Two processors that meet are too rare to wait for: this looks at the instructions. */
static void is_locked(void **state)
{
	struct bpf_object *obj = exercise_load();
	const struct bpf_program *prog =
		exercise_program(obj, "xdp_rate_limit");
	const struct bpf_insn *insn = bpf_program__insns(prog);
	size_t count = bpf_program__insn_cnt(prog), i;
	bool locked = false;

	(void)state;
	for (i = 0; i < count; i++)
		locked = locked || is_call(&insn[i], BPF_FUNC_spin_lock);
	if (!locked)
		fail_msg(
			"the bucket's lock is not taken: two processors can take the same token");
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "who is not listed is not limited", not_listed, NULL, NULL,
		  NULL },
		{ "a listed address sends its burst, then no more", burst_ipv4,
		  NULL, NULL, NULL },
		{ "an IPv6 address too", burst_ipv6, NULL, NULL, NULL },
		{ "behind a tag too", burst_tagged, NULL, NULL, NULL },
		{ "a token comes each interval", one_interval, NULL, NULL,
		  NULL },
		{ "a bucket holds no more than its burst", full, NULL, NULL,
		  NULL },
		{ "tokens that were left are kept", tokens_left, NULL, NULL,
		  NULL },
		{ "no part of an interval is lost", nothing_lost, NULL, NULL,
		  NULL },
		{ "each prefix has its own bucket", own_buckets, NULL, NULL,
		  NULL },
		{ "a clock that is behind gives nothing", later_clock, NULL,
		  NULL, NULL },
		{ "the bucket's lock is taken", is_locked, NULL, NULL, NULL },
		{ "two processors never take the same token", two_take, NULL,
		  NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "xdp_rate_limit_kern.o",
		.program = "xdp_rate_limit",
		.prepare = prepare,
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	interval = now() / INTERVALS;
	return exercise_main(argc, argv, &exercise);
}
