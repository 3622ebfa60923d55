// SPDX-License-Identifier: GPL-2.0-only
/* Packet tests: see packet_test.h. */
#include <err.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf.h>

#include "packet_test.h"

#define EXIT_SKIP 4 /* kselftest's "cannot run here" */

#define COST_RUNS_MIN 4
#define COST_RUNS     120
#define COST_RUN_NS   20000000
#define COST_REPEAT   1000000 /* packets, to learn how long one takes */

/* For PACKET_COST. */
#define COST_ROWS_MAX	512
#define COST_ROW_REPEAT 20000 /* packets, for the kernel's own figure */
#define COST_ONES	1000  /* packets, each in a run of its own */
#define COST_ONES_TURNS 20    /* how often that, of which the best counts */

#define MEET_SPINS 5000 /* looks for the other, before the CPU is left to it */

#define ARP_LEN	 28 /* bytes, IPv4 over Ethernet: RFC 826 */
#define TAG_LEN	 4  /* bytes, IEEE 802.1Q */
#define EXT_UNIT 8  /* bytes, RFC 8200, section 4 */
#define OPT_NOP	 1  /* IPv4 option of one byte: RFC 791, section 3.1 */

/* A frame that is being written. */
struct builder {
	__u8 *frame;
	__u32 len;
	__be16 *ethertype; /* which field names the next layer: this one, */
	__u8 *protocol;	   /* or this one */
};

/* The layer that comes now is number id. */
static void name_next(struct builder *b, __u16 id)
{
	if (b->ethertype)
		*b->ethertype = htons(id);
	else if (b->protocol)
		*b->protocol = id;
}

static void *append(struct builder *b, __u32 bytes)
{
	void *start = b->frame + b->len;

	if (b->len + bytes > FRAME_MAX)
		fail_msg("the frame is longer than %d bytes", FRAME_MAX);
	b->len += bytes;
	return start;
}

