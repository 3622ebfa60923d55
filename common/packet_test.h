/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet tests: describe a frame layer by layer, hand it to a loaded program
 * through BPF_PROG_TEST_RUN, look at what came of it. No interface is needed.
 *
 *	static const struct test_case {
 *		struct packet packet;
 *		__u32 verdict;
 *	} cases[] = {
 *		{ { "TCP, IPv4", { ETH(), IP4(), TCP(1024, 80) } }, XDP_PASS },
 *	};
 *
 * Each layer names itself in the one before it: EtherType, protocol, next
 * header. Lengths and the IPv4 checksum are filled in. What a layer's macro is
 * given, such as IP4(.ttl = 1), stands in the frame instead.
 */
#ifndef PACKET_TEST_H
#define PACKET_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/libbpf.h>
/* Last: it wants the five standard headers before it. */
#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define LAYERS_MAX 12
#define FRAME_MAX  2560 /* bytes, enough for every layer at its longest */
#define FRAME_MIN  60	/* bytes, shortest on the wire, without FCS */

enum layer_kind {
	LAYER_NONE,
	LAYER_ETH,
	LAYER_VLAN,
	LAYER_NEXT,
	LAYER_ARP,
	LAYER_IP4,
	LAYER_IP6,
	LAYER_EXT,
	LAYER_FRAG6,
	LAYER_TCP,
	LAYER_UDP,
	LAYER_ICMP,
	LAYER_ICMP6,
	LAYER_DATA,
	LAYER_CUT,
};

struct layer {
	enum layer_kind kind;
	union {
		struct ethhdr eth;
		struct iphdr ip4;
		struct ipv6hdr ip6;
		struct {
			__u16 id;  /* EtherType or protocol, host byte order */
			__u16 arg; /* see the macros */
			__u16 arg2;
		};
	};
};

/* A table, one initialiser a line. */
/* clang-format off */

/* Ethernet. From and to a station of their own unless given, as all fields. */
#define ETH(...) { .kind = LAYER_ETH, .eth = { __VA_ARGS__ } }
/* A tag: of kind 802.1Q, or 802.1ad for the outer one of two. */
#define VLAN(vid) { .kind = LAYER_VLAN, .id = ETH_P_8021Q, .arg = (vid) }
#define VLAN_AD(vid) { .kind = LAYER_VLAN, .id = ETH_P_8021AD, .arg = (vid) }
/* No bytes: what the layer before says of what follows. */
#define NEXT(number) { .kind = LAYER_NEXT, .id = (number) }
#define ARP() { .kind = LAYER_ARP, .id = ETH_P_ARP }
/* Fields in network byte order. With .ihl above 5, options follow. */
#define IP4(...) { .kind = LAYER_IP4, .ip4 = { __VA_ARGS__ } }
#define IP6(...) { .kind = LAYER_IP6, .ip6 = { __VA_ARGS__ } }
/* An IPv6 extension header of 8 + 8 * units bytes (RFC 8200, section 4). */
#define EXT(number, units) { .kind = LAYER_EXT, .id = (number), .arg = (units) }
/* Its fragment header: offset in units of 8 bytes, and whether more follow. */
#define FRAG6(offset, more) \
	{ .kind = LAYER_FRAG6, .id = IPPROTO_FRAGMENT, .arg = (offset), .arg2 = (more) }
#define TCP(source, dest) \
	{ .kind = LAYER_TCP, .id = IPPROTO_TCP, .arg = (source), .arg2 = (dest) }
#define UDP(source, dest) \
	{ .kind = LAYER_UDP, .id = IPPROTO_UDP, .arg = (source), .arg2 = (dest) }
#define ICMP(type) { .kind = LAYER_ICMP, .id = IPPROTO_ICMP, .arg = (type) }
#define ICMP6(type) { .kind = LAYER_ICMP6, .id = IPPROTO_ICMPV6, .arg = (type) }
/* Bytes that count up from 0. */
#define DATA(bytes) { .kind = LAYER_DATA, .arg = (bytes) }
/* Last: only the first bytes of the frame arrive. */
#define CUT(bytes) { .kind = LAYER_CUT, .arg = (bytes) }

/* clang-format on */

struct packet {
	const char *name;
	struct layer layers[LAYERS_MAX];
};

struct packet_result {
	__u32 verdict; /* enum xdp_action, or TC_ACT_* */
	__u32 len;     /* bytes of the frame as the program left it */
	__u8 frame[FRAME_MAX];
};

/**
 * packet_build() - Write a packet's frame.
 * @packet: what is in it.
 * @frame: room for FRAME_MAX bytes.
 *
 * Frames are padded to FRAME_MIN, as on the wire, unless they are cut.
 *
 * Return: its length in bytes, without FCS.
 */
__u32 packet_build(const struct packet *packet, __u8 *frame);

/**
 * packet_run() - Run a program once on a packet.
 * @prog: a loaded XDP or TC program.
 * @packet: what it receives.
 * @result: where verdict and frame go.
 *
 * Fails the running test if the kernel does not run the program.
 */
void packet_run(const struct bpf_program *prog, const struct packet *packet,
		struct packet_result *result);

