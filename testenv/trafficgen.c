// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send frames out of an interface, as fast as one processor can: the kernel makes XDP
 * frames (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18), and a program writes and redirects
 * each. No socket and no socket buffer is in the way.
 *
 * Exit status: 0 done, also when ended by ^C, 1 failed or not all were taken, 2 wrong
 * usage, 4 cannot run here.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h> /* before <linux/icmp.h>, which has parts of it */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <bpf/bpf.h>

#include "trafficgen_kern.skel.h"
#include "xdp_user.h"

#define EXIT_CANNOT 4 /* the word of kselftest */

#define NUMBER_MAX 4294967295 /* of COUNT and RATE */
#define FRAME_MIN  60	      /* bytes, without FCS */
#define FRAME_MAX  1514
#define BATCH_MAX  256 /* TEST_XDP_MAX_BATCH in net/bpf/test_run.c */
#define FLOWS_MAX  1000000
#define PORTS	   50000 /* flows from each source address */
#define PORT_MAX   65535
#define VLAN_MAX   4094 /* 4095 is reserved: IEEE 802.1Q */
#define TTL	   64
#define IP_DF	   0x4000 /* do not fragment: RFC 791 */

#define CLOCK_FRAMES 64 /* the program reads the clock once for so many */

#define RUN_MAX	 1000000000 /* frames; bpf_test_run_opts.repeat is an int */
#define RUN_TIME 200000	    /* microseconds: then it is interrupted */
#define PACE	 0.001	    /* seconds from run to run where there is a rate */
#define SINGLE_RATE \
	20000 /* frames a second: up to here each frame has a run of its own */
#define REFUSED_MAX \
	100 /* runs: then a queue is not full, but nobody empties it */

static const char usage[] =
	"Usage: trafficgen [OPTIONS] IFACE\n"
	"Send frames out of IFACE as fast as one CPU can. The other end of a veth takes\n"
	"them if it has an XDP program, or GRO on.\n"
	"\n"
	"  -n  COUNT of frames, 1 to 4294967295 (default 1000000)\n"
	"  -r  RATE, frames a second (default: as fast as one CPU can). Above 20000 they\n"
	"      come in bursts of some tens of milliseconds\n"
	"  -s  SIZE, bytes without FCS, 60 to 1514 (default 60, or what the headers need)\n"
	"  -b  BATCH, frames handed over at once, 1 to 256 (default 64: the queue of a\n"
	"      veth holds 256, and may not be empty yet)\n"
	"  -f  FLOWS, 1 to 1000000 (default 1): source ports count up, 50000 of them or\n"
	"      up to 65535, then the same ports of the next source address\n"
	"  -t  PROTO: udp, tcp (SYN) or icmp (echo request; its identifier is the source\n"
	"      port) (default udp)\n"
	"  -6  IPv6 instead of IPv4\n"
	"  -a  source ADDR (default: of client in the lab, 10.11.1.2 or fd11:1::2)\n"
	"  -d  destination ADDR (default: of box, 10.11.1.1 or fd11:1::1)\n"
	"  -q  first source PORT, 1 to 65535 (default 10000)\n"
	"  -p  destination PORT, 1 to 65535 (default 9, discard)\n"
	"  -m  destination MAC (default: of box, 02:00:00:00:01:01)\n"
	"  -V  ID of a VLAN, 1 to 4094: a tag of 802.1Q, whose 4 bytes SIZE counts\n"
	"  -D  drop each frame at once instead of sending it: what the making costs\n"
	"  -v  show what libbpf says, and frames that a full queue refused\n"
	"  -h  show this help\n";

enum protocol {
	UDP,
	TCP,
	ICMP,
	PROTOCOLS
};

struct config {
	struct xdp_opts opts;
	unsigned long count; /* frames */
	unsigned long rate;  /* frames a second; 0: no limit */
	unsigned long size;  /* bytes without FCS; 0: not given */
	unsigned long batch;
	unsigned long flows;
	enum protocol protocol;
	bool ipv6;
	const char *source, *dest; /* addresses, as typed */
	unsigned long source_port, dest_port;
	__u8 source_mac[ETH_ALEN], dest_mac[ETH_ALEN];
	unsigned long vlan; /* 0: no tag */
	bool drop;
};

