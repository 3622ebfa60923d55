#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The throw-away machine: what it promises, and every way in which it can fail.
# Needs no root. The first run fetches kernels and makes the root file system.

bats_require_minimum_version 1.5.0
VM=$BATS_TEST_DIRNAME
PATH=$PATH:/usr/sbin:/sbin

setup_file()
{
	unset MAKEFLAGS MAKELEVEL LAB V KERNEL IN LESSON TAP_DIR
	export XDP_LESSONS_CACHE=${XDP_LESSONS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xdp-lessons}
	"$BATS_TEST_DIRNAME/root" >/dev/null
	KERNEL_DIR=$("$BATS_TEST_DIRNAME/kernel" 6.12)
	export KERNEL_DIR
	"$BATS_TEST_DIRNAME/accel" "$KERNEL_DIR" >/dev/null
}

setup()
{
	# Whatever a run leaves would be here.
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
}

teardown()
{
	# No test leaves a machine, nor a file.
	run ! pgrep -f "$TMPDIR/xdp-vm"
	[ -z "$(ls "$TMPDIR")" ]
}

# stderr_is_one_line
stderr_is_one_line()
{
	[ "$(wc -l <<<"$stderr")" = 1 ]
}

# own_cache: a cache that shares the root file system, and no more.
own_cache()
{
	local cache=$BATS_TEST_TMPDIR/cache
	mkdir -p "$cache/kernels"
	ln -s "$XDP_LESSONS_CACHE"/root-* "$XDP_LESSONS_CACHE/accel" "$cache/" 2>/dev/null || :
	export XDP_LESSONS_CACHE=$cache
}