/**
 * packet_verdict() - Run an XDP program, and fail unless it says @verdict.
 * @prog: a loaded XDP program.
 * @packet: what it receives.
 * @verdict: the enum xdp_action that is right.
 */
void packet_verdict(const struct bpf_program *prog, const struct packet *packet,
		    __u32 verdict);

/**
 * packet_meet() - Let two CPUs run a program at the same moment, again and again.
 * @prog: a loaded XDP or TC program.
 * @packet: what both receive; each thread changes a copy of its own.
 * @change: makes it the packet of round @round, from 0 on; or NULL.
 * @rounds: how often the two meet.
 * @repeat: how many packets each then gives to the program.
 *
 * For what goes wrong only if two do it at once. Whether they really meet in one round is
 * luck; in a thousand they do, unless one thread emulates both processors. Fails the
 * running test if the kernel does not run the program.
 *
 * Return: false, and nothing was run, if there is only one CPU to run on.
 */
bool packet_meet(const struct bpf_program *prog, const struct packet *packet,
		 void (*change)(struct packet *packet, __u32 round),
		 __u32 rounds, __u32 repeat);

/**
 * packet_verdict_name() - Say a verdict in words.
 * @verdict: an enum xdp_action, or any other number.
 *
 * Return: its name, such as "XDP_PASS", or "77, which is no verdict", which is there
 * until the next call with such a number.
 */
const char *packet_verdict_name(__u32 verdict);

/**
 * packet_cost_note() - Remember what a test ran by other means than packet_run().
 * @prog: a loaded XDP or TC program.
 * @name: the packet's.
 * @frame: @len bytes.
 * @verdict: what the program said.
 *
 * Only for PACKET_COST, see packet_tests_run(); without it, it does nothing.
 */
void packet_cost_note(const struct bpf_program *prog, const char *name,
		      const __u8 *frame, __u32 len, __u32 verdict);

/**
 * packet_cost_ratio() - Compare what a packet costs in two XDP programs.
 * @prog: the program in question.
 * @packet: what it receives.
 * @enough: the ratio that nobody would complain about.
 *
 * The other one is the empty program, "return XDP_DROP", which is the floor: it
 * costs what BPF_PROG_TEST_RUN costs. The two run in turn, and the best run of
 * each counts: whatever else the machine does can only make a run longer. So on
 * a busy machine it goes on, for a minute at most, until it is @enough.
 *
 * Return: time of @prog divided by time of the empty program.
 */
double packet_cost_ratio(const struct bpf_program *prog,
			 const struct packet *packet, double enough);

/* What a packet costs, in nanoseconds of processor time. */
struct packet_cost {
	double full;  /* in the program */
	double empty; /* in the empty program, next to it */
};

/**
 * packet_cost() - Measure what a packet costs in a program, and in the empty one.
 * @prog_fd: a loaded program.
 * @type: BPF_PROG_TYPE_XDP or BPF_PROG_TYPE_SCHED_CLS.
 * @frame: what it receives, @len bytes.
 * @runs: how often.
 * @costs: room for @runs results.
 *
 * A run takes the program and then the empty one for 20 milliseconds or more, on the same
 * frame again and again, as the program left it. Time in which the processor did something
 * else is not in it. Where the program moves the frame's ends it would not be the same frame:
 * then each packet has a run of its own, by the kernel's figure. In both programs that is
 * about 35 nanoseconds more, and their difference is right to some nanoseconds. Fails the
 * running test if the kernel does not run the program.
 *
 * Return: true; or false, if each packet had a run of its own.
 */
bool packet_cost(int prog_fd, enum bpf_prog_type type, const __u8 *frame,
		 __u32 len, unsigned int runs, struct packet_cost *costs);

/**
 * packet_no_timing() - Say why times mean nothing on this machine.
 *
 * Return: the reason, or NULL where they do mean something.
 */
const char *packet_no_timing(void);

/**
 * packet_tests_run() - Run a table of packets, and report as TAP.
 * @skel: the loaded skeleton that is tested; NULL is a failure of its own.
 * @check: the test, called with *state pointing to its row.
 * @rows: first row; its first member is a struct packet, which names the test.
 * @row_size: bytes from row to row.
 * @count: how many rows.
 * @more: tests that are no packets, or NULL.
 * @more_count: how many.
 *
 * With PACKET_COST=FILE in the environment it then measures what packets cost in
 * the programs that packet_run() ran them in, as often as PACKET_COST_RUNS says, and
 * writes a line to FILE for each, with tabs in between: program, packet, bytes,
 * nanoseconds as the kernel gives them, and for each run nanoseconds, and those of
 * the empty program. Of each program it measures its first packet, the cheapest and
 * the dearest; with PACKET_COST_ALL=1, all. "-" stands for what was not measured, and
 * for a program that gives another verdict when it gets the same frame again and again.
 * "once", in place of the kernel's figure: packet_cost() gave each packet a run of its own.
 *
 * Return: exit status for main(): 0 all passed, 1 not so, 4 cannot run here.
 */
int packet_tests_run(const void *skel, CMUnitTestFunction check,
		     const void *rows, size_t row_size, size_t count,
		     const struct CMUnitTest *more, size_t more_count);

#endif /* PACKET_TEST_H */