static enum protocol read_protocol(const char *arg)
{
	static const char *const names[] = { "udp", "tcp", "icmp" };
	enum protocol protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (!strcmp(arg, names[protocol]))
			return protocol;
	errx(EXIT_USAGE, "protocol %s: not udp, tcp or icmp", arg);
}

/* The address that was typed, or the lab's, as it is in a header. */
static void read_address(const struct config *config, const char *arg,
			 const char *lab, void *address)
{
	int family = config->ipv6 ? AF_INET6 : AF_INET;

	if (inet_pton(family, arg ?: lab, address) != 1)
		errx(EXIT_USAGE, "address %s: not one of %s", arg,
		     config->ipv6 ? "IPv6" : "IPv4 (-6 is for IPv6)");
}

static void read_options(struct config *config, int argc, char **argv)
{
	int opt;

	/* With the colon in front, getopt() prints nothing: one line is enough. */
	while ((opt = getopt(argc, argv, ":n:r:s:b:f:t:6a:d:q:p:m:V:Dvh")) !=
	       -1) {
		switch (opt) {
		case 'n':
			config->count = xdp_option_number("count", optarg, 1,
							  NUMBER_MAX);
			break;
		case 'r':
			config->rate = xdp_option_number("rate", optarg, 1,
							 NUMBER_MAX);
			break;
		case 's':
			config->size = xdp_option_number("size", optarg,
							 FRAME_MIN, FRAME_MAX);
			break;
		case 'b':
			config->batch = xdp_option_number("batch", optarg, 1,
							  BATCH_MAX);
			break;
		case 'f':
			config->flows = xdp_option_number("flows", optarg, 1,
							  FLOWS_MAX);
			break;
		case 't':
			config->protocol = read_protocol(optarg);
			break;
		case '6':
			config->ipv6 = true;
			break;
		case 'a':
			config->source = optarg;
			break;
		case 'd':
			config->dest = optarg;
			break;
		case 'q':
			config->source_port = xdp_option_number(
				"source port", optarg, 1, PORT_MAX);
			break;
		case 'p':
			config->dest_port =
				xdp_option_number("port", optarg, 1, PORT_MAX);
			break;
		case 'm':
			if (xdp_read_mac(optarg, config->dest_mac))
				errx(EXIT_USAGE,
				     "MAC %s: not six bytes like 02:00:00:00:01:01",
				     optarg);
			break;
		case 'V':
			config->vlan =
				xdp_option_number("VLAN", optarg, 1, VLAN_MAX);
			break;
		case 'D':
			config->drop = true;
			break;
		case ':':
			errx(EXIT_USAGE, "-%c needs a value: -h shows it",
			     optopt);
		case '?':
			errx(EXIT_USAGE, "no option -%c: -h shows the options",
			     optopt);
		default:
			xdp_option(&config->opts, opt, usage);
		}
	}
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
}

/* Add up words of 16 bits as they are in memory: RFC 1071. */
static __u32 add_words(const void *data, __u32 bytes)
{
	const __u16 *words = data;
	__u32 sum = 0, i;

	for (i = 0; i < bytes / 2; i++)
		sum += words[i];
	return sum;
}

/* Returns the length of the header. */
static __u32 write_ethernet(const struct config *config, struct ethhdr *eth)
{
	__be16 *tag = (void *)(eth + 1);
	__be16 ethertype = htons(config->ipv6 ? ETH_P_IPV6 : ETH_P_IP);

	memcpy(eth->h_dest, config->dest_mac, ETH_ALEN);
	memcpy(eth->h_source, config->source_mac, ETH_ALEN);
	eth->h_proto = ethertype;
	if (!config->vlan)
		return sizeof(*eth);
	eth->h_proto = htons(ETH_P_8021Q);
	tag[0] = htons(config->vlan);
	tag[1] = ethertype;
	return sizeof(*eth) + 2 * sizeof(*tag);
}

/* Returns the length of the header. What counts of its source, 4 bytes, is left out. */
static __u32 write_ip(const struct config *config, void *header, __u8 protocol,
		      struct trafficgen_kern__rodata *prog)
{
	struct ipv6hdr *ip6 = header;
	struct iphdr *ip = header;
	__be32 *source;

