#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What a machine is made of and how it is chosen: kernels, the root file system, the
# accelerator, here or in a machine.

load vm_bats

# stub_mmdebstrap: in place of mmdebstrap, what writes a root file system, "$file", and
# goes on with the commands from stdin.
stub_mmdebstrap()
{
	local more
	more=$(cat)
	stub mmdebstrap <<-END
		#!/bin/bash
		for word; do
			case \$word in
			*/root.ext2) file=\$word ;;
			esac
		done
		echo made >"\$file"
		$more
	END
}

@test "an unknown kernel: which there are" {
	run -2 --separate-stderr "$VM/run" -k 4.19 -- true
	stderr_is_one_line
	[[ $stderr == *'no kernel "4.19": one of 5.10 6.1 6.12 '* ]]
	run -2 make -C "$VM/.." KERNEL=4.19 lesson1
	[[ $output == *'no kernel "4.19"'* ]]
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

@test "an ordinary user's folder that others may not enter: one line, before the work" {
	mkdir -p "$BATS_TEST_TMPDIR/home/big"
	chmod 700 "$BATS_TEST_TMPDIR/home"
	stub id <<-'END'
		#!/bin/sh
		[ "$1" = -un ] && echo somebody || echo 12345
	END
	stub grep <<-'END'
		#!/bin/sh
		[ "$2" = ^somebody: ] || exec /bin/grep "$@"
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	TMPDIR=$BATS_TEST_TMPDIR/home/big run -4 --separate-stderr "$VM/root"
	stderr_is_one_line
	[[ $stderr == *"others may not enter $BATS_TEST_TMPDIR/home: "* ]]
	[ -z "$(ls "$BATS_TEST_TMPDIR/home/big")" ]
}

@test "a proxy of this machine's apt is used for the root, too" {
	stub_mmdebstrap <<<'echo "$http_proxy" >"$XDP_LESSONS_CACHE/proxy"'
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	echo 'Acquire::http::Proxy "http://proxy.example:3128";' >"$BATS_TEST_TMPDIR/apt.conf"
	APT_CONFIG=$BATS_TEST_TMPDIR/apt.conf "$VM/root"
	[ "$(cat "$XDP_LESSONS_CACHE/proxy")" = http://proxy.example:3128 ]
}

@test "making the root is killed at any moment: never half a one, and the next try works" {
	# A stand-in that writes for a second.
	stub_mmdebstrap <<-'END'
		: >"$file"
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

@test "told to end while the root goes to its place: nothing half is left" {
	stub_mmdebstrap </dev/null
	stub cp <<-'END'
		#!/bin/sh
		/bin/cp "$@"
		sleep 2
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	"$VM/root" >/dev/null 2>&1 3>&- &
	pid=$!
	wait_for 10 compgen -G "$XDP_LESSONS_CACHE/*.part"
	kill -TERM $pid
	ended=0
	wait $pid || ended=$?
	[ $ended = 143 ]
	[ -z "$(find "$XDP_LESSONS_CACHE" -type f ! -name '.lock-*')" ]
}

@test "two at once make one root: the other one waits and says so" {
	stub_mmdebstrap <<-'END'
		echo once >>"$XDP_LESSONS_CACHE/made"
		sleep 2
	END
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	mkdir "$XDP_LESSONS_CACHE"
	"$VM/root" >/dev/null 2>&1 &
	wait_for 10 [ -e "$XDP_LESSONS_CACHE/made" ]
	run -0 --separate-stderr "$VM/root"
	[[ $stderr == *"another run is making the root file system: waiting for it"* ]]
	wait
	[ "$(cat "$XDP_LESSONS_CACHE/made")" = once ]
}

@test "told to end while it waits for another run: it ends at once" {
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/empty
	mkdir "$XDP_LESSONS_CACHE"
	flock "$XDP_LESSONS_CACHE/.lock-the root file system" sleep 1000 3>&- &
	holder=$!
	"$VM/root" 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	pid=$!
	wait_for 10 grep waiting "$BATS_TEST_TMPDIR/said"
	kill -TERM $pid
	wait_for 10 gone $pid || late=yes
	kill -TERM $holder "$(pgrep -P $holder)"
	ended=0
	wait $pid || ended=$?
	[ $ended = 143 ]
	[ -z "${late-}" ]
}

@test "a cache of another's, read only: the accelerator is found, what lacks is said" {
	[ "$(id -u)" = 0 ] || skip "needs root, to give it up"
	stub qemu-system-x86_64 <<<'#!/bin/sh'
	export XDP_LESSONS_CACHE=$BATS_TEST_TMPDIR/cache XDP_LESSONS_KVM=$BATS_TEST_TMPDIR/kvm
	mkdir "$XDP_LESSONS_CACHE"
	touch "$XDP_LESSONS_KVM"
	chmod 666 "$XDP_LESSONS_KVM"
	mkdir "$BATS_TEST_TMPDIR/kernel"
	touch "$BATS_TEST_TMPDIR/kernel"/{vmlinuz,initramfs}
	copy_tree "$BATS_TEST_TMPDIR/tree"
	let_in "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr as_nobody "$BATS_TEST_TMPDIR/tree/vm/accel" "$BATS_TEST_TMPDIR/kernel"
	[ "$output" = tcg,thread=single ]
	stderr_is_one_line
	run -4 --separate-stderr as_nobody "$BATS_TEST_TMPDIR/tree/vm/root"
	stderr_is_one_line
	[[ $stderr == *"cannot write to the cache $XDP_LESSONS_CACHE: name another with XDP_LESSONS_CACHE=DIR" ]]
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

@test "the cache is in a folder with a space: only old kernels of our own go" {
	export XDP_LESSONS_CACHE="$BATS_TEST_TMPDIR/big disk"
	mkdir -p "$BATS_TEST_TMPDIR/boot" "$XDP_LESSONS_CACHE/kernels" "$BATS_TEST_TMPDIR/big"
	touch "$BATS_TEST_TMPDIR/big/precious"
	mkdir "$XDP_LESSONS_CACHE"/kernels/{own-000000000001,own-000000000002,6.12-000000000003}
	touch -d "2 days ago" "$XDP_LESSONS_CACHE"/kernels/{own-000000000001,6.12-000000000003}
	touch -d "20 hours ago" "$XDP_LESSONS_CACHE/kernels/own-000000000002"
	cp "$KERNEL_DIR/vmlinuz" "$BATS_TEST_TMPDIR/boot/bzImage"
	run -0 --separate-stderr "$VM/kernel" "$BATS_TEST_TMPDIR/boot/bzImage"
	[ -s "$output/vmlinuz" ]
	[ -e "$BATS_TEST_TMPDIR/big/precious" ]
	[ ! -e "$XDP_LESSONS_CACHE/kernels/own-000000000001" ]
	# Another run may be about to boot this one.
	[ -e "$XDP_LESSONS_CACHE/kernels/own-000000000002" ]
	[ -e "$XDP_LESSONS_CACHE/kernels/6.12-000000000003" ]
	# Handed out, it is in use.
	touch -d "2 days ago" "$output"
	"$VM/kernel" "$BATS_TEST_TMPDIR/boot/bzImage"
	[ -n "$(find "$output" -maxdepth 0 -mmin -1)" ]
}

@test "modules of a bzImage that were built anew, or came later, are taken" {
	kernel_files "$BATS_TEST_TMPDIR/own"
	own_cache
	mv "$BATS_TEST_TMPDIR/own/lib" "$BATS_TEST_TMPDIR/lib"
	image=$(echo "$BATS_TEST_TMPDIR"/own/boot/vmlinuz-*)
	without=$("$VM/kernel" "$image")
	[ ! -e "$without/modules" ]
	mv "$BATS_TEST_TMPDIR/lib" "$BATS_TEST_TMPDIR/own/lib"
	first=$("$VM/kernel" "$image")
	[ -s "$first/modules" ]
	find "$BATS_TEST_TMPDIR/own/lib" -name 'veth.ko*' -exec touch -d tomorrow {} +
	[ "$("$VM/kernel" "$image")" != "$first" ]
}

@test "a file that is no kernel" {
	echo text >"$BATS_TEST_TMPDIR/text"
	# As in a vmlinux.
	head -c 1000 /dev/zero >"$BATS_TEST_TMPDIR/zeros"
	own_cache
	for file in text zeros; do
		run -1 --separate-stderr "$VM/kernel" "$BATS_TEST_TMPDIR/$file"
		stderr_is_one_line
		[[ $stderr == *"is no Linux bzImage" ]]
	done
}

@test "a package that is not whole: an error, and no kernel" {
	kernel_files "$BATS_TEST_TMPDIR/own"
	debian_package "$BATS_TEST_TMPDIR/own" "$BATS_TEST_TMPDIR/whole.deb"
	# All that counts may be in its first half.
	head -c -10000 "$BATS_TEST_TMPDIR/whole.deb" >"$BATS_TEST_TMPDIR/own.deb"
	own_cache
	run -1 --separate-stderr "$VM/kernel" "$BATS_TEST_TMPDIR/own.deb"
	[[ $stderr == *"cannot unpack $BATS_TEST_TMPDIR/own.deb (see above)" ]]
	run -1 "$VM/kernel" "$BATS_TEST_TMPDIR/whole.deb" "$VM/lib.sh"
	[ -z "$(ls "$XDP_LESSONS_CACHE/kernels")" ]
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

# sources_of VARIABLE=VALUE...: what vm/root would write to sources.list.
sources_of()
{
	env -u DEBIAN_MIRROR -u DEBIAN_SECURITY_MIRROR "$@" bash -c \
		'. "$1/lib.sh" && sources bookworm bookworm-security' "$VM/root" "$VM"
}

@test "no archive known, as on Ubuntu: Debian's own, which is said" {
	stub apt-get <<-'END'
		#!/bin/sh
		exit 0
	END
	run -0 --separate-stderr sources_of
	[[ ${lines[0]} == *" http://deb.debian.org/debian bookworm main" ]]
	[[ ${lines[1]} == *" http://deb.debian.org/debian-security bookworm-security main" ]]
	stderr_is_one_line
	[[ $stderr == "root: this machine's apt knows no archive of Debian: taking http://deb.debian.org/debian "* ]]
	run -0 --separate-stderr sources_of DEBIAN_MIRROR=http://mirror.example/debian/
	[[ ${lines[0]} == *" http://mirror.example/debian bookworm main" ]]
	[[ ${lines[1]} == *" http://mirror.example/debian-security bookworm-security main" ]]
	[ -z "$stderr" ]
}

@test "a machine that is not x86-64: one line, before any work" {
	stub uname <<-'END'
		#!/bin/sh
		echo aarch64
	END
	own_cache
	for command in run root "kernel 6.12"; do
		[ "$command" != run ] || command="run -- true"
		run -4 --separate-stderr $VM/$command
		stderr_is_one_line
		[[ $stderr == *"for x86-64, and this machine is aarch64: see vm/README.md" ]]
	done
}

@test "a kernel that cannot be fetched: no result, and the accelerator's answer is not touched" {
	stub apt-get <<-'END'
		#!/bin/sh
		echo "E: no network" >&2
		exit 100
	END
	own_cache
	rm -f "$XDP_LESSONS_CACHE/accel"
	DEBIAN_MIRROR=http://mirror.example/debian run -125 --separate-stderr "$VM/run" -k 6.1 -- true
	[[ $stderr == *"E: no network"*"cannot read the archive's index (see above)" ]]
	touch "$BATS_TEST_TMPDIR/kvm"
	XDP_LESSONS_KVM=$BATS_TEST_TMPDIR/kvm run -2 --separate-stderr "$VM/accel" ""
	stderr_is_one_line
	[ ! -e "$XDP_LESSONS_CACHE/accel" ]
}

@test "no name, or an option's: one line" {
	run -2 --separate-stderr "$VM/kernel"
	stderr_is_one_line
	run -2 --separate-stderr "$VM/kernel" --newest
	stderr_is_one_line
	run -2 --separate-stderr "$VM/kernel" --lock 6.13
	[[ $stderr == *'no kernel "6.13": one of '* ]]
	stderr_is_one_line
	for kernel in "" --lock; do
		run -2 --separate-stderr "$VM/run" -k "$kernel" -- true
		stderr_is_one_line
	done
}

@test "a name of the list is that kernel, whatever file is called so" {
	cd "$BATS_TEST_TMPDIR"
	echo text >6.12
	[ "$("$VM/kernel" 6.12)" = "$KERNEL_DIR" ]
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
	run -0 --separate-stderr as_nobody "$VM/where"
	[ "$output" = vm ]
	stderr_is_one_line
	[[ $stderr == "You are not root"*": running in a virtual machine (IN=host tries it here)" ]]
	run -0 --separate-stderr unshare --mount sh -c "mount -t tmpfs tmpfs /sys/kernel && $VM/where"
	[ "$output" = vm ]
	[[ $stderr == "This machine lacks BTF: "* ]]
}

@test "make: IN and KERNEL decide, a lesson that is not there needs no machine" {
	run -0 make -C "$VM/.." -n IN=vm lesson3
	[[ $output == *"vm/run "*"make -s IN=host"*" lesson3"* && $output != *" -t "* ]]
	run -0 make -C "$VM/.." -n KERNEL=6.1 LESSON=4 test
	# Emulated, all tests take longer than the hour that other commands get.
	[[ $output == *"vm/run -k '6.1' -t 14400 "*"LESSON='4'"*" test"* ]]
	run -0 make -C "$VM/.." -n IN=host lesson3
	[[ $output != *"vm/run"* ]]
	run -0 make -C "$VM/.." -n IN=auto KERNEL=6.1 lesson3
	[[ $output == *"vm/run -k '6.1' "* ]]
	# No other kernel passes for the one that was asked for.
	for target in lesson3 check1; do
		run -2 make -C "$VM/.." IN=host KERNEL=6.1 $target
		[[ $output == *"KERNEL=6.1 is for a virtual machine: leave IN=host out"* ]]
	done
	run -2 make -C "$VM/.." IN=elsewhere lesson3
	[[ $output == *'IN is "host", "vm" or "auto", not "elsewhere"'* ]]
	run -2 make -C "$VM/.." IN=vm lesson99
	[[ $output == *"There is no lesson 99."* ]]
}