/* RFC 1071, over an IPv4 header. */
static __u16 checksum(const struct iphdr *ip)
{
	const __u16 *word = (const void *)ip;
	__u32 sum = 0;
	int i;

	for (i = 0; i < ip->ihl * 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void append_eth(struct builder *b, const struct layer *layer)
{
	static const __u8 dest[ETH_ALEN] = { 2, 0, 0, 0, 1, 1 };
	static const __u8 source[ETH_ALEN] = { 2, 0, 0, 0, 1, 2 };
	static const __u8 none[ETH_ALEN];
	struct ethhdr *eth = append(b, sizeof(*eth));

	*eth = layer->eth;
	if (!memcmp(eth->h_dest, none, ETH_ALEN))
		memcpy(eth->h_dest, dest, ETH_ALEN);
	if (!memcmp(eth->h_source, none, ETH_ALEN))
		memcpy(eth->h_source, source, ETH_ALEN);
	b->ethertype = (void *)eth + offsetof(struct ethhdr, h_proto);
}

static void append_vlan(struct builder *b, const struct layer *layer)
{
	__be16 *tag;

	name_next(b, layer->id);
	tag = append(b, TAG_LEN);
	tag[0] = htons(layer->arg);
	b->ethertype = &tag[1];
}

static void append_ip4(struct builder *b, const struct layer *layer)
{
	struct iphdr *ip;
	__u32 ihl = layer->ip4.ihl ?: 5;
	__u8 *options;

	name_next(b, ETH_P_IP);
	ip = append(b, sizeof(*ip));
	*ip = layer->ip4;
	ip->version = ip->version ?: 4;
	ip->ihl = ihl;
	ip->ttl = ip->ttl ?: 64;
	ip->saddr = ip->saddr ?: htonl(0x0a0b0102); /* 10.11.1.2 */
	ip->daddr = ip->daddr ?: htonl(0x0a0b0202); /* 10.11.2.2 */
	if (ihl > 5) {
		options = append(b, (ihl - 5) * 4);
		memset(options, OPT_NOP, (ihl - 5) * 4);
	}
	b->ethertype = NULL;
	b->protocol = &ip->protocol;
}

static void append_ip6(struct builder *b, const struct layer *layer)
{
	static const struct in6_addr none;
	struct ipv6hdr *ip6;

	name_next(b, ETH_P_IPV6);
	ip6 = append(b, sizeof(*ip6));
	*ip6 = layer->ip6;
	ip6->version = ip6->version ?: 6;
	ip6->hop_limit = ip6->hop_limit ?: 64;
	if (!memcmp(&ip6->saddr, &none, sizeof(none))) {
		ip6->saddr.s6_addr[0] = 0xfd; /* fd00::2 to fd00::1 */
		ip6->saddr.s6_addr[15] = 2;
	}
	if (!memcmp(&ip6->daddr, &none, sizeof(none))) {
		ip6->daddr.s6_addr[0] = 0xfd;
		ip6->daddr.s6_addr[15] = 1;
	}
	b->ethertype = NULL;
	b->protocol = &ip6->nexthdr;
}

static void append_ext(struct builder *b, const struct layer *layer)
{
	__u32 bytes = EXT_UNIT * (1 + layer->arg);
	__u8 *ext;

	name_next(b, layer->id);
	ext = append(b, bytes);
	memset(ext, 0, bytes);
	ext[1] = layer->arg;
	b->protocol = &ext[0];
}

static void append_frag6(struct builder *b, const struct layer *layer)
{
	__u8 *ext;

	name_next(b, layer->id);
	ext = append(b, EXT_UNIT);
	memset(ext, 0, EXT_UNIT);
	ext[2] = layer->arg >> 5;
	ext[3] = layer->arg << 3 | layer->arg2;
	b->protocol = &ext[0];
}

static void append_plain(struct builder *b, const struct layer *layer)
{
	struct tcphdr tcp = { .source = htons(layer->arg),
			      .dest = htons(layer->arg2),
			      .doff = sizeof(tcp) / 4 };
	struct udphdr udp = { .source = htons(layer->arg),
			      .dest = htons(layer->arg2),
			      .len = htons(sizeof(udp)) };
	struct icmphdr icmp = { .type = layer->arg };
	struct icmp6hdr icmp6 = { .icmp6_type = layer->arg };

	name_next(b, layer->id);
	switch (layer->kind) {
	case LAYER_ARP:
		memset(append(b, ARP_LEN), 0, ARP_LEN);
		break;
	case LAYER_TCP:
		memcpy(append(b, sizeof(tcp)), &tcp, sizeof(tcp));
		break;
	case LAYER_UDP:
		memcpy(append(b, sizeof(udp)), &udp, sizeof(udp));
		break;
	case LAYER_ICMP:
		memcpy(append(b, sizeof(icmp)), &icmp, sizeof(icmp));
		break;
	case LAYER_ICMP6:
		memcpy(append(b, sizeof(icmp6)), &icmp6, sizeof(icmp6));
		break;
	default:
		break;
	}
}

static void append_data(struct builder *b, const struct layer *layer)
{
	__u8 *data = append(b, layer->arg);
	__u32 i;

	for (i = 0; i < layer->arg; i++)
		data[i] = i;
}

static void append_layer(struct builder *b, const struct layer *layer)
{
	switch (layer->kind) {
	case LAYER_ETH:
		append_eth(b, layer);
		break;
	case LAYER_VLAN:
		append_vlan(b, layer);
		break;
	case LAYER_IP4:
		append_ip4(b, layer);
		break;
	case LAYER_IP6:
		append_ip6(b, layer);
		break;
	case LAYER_EXT:
		append_ext(b, layer);
		break;
	case LAYER_FRAG6:
		append_frag6(b, layer);
		break;
	case LAYER_DATA:
		append_data(b, layer);
		break;
	default:
		append_plain(b, layer);
		break;
	}
}

/* The lengths and the checksum that are known only at the end. */
static void finish(struct builder *b, const struct packet *packet)
{
	__u32 at[LAYERS_MAX], start = 0;
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	size_t i;

	for (i = 0; i < LAYERS_MAX; i++) {
		at[i] = start;
		if (packet->layers[i].kind == LAYER_ETH)
			start += sizeof(struct ethhdr);
		else if (packet->layers[i].kind == LAYER_VLAN)
			start += TAG_LEN;
	}
	for (i = 0; i < LAYERS_MAX; i++) {
		if (packet->layers[i].kind == LAYER_IP4) {
			ip = (void *)(b->frame + at[i]);
			ip->tot_len = ip->tot_len ?: htons(b->len - at[i]);
			ip->check = ip->check ?: checksum(ip);
		} else if (packet->layers[i].kind == LAYER_IP6) {
			ip6 = (void *)(b->frame + at[i]);
			ip6->payload_len =
				ip6->payload_len ?:
					htons(b->len - at[i] - sizeof(*ip6));
		}
	}
}

__u32 packet_build(const struct packet *packet, __u8 *frame)
{
	struct builder b = { .frame = frame };
	__u32 cut = 0;
	size_t i;

	for (i = 0; i < LAYERS_MAX && packet->layers[i].kind; i++) {
		if (packet->layers[i].kind == LAYER_CUT)
			cut = packet->layers[i].arg;
		else
			append_layer(&b, &packet->layers[i]);
	}
	finish(&b, packet);

	if (cut) {
		if (cut > b.len)
			fail_msg("cut at %u, but the frame has %u bytes", cut,
				 b.len);
		return cut;
	}
	if (b.len < FRAME_MIN)
		memset(append(&b, FRAME_MIN - b.len), 0, FRAME_MIN - b.len);
	return b.len;
}

/* What packet_run() ran, for PACKET_COST. */
static struct cost_row {
	const struct bpf_program *prog; /* may be gone; what is needed of it: */
	char *name;
	enum bpf_prog_type type;
	int fd;
	char *packet;
	__u8 *frame;
	__u32 len;
	__u32 verdict;
	__u32 each; /* nanoseconds, the kernel's figure; 0: cannot be repeated */
	bool once;  /* it is measured by packets in runs of their own */
	bool chosen;
} cost_rows[COST_ROWS_MAX];
static size_t nr_cost_rows;

void packet_cost_note(const struct bpf_program *prog, const char *packet,
		      const __u8 *frame, __u32 len, __u32 verdict)
{
	struct cost_row *row = &cost_rows[nr_cost_rows];
	size_t i;

	if (!getenv("PACKET_COST") || nr_cost_rows == COST_ROWS_MAX)
		return;
	/* The first of the programs of a name, in the state that it is set up in first. */
	for (i = 0; i < nr_cost_rows; i++)
		if (!strcmp(cost_rows[i].name, bpf_program__name(prog)) &&
		    (cost_rows[i].prog != prog ||
		     !strcmp(cost_rows[i].packet, packet)))
			return;
	*row = (struct cost_row){
		.prog = prog,
		.name = strdup(bpf_program__name(prog)),
		.type = bpf_program__type(prog),
		.fd = dup(bpf_program__fd(prog)),
		.packet = strdup(packet),
		.frame = malloc(len),
		.len = len,
		.verdict = verdict,
	};
	if (!row->name || row->fd < 0 || !row->packet || !row->frame)
		fail_msg("note %s: %s", packet, strerror(errno));
	memcpy(row->frame, frame, len);
	nr_cost_rows++;
}

void packet_run(const struct bpf_program *prog, const struct packet *packet,
		struct packet_result *result)
{
	__u8 frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = packet_build(packet, frame),
		    .data_out = result->frame,
		    .data_size_out = sizeof(result->frame), .repeat = 1);

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		fail_msg("run %s: %s", bpf_program__name(prog),
			 strerror(errno));
	result->verdict = opts.retval;
	result->len = opts.data_size_out;
	packet_cost_note(prog, packet->name, frame, opts.data_size_in,
			 opts.retval);
}

const char *packet_verdict_name(__u32 verdict)
{
	static const char *const names[] = { "XDP_ABORTED", "XDP_DROP",
					     "XDP_PASS", "XDP_TX",
					     "XDP_REDIRECT" };
	static char none[sizeof("4294967295, which is no verdict")];

	if (verdict < ARRAY_SIZE(names))
		return names[verdict];
	snprintf(none, sizeof(none), "%u, which is no verdict", verdict);
	return none;
}

void packet_verdict(const struct bpf_program *prog, const struct packet *packet,
		    __u32 verdict)
{
	struct packet_result result;

	packet_run(prog, packet, &result);
	if (result.verdict != verdict)
		fail_msg("%s: %s says %s, right is %s", packet->name,
			 bpf_program__name(prog),
			 packet_verdict_name(result.verdict),
			 packet_verdict_name(verdict));
}

/*
 * Nanoseconds of processor time that a run of so many packets takes, its start included.
 * In *each the kernel's own figure for one packet: whole nanoseconds.
 */
static double run_time(int prog_fd, const __u8 *frame, __u32 len, int repeat,
		       __u32 *each)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .repeat = repeat);
	struct timespec start, end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	if (bpf_prog_test_run_opts(prog_fd, &opts))
		fail_msg("run: %s", strerror(errno));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);

	if (each)
		*each = opts.duration ?: 1;
	return (end.tv_sec - start.tv_sec) * 1e9 + end.tv_nsec - start.tv_nsec;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* The floor: a program that does nothing. Returns its file descriptor. */
