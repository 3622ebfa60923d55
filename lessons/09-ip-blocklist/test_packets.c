// SPDX-License-Identifier: GPL-2.0-only
/* Given a list: which packets are dropped, and by which prefix? And how prefixes are read. */
#include <bpf/bpf.h>

#include "packet_test.h"
#include "prefixes.h"
#include "xdp_blocklist_kern.skel.h"
#include "xdp_user.h"

#define LIST_ROOM 3

static struct xdp_blocklist_kern *skel;

static const struct test_case {
	struct packet packet; /* from 10.11.1.2 or fd00::2 */
	const char *list[LIST_ROOM];
	const char *by; /* the prefix that drops it; NULL: it passes */
	__u32 kind;
} cases[] = {
	{ { "nothing is listed", { ETH(), IP4(), TCP(1, 2) } },
	  {},
	  NULL,
	  TOTAL_IPV4 },
	{ { "its address", { ETH(), IP4(), TCP(1, 2) } },
	  { "10.11.1.2" },
	  "10.11.1.2/32",
	  TOTAL_IPV4 },
	{ { "the address below", { ETH(), IP4(), TCP(1, 2) } },
	  { "10.11.1.1" },
	  NULL,
	  TOTAL_IPV4 },
	{ { "the address above", { ETH(), IP4(), TCP(1, 2) } },
	  { "10.11.1.3" },
	  NULL,
	  TOTAL_IPV4 },
	{ { "a prefix of 31 bits", { ETH(), IP4(), TCP(1, 2) } },
	  { "10.11.1.2/31" },
	  "10.11.1.2/31",
	  TOTAL_IPV4 },
	{ { "the 31 bits below", { ETH(), IP4(), TCP(1, 2) } },
	  { "10.11.1.0/31" },
	  NULL,
	  TOTAL_IPV4 },
	{ { "a prefix of 24 bits", { ETH(), IP4(), UDP(1, 2) } },
	  { "10.11.1.0/24" },
	  "10.11.1.0/24",
	  TOTAL_IPV4 },
	{ { "the 24 bits above", { ETH(), IP4(), UDP(1, 2) } },
	  { "10.11.2.0/24" },
	  NULL,
	  TOTAL_IPV4 },
	{ { "every IPv4 address", { ETH(), IP4(), ICMP(8) } },
	  { "0.0.0.0/0" },
	  "0.0.0.0/0",
	  TOTAL_IPV4 },
	{ { "every IPv6 address is no IPv4 one", { ETH(), IP4(), ICMP(8) } },
	  { "::/0" },
	  NULL,
	  TOTAL_IPV4 },
	{ { "the IPv6 prefix of the same bits", { ETH(), IP4(), TCP(1, 2) } },
	  { "a0b:102::/32" },
	  NULL,
	  TOTAL_IPV4 },
	{ { "the longest prefix counts", { ETH(), IP4(), TCP(1, 2) } },
	  { "10.0.0.0/8", "10.11.1.0/24", "10.11.0.0/16" },
	  "10.11.1.0/24",
	  TOTAL_IPV4 },
	{ { "a longer one that does not cover it",
	    { ETH(), IP4(), TCP(1, 2) } },
	  { "10.0.0.0/8", "10.11.1.3/32" },
	  "10.0.0.0/8",
	  TOTAL_IPV4 },
	{ { "its destination is listed", { ETH(), IP4(), TCP(1, 2) } },
	  { "10.11.2.2" },
	  NULL,
	  TOTAL_IPV4 },

	{ { "its IPv6 address", { ETH(), IP6(), TCP(1, 2) } },
	  { "fd00::2" },
	  "fd00::2/128",
	  TOTAL_IPV6 },
	{ { "the IPv6 address above", { ETH(), IP6(), TCP(1, 2) } },
	  { "fd00::3" },
	  NULL,
	  TOTAL_IPV6 },
	{ { "a prefix of 127 bits", { ETH(), IP6(), UDP(1, 2) } },
	  { "fd00::2/127" },
	  "fd00::2/127",
	  TOTAL_IPV6 },
	{ { "the 127 bits below", { ETH(), IP6(), UDP(1, 2) } },
	  { "fd00::/127" },
	  NULL,
	  TOTAL_IPV6 },
	{ { "a prefix of 7 bits", { ETH(), IP6(), ICMP6(128) } },
	  { "fc00::/7" },
	  "fc00::/7",
	  TOTAL_IPV6 },
	{ { "every IPv6 address", { ETH(), IP6(), ICMP6(128) } },
	  { "::/0" },
	  "::/0",
	  TOTAL_IPV6 },
	{ { "every IPv4 address is no IPv6 one", { ETH(), IP6(), ICMP6(128) } },
	  { "0.0.0.0/0" },
	  NULL,
	  TOTAL_IPV6 },
	{ { "its IPv6 destination is listed", { ETH(), IP6(), TCP(1, 2) } },
	  { "fd00::1" },
	  NULL,
	  TOTAL_IPV6 },

	{ { "behind a tag", { ETH(), VLAN(7), IP4(), TCP(1, 2) } },
	  { "10.11.1.2" },
	  "10.11.1.2/32",
	  TOTAL_IPV4 },
	{ { "behind a tag, not listed", { ETH(), VLAN(7), IP4(), TCP(1, 2) } },
	  { "10.11.1.3" },
	  NULL,
	  TOTAL_IPV4 },
	{ { "behind two tags",
	    { ETH(), VLAN_AD(100), VLAN(7), IP6(), TCP(1, 2) } },
	  { "fd00::2" },
	  "fd00::2/128",
	  TOTAL_IPV6 },
	{ { "behind three tags: not looked at",
	    { ETH(), VLAN_AD(1), VLAN(2), VLAN(3), IP4(), TCP(1, 2) } },
	  { "0.0.0.0/0" },
	  NULL,
	  TOTAL_OTHER },
	{ { "a tag cut short", { ETH(), VLAN(7), IP4(), CUT(14 + 3) } },
	  { "0.0.0.0/0" },
	  NULL,
	  TOTAL_OTHER },

	{ { "IPv4 options", { ETH(), IP4(.ihl = 15), TCP(1, 2) } },
	  { "10.11.1.2" },
	  "10.11.1.2/32",
	  TOTAL_IPV4 },
	{ { "a later fragment",
	    { ETH(), IP4(.frag_off = bpf_htons(185)), NEXT(17), DATA(64) } },
	  { "10.11.1.2" },
	  "10.11.1.2/32",
	  TOTAL_IPV4 },
	{ { "IPv6 extension headers",
	    { ETH(), IP6(), EXT(0, 1), EXT(60, 0), UDP(1, 2) } },
	  { "fd00::2" },
	  "fd00::2/128",
	  TOTAL_IPV6 },
	{ { "a later fragment of IPv6",
	    { ETH(), IP6(), FRAG6(185, 0), NEXT(17), DATA(64) } },
	  { "fd00::2" },
	  "fd00::2/128",
	  TOTAL_IPV6 },
	{ { "a protocol that nobody knows",
	    { ETH(), IP4(), NEXT(253), DATA(8) } },
	  { "10.11.1.2" },
	  "10.11.1.2/32",
	  TOTAL_IPV4 },
	{ { "1514 bytes", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
	  { "10.11.1.2" },
	  "10.11.1.2/32",
	  TOTAL_IPV4 },

	{ { "nothing behind the IPv4 header", { ETH(), IP4(), CUT(14 + 20) } },
	  { "10.11.1.2" },
	  "10.11.1.2/32",
	  TOTAL_IPV4 },
	{ { "IPv4 header cut after 19 bytes", { ETH(), IP4(), CUT(14 + 19) } },
	  { "0.0.0.0/0" },
	  NULL,
	  TOTAL_OTHER },
	{ { "IPv4 options cut short", { ETH(), IP4(.ihl = 6), CUT(14 + 20) } },
	  { "0.0.0.0/0" },
	  NULL,
	  TOTAL_OTHER },
	{ { "IPv4 header length 16", { ETH(), IP4(.ihl = 4), TCP(1, 2) } },
	  { "0.0.0.0/0" },
	  NULL,
	  TOTAL_OTHER },
	{ { "nothing behind the IPv6 header", { ETH(), IP6(), CUT(14 + 40) } },
	  { "fd00::2" },
	  "fd00::2/128",
	  TOTAL_IPV6 },
	{ { "IPv6 header cut after 39 bytes", { ETH(), IP6(), CUT(14 + 39) } },
	  { "::/0" },
	  NULL,
	  TOTAL_OTHER },
	{ { "ARP", { ETH(), ARP() } },
	  { "0.0.0.0/0", "::/0" },
	  NULL,
	  TOTAL_OTHER },
	{ { "an EtherType that nobody knows", { ETH(), NEXT(0x88b5) } },
	  { "0.0.0.0/0", "::/0" },
	  NULL,
	  TOTAL_OTHER },
	{ { "nothing but an Ethernet header", { ETH(), CUT(14) } },
	  { "0.0.0.0/0", "::/0" },
	  NULL,
	  TOTAL_OTHER },
};

static struct prefix prefix_of(const char *text)
{
	char why[REASON_MAX];
	struct prefix prefix;

	if (prefix_read(text, &prefix, why))
		fail_msg("%s: %s", text, why);
	return prefix;
}

static __u64 hits_of(const struct prefix *prefix)
{
	__u64 packets = 0; /* there is no entry before the first */

	bpf_map__lookup_elem(skel->maps.hits, prefix, sizeof(*prefix), &packets,
			     sizeof(packets), 0);
	return packets;
}

static struct total total_of(__u32 kind)
{
	struct total total;

	assert_int_equal(
		xdp_sum_percpu(skel->maps.totals, kind, (__u64 *)&total, 2), 0);
	return total;
}

static void dropped_or_not(void **state)
{
	const struct test_case *c = *state;
	struct total before = total_of(c->kind), after;
	int trie = bpf_map__fd(skel->maps.first_trie), i;
	struct prefix listed[LIST_ROOM], by;
	struct packet_result result;
	__u8 frame[FRAME_MAX];
	__u32 len;

	for (i = 0; i < LIST_ROOM && c->list[i]; i++) {
		listed[i] = prefix_of(c->list[i]);
		assert_int_equal(bpf_map_update_elem(trie, &listed[i],
						     &listed[i], 0),
				 0);
	}

	packet_verdict(skel->progs.xdp_blocklist, &c->packet,
		       c->by ? XDP_DROP : XDP_PASS);
	packet_run(skel->progs.xdp_blocklist, &c->packet, &result);
	len = packet_build(&c->packet, frame);
	assert_int_equal(result.len, len);
	assert_memory_equal(result.frame, frame, len);

	after = total_of(c->kind);
	assert_int_equal(after.dropped - before.dropped, c->by ? 2 : 0);
	assert_int_equal(after.passed - before.passed, c->by ? 0 : 2);
	if (c->by)
		by = prefix_of(c->by);
	for (i = 0; i < LIST_ROOM && c->list[i]; i++) {
		assert_int_equal(hits_of(&listed[i]),
				 c->by && prefix_equal(&listed[i], &by) ? 2 :
									  0);
		bpf_map__delete_elem(skel->maps.hits, &listed[i],
				     sizeof(listed[i]), 0);
		assert_int_equal(bpf_map_delete_elem(trie, &listed[i]), 0);
	}
}

/* What is typed, and what is understood, or why it is not. */
static void is_read(void **state)
{
	static const struct {
		const char *typed;
		const char *right;
		const char *why;
	} texts[] = {
		{ "10.0.0.0/8", "10.0.0.0/8", NULL },
		{ "10.11.1.2", "10.11.1.2/32", NULL },
		{ "0.0.0.0/0", "0.0.0.0/0", NULL },
		{ "128.0.0.0/1", "128.0.0.0/1", NULL },
		{ "fd00::1", "fd00::1/128", NULL },
		{ "FD00:0::/8", "fd00::/8", NULL },
		{ "::/0", "::/0", NULL },
		{ "::ffff:0:0/96", "::ffff:0.0.0.0/96", NULL },
		{ "::10.0.0.0/104", "::10.0.0.0/104", NULL },

		{ "10.11.1.2/24", NULL, "right is 10.11.1.0/24" },
		{ "10.0.0.1/31", NULL, "right is 10.0.0.0/31" },
		{ "1.0.0.0/0", NULL, "right is 0.0.0.0/0" },
		{ "fd00::1/127", NULL, "right is fd00::/127" },
		{ "fd80::/8", NULL, "right is fd00::/8" },
		{ "::ffff:10.0.0.1", NULL, "write 10.0.0.1/32" },
		{ "::ffff:10.0.0.0/104", NULL, "write 10.0.0.0/8" },
		{ "10.0.0.0/33", NULL, "0 to 32" },
		{ "fd00::/129", NULL, "0 to 128" },
		{ "10.0.0.0/", NULL, "0 to 32" },
		{ "10.0.0.0/08", NULL, "0 to 32" },
		{ "10.0.0.0/-1", NULL, "0 to 32" },
		{ "10.0.0.0/8 ", NULL, "0 to 32" },
		{ "10.0.0.0/1000000000000", NULL, "0 to 32" },
		{ "", NULL, "not a prefix" },
		{ "/8", NULL, "not a prefix" },
		{ "10.0.0", NULL, "not a prefix" },
		{ "010.0.0.1", NULL, "not a prefix" },
		{ "10.0.0.256", NULL, "not a prefix" },
		{ "fe80::1%eth0", NULL, "not a prefix" },
		{ "client", NULL, "not a prefix" },
		{ "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21:22",
		  NULL, "not a prefix" },
	};
	char why[REASON_MAX], text[PREFIX_TEXT];
	struct prefix prefix;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		ret = prefix_read(texts[i].typed, &prefix, why);
		if (!texts[i].why != !ret)
			fail_msg("%s: %s", texts[i].typed,
				 ret ? why : "was taken");
		if (ret && !strstr(why, texts[i].why))
			fail_msg("%s: %s", texts[i].typed, why);
		if (!ret && strcmp(prefix_print(&prefix, text), texts[i].right))
			fail_msg("%s became %s", texts[i].typed, text);
	}
}

int main(void)
{
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(is_read),
	};
	int status;

	skel = xdp_blocklist_kern__open_and_load();
	status = packet_tests_run(skel, dropped_or_not, cases, sizeof(cases[0]),
				  ARRAY_SIZE(cases), more, ARRAY_SIZE(more));
	xdp_blocklist_kern__destroy(skel);
	return status;
}
