// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames for trafficgen: the same headers again and again, from one flow after the other,
 * out of one interface. And what the interface said to them.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define START_MAX    80 /* bytes: room for all headers, at most 14 + 4 + 40 + 20 */
#define CLOCK_FRAMES 64 /* the clock is read once for so many */
#define LOOPBACK     1	/* ifindex of lo, in every network namespace */

/* What does not change is constant before the program is loaded: the verifier then
 * removes what never runs.
 */
const volatile __u32 start_len; /* bytes that are written to each frame */
const volatile __u64 start[START_MAX / 8]; /* these; the fields below are 0 */
const volatile __u64 start_end;		   /* the last 8 of them */
const volatile __u32 at_source; /* where in it: the last 4 bytes of the address */
const volatile __u32 at_port;
const volatile __u32 at_check;	  /* the checksum of UDP, TCP or ICMP */
const volatile __u32 at_ip_check; /* 0: IPv6 has none */

/* Sums of what the checksums cover and does not change, in words of 16 bits. */
const volatile __u32 sum;
const volatile __u32 ip_sum;
const volatile bool sum_has_source; /* all but ICMP for IPv4 */
const volatile bool zero_is_none;   /* UDP: RFC 768 */

const volatile __u32 flows;
const volatile __u32 first_source; /* host byte order */
const volatile __u32 first_port;   /* host byte order */
const volatile __u32 ports;	   /* flows from each source address */

const volatile bool drop;
const volatile int out_ifindex;

__u32 flow, source, port; /* of the next frame, each counted from 0 */
__u64 made;		  /* frames */
__u32 underway;		  /* frames: redirected, and not heard of yet, */
__u32 cpu;		  /* on this processor */
__u32 run;		  /* frames of this run */
__u64 run_began;	  /* nanoseconds: its first frame, */
__u64 run_last; /* and the last one that was a multiple of CLOCK_FRAMES */
__u64 taken;	/* of them, by the interface */
int error;	/* the last reason for not taking one, negative */

/* The only field of the kernel's structure that is read. Where it is, BTF knows. */
struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

static __u16 checksum(__u32 words)
{
	words = (words & 0xffff) + (words >> 16);
	words += words >> 16;
	return ~words;
}

SEC("xdp")
int trafficgen(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__be32 saddr = bpf_htonl(first_source + source);
	__be16 sport = bpf_htons(first_port + port);
	__u32 from = (saddr & 0xffff) + (saddr >> 16);
	__u32 words = sum + sport;
	__u32 i, len = start_len;
	__u16 check;

	if (data + len > end)
		return XDP_ABORTED;

	/* All headers, each time. The memory was another frame before, and what its
	 * receiver changed is still there: the kernel does not write it anew. Behind
	 * them it would cost too much.
	 */
	for (i = 0; i < START_MAX / 8; i++)
		if ((i + 1) * 8 <= len)
			*(__u64 *)(data + i * 8) = start[i];
	if (len % 8)
		*(__u64 *)(data + len - 8) = start_end;

	*(__be32 *)(data + at_source) = saddr;
	*(__be16 *)(data + at_port) = sport;
	if (at_ip_check)
		*(__u16 *)(data + at_ip_check) = checksum(ip_sum + from);
	if (sum_has_source)
		words += from;
	check = checksum(words);
	if (zero_is_none && !check)
		check = 0xffff;
	*(__u16 *)(data + at_check) = check;

	if (flows > 1) {
		if (++port == ports) {
			port = 0;
			source++;
		}
		if (++flow == flows)
			flow = port = source = 0;
	}
	if (run % CLOCK_FRAMES == 0) {
		run_last = bpf_ktime_get_ns();
		if (!run)
			run_began = run_last;
	}
	run++;
	made++;
	if (drop)
		return XDP_DROP;
	underway++;
	cpu = bpf_get_smp_processor_id();
	return bpf_redirect(out_ifindex, 0);
}

/* Did this generator make it? The frames of BPF_PROG_TEST_RUN come from lo. The kernel
 * makes a batch and hands it over, and lets no other process do so on this processor
 * meanwhile (xdp_test_run_batch()). So if frames are underway, it can only be these.
 */
static bool is_ours(const struct net_device *from)
{
	return underway && from->ifindex == LOOPBACK &&
	       bpf_get_smp_processor_id() == cpu;
}

/* Frames were handed to an interface's driver, at most 16 at once. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(handed_over, const struct net_device *from,
	     const struct net_device *to, int sent, int drops, int err)
{
	if (!is_ours(from))
		return 0;
	underway -= sent + drops;
	taken += sent;
	if (drops)
		error = err ?: -ENOBUFS;
	return 0;
}

/* A frame did not get that far. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(refused, const struct net_device *from, const void *prog,
	     const void *to, int err)
{
	if (!is_ours(from))
		return 0;
	underway--;
	error = err;
	return 0;
}

char _license[] SEC("license") = "GPL";