static int load_empty(enum bpf_prog_type type)
{
	const struct bpf_insn drop[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0,
		  .imm = type == BPF_PROG_TYPE_XDP ? XDP_DROP : TC_ACT_SHOT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(type, "empty", "GPL", drop, ARRAY_SIZE(drop),
			       NULL);

	if (fd < 0)
		fail_msg("load the empty program: %s", strerror(errno));
	return fd;
}

double packet_cost_ratio(const struct bpf_program *prog,
			 const struct packet *packet, double enough)
{
	double start = INFINITY, empty = INFINITY, full = INFINITY;
	int empty_fd, i, prog_fd = bpf_program__fd(prog);
	__u8 frame[FRAME_MAX];
	__u32 each, repeat, len = packet_build(packet, frame);

	empty_fd = load_empty(BPF_PROG_TYPE_XDP);

	/* The kernel's figure is too coarse for a ratio. Ours holds the start of
	 * a run too, which is what a run of two packets takes.
	 */
	run_time(empty_fd, frame, len, COST_REPEAT, &each);
	repeat = COST_RUN_NS / each;
	for (i = 0; i < COST_RUNS; i++) {
		start = smaller(start, run_time(empty_fd, frame, len, 2, NULL));
		empty = smaller(empty,
				run_time(empty_fd, frame, len, repeat, NULL));
		full = smaller(full,
			       run_time(prog_fd, frame, len, repeat, NULL));
		if (i >= COST_RUNS_MIN &&
		    full - start <= enough * (empty - start))
			break;
	}
	close(empty_fd);
	return (full - start) / (empty - start);
}

/*
 * Run one packet, then those of *many. In such a run each packet is the same frame, as the
 * program left it. One that moves the frame's ends, by bpf_xdp_adjust_head(), _meta() or
 * _tail(), gets another frame each time, and none has room for ever. Returns 1 if it does
 * not move them, 0 if it does, or -errno.
 */
static int keeps_ends(int prog_fd, struct bpf_test_run_opts *many)
{
	struct bpf_test_run_opts one = *many;

	one.repeat = 1;
	if (bpf_prog_test_run_opts(prog_fd, &one) ||
	    bpf_prog_test_run_opts(prog_fd, many))
		return -errno;
	return one.data_size_out == one.data_size_in &&
	       many->data_size_out == many->data_size_in;
}

/* The kernel's figure, unless the program does not take the same frame again. */
static void cost_each(struct cost_row *row)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = row->frame,
		    .data_size_in = row->len, .repeat = COST_ROW_REPEAT);
	int keeps = keeps_ends(row->fd, &opts);

	row->once = !keeps;
	if (keeps > 0 && opts.retval == row->verdict)
		row->each = opts.duration ?: 1;
}

