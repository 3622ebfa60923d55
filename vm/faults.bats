#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The throw-away machine: every way in which it can fail, and being told to end.
# Needs no root.

load vm_bats

@test "results that do not fit: no result" {
	run -125 --separate-stderr "$VM/run" -- sh -c 'head -c 300M /dev/zero >$XDP_VM_RESULTS/much'
	[[ ${stderr_lines[-1]} == *": what it left in \$XDP_VM_RESULTS is more than 256 MiB, or not whole" ]]
}

@test "results that find no room on this machine's disk: no result, and no machine that waits for room" {
	[ "$(id -u)" = 0 ] || skip "needs root, for a small disk"
	stub df <<<'#!/bin/sh
	printf "Avail\n999999M\n"'
	run -125 unshare --mount bash -c 'mount -t tmpfs -o size=150M small "$TMPDIR" &&
		"$1/run" -t 100 -- sh -c "head -c 200M /dev/zero >\$XDP_VM_RESULTS/much"' bash "$VM"
	[[ $output == *", or not whole"* ]]
	# Nor is a limit of time forgotten.
	run -125 unshare --mount bash -c 'mount -t tmpfs -o size=150M small "$TMPDIR"
		"$1/run" -t 15 -- sleep 1000 &
		until [ -s "$(echo "$TMPDIR"/xdp-vm.*/pid)" ]; do sleep 0.1; done
		cat /dev/zero >"$TMPDIR/full"
		wait $!' bash "$VM"
}

@test "a kernel without a virtio console, on which the command would speak: no result" {
	XDP_LESSONS_COMMAND_LINE="initcall_blacklist=virtio_console_init" \
		run -125 --separate-stderr "$VM/run" -- true
	[[ ${stderr_lines[-1]} == *": this kernel has no virtio console (CONFIG_VIRTIO_CONSOLE)" ]]
}

@test "what fails on the host is no result, whatever the command would have ended with" {
	stub cp <<<'#!/bin/sh
	exit 1'
	run -125 "$VM/run" -o "$BATS_TEST_TMPDIR/out" -- true
	# Not even the message can be written.
	XDP_LESSONS_ACCEL=nonsense run -125 bash -c '"$1/run" -- true 2>/dev/full' bash "$VM"
}

@test "a panic: 125, with the console's last lines" {
	run -125 --separate-stderr "$VM/run" -- sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
	[[ $stderr == *"Kernel panic - not syncing: sysrq triggered crash"* ]]
	[[ ${stderr_lines[-1]} == "run: no result from Linux 6.12"*": it ended before the command did" ]]
}

@test "an oops would be a panic" {
	run -0 "$VM/run" -- cat /proc/sys/kernel/panic_on_oops
	[ "$output" = 1 ]
}

@test "a guest that hangs: 125 after its time" {
	run -125 --separate-stderr "$VM/run" -t 15 -- sleep 1000
	[[ ${stderr_lines[-1]} == *": it was not done within 15 s" ]]
}

@test "a kernel that never reaches its first program: 125" {
	XDP_LESSONS_BOOT_SECONDS=8 XDP_LESSONS_COMMAND_LINE="rdinit=/bin/busybox -- sleep 1000" \
		run -125 --separate-stderr "$VM/run" -- true
	[[ ${stderr_lines[-1]} == *": it did not start within 8 s" ]]
}

@test "what the command left running does not keep the machine" {
	begin=$SECONDS
	run -3 "$VM/run" -t 100 -- sh -c 'sleep 1000 & echo said; exit 3'
	[ "$output" = said ]
	[ $((SECONDS - begin)) -lt 60 ]
}

@test "a machine that powers off by itself gave no result" {
	run -125 "$VM/run" -- sh -c 'echo o >/proc/sysrq-trigger; sleep 60'
}

# has_pid: the machine runs. nobody_watches: nor does anything of a vm/run.
has_pid()
{
	[ -s "$(echo "$TMPDIR"/xdp-vm.*/pid)" ]
}

nobody_watches()
{
	! pgrep -f "$VM/run -- sleep 1000"
}

@test "told to end, or killed: the machine is gone" {
	for signal in TERM INT HUP KILL; do
		# setsid: a job in the background ignores SIGINT.
		env -u BASH_ENV python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$VM/run" -- sleep 1000 >/dev/null 2>&1 3>&- &
		pid=$!
		wait_for 20 has_pid
		qemu=$(cat "$TMPDIR"/xdp-vm.*/pid)
		kill -$signal $pid
		wait_for 10 gone "$qemu"
		wait $pid || :
		# After kill -9 nobody watches a machine that is gone, and the next run
		# tidies up.
		wait_for 3 nobody_watches
		[ $signal != KILL ] || "$VM/run" -- true
		[ -z "$(ls "$TMPDIR")" ]
	done
}

@test "in a terminal: told to end, or its terminal closed, the machine is gone at once" {
	cat >"$BATS_TEST_TMPDIR/drive.py" <<-'END'
		import glob, os, pty, signal, sys, time
		for how in "TERM", "close":
		    pid, fd = pty.fork()
		    if pid == 0:
		        os.execvp(sys.argv[1], sys.argv[1:])
		    until = time.time() + 60
		    while not any(map(os.path.getsize, glob.glob(os.environ["TMPDIR"] + "/xdp-vm.*/pid"))):
		        if time.time() > until:
		            sys.exit("no machine")
		        time.sleep(0.1)
		    if how == "TERM":
		        os.kill(pid, signal.SIGTERM)
		    else:
		        os.close(fd)
		    until = time.time() + 20
		    while os.waitpid(pid, os.WNOHANG)[0] == 0:
		        if time.time() > until:
		            sys.exit(how + ": it is still there")
		        time.sleep(0.1)
		    if os.listdir(os.environ["TMPDIR"]):
		        sys.exit(how + ": it left something")
	END
	run -0 timeout 180 python3 "$BATS_TEST_TMPDIR/drive.py" "$VM/run" -- sleep 1000
}

@test "qemu that does not start: no result, and what it said" {
	XDP_LESSONS_ACCEL=nonsense run -125 --separate-stderr "$VM/run" -- true
	[[ $stderr == *nonsense* ]]
}
