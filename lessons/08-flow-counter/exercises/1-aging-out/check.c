// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer's user side runs, on lo of a network namespace of its own, and packets
 * come when it is least convenient: this is its debugger (ptrace), and stops it at
 * each system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <bpf/bpf.h>

#include "exercise.h"

#define NAME	 "flow_aging"
#define FLOWS	 5
#define IDLE	 "1" /* second, for the answer's -t */
#define IDLE_NS	 1000000000ULL
#define ROUND_NS 100000000 /* instead of the second that it waits */
#define ROUNDS	 3
#define PATIENCE 60 /* seconds, until its next system call */

/* From the exercise's flow_aging.h. */
struct flow_key {
	__be32 source[4];
	__be32 dest[4];
	__u8 protocol;
	__u8 version;
	__u8 zero[2];
};

struct flow {
	__u64 packets;
	__u64 last_ns;
};

static const char *answer; /* its folder */

static struct answer {
	pid_t pid;
	int out; /* what it prints: read end of a pipe */
	bool in_call;
	bool waits;	/* it is about to sleep until the next second */
	__u32 cmd;	/* the bpf() system call that it is in, or NONE */
	int prog_fd;	/* its program, once it is attached, or -1 */
	int map_fd;	/* its flows */
	int rounds;	/* how often it has waited since flows were idle */
	char last[256]; /* last whole line that it printed */
} a;

#define NONE (~0U)

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void end_answer(void)
{
	if (a.pid > 0) {
		kill(a.pid, SIGKILL);
		waitpid(a.pid, NULL, 0);
	}
	a.pid = 0;
}

/* What the answer has printed by now: "a.last" is its last line. */
static void read_lines(void)
{
	static char text[sizeof(a.last)];
	static size_t length;
	char c;

	while (read(a.out, &c, 1) == 1) {
		if (c == '\n') {
			text[length] = '\0';
			memcpy(a.last, text, sizeof(text));
			length = 0;
		} else if (length < sizeof(text) - 1) {
			text[length++] = c;
		}
	}
}

/* Do not make the learner wait: the answer sleeps less than it wants to. */
static void shorten(__u64 timeout)
{
	struct timespec time = { .tv_nsec = ROUND_NS };
	struct iovec from = { &time, sizeof(time) };
	struct iovec to = { (void *)(unsigned long)timeout, sizeof(time) };

	process_vm_writev(a.pid, &from, 1, &to, 1, 0);
}

/*
 * Let the answer go on to the start or the end of its next system call. Returns
 * false once it has ended.
 */
static bool next_stop(void)
{
	struct __ptrace_syscall_info info;
	__u64 end = now_ns() + PATIENCE * 1000000000ULL;
	int status, signal = 0;
	pid_t pid;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, a.pid, NULL, signal))
			fail_msg("the program cannot be followed: %s",
				 strerror(errno));
		while (!(pid = waitpid(a.pid, &status, WNOHANG)) &&
		       now_ns() < end)
			usleep(200);
		if (!pid) {
			end_answer();
			fail_msg("%s_user hangs", NAME);
		}
		read_lines();
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			a.pid = 0;
			return false;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			break;
		signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
	}

	ptrace(PTRACE_GET_SYSCALL_INFO, a.pid, sizeof(info), &info);
	a.in_call = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	a.waits = false;
	if (a.in_call) {
		a.waits = info.entry.nr == SYS_rt_sigtimedwait;
		if (a.waits)
			shorten(info.entry.args[2]);
		a.cmd = info.entry.nr == SYS_bpf ? info.entry.args[0] : NONE;
	}
	return true;
}

/* The map "flows" of the program. */
static int find_map(int prog_fd)
{
	struct bpf_prog_info info = {};
	struct bpf_map_info map_info;
	__u32 ids[16], len = sizeof(info), i;
	int fd;

	info.nr_map_ids = ARRAY_SIZE(ids);
	info.map_ids = (__u64)(unsigned long)ids;
	if (bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return -1;
	for (i = 0; i < info.nr_map_ids && i < ARRAY_SIZE(ids); i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		memset(&map_info, 0, sizeof(map_info));
		len = sizeof(map_info);
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &map_info, &len) &&
		    !strcmp(map_info.name, "flows") &&
		    map_info.key_size == sizeof(struct flow_key) &&
		    map_info.value_size == sizeof(struct flow))
			return fd;
		close(fd);
	}
	return -1;
}

