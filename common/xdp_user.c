// SPDX-License-Identifier: GPL-2.0-only
/* What the user sides share: see xdp_user.h. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <net/route.h>
#include <sys/wait.h>
#include <bpf/bpf.h>

#include "xdp_user.h"

#define GROUP_BIT 1  /* of a MAC address' first byte: multicast, broadcast */
#define LOG_LINES 20 /* of the verifier's log: the end, where the reason is */

static bool verbose;

/* The last LOG_LINES lines of text. */
static const char *last_lines(const char *text)
{
	const char *line = text + strlen(text);
	int lines = 0;

	while (line > text) {
		if (line[-1] == '\n' && lines++ == LOG_LINES)
			break;
		line--;
	}
	return line;
}

/* Feed text to a program; its output goes to the file descriptor out. Returns its
 * exit status, or -1 if it could not be run.
 */
static int feed(char *const argv[], const char *text, int out)
{
	size_t length = strlen(text);
	int ends[2], status;
	void (*pipe_handler)(int);
	sigset_t none;
	ssize_t n = 0;
	pid_t child;

	if (pipe(ends))
		return -1;
	child = fork();
	if (!child) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(ends[0], STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[0]);

	/* A program that does not read to the end must not end this one. */
	pipe_handler = signal(SIGPIPE, SIG_IGN);
	while (child > 0 && length && (n >= 0 || errno == EINTR)) {
		n = write(ends[1], text, length);
		if (n > 0) {
			text += n;
			length -= n;
		}
	}
	close(ends[1]);
	signal(SIGPIPE, pipe_handler);

	if (child < 0)
		return -1;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool xdp_explain(const char *log, const char *object, int out)
{
	char exe[PATH_MAX], tool[PATH_MAX + 32], *lessons = NULL, *next;
	char *argv[] = { tool, (char *)object, NULL };
	ssize_t length;
	int status;

	/* TOP/lessons/NN-name/... has the tool in TOP/testenv. */
	length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (length < 0)
		return false;
	exe[length] = '\0';
	for (next = exe; (next = strstr(next, "/lessons/")); next++)
		lessons = next;
	if (!lessons)
		return false;
	snprintf(tool, sizeof(tool), "%.*s/testenv/explain",
		 (int)(lessons - exe), exe);

	fflush(NULL);
	status = feed(argv, log, out);
	return status == 0 || status == 1;
}

/* NAME_kern.o beside this program, NAME_user, or NULL if there is none. */
static const char *own_object(void)
{
	static char path[PATH_MAX + 8];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	const size_t end = strlen("_user");

	if (length < (ssize_t)end || memcmp(path + length - end, "_user", end))
		return NULL;
	strcpy(path + length - end, "_kern.o");
	return access(path, R_OK) ? NULL : path;
}

static int print_libbpf(enum libbpf_print_level level, const char *format,
			va_list args)
{
	bool is_log = strstr(format, "PROG LOAD LOG");
	va_list again;
	char *text;

	(void)level;
	va_copy(again, args);
	if (verbose)
		vfprintf(stderr, format, args);

	if (is_log && vasprintf(&text, format, again) >= 0) {
		if (!xdp_explain(text, own_object(), STDERR_FILENO) && !verbose)
			fputs(last_lines(text), stderr);
		free(text);
	}
	va_end(again);
	return 0;
}

void xdp_option(struct xdp_opts *opts, int letter, const char *usage)
{
	switch (letter) {
	case 'S':
		opts->flags |= XDP_FLAGS_SKB_MODE;
		break;
	case 'N':
		opts->flags |= XDP_FLAGS_DRV_MODE;
		break;
	case 'F':
		opts->force = true;
		break;
	case 'v':
		opts->verbose = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	default:
		errx(EXIT_USAGE, "-h shows the options");
	}
	if (opts->flags == (XDP_FLAGS_SKB_MODE | XDP_FLAGS_DRV_MODE))
		errx(EXIT_USAGE, "-S and -N exclude each other");
}

unsigned long xdp_option_number(const char *what, const char *arg,
				unsigned long min, unsigned long max)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(arg, &end, 10);
	if (!isdigit((unsigned char)*arg) || *end || errno || number < min ||
	    number > max)
		errx(EXIT_USAGE, "%s %s: not a number from %lu to %lu", what,
		     arg, min, max);
	return number;
}

/*
 * Does the default route, IPv4 or IPv6, leave through this interface? Whoever
 * is logged in over it would be locked out. Looks at the main table, and at the
 * first of several next hops.
 */
static bool holds_default_route(const char *ifname)
{
	char line[512], dev[IFNAMSIZ], dest[33], mask[33];
	unsigned int flags;
	bool found = false;
	FILE *routes;

	/* Both are text, a route a line: proc(5), net/ipv6/route.c. */
	routes = fopen("/proc/net/route", "r");
	while (routes && fgets(line, sizeof(line), routes))
		if (sscanf(line, "%15s %8s %*s %*s %*s %*s %*s %8s", dev, dest,
			   mask) == 3 &&
		    !strcmp(dev, ifname) && !strcmp(dest, "00000000") &&
		    !strcmp(mask, "00000000"))
			found = true;
	if (routes)
		fclose(routes);

	routes = fopen("/proc/net/ipv6_route", "r");
	while (routes && fgets(line, sizeof(line), routes))
		if (sscanf(line, "%32s %2s %*s %*s %*s %*s %*s %*s %x %15s",
			   dest, mask, &flags, dev) == 4 &&
		    !strcmp(dev, ifname) && strspn(dest, "0") == 32 &&
		    !strcmp(mask, "00") && !(flags & RTF_REJECT))
			found = true;
	if (routes)
		fclose(routes);

	return found;
}

