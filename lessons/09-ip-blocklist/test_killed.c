// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kill a command at the moment that it wants to change something: for together.bats.
 *
 *	test_killed N COMMAND [ARG...]
 *
 * COMMAND is killed where it enters its N-th system call of those that can change a map,
 * a link, or a file system, each bpf() among them. Calls that came before are done; this
 * one is not.
 *
 * Exit status: 0 it was killed there, 3 it had ended before, 1 it could not be run.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ENDED	    3
#define OWN_STOP    0x80 /* PTRACE_O_TRACESYSGOOD: this bit in a stop's signal */
#define CANNOT_EXEC 127

static bool changes_something(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <
	    0)
		err(EXIT_FAILURE, "look at process %d", pid);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	switch (info.entry.nr) {
	case SYS_bpf:
	case SYS_mkdirat:
	case SYS_renameat2:
	case SYS_unlinkat:
#ifdef SYS_mkdir /* the older calls, which newer architectures lack */
	case SYS_mkdir:
	case SYS_rename:
	case SYS_rmdir:
	case SYS_unlink:
#endif
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	int status, signal_seen, left = argc > 2 ? atoi(argv[1]) : 0;
	pid_t pid;

	if (left < 1)
		errx(EXIT_FAILURE, "usage: test_killed N COMMAND [ARG...]");
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0L, 0L);
		raise(SIGSTOP);
		execv(argv[2], argv + 2);
		_exit(CANNOT_EXEC);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0L,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		err(EXIT_FAILURE, "trace %s", argv[2]);

	signal_seen = 0;
	while (true) {
		ptrace(PTRACE_SYSCALL, pid, 0L, (long)signal_seen);
		if (waitpid(pid, &status, 0) != pid)
			err(EXIT_FAILURE, "wait for %s", argv[2]);
		if (!WIFSTOPPED(status))
			break;
		signal_seen = WSTOPSIG(status);
		if (signal_seen == SIGTRAP || signal_seen & OWN_STOP)
			signal_seen = 0;
		if (WSTOPSIG(status) & OWN_STOP && changes_something(pid) &&
		    !--left) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return EXIT_SUCCESS;
		}
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_EXEC)
		errx(EXIT_FAILURE, "run %s: not found", argv[2]);
	return ENDED;
}