	if (config->ipv6) {
		ip6->version = 6;
		ip6->nexthdr = protocol;
		ip6->hop_limit = TTL;
		read_address(config, config->source, "fd11:1::2", &ip6->saddr);
		read_address(config, config->dest, "fd11:1::1", &ip6->daddr);
		source = &ip6->saddr.s6_addr32[3];
	} else {
		ip->version = 4;
		ip->ihl = sizeof(*ip) / 4;
		ip->frag_off = htons(IP_DF);
		ip->ttl = TTL;
		ip->protocol = protocol;
		read_address(config, config->source, "10.11.1.2", &ip->saddr);
		read_address(config, config->dest, "10.11.1.1", &ip->daddr);
		source = &ip->saddr;
	}
	prog->first_source = ntohl(*source);
	*source = 0;
	return config->ipv6 ? sizeof(*ip6) : sizeof(*ip);
}

/* Returns the length of the header. Its source port and checksum are left out. */
static __u32 write_transport(const struct config *config, void *header,
			     struct trafficgen_kern__rodata *prog)
{
	struct icmphdr *icmp = header; /* an echo of ICMPv6 looks the same */
	struct tcphdr *tcp = header;
	struct udphdr *udp = header;

	switch (config->protocol) {
	case UDP:
		udp->dest = htons(config->dest_port);
		prog->at_port = offsetof(struct udphdr, source);
		prog->at_check = offsetof(struct udphdr, check);
		prog->zero_is_none = true;
		return sizeof(*udp);
	case TCP:
		tcp->dest = htons(config->dest_port);
		tcp->doff = sizeof(*tcp) / 4;
		tcp->syn = 1;
		tcp->window = htons(65535);
		prog->at_port = offsetof(struct tcphdr, source);
		prog->at_check = offsetof(struct tcphdr, check);
		return sizeof(*tcp);
	default:
		icmp->type = config->ipv6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO;
		prog->at_port = offsetof(struct icmphdr, un.echo.id);
		prog->at_check = offsetof(struct icmphdr, checksum);
		return sizeof(*icmp);
	}
}

/* Write a frame, all but what the flows differ in, and tell the program how it starts. */
static void write_frame(struct config *config, __u8 *frame,
			struct trafficgen_kern__rodata *prog)
{
	const __u8 protocols[] = {
		[UDP] = IPPROTO_UDP,
		[TCP] = IPPROTO_TCP,
		[ICMP] = config->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
	};
	__u8 protocol = protocols[config->protocol];
	__u32 at_ip, at_transport, headers, bytes;
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	at_ip = write_ethernet(config, (void *)frame);
	at_transport = at_ip + write_ip(config, frame + at_ip, protocol, prog);
	headers = at_transport +
		  write_transport(config, frame + at_transport, prog);

	if (config->size && config->size < headers)
		errx(EXIT_USAGE, "size %lu: the headers alone have %u bytes",
		     config->size, headers);
	if (!config->size)
		config->size = headers > FRAME_MIN ? headers : FRAME_MIN;

	/* What depends on the length, and the checksums, as far as they go. */
	bytes = config->size - at_transport;
	ip = (void *)(frame + at_ip);
	ip6 = (void *)(frame + at_ip);
	if (config->protocol == UDP)
		((struct udphdr *)(frame + at_transport))->len = htons(bytes);
	prog->sum = add_words(frame + at_transport, headers - at_transport);
	prog->sum_has_source = config->ipv6 || config->protocol != ICMP;
	if (prog->sum_has_source) /* the pseudo header */
		prog->sum += htons(protocol) + htons(bytes);
	if (config->ipv6) {
		ip6->payload_len = htons(bytes);
		prog->sum += add_words(&ip6->saddr, 2 * sizeof(ip6->saddr));
		prog->at_source =
			at_ip + offsetof(struct ipv6hdr, saddr.s6_addr32[3]);
	} else {
		ip->tot_len = htons(sizeof(*ip) + bytes);
		if (prog->sum_has_source)
			prog->sum += add_words(&ip->daddr, sizeof(ip->daddr));
		prog->ip_sum = add_words(ip, sizeof(*ip));
		prog->at_source = at_ip + offsetof(struct iphdr, saddr);
		prog->at_ip_check = at_ip + offsetof(struct iphdr, check);
	}
	prog->at_port += at_transport;
	prog->at_check += at_transport;

	prog->start_len = sizeof(prog->start);
	if (prog->start_len > config->size)
		prog->start_len = config->size;
	memcpy(prog->start, frame, prog->start_len);
	memcpy(&prog->start_end, frame + prog->start_len - 8, 8);
}

