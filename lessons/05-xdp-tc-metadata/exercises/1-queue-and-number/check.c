// SPDX-License-Identifier: GPL-2.0-only
/*
 * In front of each packet XDP writes the queue and a number that no other packet
 * has. What TC makes of that takes an interface: see check.bats.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <bpf/bpf.h>

#include "exercise.h"

#define EXIT_CANNOT_RUN 4
#define QUEUES		4
#define PACKETS		5
#define PRINTED		4711 /* no verdict of TC */

struct meta {
	__u32 queue;
	__u32 number;
};

static const struct exercise_case cases[] = {
	{ { "a ping passes", { ETH(), IP4(), ICMP(8) } }, XDP_PASS },
	{ { "TCP over IPv6 passes", { ETH(), IP6(), TCP(1024, 80) } },
	  XDP_PASS },
	{ { "ARP passes", { ETH(), ARP() } }, XDP_PASS },
	{ { "a bare Ethernet header passes", { ETH(), CUT(14) } }, XDP_PASS },
};

/* Run it, and look in front of the packet. */
static void read_meta(const struct bpf_object *obj, const struct packet *packet,
		      struct meta *meta)
{
	struct packet_result result;
	__u8 frame[FRAME_MAX];
	__u32 len = packet_build(packet, frame);

	/* What the kernel hands back begins with the metadata. */
	packet_run(exercise_program(obj, "xdp_write_meta"), packet, &result);
	if (result.len - len != sizeof(*meta))
		fail_msg("%d bytes are in front of the packet, right are %zu",
			 (int)(result.len - len), sizeof(*meta));
	if (memcmp(result.frame + sizeof(*meta), frame, len))
		fail_msg("the packet itself was changed");
	memcpy(meta, result.frame, sizeof(*meta));
}

static void has_meta(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct meta meta;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		read_meta(obj, &cases[i].packet, &meta);
	bpf_object__close(obj);
}

static void counts_up(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct meta meta;
	__u32 i;

	(void)state;
	for (i = 0; i < PACKETS; i++) {
		read_meta(obj, &cases[i % ARRAY_SIZE(cases)].packet, &meta);
		if (meta.number != i + 1)
			fail_msg("packet %u has number %u, and queue %u", i + 1,
				 meta.number, meta.queue);
	}
	bpf_object__close(obj);
}

/* An interface with QUEUES receive queues, in a network namespace of our own. With
 * an XDP program attached, its queues are known to XDP. Returns its number.
 */
static int make_queues(const struct bpf_program *prog)
{
	char command[200];
	int ifindex;

	snprintf(command, sizeof(command),
		 "ip link add q0 numrxqueues %d type veth peer name q1 &&"
		 " ip link set q0 up && ip link set q1 up",
		 QUEUES);
	if (unshare(CLONE_NEWNET) || system(command))
		return -1;
	ifindex = if_nametoindex("q0");
	return bpf_xdp_attach(ifindex, bpf_program__fd(prog),
			      XDP_FLAGS_DRV_MODE, NULL) ?
		       -1 :
		       ifindex;
}

static void knows_queue(void **state)
{
	struct bpf_object *obj = exercise_load();
	const struct bpf_program *prog =
		exercise_program(obj, "xdp_write_meta");
	__u8 frame[FRAME_MAX], out[FRAME_MAX];
	__u32 len = packet_build(&cases[0].packet, frame);
	struct xdp_md ctx = { .data_end = len };
	struct meta *meta = (void *)out;
	int ifindex = make_queues(prog);
	__u32 queue;

	(void)state;
	if (ifindex < 0) {
		fprintf(stderr, "cannot make an interface with %d queues\n",
			QUEUES);
		exit(EXIT_CANNOT_RUN);
	}
	ctx.ingress_ifindex = ifindex;
	for (queue = 0; queue < QUEUES; queue++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
			    .data_size_in = len, .data_out = out,
			    .data_size_out = sizeof(out), .ctx_in = &ctx,
			    .ctx_size_in = sizeof(ctx), .repeat = 1);

		ctx.rx_queue_index = queue;
		if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
			fail_msg("run at queue %u: %s", queue, strerror(errno));
		if (meta->queue != queue)
			fail_msg("a packet came by queue %u, written is %u",
				 queue, meta->queue);
	}
	bpf_object__close(obj);
}