void xdp_option_iface(struct xdp_opts *opts, const char *ifname)
{
	verbose = opts->verbose;
	libbpf_set_print(print_libbpf);

	/* To the index and back: what was typed may be an alternative name. */
	opts->ifindex = if_nametoindex(ifname);
	if (!opts->ifindex || !if_indextoname(opts->ifindex, opts->ifname))
		err(EXIT_USAGE, "interface %s", ifname);
	if (!opts->force && holds_default_route(opts->ifname))
		errx(EXIT_FAILURE,
		     "attach to %s: it holds the default route (-F does it all the same)",
		     opts->ifname);
}

const char *xdp_reason(int error)
{
	static char text[160];
	const char *hint = "";

	error = abs(error);
	switch (error) {
	case EPERM:
		hint = " (needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN)";
		break;
	case EACCES:
		hint = " (the verifier's reason is above; without CAP_PERFMON it is stricter)";
		break;
	case EBUSY:
		hint = " (an XDP program is there already: see ip link show)";
		break;
	case EEXIST:
		hint = " (an XDP program is there already, in another mode)";
		break;
	case EOPNOTSUPP:
		hint = " (no native XDP in this driver: try -S)";
		break;
	case ERANGE:
		hint = " (the MTU is too large for XDP; with veth, the other end's)";
		break;
	}
	snprintf(text, sizeof(text), "%s%s", strerror(error), hint);
	return text;
}

int xdp_attach(const struct bpf_program *prog, const struct xdp_opts *opts)
{
	LIBBPF_OPTS(bpf_link_create_opts, link_opts, .flags = opts->flags);

	/* What netlink attached, netlink can detach: native or generic. What a
	 * link holds stays, and attaching says EBUSY.
	 */
	if (opts->force) {
		bpf_xdp_detach(opts->ifindex, XDP_FLAGS_DRV_MODE, NULL);
		bpf_xdp_detach(opts->ifindex, XDP_FLAGS_SKB_MODE, NULL);
	}
	return bpf_link_create(bpf_program__fd(prog), opts->ifindex, BPF_XDP,
			       &link_opts);
}

/*
 * Ctrl-C, kill, and the terminal's end, unless nohup made that one harmless. And the end
 * of whoever reads what is printed, as head does: once blocked, that signal stays pending.
 */
static sigset_t stop_set(void)
{
	struct sigaction hangup;
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGPIPE);
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaddset(&stop, SIGHUP);
	return stop;
}

void xdp_stop_signals(void)
{
	sigset_t stop = stop_set();

	sigprocmask(SIG_BLOCK, &stop, NULL);
}

bool xdp_wait(unsigned int seconds)
{
	struct timespec time = { .tv_sec = seconds };
	sigset_t stop = stop_set();
	int sig;

	fflush(stdout);

	/* A signal that came between two calls is still pending: none is lost,
	 * and no handler runs. A debugger's stop and go (EINTR) only shortens
	 * one interval.
	 */
	do {
		sig = seconds ? sigtimedwait(&stop, NULL, &time) :
				sigwaitinfo(&stop, NULL);
	} while (!seconds && sig < 0);

	return sig < 0;
}

int xdp_flush(void)
{
	int err = fflush(stdout) ? -errno : 0;

	/* Only that something failed is kept, not why. */
	if (!err && ferror(stdout))
		err = -EIO;
	if (err)
		warnx("write: %s", strerror(-err));
	return err;
}

int xdp_sum_percpu(const struct bpf_map *map, __u32 key, __u64 *sums,
		   unsigned int count)
{
	int cpu, nr_cpus = libbpf_num_possible_cpus();
	unsigned int i;
	__u64 *copies;
	int ret;

	if (nr_cpus < 0)
		return nr_cpus;
	copies = calloc(nr_cpus, count * sizeof(*copies));
	if (!copies)
		return -ENOMEM;

	/* The kernel hands over the copies of all CPUs at once. */
	ret = bpf_map__lookup_elem(map, &key, sizeof(key), copies,
				   nr_cpus * count * sizeof(*copies), 0);
	if (!ret) {
		memset(sums, 0, count * sizeof(*sums));
		for (cpu = 0; cpu < nr_cpus; cpu++)
			for (i = 0; i < count; i++)
				sums[i] += copies[cpu * count + i];
	}
	free(copies);
	return ret;
}

double xdp_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

void xdp_stay_on_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(EXIT_FAILURE, "stay on CPU %d", cpu);
}

int xdp_read_mac(const char *text, __u8 *mac)
{
	int end = 0;

	if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text) ||
	    sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0],
		   &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &end) != 6 ||
	    text[end])
		return -EINVAL;
	return 0;
}

int xdp_read_station(const char *text, __u8 *mac)
{
	static const __u8 zero[ETH_ALEN];

	/* As is_valid_ether_addr() of the kernel. */
	if (xdp_read_mac(text, mac) || mac[0] & GROUP_BIT ||
	    !memcmp(mac, zero, ETH_ALEN))
		return -EINVAL;
	return 0;
}
