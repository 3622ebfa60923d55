// SPDX-License-Identifier: GPL-2.0-only
/* Packet tests: see packet_test.h. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf.h>

#include "packet_test.h"

#define EXIT_SKIP 4 /* kselftest's "cannot run here" */

#define COST_RUNS_MIN 4
#define COST_RUNS     120
#define COST_RUN_NS   100000000
#define COST_REPEAT   1000000 /* packets, to learn how long one takes */

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
}

const char *packet_verdict_name(__u32 verdict)
{
	static const char *const names[] = { "XDP_ABORTED", "XDP_DROP",
					     "XDP_PASS", "XDP_TX",
					     "XDP_REDIRECT" };

	return verdict < ARRAY_SIZE(names) ? names[verdict] : "no verdict";
}

void packet_verdict(const struct bpf_program *prog, const struct packet *packet,
		    __u32 verdict)
{
	struct packet_result result;

	packet_run(prog, packet, &result);
	if (result.verdict != verdict)
		fail_msg("%s: %s says %s (%u), right is %s", packet->name,
			 bpf_program__name(prog),
			 packet_verdict_name(result.verdict), result.verdict,
			 packet_verdict_name(verdict));
}

/*
 * Nanoseconds that a run of so many packets takes, its start included. In *each
 * the kernel's own figure for one packet: whole nanoseconds.
 */
static double run_time(int prog_fd, const __u8 *frame, __u32 len, int repeat,
		       __u32 *each)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .repeat = repeat);
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (bpf_prog_test_run_opts(prog_fd, &opts))
		fail_msg("run: %s", strerror(errno));
	clock_gettime(CLOCK_MONOTONIC, &end);

	if (each)
		*each = opts.duration ?: 1;
	return (end.tv_sec - start.tv_sec) * 1e9 + end.tv_nsec - start.tv_nsec;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

double packet_cost_ratio(const struct bpf_program *prog,
			 const struct packet *packet, double enough)
{
	const struct bpf_insn drop[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0,
		  .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	double start = INFINITY, empty = INFINITY, full = INFINITY;
	int empty_fd, i, prog_fd = bpf_program__fd(prog);
	__u8 frame[FRAME_MAX];
	__u32 each, repeat, len = packet_build(packet, frame);

	empty_fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", drop,
				 ARRAY_SIZE(drop), NULL);
	if (empty_fd < 0)
		fail_msg("load the empty program: %s", strerror(errno));

	/* The kernel's figure is too coarse for a ratio. Ours holds the start of
	 * a run too, which waits for RCU: what a run of two packets takes. That
	 * wait ends with a clock tick, so a run has to be many ticks long.
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
	return _cmocka_run_group_tests("packets", tests, count + more_count,
				       NULL, NULL) ?
		       EXIT_FAILURE :
		       EXIT_SUCCESS;
}