/*
 * Two processors that count at the same time take the same number only now and
 * then. So this looks for the one operation by which they never do.
 */
static void is_atomic(void **state)
{
	struct bpf_object *obj = exercise_load();
	const struct bpf_program *prog =
		exercise_program(obj, "xdp_write_meta");
	const struct bpf_insn *insn = bpf_program__insns(prog);
	size_t count = bpf_program__insn_cnt(prog), i;
	bool fetch = false;

	(void)state;
	for (i = 0; i < count; i++)
		fetch = fetch || (BPF_CLASS(insn[i].code) == BPF_STX &&
				  BPF_MODE(insn[i].code) == BPF_ATOMIC &&
				  insn[i].imm & BPF_FETCH);
	if (!fetch)
		fail_msg(
			"no atomic addition gives the program its number: packets on two processors may get the same");
	bpf_object__close(obj);
}

static void tc_leaves_alone(void **state)
{
	struct bpf_object *obj = exercise_load();
	struct packet_result result;

	(void)state;
	packet_run(exercise_program(obj, "tc_read_meta"), &cases[0].packet,
		   &result);
	if ((int)result.verdict != TC_ACT_UNSPEC)
		fail_msg("its verdict is %d, right is TC_ACT_UNSPEC (%d)",
			 (int)result.verdict, TC_ACT_UNSPEC);
	bpf_object__close(obj);
}

static bool is_print(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       (insn->imm == BPF_FUNC_trace_printk ||
		insn->imm == BPF_FUNC_trace_vprintk);
}

/*
 * The trace is the whole machine's: lines there cannot be told from those of others. So
 * this is the answer with its calls that print changed: there it ends, and its verdict is
 * PRINTED. Returns -1 if it cannot be changed so, as it prints in a function of its own.
 */
static int load_print_ends(const struct bpf_program *prog)
{
	const struct bpf_insn end[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = PRINTED },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	size_t count = bpf_program__insn_cnt(prog), i;
	struct bpf_insn insns[count + ARRAY_SIZE(end)];

	memcpy(insns, bpf_program__insns(prog), count * sizeof(*insns));
	memcpy(insns + count, end, sizeof(end));
	for (i = 0; i < count; i++)
		/* Its second argument is the size of the format, which is not 0. Without
		 * a condition, what follows would be code that is never reached.
		 */
		if (is_print(&insns[i]))
			insns[i] = (struct bpf_insn){
				.code = BPF_JMP | BPF_JNE | BPF_K,
				.dst_reg = BPF_REG_2,
				.off = count - i - 1,
			};
	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "print_ends", "GPL",
			     insns, ARRAY_SIZE(insns), NULL);
}

static void prints_nothing(void **state)
{
	struct bpf_object *obj = exercise_load();
	int fd = load_print_ends(exercise_program(obj, "tc_read_meta"));
	__u8 frame[FRAME_MAX];
	size_t i;

	(void)state;
	for (i = 0; fd >= 0 && i < ARRAY_SIZE(cases); i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
			    .data_size_in =
				    packet_build(&cases[i].packet, frame),
			    .repeat = 1);

		if (bpf_prog_test_run_opts(fd, &opts))
			fail_msg("run: %s", strerror(errno));
		if (opts.retval == PRINTED)
			fail_msg(
				"a packet came without metadata, and it prints a line");
	}
	if (fd >= 0)
		close(fd);
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		{ "8 bytes of metadata are in front of the packet", has_meta,
		  NULL, NULL, NULL },
		{ "numbers count up from 1", counts_up, NULL, NULL, NULL },
		{ "no two packets have the same number", is_atomic, NULL, NULL,
		  NULL },
		{ "the queue is the one that the packet came by", knows_queue,
		  NULL, NULL, NULL },
		{ "TC leaves a packet without metadata alone", tc_leaves_alone,
		  NULL, NULL, NULL },
		{ "TC prints nothing where there is no metadata",
		  prints_nothing, NULL, NULL, NULL },
	};
	const struct exercise exercise = {
		.object = "queue_meta_kern.o",
		.program = "xdp_write_meta",
		.cases = cases,
		.nr_cases = ARRAY_SIZE(cases),
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	return exercise_main(argc, argv, &exercise);
}