# stub NAME: a command that comes before the real one, from stdin.
stub()
{
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# without NAME: a PATH that lacks it.
without()
{
	local dir
	mkdir -p "$BATS_TEST_TMPDIR/path"
	for dir in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do
		find "$dir" -mindepth 1 -maxdepth 1 ! -name "$1" \
			-exec ln -sf -t "$BATS_TEST_TMPDIR/path" {} + 2>/dev/null || :
	done
	mkdir "$BATS_TEST_TMPDIR/vm"
	cp -r "$VM"/{lib.sh,run,kernel,root,accel,where,guest,kernels.txt,kernels.lock} "$BATS_TEST_TMPDIR/vm"
	# lib.sh adds the sbin folders, where it may be.
	sed -i '/^PATH=/d' "$BATS_TEST_TMPDIR/vm/lib.sh"
	cp -r "$VM/../testenv" "$BATS_TEST_TMPDIR/"
}

# debian_package DIR FILE: a package with the files of DIR.
debian_package()
{
	mkdir -p "$1/DEBIAN"
	printf '%s\n' 'Package: linux-image-own' 'Version: 1' 'Architecture: amd64' \
		'Maintainer: nobody' 'Description: a kernel' >"$1/DEBIAN/control"
	dpkg-deb -Znone -b "$1" "$2" >/dev/null
}

# kernel_files DIR: what the prepared kernel 6.12 was made of.
kernel_files()
{
	local release
	release=$(cat "$KERNEL_DIR/release")
	mkdir -p "$1/boot" "$1/lib/modules"
	cp "$KERNEL_DIR/vmlinuz" "$1/boot/vmlinuz-$release"
	cp "$KERNEL_DIR/config" "$1/boot/config-$release"
	debugfs -R "rdump /$release $1/lib/modules" "$KERNEL_DIR/modules" 2>/dev/null
}

@test "the command's output and status come back, and nothing else" {
	run -7 --separate-stderr "$VM/run" -- sh -c 'uname -r; echo error >&2; exit 7'
	[ "${lines[0]}" = "$(cat "$KERNEL_DIR/release")" ]
	[ "${lines[1]}" = error ]
	[ ${#lines[@]} = 2 ]
	[ -z "$stderr" ]
}

@test "it is there within 15 seconds" {
	begin=$SECONDS
	"$VM/run" -- echo first line
	((SECONDS - begin < 15))
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
	cp -r "$VM/.." "$BATS_TEST_TMPDIR/tree"
	echo "not committed" >"$BATS_TEST_TMPDIR/tree/new file"
	run -0 "$BATS_TEST_TMPDIR/tree/vm/run" -- sh -c 'pwd; cat "new file"'
	[ "${lines[0]}" = "$(cd "$BATS_TEST_TMPDIR/tree" && pwd)" ]
	[ "${lines[1]}" = "not committed" ]
	# What is changed there stays there.
	run -0 "$BATS_TEST_TMPDIR/tree/vm/run" -- rm README.md
	[ -f "$BATS_TEST_TMPDIR/tree/README.md" ]
}

@test "a lesson that is right passes, one that is wrong fails the host's command" {
	cp -r "$VM/.." "$BATS_TEST_TMPDIR/tree"
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
	mkdir "$out"
	echo 0 >"$out/status"
	echo old >"$out/tap"
	run -0 "$VM/run" -o "$out" -- sh -c 'echo new >$XDP_VM_RESULTS/found'
	[ "$(cat "$out/found")" = new ]
	[ "$(cat "$out/status")" = 0 ]
	[ ! -e "$out/tap" ]
	grep -q 'Linux version' "$out/dmesg"
	run -125 "$VM/run" -o "$out" -- sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
	[ ! -e "$out/status" ]
	[ ! -e "$out/found" ]
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
		# After kill -9 the next run tidies up.
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

@test "an ordinary user needs no root" {
	[ "$(id -u)" = 0 ] || skip "is one already"
	[ -x "$(command -v setpriv)" ]
	chmod 777 "$BATS_TEST_TMPDIR" "$TMPDIR"
	own_cache
	cp -r "$KERNEL_DIR" "$XDP_LESSONS_CACHE/kernels/"
	rm -f "$XDP_LESSONS_CACHE"/root-*
	ln "$(dirname "$(dirname "$KERNEL_DIR")")"/root-*.ext2 "$XDP_LESSONS_CACHE/" 2>/dev/null ||
		cp "$(dirname "$(dirname "$KERNEL_DIR")")"/root-*.ext2 "$XDP_LESSONS_CACHE/"
	cp -r "$VM/.." "$BATS_TEST_TMPDIR/tree"
	chmod -R a+rX "$BATS_TEST_TMPDIR/tree" "$XDP_LESSONS_CACHE"
	path=$BATS_TEST_TMPDIR
	while [ "$path" != / ]; do
		[ -n "$(find "$path" -maxdepth 0 -perm -o+x)" ] || chmod o+x "$path"
		path=$(dirname "$path")
	done
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		"$BATS_TEST_TMPDIR/tree/vm/run" -- id -u
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

@test "an unknown kernel: which there are" {
	run -2 --separate-stderr "$VM/run" -k 4.19 -- true
	stderr_is_one_line
	[[ $stderr == *'no kernel "4.19": one of 5.10 6.1 6.12 '* ]]
	run -2 make -C "$VM/.." KERNEL=4.19 lesson1
	[[ $output == *'no kernel "4.19"'* ]]
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

@test "no subordinate user ids: one line that mends it" {
	stub id <<-'END'
		#!/bin/sh
		case $1 in
		-un) echo nosuchuser ;;
		*) echo 12345 ;;
		esac
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	run -4 --separate-stderr "$VM/root"
	stderr_is_one_line
	[[ $stderr == *"usermod --add-subuids"* ]]
}

@test "making the root is killed at any moment: never half a one, and the next try works" {
	# A stand-in that writes for a second.
	stub mmdebstrap <<-'END'
		#!/bin/bash
		for word; do
			case $word in
			*/root.ext2) file=$word ;;
			esac
		done
		for ((i = 0; i < 100; i++)); do
			head -c 100000 /dev/zero >>"$file"
			sleep 0.01
		done
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	for moment in 0.05 0.2 0.4 0.7 1 1.2 1.3 1.4 1.5; do
		"$VM/root" >/dev/null 2>&1 3>&- &
		sleep "$moment"
		kill -KILL $! 2>/dev/null || :
		wait $! || :
		for file in "$XDP_LESSONS_CACHE"/root-*.ext2; do
			[ ! -e "$file" ] || [ "$(stat -c %s "$file")" = 10000000 ]
		done
		rm -f "$XDP_LESSONS_CACHE"/root-*.ext2
	done
	file=$("$VM/root")
	[ "$(stat -c %s "$file")" = 10000000 ]
	[ -z "$(find "$XDP_LESSONS_CACHE" -name '*.part')" ]
	# Scratch folders of the killed were removed by those who came after.
	[ -z "$(ls "$TMPDIR")" ]
}

@test "two at once make one root: the other one waits and says so" {
	stub mmdebstrap <<-'END'
		#!/bin/bash
		for word; do
			case $word in
			*/root.ext2) echo made >"$word" ;;
			esac
		done
		echo once >>"$XDP_LESSONS_CACHE/made"
		sleep 2
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	mkdir "$XDP_LESSONS_CACHE"
	"$VM/root" >/dev/null 2>&1 &
	for ((i = 0; i < 100; i++)); do
		[ ! -e "$XDP_LESSONS_CACHE/made" ] || break
		sleep 0.1
	done
	run -0 --separate-stderr "$VM/root"
	[[ $stderr == *"another run is making the root file system: waiting for it"* ]]
	wait
	[ "$(cat "$XDP_LESSONS_CACHE/made")" = once ]
}

@test "a kernel of one's own: a Debian package" {
	kernel_files "$BATS_TEST_TMPDIR/own"
	debian_package "$BATS_TEST_TMPDIR/own" "$BATS_TEST_TMPDIR/own.deb"
	own_cache
	run -0 make -C "$VM/.." KERNEL="$BATS_TEST_TMPDIR/own.deb" -n lesson1
	[[ $output == *"vm/run -k '$BATS_TEST_TMPDIR/own.deb'"* ]]
	run -0 --separate-stderr "$VM/run" -k "$BATS_TEST_TMPDIR/own.deb" -- uname -r
	[ "$output" = "$(cat "$KERNEL_DIR/release")" ]
}

@test "a kernel of one's own: a bzImage with its modules beside it" {
	kernel_files "$BATS_TEST_TMPDIR/own"
	own_cache
	run -0 --separate-stderr "$VM/run" -k "$BATS_TEST_TMPDIR"/own/boot/vmlinuz-* -- \
		sh -c 'uname -r; modprobe veth'
	[ "$output" = "$(cat "$KERNEL_DIR/release")" ]
}

@test "a bzImage without what it needs: the guest says what" {
	mkdir "$BATS_TEST_TMPDIR/boot"
	cp "$KERNEL_DIR/vmlinuz" "$BATS_TEST_TMPDIR/boot/bzImage"
	own_cache
	run -125 --separate-stderr "$VM/run" -k "$BATS_TEST_TMPDIR/boot/bzImage" -- true
	[[ ${stderr_lines[-1]} == *"this kernel lacks "* ]]
}

@test "a file that is no kernel" {
	echo text >"$BATS_TEST_TMPDIR/text"
	own_cache
	run -1 --separate-stderr "$VM/kernel" "$BATS_TEST_TMPDIR/text"
	stderr_is_one_line
	[[ $stderr == *"is no Linux bzImage" ]]
}

@test "a kernel without veth: one line, before any machine starts" {
	kernel_files "$BATS_TEST_TMPDIR/own"
	find "$BATS_TEST_TMPDIR/own" -name 'veth.ko*' -delete
	debian_package "$BATS_TEST_TMPDIR/own" "$BATS_TEST_TMPDIR/own.deb"
	own_cache
	run -1 --separate-stderr "$VM/kernel" "$BATS_TEST_TMPDIR/own.deb"
	stderr_is_one_line
	[[ $stderr == *"this kernel lacks veth" ]]
	[ -z "$(ls "$XDP_LESSONS_CACHE/kernels")" ]
}

@test "a kernel without BTF: one line, before any machine starts" {
	kernel_files "$BATS_TEST_TMPDIR/own"
	sed -i 's/^CONFIG_DEBUG_INFO_BTF=y/# CONFIG_DEBUG_INFO_BTF is not set/' \
		"$BATS_TEST_TMPDIR"/own/boot/config-*
	debian_package "$BATS_TEST_TMPDIR/own" "$BATS_TEST_TMPDIR/own.deb"
	own_cache
	run -1 --separate-stderr "$VM/kernel" "$BATS_TEST_TMPDIR/own.deb"
	stderr_is_one_line
	[[ $stderr == *"this kernel has no BTF"* ]]
}

@test "the machine has to run the kernel that was asked for" {
	own_cache
	cp -r "$KERNEL_DIR" "$XDP_LESSONS_CACHE/kernels/"
	echo 6.12.0-other >"$XDP_LESSONS_CACHE/kernels/${KERNEL_DIR##*/}/release"
	run -125 --separate-stderr "$VM/run" -k 6.12 -- true
	[[ ${stderr_lines[-1]} == *"the machine ran Linux $(cat "$KERNEL_DIR/release")" ]]
}

@test "a feature that 5.10 lacks is lacking there, and there on 6.1" {
	probe='bpftool btf dump file /sys/kernel/btf/vmlinux | grep -c "FUNC .bpf_xdp_load_bytes."'
	run -1 "$VM/run" -k 5.10 -- sh -c "$probe"
	[ "${lines[-1]}" = 0 ]
	run -0 "$VM/run" -k 6.1 -- sh -c "$probe"
}

@test "the lock is read back: another checksum is an error" {
	own_cache
	sed 's/^\(6\.12 .* \)[0-9a-f]*$/\1'"$(printf %064d 0)"'/' "$VM/kernels.lock" >"$BATS_TEST_TMPDIR/lock"
	XDP_LESSONS_LOCK=$BATS_TEST_TMPDIR/lock run -1 --separate-stderr "$VM/kernel" 6.12
	[[ ${stderr_lines[-1]} == *"is not the file that kernels.lock knows: sha256 differs" ]]
	[ -z "$(ls "$XDP_LESSONS_CACHE/kernels")" ]
}

@test "a version that the archive has no more: the newest, and it is said" {
	own_cache
	sed 's/^\(6\.12 [^ ]*\) [^ ]* /\1 6.12.1-1 /' "$VM/kernels.lock" >"$BATS_TEST_TMPDIR/lock"
	XDP_LESSONS_LOCK=$BATS_TEST_TMPDIR/lock run -0 --separate-stderr "$VM/kernel" 6.12
	[[ $stderr == *"the archive has no version 6.12.1-1 any more, taking the newest, 6.12."* ]]
	[[ $output == "$XDP_LESSONS_CACHE/kernels/6.12-"* ]]
}

@test "no archive known: one line" {
	stub apt-get <<-'END'
		#!/bin/sh
		exit 0
	END
	own_cache
	DEBIAN_MIRROR='' run -4 --separate-stderr "$VM/kernel" 6.1
	[[ ${stderr_lines[-1]} == *"set DEBIAN_MIRROR to the address of one" ]]
}

@test "KVM that does not boot is not used, and the answer is remembered" {
	stub qemu-system-x86_64 <<-'END'
		#!/bin/sh
		case " $* " in
		*" --version "*) echo stub ;;
		*) echo probed >>"$XDP_LESSONS_CACHE/probes" ;;
		esac
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty XDP_LESSONS_KVM=$BATS_TEST_TMPDIR/kvm
	mkdir "$XDP_LESSONS_CACHE"
	touch "$XDP_LESSONS_KVM"
	[ "$("$VM/accel" "$KERNEL_DIR")" = tcg,thread=single ]
	[ "$("$VM/accel" "$KERNEL_DIR")" = tcg,thread=single ]
	[ "$(wc -l <"$XDP_LESSONS_CACHE/probes")" = 1 ]
	# Another device, another try.
	chmod 600 "$XDP_LESSONS_KVM"
	"$VM/accel" "$KERNEL_DIR"
	[ "$(wc -l <"$XDP_LESSONS_CACHE/probes")" = 2 ]
}

