// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP writes the mark in front of the frame, and leaves the frame as it is. TC
 * leaves the socket buffer alone where nothing stands in front; that it reads
 * what XDP wrote is shown by the page, for it takes an interface.
 */
#include <errno.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>

#include "packet_test.h"
#include "xdp2skb_meta.h"
#include "xdp2skb_meta_kern.skel.h"
#include "xdp_not_gpl_kern.skel.h"

#define MARK 0x12345678

static struct xdp2skb_meta_kern *skel;

static const struct packet packets[] = {
	{ "TCP over IPv4", { ETH(), IP4(), TCP(1, 2) } },
	{ "UDP over IPv6", { ETH(), IP6(), UDP(1, 2) } },
	{ "ARP", { ETH(), ARP() } },
	{ "behind two VLAN tags",
	  { ETH(), VLAN_AD(1), VLAN(2), IP4(), ICMP(8) } },
	{ "nothing but an Ethernet header", { ETH(), CUT(14) } },
	{ "1514 bytes", { ETH(), IP4(), UDP(1, 2), DATA(1472) } },
};

static void is_marked(void **state)
{
	const struct packet *packet = *state;
	struct packet_result result;
	struct meta *meta = (void *)result.frame;
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(packet, frame);

	/* What the kernel hands back begins with the metadata. */
	packet_run(skel->progs.xdp_write_mark, packet, &result);
	assert_int_equal(result.verdict, XDP_PASS);
	assert_int_equal(result.len, sizeof(*meta) + len);
	assert_int_equal(meta->mark, MARK);
	assert_memory_equal(meta + 1, frame, len);
}

static void tc_without_xdp(void **state)
{
	static const struct packet packet = { "TCP, no mark",
					      { ETH(), IP4(), TCP(1, 2) } };
	struct __sk_buff before = { .mark = 7 }, after = {};
	__u8 frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = packet_build(&packet, frame),
		    .ctx_in = &before, .ctx_size_in = sizeof(before),
		    .ctx_out = &after, .ctx_size_out = sizeof(after),
		    .repeat = 1);
	int prog_fd;

	(void)state;
	prog_fd = bpf_program__fd(skel->progs.tc_read_mark);
	assert_int_equal(bpf_prog_test_run_opts(prog_fd, &opts), 0);
	assert_int_equal((int)opts.retval, TC_ACT_UNSPEC);
	assert_int_equal(after.mark, 7);
	packet_cost_note(skel->progs.tc_read_mark, packet.name, frame,
			 opts.data_size_in, opts.retval);
}

static int no_print(enum libbpf_print_level level, const char *format,
		    va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* The kernel insists on the licence. */
static void printk_without_gpl(void **state)
{
	struct xdp_not_gpl_kern *not_gpl;
	libbpf_print_fn_t print;

	(void)state;
	print = libbpf_set_print(no_print);
	not_gpl = xdp_not_gpl_kern__open_and_load();
	libbpf_set_print(print);

	assert_null(not_gpl);
	assert_int_equal(errno, EINVAL);
}

int main(void)
{
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(tc_without_xdp),
		cmocka_unit_test(printk_without_gpl),
	};
	int status;

	skel = xdp2skb_meta_kern__open();
	if (skel) {
		skel->rodata->mark = MARK;
		if (xdp2skb_meta_kern__load(skel)) {
			xdp2skb_meta_kern__destroy(skel);
			skel = NULL;
		}
	}
	status = packet_tests_run(skel, is_marked, packets, sizeof(packets[0]),
				  ARRAY_SIZE(packets), more, ARRAY_SIZE(more));
	xdp2skb_meta_kern__destroy(skel);
	return status;
}