static void own_mac(struct config *config)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(request.ifr_name, config->opts.ifname);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request))
		err(EXIT_FAILURE, "read the address of %s",
		    config->opts.ifname);
	close(fd);
	if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		errx(EXIT_FAILURE, "%s is not Ethernet: nothing can be sent",
		     config->opts.ifname);
	memcpy(config->source_mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
}

static struct trafficgen_kern *load(struct config *config, __u8 *frame)
{
	struct trafficgen_kern *skel = trafficgen_kern__open();
	__u32 ports = PORT_MAX + 1 - config->source_port;

	if (!skel)
		err(EXIT_FAILURE, "open trafficgen");
	write_frame(config, frame, skel->rodata);
	skel->rodata->flows = config->flows;
	skel->rodata->first_port = config->source_port;
	skel->rodata->ports = ports < PORTS ? ports : PORTS;
	skel->rodata->drop = config->drop;
	skel->rodata->out_ifindex = config->opts.ifindex;
	/* There the other end of a veth receives. */
	xdp_stay_on_cpu();

	if (trafficgen_kern__load(skel)) {
		if (errno == EPERM)
			errx(EXIT_CANNOT,
			     "needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN");
		if (errno == ESRCH)
			errx(EXIT_CANNOT,
			     "needs a kernel with CONFIG_DEBUG_INFO_BTF=y");
		err(EXIT_FAILURE, "load trafficgen");
	}
	/* What is not sent, no interface is asked to take. */
	if (!config->drop && trafficgen_kern__attach(skel))
		err(EXIT_FAILURE, "watch what %s takes", config->opts.ifname);
	return skel;
}

static bool stopped; /* by the user */

/* Wait at most that long. Returns whether the user wants to stop. */
static bool wait_or_stop(double seconds)
{
	struct timespec time = {};
	sigset_t stop;

	if (seconds > 0) {
		time.tv_sec = seconds;
		time.tv_nsec = (seconds - time.tv_sec) * 1e9;
	}
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGHUP);
	stopped = sigtimedwait(&stop, NULL, &time) > 0;
	return stopped;
}

static void nothing(int sig)
{
	(void)sig;
}

/*
 * A run ends with its last frame, or early with a signal. Those of the user are kept for
 * wait_or_stop(), so that none is lost between two runs. It is a timer that ends runs.
 */
static void interrupt_runs(unsigned int microseconds)
{
	struct itimerval timer = {
		.it_interval = { .tv_usec = microseconds },
		.it_value = { .tv_usec = microseconds },
	};
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Frames that are done: sent, which is taken by the interface, or made and dropped. */
static __u64 frames_done(const struct config *config,
			 const struct trafficgen_kern *skel)
{
	return config->drop ? skel->bss->made : skel->bss->taken;
}

/*
 * At a low rate, one frame a run. A run of more waits twice until no processor is in old
 * code, tens of milliseconds (bpf_prog_change_xdp() in net/bpf/test_run.c), and what is
 * due by then would come in a burst.
 */
static bool one_by_one(const struct config *config)
{
	return config->rate && config->rate <= SINGLE_RATE;
}

/* How many frames the next run has, at that rate, if so much time has passed. */
static __u64 frames_due(const struct config *config, double seconds, __u64 done)
{
	__u64 most = one_by_one(config) ? 1 : RUN_MAX, due = config->count;

	if (config->rate && seconds * config->rate + 1 < due)
		due = seconds * config->rate + 1; /* the first one at once */
	if (due <= done)
		return 0;
	return due - done < most ? due - done : most;
}

/* Seconds until the next frame is due; negative: it was. 0: there is no rate. */
static double next_due(const struct config *config,
		       const struct trafficgen_kern *skel, double start)
{
	if (!config->rate)
		return 0;
	return start - xdp_seconds() +
	       (double)frames_done(config, skel) / config->rate;
}

/* Add to *seconds and *frames what the run has taken, without its start and its end: they
 * wait for other processors, for milliseconds where those are busy.
 */
static void add_run(const struct trafficgen_kern *skel, double *seconds,
		    __u64 *frames)
{
	if (!skel->bss->run)
		return;
	*seconds += (skel->bss->run_last - skel->bss->run_began) / 1e9;
	*frames += (skel->bss->run - 1) / CLOCK_FRAMES * CLOCK_FRAMES;
}

/* Returns seconds, or -1: errno says why. */
static double send_frames(const struct config *config, const __u8 *frame,
			  struct trafficgen_kern *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame,
		    .data_size_in = config->size,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = one_by_one(config) ? 1 : config->batch);
	int prog = bpf_program__fd(skel->progs.trafficgen);
	double start = xdp_seconds(), now, wait = 0, seconds = 0;
	__u64 frames = 0, made, taken;
	unsigned int refused = 0;

	while (frames_done(config, skel) < config->count &&
	       !wait_or_stop(wait)) {
		now = xdp_seconds();
		made = skel->bss->made;
		taken = skel->bss->taken;
		skel->bss->run = 0;
		run.repeat = frames_due(config, now - start,
					frames_done(config, skel));
		if (run.repeat && bpf_prog_test_run_opts(prog, &run) &&
		    errno != EINTR)
			return -1;
		add_run(skel, &seconds, &frames);
		wait = next_due(config, skel, start);
		if (config->rate && !one_by_one(config) && wait < PACE)
			wait = PACE;

		/* None was taken: either nobody is there, and a million more do not
		 * change that, or a full queue needs time.
		 */
		if (config->drop || skel->bss->made == made ||
		    skel->bss->taken > taken) {
			refused = 0;
			continue;
		}
		if (skel->bss->error != -ENOBUFS || ++refused == REFUSED_MAX)
			break;
		wait = PACE;
	}
	/* The last frame has its share of the time too. */
	while (!stopped && (wait = next_due(config, skel, start)) > 0)
		wait_or_stop(wait);
	/* With a rate most of the time is between the runs. */
	if (config->rate || !frames)
		return xdp_seconds() - start;
	return seconds * skel->bss->made / frames;
}