/* The one that costs least, or most, of those that @first's program was run with. */
static struct cost_row *cost_extreme(struct cost_row *first, bool most)
{
	struct cost_row *row, *extreme = first;

	for (row = first; row < cost_rows + nr_cost_rows; row++)
		if (row->prog == first->prog && row->each &&
		    (most ? row->each > extreme->each :
			    row->each < extreme->each))
			extreme = row;
	return extreme;
}

/*
 * Of each program the first packet, the cheapest and the dearest; or all. Those that are
 * measured once have no figure that could be compared: all of them.
 */
static void cost_choose(void)
{
	struct cost_row *row, *before, *end = cost_rows + nr_cost_rows;
	bool first;

	for (row = cost_rows; row < end; row++)
		cost_each(row);
	for (row = cost_rows; row < end; row++) {
		first = row->each;
		for (before = cost_rows; before < row; before++)
			first = first &&
				!(before->prog == row->prog && before->each);
		if (first) {
			row->chosen = true;
			cost_extreme(row, false)->chosen = true;
			cost_extreme(row, true)->chosen = true;
		} else if (row->once ||
			   (row->each && getenv("PACKET_COST_ALL"))) {
			row->chosen = true;
		}
	}
}

/* Nanoseconds a packet in runs of one. The kernel's two looks at its clock are in them. */
static double ones_time(int prog_fd, const __u8 *frame, __u32 len)
{
	double sum = 0;
	__u32 each;
	int i;

	for (i = 0; i < COST_ONES; i++) {
		run_time(prog_fd, frame, len, 1, &each);
		sum += each;
	}
	return sum / COST_ONES;
}

