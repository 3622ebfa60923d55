#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The throw-away machine: what it promises, and every way in which it can fail.
# Needs no root. The first run fetches kernels and makes the root file system.

load vm_bats

@test "the command's output and status come back, and nothing else" {
	run -7 --separate-stderr "$VM/run" -- sh -c 'uname -r; echo error >&2; exit 7'
	[ "${lines[0]}" = "$(cat "$KERNEL_DIR/release")" ]
	[ "${lines[1]}" = error ]
	[ ${#lines[@]} = 2 ]
	[ -z "$stderr" ]
}

@test "it is there within 15 seconds" {
	# The best of three: other machines may run at the same time.
	for _ in 1 2 3; do
		begin=$SECONDS
		"$VM/run" -- echo first line
		took=$((SECONDS - begin))
		[ $took -ge 15 ] || break
	done
	echo "$took s"
	[ $took -lt 15 ]
}

@test "the guest is what a lesson wants: root, two processors, BTF, bpffs, tracefs, no network" {
	run -0 "$VM/run" -- bash -ec '
		[ "$(id -u)" = 0 ]
		[ "$(nproc)" = 2 ]
		[ -r /sys/kernel/btf/vmlinux ]
		[ -d /sys/kernel/tracing/events/xdp ]
		grep -q " /sys/fs/bpf bpf " /proc/mounts
		[ "$(ls /sys/class/net)" = lo ]
		modprobe sch_netem && modprobe 8021q
		echo all of it'
	[ "$output" = "all of it" ]
}

@test "arguments arrive as they were given" {
	run -0 "$VM/run" -- printf '<%s>' "two words" "it's" '$HOME' '*' ''
	[ "$output" = "<two words><it's><\$HOME><*><>" ]
}

@test "much output, read slowly, arrives whole" {
	got=$("$VM/run" -- seq 200000 | { sleep 20; md5sum; })
	[ "$got" = "$(seq 200000 | md5sum)" ]
}

@test "the tree is the one of now, at the same place" {
	copy_tree "$BATS_TEST_TMPDIR/tree"
	echo "not committed" >"$BATS_TEST_TMPDIR/tree/new file"
	run -0 "$BATS_TEST_TMPDIR/tree/vm/run" -- sh -c 'pwd; cat "new file"'
	[ "${lines[0]}" = "$(cd "$BATS_TEST_TMPDIR/tree" && pwd)" ]
	[ "${lines[1]}" = "not committed" ]
	# What is changed there stays there.
	run -0 "$BATS_TEST_TMPDIR/tree/vm/run" -- rm README.md
	[ -f "$BATS_TEST_TMPDIR/tree/README.md" ]
}

@test "a lesson that is right passes, one that is wrong fails the host's command" {
	copy_tree "$BATS_TEST_TMPDIR/tree"
	# Objects name the folder that they were compiled in.
	make -s -C "$BATS_TEST_TMPDIR/tree" clean
	run -0 make -C "$BATS_TEST_TMPDIR/tree" IN=vm lesson2
	sed -i 's/0% packet loss/1% packet loss/; s/^64 bytes from.*/wrong/' \
		"$BATS_TEST_TMPDIR"/tree/lessons/02-*/README.md
	run -2 make -C "$BATS_TEST_TMPDIR/tree" IN=vm lesson2
	[[ $output == *"the output differs"* ]]
}

@test "results come back; those of an earlier run never do" {
	out=$BATS_TEST_TMPDIR/out
	mkdir "$out.real"
	ln -s "$out.real" "$out"
	echo 0 >"$out/status"
	echo old >"$out/tap"
	echo old >"$out/.hidden"
	run -0 "$VM/run" -o "$out" -- sh -c 'echo new >$XDP_VM_RESULTS/found'
	[ "$(cat "$out/found")" = new ]
	[ "$(cat "$out/status")" = 0 ]
	[ ! -e "$out/tap" ]
	[ ! -e "$out/.hidden" ]
	grep -q 'Linux version' "$out/dmesg"
	run -125 "$VM/run" -o "$out" -- sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
	[ ! -e "$out/status" ]
	[ ! -e "$out/found" ]
}

@test "results that do not fit: no result" {
	run -125 --separate-stderr "$VM/run" -- sh -c 'head -c 300M /dev/zero >$XDP_VM_RESULTS/much'
	[[ ${stderr_lines[-1]} == *": what it left in \$XDP_VM_RESULTS is more than 256 MiB, or not whole" ]]
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

@test "two runs at once do not meet" {
	"$VM/run" -- sh -c 'echo one; exit 1' >"$BATS_TEST_TMPDIR/one" &
	first=$!
	run -2 "$VM/run" -- sh -c 'echo two; exit 2'
	[ "$output" = two ]
	wait $first && false
	[ "$(cat "$BATS_TEST_TMPDIR/one")" = one ]
}

@test "told to end, or killed: the machine is gone" {
	for signal in TERM INT HUP KILL; do
		# setsid: a job in the background ignores SIGINT.
		env -u BASH_ENV python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$VM/run" -- sleep 1000 >/dev/null 2>&1 3>&- &
		pid=$!
		for ((i = 0; i < 200; i++)); do
			[ ! -s "$(echo "$TMPDIR"/xdp-vm.*/pid)" ] || break
			sleep 0.1
		done
		qemu=$(cat "$TMPDIR"/xdp-vm.*/pid)
		kill -$signal $pid
		for ((i = 0; i < 100; i++)); do
			[ -d "/proc/$qemu" ] || break
			sleep 0.1
		done
		[ ! -d "/proc/$qemu" ]
		wait $pid || :
		# After kill -9 nobody watches a machine that is gone, and the next run
		# tidies up.
		for ((i = 0; i < 30; i++)); do
			pgrep -f "$VM/run -- sleep 1000" >/dev/null || break
			sleep 0.1
		done
		run ! pgrep -f "$VM/run -- sleep 1000"
		[ $signal != KILL ] || "$VM/run" -- true
		[ -z "$(ls "$TMPDIR")" ]
	done
}

@test "in a terminal: the tour waits for Enter, and ^C goes to it" {
	cat >"$BATS_TEST_TMPDIR/drive.py" <<-'END'
		import os, pty, re, select, sys, time
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[1], sys.argv[1:])
		seen = b""
		def expect(text, seconds):
		    global seen
		    end = time.time() + seconds
		    while text not in seen:
		        if time.time() > end:
		            sys.exit("no %r in %r" % (text, seen[-2000:]))
		        if select.select([fd], [], [], 0.2)[0]:
		            try:
		                data = os.read(fd, 65536)
		            except OSError:
		                sys.exit("it ended before %r: %r" % (text, seen[-2000:]))
		            seen += data
		    seen = seen[seen.index(text) + len(text):]
		expect(b"guided tour of lesson 1", 60)
		for _ in range(12):
		    os.write(fd, b"\n")
		    time.sleep(0.3)
		expect(b"[Enter", 60)
		os.write(fd, b"\x03")
		expect(b"Interrupt", 60)
		while True:
		    try:
		        if not os.read(fd, 65536):
		            break
		    except OSError:
		        break
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	run -0 timeout 180 python3 "$BATS_TEST_TMPDIR/drive.py" make -C "$VM/.." IN=vm lesson1
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

@test "an ordinary user needs no root" {
	[ "$(id -u)" = 0 ] || skip "is one already"
	[ -x "$(command -v setpriv)" ]
	own_cache
	cp -r "$KERNEL_DIR" "$XDP_LESSONS_CACHE/kernels/"
	rm -f "$XDP_LESSONS_CACHE"/root-*
	ln "$(dirname "$(dirname "$KERNEL_DIR")")"/root-*.ext2 "$XDP_LESSONS_CACHE/" 2>/dev/null ||
		cp "$(dirname "$(dirname "$KERNEL_DIR")")"/root-*.ext2 "$XDP_LESSONS_CACHE/"
	copy_tree "$BATS_TEST_TMPDIR/tree"
	# What root solved here is not for others to read.
	echo "1.1 done 0 none" >"$BATS_TEST_TMPDIR/tree/.progress"
	let_in "$BATS_TEST_TMPDIR"
	chmod 600 "$BATS_TEST_TMPDIR/tree/.progress"
	run -0 as_nobody "$BATS_TEST_TMPDIR/tree/vm/run" -- id -u
	[ "$output" = 0 ]
}

@test "wrong usage: one line, status 2, and no machine" {
	run -2 --separate-stderr "$VM/run"
	stderr_is_one_line
	run -2 --separate-stderr "$VM/run" -x -- true
	stderr_is_one_line
	run -2 --separate-stderr "$VM/run" -t soon -- true
	stderr_is_one_line
	XDP_LESSONS_MEMORY=much run -2 --separate-stderr "$VM/run" -- true
	stderr_is_one_line
}

@test "no qemu: one line that says what to do" {
	without qemu-system-x86_64
	PATH=$BATS_TEST_TMPDIR/path run -4 --separate-stderr "$BATS_TEST_TMPDIR/vm/run" -- true
	stderr_is_one_line
	[[ $stderr == *'qemu-system-x86_64 is missing: run "make deps IN=vm"' ]]
}

@test "no space: said before the work starts" {
	stub df <<-'END'
		#!/bin/sh
		printf 'Avail\n12M\n'
	END
	run -4 --separate-stderr "$VM/run" -- true
	stderr_is_one_line
	[[ $stderr == *"the machine needs 300 MiB in $TMPDIR, and 12 are free: "*TMPDIR=DIR ]]
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	run -4 --separate-stderr "$VM/root"
	stderr_is_one_line
	run -4 --separate-stderr "$VM/kernel" 6.1
	stderr_is_one_line
	[ -z "$(find "$XDP_LESSONS_CACHE" -type f ! -name '.lock-*')" ]
}