/* Start the answer, and let it run until it is attached and waits. */
static void start_answer(void)
{
	int ends[2];
	char *path;
	__u32 id;

	memset(&a, 0, sizeof(a));
	a.prog_fd = -1;
	if (asprintf(&path, "%s/%s_user", answer, NAME) < 0 ||
	    pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		fail_msg("no memory");
	a.pid = fork();
	if (!a.pid) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(path, path, "-S", "-t", IDLE, "lo", NULL);
		_exit(127);
	}
	free(path);
	close(ends[1]);
	a.out = ends[0];
	waitpid(a.pid, NULL, 0);
	if (ptrace(PTRACE_SETOPTIONS, a.pid, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		fail_msg("the program cannot be followed: %s", strerror(errno));

	while (!a.waits)
		if (!next_stop())
			fail_msg("%s_user has ended: %s", NAME, a.last);
	if (bpf_xdp_query_id(1, 0, &id) || !id)
		fail_msg("%s_user attaches nothing", NAME);
	a.prog_fd = bpf_prog_get_fd_by_id(id);
	a.map_fd = find_map(a.prog_fd);
	if (a.map_fd < 0)
		fail_msg("there is no map \"flows\" as in flow_aging.h");
}

/* A packet of flow number i comes. */
static void packet_comes(__u32 i)
{
	struct packet packet = { "a packet", { ETH(), IP4(), UDP(1, 2) } };
	__u8 frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .repeat = 1);

	packet.layers[1].ip4.saddr = htonl(0x0a000001 + i);
	opts.data_size_in = packet_build(&packet, frame);
	if (bpf_prog_test_run_opts(a.prog_fd, &opts))
		fail_msg("run the program: %s", strerror(errno));
}

static void packets_come(void)
{
	__u32 i;

	for (i = 0; i < FLOWS; i++)
		packet_comes(i);
}

/* Packets of flow number i in the map; 0 if it is not there. */
static __u64 packets_of(__u32 i)
{
	struct flow_key key = { .source = { htonl(0x0a000001 + i) },
				.dest = { htonl(0x0a0b0202) },
				.protocol = IPPROTO_UDP,
				.version = 4 };
	struct flow flow;

	return bpf_map_lookup_elem(a.map_fd, &key, &flow) ? 0 : flow.packets;
}

static __u32 flows_in_map(void)
{
	__u32 i, count = 0;

	for (i = 0; i < FLOWS; i++)
		count += packets_of(i) > 0;
	return count;
}

/*
 * End the answer as ^C does, and compare what it says in the end. No more is known
 * of the line than the starter prints.
 */
static void says(__u64 flows, __u64 packets, __u64 aged_flows,
		 __u64 aged_packets, bool sums_only)
{
	unsigned long long said[4];

	kill(a.pid, SIGTERM);
	while (next_stop())
		;
	if (sscanf(a.last,
		   "here: %llu flows, %llu packets; aged out: %llu flows, %llu packets",
		   &said[0], &said[1], &said[2], &said[3]) != 4)
		fail_msg("its last line is not as the starter prints it: %s",
			 a.last);
	if (sums_only ?
		    said[1] + said[3] != packets + aged_packets :
		    said[0] != flows || said[1] != packets ||
			    said[2] != aged_flows || said[3] != aged_packets)
		fail_msg("%llu packets came, and in the end it says: %s",
			 packets + aged_packets, a.last);
}

/* Follow it to its next stop. It must not end by itself. */
static void go_on(void)
{
	if (!next_stop())
		fail_msg("%s_user has ended: %s", NAME, a.last);
}

/*
 * Fails if flows whose last packet came at last_ns should have been deleted by now:
 * it has looked ROUNDS times since.
 */
static void not_overdue(__u64 last_ns)
{
	if (now_ns() - last_ns <= IDLE_NS)
		a.rounds = 0;
	else if (a.waits && ++a.rounds > ROUNDS)
		fail_msg(
			"flows are still there that have been idle for more than %s second",
			IDLE);
}

static void idle_goes(void **state)
{
	__u64 last;

	(void)state;
	start_answer();
	packets_come();
	packets_come();
	last = now_ns();
	while (flows_in_map() || !a.waits) {
		not_overdue(last);
		go_on();
	}
	says(0, 0, FLOWS, 2 * FLOWS, false);
}

/* Of five flows one has a packet whenever the answer does anything. */
static void active_stays(void **state)
{
	__u64 start, last, sent = 1;

	(void)state;
	start_answer();
	packets_come();
	start = last = now_ns();
	while (flows_in_map() > 1 || !a.waits) {
		not_overdue(start);
		/* A machine so slow cannot tell. */
		if (now_ns() - last >= IDLE_NS / 10 * 9)
			return;
		last = now_ns();
		packet_comes(0);
		sent++;
		if (packets_of(0) != sent)
			fail_msg(
				"a flow that was never idle has %llu packets, right are %llu",
				packets_of(0), sent);
		go_on();
	}
	says(1, sent, FLOWS - 1, FLOWS - 1, false);
}

/* A flow is there for less than the time, so it stays. */
static void young_stays(void **state)
{
	__u64 start;
	int i;

	(void)state;
	start_answer();
	packets_come();
	start = now_ns();
	for (i = 0; i < 2 || !a.waits; i += a.waits) {
		go_on();
		/* A machine so slow cannot tell. */
		if (now_ns() - start >= IDLE_NS)
			return;
		if (flows_in_map() != FLOWS)
			fail_msg("a flow is gone before %s second is over",
				 IDLE);
	}
}

/*
 * All flows have a packet just when the answer has read them, or just when it is
 * about to look one up again. State: which of the two, a pointer to its cmd.
 */
static void packet_after_reading(void **state)
{
	const __u32 cmd = *(const __u32 *)*state;
	bool come = false;
	__u64 last;

	start_answer();
	packets_come();
	last = now_ns();
	while (!come || !a.waits) {
		not_overdue(last);
		go_on();
		if (!come && a.cmd == cmd &&
		    a.in_call == (cmd == BPF_MAP_LOOKUP_ELEM) &&
		    now_ns() - last > IDLE_NS) {
			packets_come();
			last = now_ns();
			come = true;
		}
		/* It does it in another way. */
		if (!come && !flows_in_map())
			return;
	}
	/* A machine so slow cannot tell. */
	if (flows_in_map() != FLOWS && now_ns() - last < IDLE_NS)
		fail_msg(
			"%d flows had a packet after they had been read: %u of them are still there",
			FLOWS, flows_in_map());
}

/* All flows have a packet just when the answer deletes one. */
static void packet_while_deleting(void **state)
{
	__u64 came = FLOWS, last;

	(void)state;
	start_answer();
	packets_come();
	last = now_ns();
	while (came == FLOWS || !a.waits) {
		if (came == FLOWS)
			not_overdue(last);
		go_on();
		if (a.in_call && (a.cmd == BPF_MAP_DELETE_ELEM ||
				  a.cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM ||
				  a.cmd == BPF_MAP_DELETE_BATCH ||
				  a.cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH)) {
			packets_come();
			came += FLOWS;
		}
	}
	says(0, came, 0, 0, true);
}

static int stop_answer(void **state)
{
	(void)state;
	end_answer();
	close(a.out);
	close(a.prog_fd);
	close(a.map_fd);
	return 0;
}

int main(int argc, char **argv)
{
	static const __u32 read = BPF_MAP_LOOKUP_BATCH;
	static const __u32 look = BPF_MAP_LOOKUP_ELEM;
	const struct CMUnitTest more[] = {
		{ "a flow that is idle goes, and its packets are in the sum",
		  idle_goes, NULL, stop_answer, NULL },
		{ "a flow that is not idle yet stays", young_stays, NULL,
		  stop_answer, NULL },
		{ "an active flow stays, with all its packets", active_stays,
		  NULL, stop_answer, NULL },
		{ "a flow stays that has had a packet since it was read",
		  packet_after_reading, NULL, stop_answer, (void *)&read },
		{ "a flow stays that has a packet when it is looked up",
		  packet_after_reading, NULL, stop_answer, (void *)&look },
		{ "no packet is lost that comes while flows are deleted",
		  packet_while_deleting, NULL, stop_answer, NULL },
	};
	const struct exercise exercise = {
		.object = NAME "_kern.o",
		.program = NAME,
		.more = more,
		.nr_more = ARRAY_SIZE(more),
	};

	answer = argc > 1 ? argv[1] : ".";
	if (geteuid() == 0 && unshare(CLONE_NEWNET)) {
		fprintf(stderr, "check: a network namespace: %s\n",
			strerror(errno));
		return 4;
	}
	return exercise_main(argc, argv, &exercise);
}