static void cost_once(int prog_fd, int empty, const __u8 *frame, __u32 len,
		      struct packet_cost *cost)
{
	int i;

	cost->full = INFINITY;
	cost->empty = INFINITY;
	for (i = 0; i < COST_ONES_TURNS; i++) {
		cost->full =
			smaller(cost->full, ones_time(prog_fd, frame, len));
		cost->empty =
			smaller(cost->empty, ones_time(empty, frame, len));
	}
}

/* How many packets, which take @each nanoseconds, fill a run. */
static __u32 cost_repeat(__u32 each)
{
	return each < COST_RUN_NS ? COST_RUN_NS / each : 1;
}

bool packet_cost(int prog_fd, enum bpf_prog_type type, const __u8 *frame,
		 __u32 len, unsigned int runs, struct packet_cost *costs)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .repeat = COST_ROW_REPEAT);
	int empty = load_empty(type), many = keeps_ends(prog_fd, &opts);
	__u32 each, empty_repeat, repeat = cost_repeat(opts.duration ?: 1);
	double start = INFINITY;
	unsigned int i;

	if (many < 0)
		fail_msg("run: %s", strerror(-many));
	for (i = 0; i < runs && !many; i++)
		cost_once(prog_fd, empty, frame, len, &costs[i]);
	if (!many)
		goto out;
	/* A slow program's repeat would be too short for the empty one. */
	run_time(empty, frame, len, COST_ROW_REPEAT, &each);
	empty_repeat = cost_repeat(each);
	for (i = 0; i < runs; i++) {
		start = smaller(start, run_time(empty, frame, len, 2, NULL));
		costs[i].full = run_time(prog_fd, frame, len, repeat, NULL);
		costs[i].empty =
			run_time(empty, frame, len, empty_repeat, NULL);
	}
	for (i = 0; i < runs; i++) {
		costs[i].full = (costs[i].full - start) / repeat;
		costs[i].empty = (costs[i].empty - start) / empty_repeat;
	}
out:
	close(empty);
	return many;
}

/* A line of the file PACKET_COST. */
static void cost_report(FILE *out, const struct cost_row *row,
			unsigned int runs)
{
	struct packet_cost costs[runs];
	unsigned int i;

	fprintf(out, "%s\t%s\t%u\t", row->name, row->packet, row->len);
	if (row->each)
		fprintf(out, "%u", row->each);
	else
		fprintf(out, row->once ? "once" : "-");
	if (!row->chosen) {
		fprintf(out, "\t-\t-\n");
		return;
	}
	packet_cost(row->fd, row->type, row->frame, row->len, runs, costs);
	for (i = 0; i < runs; i++)
		fprintf(out, "\t%.2f\t%.2f", costs[i].full, costs[i].empty);
	fprintf(out, "\n");
}

static void cost_report_all(const char *path)
{
	unsigned int runs = atoi(getenv("PACKET_COST_RUNS") ?: "5");
	FILE *out = fopen(path, "w");
	size_t i;

	if (!out)
		err(EXIT_FAILURE, "write %s", path);
	cost_choose();
	for (i = 0; i < nr_cost_rows; i++)
		cost_report(out, &cost_rows[i], runs);
	if (fclose(out))
		err(EXIT_FAILURE, "write %s", path);
}

