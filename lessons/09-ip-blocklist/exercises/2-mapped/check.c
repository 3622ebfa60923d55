// SPDX-License-Identifier: GPL-2.0-only
/* Which IPv6 sources hold an IPv4 address of the list? */
#include <errno.h>
#include <bpf/bpf.h>

#include "exercise.h"

#define FAMILY_BITS 32
#define SOURCE	    8 /* bytes from the IPv6 header's begin to its source */
#define TAG_LEN	    4

struct prefix {
	__u32 bits;
	__be32 family;
	__be32 address[4];
};

/* One packet, one entry in the list. */
static const struct row {
	const char *name;
	const char *source; /* of the packet */
	const char *listed;
	int length; /* of that prefix */
	__u32 verdict;
	struct packet packet; /* with any source */
} rows[] = {
	{ "an IPv4 source of the list is dropped",
	  "192.0.2.1",
	  "192.0.2.0",
	  24,
	  XDP_DROP,
	  { "", { ETH(), IP4(), UDP(1, 2) } } },
	{ "another IPv4 source passes",
	  "192.0.3.1",
	  "192.0.2.0",
	  24,
	  XDP_PASS,
	  { "", { ETH(), IP4(), UDP(1, 2) } } },
	{ "an IPv6 source of the list is dropped",
	  "2001:db8::1",
	  "2001:db8::",
	  32,
	  XDP_DROP,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "another IPv6 source passes",
	  "2001:db9::1",
	  "2001:db8::",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },

	{ "an IPv4-mapped source of the list is dropped",
	  "::ffff:192.0.2.1",
	  "192.0.2.1",
	  32,
	  XDP_DROP,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "an IPv4-mapped source of a listed prefix is dropped",
	  "::ffff:192.0.2.1",
	  "192.0.2.0",
	  24,
	  XDP_DROP,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "another IPv4-mapped source passes",
	  "::ffff:192.0.2.1",
	  "192.0.2.2",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "::ffff:0:0/96 in the list still covers a mapped source",
	  "::ffff:192.0.2.1",
	  "::ffff:0:0",
	  96,
	  XDP_DROP,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "behind a tag it is dropped as well",
	  "::ffff:192.0.2.1",
	  "192.0.2.1",
	  32,
	  XDP_DROP,
	  { "", { ETH(), VLAN(7), IP6(), UDP(1, 2) } } },
	{ "::192.0.2.1 passes: it is not mapped",
	  "::192.0.2.1",
	  "192.0.2.1",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "1::ffff:192.0.2.1 passes: it is not mapped",
	  "1::ffff:192.0.2.1",
	  "192.0.2.1",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "::1:0:ffff:192.0.2.1 passes: it is not mapped",
	  "::1:0:ffff:192.0.2.1",
	  "192.0.2.1",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },

	{ "a NAT64 source of the list is dropped",
	  "64:ff9b::192.0.2.1",
	  "192.0.2.0",
	  24,
	  XDP_DROP,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "another NAT64 source passes",
	  "64:ff9b::192.0.3.1",
	  "192.0.2.0",
	  24,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "64:ff9b:1:: passes: that is another NAT64",
	  "64:ff9b:1::192.0.2.1",
	  "192.0.2.0",
	  24,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },

	{ "64:ff9b::1:192.0.2.1 passes: it is not NAT64",
	  "64:ff9b::1:192.0.2.1",
	  "192.0.2.0",
	  24,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },

	{ "a 6to4 source of the list is dropped",
	  "2002:c000:201::1",
	  "192.0.2.1",
	  32,
	  XDP_DROP,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "another 6to4 source passes",
	  "2002:c000:202::1",
	  "192.0.2.1",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "what stands behind a 6to4 address does not count",
	  "2002:cb00:7101::192.0.2.1",
	  "192.0.2.1",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "2003:: passes: it is not 6to4",
	  "2003:c000:201::1",
	  "192.0.2.1",
	  32,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },

	{ "a destination of the list passes",
	  "fd00::2",
	  "fd00::1",
	  128,
	  XDP_PASS,
	  { "", { ETH(), IP6(), UDP(1, 2) } } },
	{ "an IPv6 header cut short passes",
	  NULL,
	  "0.0.0.0",
	  0,
	  XDP_PASS,
	  { "", { ETH(), IP6(), CUT(14 + 39) } } },
};

static int read_address(const char *text, void *address)
{
	if (inet_pton(AF_INET, text, address) == 1)
		return 4;
	return inet_pton(AF_INET6, text, address) == 1 ? 6 : 0;
}

static void list(const struct bpf_object *obj, const struct row *row)
{
	struct prefix prefix = { .bits = FAMILY_BITS + row->length };
	const struct bpf_map *map = exercise_map(obj, "list", sizeof(__u32));
	__u32 mark = 1;

	prefix.family = htonl(read_address(row->listed, prefix.address));
	if (bpf_map__key_size(map) != sizeof(prefix))
		fail_msg("map list: its keys have %u bytes, right are %zu",
			 bpf_map__key_size(map), sizeof(prefix));
	if (bpf_map_update_elem(bpf_map__fd(map), &prefix, &mark, 0))
		fail_msg("map list: %s", strerror(errno));
}

static void verdict(void **state)
{
	const struct row *row = *state;
	struct bpf_object *obj = exercise_load();
	__u8 address[16], frame[FRAME_MAX];
	__u32 len = packet_build(&row->packet, frame);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .repeat = 1);
	int header = sizeof(struct ethhdr);

	/* packet_build() has sources of its own. */
	if (row->packet.layers[1].kind == LAYER_VLAN)
		header += TAG_LEN;
	if (row->source && read_address(row->source, address) == 6)
		memcpy(frame + header + SOURCE, address, sizeof(address));
	else if (row->source)
		memcpy(frame + header + offsetof(struct iphdr, saddr), address,
		       sizeof(__be32));

	list(obj, row);
	if (bpf_prog_test_run_opts(
		    bpf_program__fd(exercise_program(obj, "xdp_mapped")),
		    &opts))
		fail_msg("run xdp_mapped: %s", strerror(errno));
	if (opts.retval != row->verdict)
		fail_msg("from %s, with %s/%d in the list: %s, right is %s",
			 row->source ?: "somebody", row->listed, row->length,
			 packet_verdict_name(opts.retval),
			 packet_verdict_name(row->verdict));
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)] = {};
	const struct exercise exercise = {
		.object = "xdp_mapped_kern.o",
		.program = "xdp_mapped",
		.more = tests,
		.nr_more = ARRAY_SIZE(tests),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		tests[i].name = rows[i].name;
		tests[i].test_func = verdict;
		tests[i].initial_state = (void *)&rows[i];
	}
	return exercise_main(argc, argv, &exercise);
}
