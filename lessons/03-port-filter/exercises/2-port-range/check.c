// SPDX-License-Identifier: GPL-2.0-only
/* The kernel side: ports of the range are dropped, its ends included. */
#include "exercise.h"

/* The answer's struct port_range, which its page fixes. */
struct port_range {
	__u16 first; /* host byte order */
	__u16 last;
};

/* What prepare() sets. The cases run with this. */
static struct port_range range = { 8000, 8999 };

static const struct exercise_case cases[] = {
	{ { "TCP to port 7999 passes", { ETH(), IP4(), TCP(1024, 7999) } },
	  XDP_PASS },
	{ { "TCP to port 8000 is dropped", { ETH(), IP4(), TCP(1024, 8000) } },
	  XDP_DROP },
	{ { "TCP to port 8001 is dropped", { ETH(), IP4(), TCP(1024, 8001) } },
	  XDP_DROP },
	{ { "TCP to port 8500 is dropped", { ETH(), IP4(), TCP(1024, 8500) } },
	  XDP_DROP },
	{ { "TCP to port 8999 is dropped", { ETH(), IP4(), TCP(1024, 8999) } },
	  XDP_DROP },
	{ { "TCP to port 9000 passes", { ETH(), IP4(), TCP(1024, 9000) } },
	  XDP_PASS },
	{ { "TCP from port 7999 passes", { ETH(), IP4(), TCP(7999, 1024) } },
	  XDP_PASS },
	{ { "TCP from port 8000 is dropped",
	    { ETH(), IP4(), TCP(8000, 1024) } },
	  XDP_DROP },
	{ { "TCP from port 8999 is dropped",
	    { ETH(), IP4(), TCP(8999, 1024) } },
	  XDP_DROP },
	{ { "TCP from port 9000 passes", { ETH(), IP4(), TCP(9000, 1024) } },
	  XDP_PASS },
	{ { "TCP from a port below to a port above passes",
	    { ETH(), IP4(), TCP(7500, 9500) } },
	  XDP_PASS },
	{ { "TCP from a port above to a port below passes",
	    { ETH(), IP4(), TCP(9500, 7500) } },
	  XDP_PASS },
	{ { "TCP to port 16415, 8000 in the wrong byte order, passes",
	    { ETH(), IP4(), TCP(1024, 16415) } },
	  XDP_PASS },
	{ { "TCP over IPv6 to port 7999 passes",
	    { ETH(), IP6(), TCP(1024, 7999) } },
	  XDP_PASS },
	{ { "TCP over IPv6 to port 8000 is dropped",
	    { ETH(), IP6(), TCP(1024, 8000) } },
	  XDP_DROP },
	{ { "TCP over IPv6 from port 8999 is dropped",
	    { ETH(), IP6(), TCP(8999, 1024) } },
	  XDP_DROP },
	{ { "TCP over IPv6 from port 9000 passes",
	    { ETH(), IP6(), TCP(9000, 1024) } },
	  XDP_PASS },
	{ { "UDP to port 8500 passes", { ETH(), IP4(), UDP(1024, 8500) } },
	  XDP_PASS },
	{ { "UDP over IPv6 to port 8500 passes",
	    { ETH(), IP6(), UDP(1024, 8500) } },
	  XDP_PASS },
	{ { "a ping passes", { ETH(), IP4(), ICMP(8) } }, XDP_PASS },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },
	{ { "TCP to port 8500 behind IPv4 options is dropped",
	    { ETH(), IP4(.ihl = 15), TCP(1024, 8500) } },
	  XDP_DROP },
	{ { "a later fragment passes, even if its data look like port 8500",
	    { ETH(), IP4(.frag_off = bpf_htons(185)), TCP(1024, 8500) } },
	  XDP_PASS },
	{ { "cut in the destination port, it passes",
	    { ETH(), IP4(), TCP(8500, 8500), CUT(14 + 20 + 3) } },
	  XDP_PASS },
};

static void prepare(struct bpf_object *obj)
{
	exercise_rodata(obj, "range", &range, sizeof(range));
}

/* Ask the answer, loaded with another range, about TCP to a port. */
static void expect(__u16 first, __u16 last, __u16 port, __u32 verdict)
{
	struct packet packet = { "TCP", { ETH(), IP4(), TCP(49152, port) } };
	struct packet_result result;
	struct bpf_object *obj;

	range = (struct port_range){ first, last };
	obj = exercise_load();
	packet_run(exercise_program(obj, "xdp_port_range"), &packet, &result);
	bpf_object__close(obj);
	if (result.verdict != verdict)
		fail_msg("range %u to %u: TCP to port %u gets %s, right is %s",
			 first, last, port, packet_verdict_name(result.verdict),
			 packet_verdict_name(verdict));
}

static void one_port(void **state)
{
	(void)state;
	expect(80, 80, 79, XDP_PASS);
	expect(80, 80, 80, XDP_DROP);
	expect(80, 80, 81, XDP_PASS);
}

static void upper_half(void **state)
{
	(void)state;
	expect(30000, 40000, 29999, XDP_PASS);
	expect(30000, 40000, 32768, XDP_DROP);
	expect(30000, 40000, 40000, XDP_DROP);
	expect(30000, 40000, 40001, XDP_PASS);
}

static void whole_range(void **state)
{
	(void)state;
	expect(0, 65535, 0, XDP_DROP);
	expect(0, 65535, 8500, XDP_DROP);
	expect(0, 65535, 65535, XDP_DROP);
	expect(0, 0, 1, XDP_PASS);
	expect(65535, 65535, 65534, XDP_PASS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "a range of one port", one_port, NULL, NULL, NULL },
		{ "a range of ports above 32767", upper_half, NULL, NULL,
		  NULL },
		{ "all ports, the first and the last one", whole_range, NULL,
		  NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "xdp_port_range_kern.o",
		.program = "xdp_port_range",
		.prepare = prepare,
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	return exercise_main(argc, argv, &exercise);
}