/* One of two threads that meet. */
struct meeting {
	pthread_t thread;
	cpu_set_t cpu;
	struct packet packet;
	void (*change)(struct packet *packet, __u32 round);
	volatile __u32 *arrived; /* how often one of the two came */
	__u32 rounds;
	__u32 repeat;
	int prog_fd;
	int error; /* errno, if it could not run the program */
};

static void *meet(void *arg)
{
	struct meeting *meeting = arg;
	__u8 frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .repeat = meeting->repeat);
	__u32 i, spins;

	sched_setaffinity(0, sizeof(meeting->cpu), &meeting->cpu);
	for (i = 0; i < meeting->rounds; i++) {
		if (meeting->change)
			meeting->change(&meeting->packet, i);
		opts.data_size_in = packet_build(&meeting->packet, frame);
		__sync_fetch_and_add(meeting->arrived, 1);
		/* Whoever sleeps comes too late, but the other may need this CPU. */
		for (spins = 0; *meeting->arrived < 2 * (i + 1); spins++)
			if (spins >= MEET_SPINS)
				usleep(1);
		/* After an error too it goes on: the other waits for it. */
		if (bpf_prog_test_run_opts(meeting->prog_fd, &opts))
			meeting->error = errno;
	}
	return NULL;
}

bool packet_meet(const struct bpf_program *prog, const struct packet *packet,
		 void (*change)(struct packet *packet, __u32 round),
		 __u32 rounds, __u32 repeat)
{
	volatile __u32 arrived = 0;
	struct meeting meetings[2];
	int cpu, found = 0, i;
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	for (cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		meetings[found] = (struct meeting){
			.packet = *packet,
			.change = change,
			.arrived = &arrived,
			.rounds = rounds,
			.repeat = repeat,
			.prog_fd = bpf_program__fd(prog),
		};
		CPU_SET(cpu, &meetings[found++].cpu);
	}
	if (found < 2)
		return false;

	/* A second thread that cannot be started would be waited for by the first. */
	for (i = 0; i < 2; i++)
		if (pthread_create(&meetings[i].thread, NULL, meet,
				   &meetings[i]))
			err(EXIT_FAILURE, "start a thread");
	for (i = 0; i < 2; i++)
		pthread_join(meetings[i].thread, NULL);
	for (i = 0; i < 2; i++)
		if (meetings[i].error)
			fail_msg("run %s: %s", bpf_program__name(prog),
				 strerror(meetings[i].error));
	return true;
}

/* Does a file below /proc contain this text? */
static bool file_says(const char *path, const char *text)
{
	char line[1024];
	bool found = false;
	FILE *file = fopen(path, "r");

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

const char *packet_no_timing(void)
{
	if (file_says("/proc/cpuinfo", "QEMU TCG"))
		return "the processor is emulated";
	if (file_says("/proc/sys/net/core/bpf_jit_enable", "0"))
		return "the JIT compiler is off: sysctl net.core.bpf_jit_enable=1";
	return NULL;
}

int packet_tests_run(const void *skel, CMUnitTestFunction check,
		     const void *rows, size_t row_size, size_t count,
		     const struct CMUnitTest *more, size_t more_count)
{
	struct CMUnitTest tests[count + more_count];
	const struct packet *packet;
	size_t i;

	if (geteuid()) {
		printf("1..0 # SKIP needs root\n");
		return EXIT_SKIP;
	}
	if (!skel) {
		printf("not ok 1 - load the programs\n1..1\n");
		return EXIT_FAILURE;
	}

	for (i = 0; i < count; i++) {
		packet = rows + i * row_size;
		tests[i] = (struct CMUnitTest){
			.name = packet->name,
			.test_func = check,
			.initial_state = (void *)packet,
		};
	}
	for (i = 0; i < more_count; i++)
		tests[count + i] = more[i];

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (_cmocka_run_group_tests("packets", tests, count + more_count, NULL,
				    NULL))
		return EXIT_FAILURE;
	if (getenv("PACKET_COST"))
		cost_report_all(getenv("PACKET_COST"));
	return EXIT_SUCCESS;
}