/* Why frames were not taken, and what mends it. */
static const char *reason(int error, bool some)
{
	switch (error) {
	/* Since Linux 6.3 a veth says EOPNOTSUPP as well. */
	case -ENXIO:
		return "the other end is down, or has neither an XDP program nor GRO on (ethtool -K OTHER gro on)";
	case -EOPNOTSUPP:
		return "its driver does not send XDP frames, or, of a veth, the other end has neither an XDP program nor GRO on (ethtool -K OTHER gro on)";
	case -ENETDOWN:
		return "it is down (ip link set IFACE up)";
	case -EMSGSIZE:
		return "they are too long for its MTU";
	case -ENOBUFS:
		return some ? "its queue was full (try a smaller -b, or -r)" :
			      "the other end's MTU is too small";
	default:
		return strerror(-error);
	}
}

int main(int argc, char **argv)
{
	struct config config = {
		.opts.force =
			true, /* nothing is attached: see xdp_option_iface() */
		.count = 1000000,
		.batch = 64,
		.flows = 1,
		.source_port = 10000,
		.dest_port = 9, /* discard: IANA */
		.dest_mac = { 2, 0, 0, 0, 1, 1 },
	};
	/* Two bytes in front, so that all headers behind Ethernet's are aligned. */
	__u8 memory[2 + FRAME_MAX] __attribute__((aligned(4))) = {};
	struct trafficgen_kern *skel;
	double seconds;
	__u64 done, refused;
	bool short_of;

	read_options(&config, argc, argv);
	xdp_option_iface(&config.opts, argv[optind]);
	own_mac(&config);
	skel = load(&config, memory + 2);

	xdp_stop_signals();
	interrupt_runs(RUN_TIME);
	seconds = send_frames(&config, memory + 2, skel);
	interrupt_runs(0);
	if (seconds < 0 && errno == EINVAL)
		errx(EXIT_CANNOT, "needs Linux 5.18 or newer");
	if (seconds < 0)
		err(EXIT_FAILURE, "send out of %s", config.opts.ifname);

	done = frames_done(&config, skel);
	printf("%s %llu frames of %lu bytes in %.6f s: %.0f a second\n",
	       config.drop ? "made" : "sent", done, config.size, seconds,
	       done / seconds);
	if (xdp_flush())
		return EXIT_FAILURE;
	refused = config.drop ? 0 : skel->bss->made - done;
	/* It made up for them, with frames of later flows. Nobody needs to know. */
	short_of = done < config.count && !stopped;
	if (refused && (short_of || config.opts.verbose))
		warnx("%s refused %llu%s: %s", config.opts.ifname, refused,
		      done ? " more" : "", reason(skel->bss->error, done));
	if (refused && short_of)
		return EXIT_FAILURE;
	trafficgen_kern__destroy(skel);
	return EXIT_SUCCESS;
}
