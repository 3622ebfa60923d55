// SPDX-License-Identifier: GPL-2.0-only
/*
 * For map_cost: fill a map, and look up in it, many entries a run.
 *
 * The value of an entry is its key again, so each lookup can be checked.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ROUND 100 /* lookups */

const volatile __u32 entries;
const volatile __u32 batch;   /* lookups a run, and insertions at most */
const volatile bool by_index; /* an array */

__u32 filled;  /* entries that were inserted, in all runs of fill */
__s64 refused; /* why the latest run of fill ended early, -errno, or 0 */

__u64 hits;	 /* lookups that found an entry, in all runs */
__u64 wrong;	 /* not 0: a value that was found is not its key */
__u64 state = 1; /* of the random numbers */

/* Kind and number of entries are set before loading. No BTF: some kinds want a certain
 * type of key.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(__u64));
} map SEC(".maps");

struct walk {
	__u64 state;
	__u64 hits;
	__u64 wrong;
};

/* The last step of MurmurHash3 (Austin Appleby, public domain): to each number another
 * one, spread over all 32 bits.
 */
static __u32 spread(__u32 number)
{
	number ^= number >> 16;
	number *= 0x85ebca6b;
	number ^= number >> 13;
	number *= 0xc2b2ae35;
	return number ^ number >> 16;
}

/*
 * Key number 0 to entries - 1. In memory a struct bpf_lpm_trie_key with an IPv4 address,
 * which is in no byte order: it is a random number. An array takes the first four bytes.
 * Made in a register and stored at once: to read what several instructions stored takes
 * a processor long.
 */
static __u64 make_key(__u32 number)
{
	__u64 first = by_index ? number : 32;
	__u64 second = by_index ? 0 : spread(number);

	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return second << 32 | first;
	return first << 32 | second;
}

static long insert(__u32 i, void *unused)
{
	/* Of an array, all entries are there from the start. */
	__u64 flags = by_index ? BPF_ANY : BPF_NOEXIST;
	__u64 key;

	if (filled >= entries)
		return 1;
	key = make_key(filled);
	refused = bpf_map_update_elem(&map, &key, &key, flags);
	if (refused)
		return 1;
	filled++;
	return 0;
}

SEC("xdp")
int fill(struct xdp_md *ctx)
{
	refused = 0;
	bpf_loop(batch, insert, NULL, 0);
	return XDP_PASS;
}

/* One of the keys, at random: the linear congruential generator of Knuth's MMIX, its upper
 * half scaled to the number of entries.
 */
static __u64 next_key(struct walk *walk)
{
	walk->state = walk->state * 6364136223846793005 + 1442695040888963407;
	return make_key((walk->state >> 32) * entries >> 32);
}

/*
 * The next key is made of what was found, although that adds 0. So a lookup has to end
 * before the next one can start. Else the processor would overlap several of them, as
 * it cannot where a packet has one, and what is subtracted would not be what was added.
 */
static void found(struct walk *walk, __u64 expected, __u64 value)
{
	__u64 difference = expected ^ value;

	walk->state += difference;
	walk->wrong |= difference;
	walk->hits++;
}

/* A round. The loop is in here, and nothing that it calls but the lookup: to return from
 * a function takes some processors longer than a lookup in an array.
 */
static long with_lookup(__u32 round, void *data)
{
	struct walk *walk = data;
	__u64 expected, key, *value;
	int i;

	for (i = 0; i < ROUND; i++) {
		expected = next_key(walk);
		key = expected;
		value = bpf_map_lookup_elem(&map, &key);
		if (!value)
			return 1;
		found(walk, expected, *value);
	}
	return 0;
}

/* A round without the lookup. */
static long without_lookup(__u32 round, void *data)
{
	struct walk *walk = data;
	__u64 expected, key, *value;
	int i;

	for (i = 0; i < ROUND; i++) {
		expected = next_key(walk);
		key = expected;
		/* The key goes to memory, as for a lookup, and is read back. */
		value = &key;
		asm volatile("" : "+r"(value) : : "memory");
		found(walk, expected, *value);
	}
	return 0;
}

/* Inlined: the kernel wants to know the body of the loop before it runs. */
static __always_inline int walk(long (*body)(__u32, void *))
{
	struct walk walk = { .state = state };

	bpf_loop(batch / ROUND, body, &walk, 0);
	state = walk.state;
	hits += walk.hits;
	wrong |= walk.wrong;
	return XDP_PASS;
}

SEC("xdp")
int look_up(struct xdp_md *ctx)
{
	return walk(with_lookup);
}

SEC("xdp")
int empty(struct xdp_md *ctx)
{
	return walk(without_lookup);
}

char _license[] SEC("license") = "GPL";