@test "KVM that boots is used" {
	stub qemu-system-x86_64 <<-'END'
		#!/bin/bash
		while [ $# -gt 0 ]; do
			case $1 in
			file:*) echo "xdp-vm: booted" >"${1#file:}" ;;
			esac
			shift
		done
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty XDP_LESSONS_KVM=$BATS_TEST_TMPDIR/kvm
	touch "$XDP_LESSONS_KVM"
	[ "$("$VM/accel" "$KERNEL_DIR")" = kvm ]
}

@test "the probe recognises a kernel that boots" {
	# What accel looks for is what guest/init says, by emulation here.
	timeout 60 qemu-system-x86_64 -nodefaults -M q35 -accel tcg,thread=single -cpu max -m 256M \
		-display none -no-reboot -serial "file:$BATS_TEST_TMPDIR/console" \
		-kernel "$KERNEL_DIR/vmlinuz" -initrd "$KERNEL_DIR/initramfs" \
		-append 'console=ttyS0 panic=-1 xdp-vm-probe'
	grep '^xdp-vm: booted' "$BATS_TEST_TMPDIR/console"
}

@test "auto: here where the kernel will do, else in a machine, which is said" {
	[ "$(id -u)" = 0 ] || skip "needs root, to give it up"
	run -0 --separate-stderr "$VM/where"
	[ "$output" = host ]
	[ -z "$stderr" ]
	run -0 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all "$VM/where"
	[ "$output" = vm ]
	stderr_is_one_line
	[[ $stderr == "You are not root"*": running in a virtual machine (IN=host tries it here)" ]]
	run -0 --separate-stderr unshare --mount sh -c "mount -t tmpfs tmpfs /sys/kernel && $VM/where"
	[ "$output" = vm ]
	[[ $stderr == "This machine lacks BTF: "* ]]
}

@test "make: IN and KERNEL decide, a lesson that is not there needs no machine" {
	run -0 make -C "$VM/.." -n IN=vm lesson3
	[[ $output == *"vm/run "*"make -s IN=host"*" lesson3"* ]]
	run -0 make -C "$VM/.." -n KERNEL=6.1 LESSON=4 test
	[[ $output == *"vm/run -k '6.1'"*"LESSON='4'"*" test"* ]]
	run -0 make -C "$VM/.." -n IN=host lesson3
	[[ $output != *"vm/run"* ]]
	run -2 make -C "$VM/.." IN=elsewhere lesson3
	[[ $output == *'IN is "host", "vm" or "auto", not "elsewhere"'* ]]
	run -2 make -C "$VM/.." IN=vm lesson99
	[[ $output == *"There is no lesson 99."* ]]
}
