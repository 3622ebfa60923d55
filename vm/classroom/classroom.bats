#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The classroom machine that "make vm" built, booted in every way it promises.
# Run by "make test-classroom"; takes a quarter of an hour by emulation.

bats_require_minimum_version 1.5.0

setup_file()
{
	PATH=$PATH:/usr/sbin:/sbin
	export RUN=$BATS_TEST_DIRNAME/run
	export OUT=${XDP_VM_OUT:-$BATS_TEST_DIRNAME/../out}
	export IMAGE=$OUT/xdp-lessons-amd64.qcow2
	export XDP_VM_RUN=$BATS_FILE_TMPDIR/m
	export SSH_PORT OFFLINE=1 SHARE=$BATS_FILE_TMPDIR/share
	SSH_PORT=$(free_port)
	mkdir -p "$SHARE" "$XDP_VM_RUN"
	echo "from the host" >"$SHARE/note"
	[ -s "$IMAGE" ] || {
		echo "$IMAGE is missing: run \"make vm\" first" >&2
		return 1
	}
}

teardown_file()
{
	"$RUN" stop
}

# What a test should not have started.
teardown()
{
	[ ! -e "$BATS_TEST_TMPDIR/r/pid" ] || XDP_VM_RUN=$BATS_TEST_TMPDIR/r "$RUN" stop
}

free_port()
{
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# machine VERB...: without bats' own descriptors, which qemu would keep open.
machine()
{
	"$RUN" "$@" 3>&- 4>&- </dev/null
}

inside()
{
	machine ssh "$@"
}

# boot [VARIABLE=VALUE...]: a machine as fresh as from the image; says how long it took.
boot()
{
	machine reset
	run -0 env "$@" "$RUN" start 3>&- 4>&- </dev/null
	echo "# $* $(sed -n 's/.*\(ready after.*\): .*/\1/p' <<<"$output")" >&3
}

# lessons: all of them, as the student, by TAP; prints what is not ok.
lessons()
{
	inside 'cd xdp-lessons && for page in lessons/*/README.md; do
			sudo testenv/follow --tap "$page" >/tmp/tap 2>&1
			echo "$page: status $?, $(grep -c ^ok /tmp/tap) ok, $(grep -c "^not ok" /tmp/tap) not ok"
			grep -A 20 "^not ok" /tmp/tap
		done' >"$BATS_TEST_TMPDIR/lessons" || :
	sed 's/^/# /' "$BATS_TEST_TMPDIR/lessons" >&3
	[ "$(grep -c 'status 0, [1-9][0-9]* ok, 0 not ok$' "$BATS_TEST_TMPDIR/lessons")" = \
		"$(compgen -G "$BATS_TEST_DIRNAME/../../lessons/[0-9]*" | wc -l)" ]
}

# console SCRIPT: speak with the serial console: lines "wait TEXT" and "send TEXT";
# prints what it said.
console()
{
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
seen, rest, until = "", "", time.time() + 60
for line in sys.argv[2].splitlines():
    verb, _, text = line.strip().partition(" ")
    if verb == "send":
        s.sendall((text + "\n").encode())
        continue
    while verb == "wait" and text not in rest:
        s.settimeout(max(0.1, until - time.time()))
        data = s.recv(4096).decode(errors="replace")
        seen, rest = seen + data, rest + data
    rest = rest.partition(text)[2]
print(seen)' "$XDP_VM_RUN/console" "$1"
}

# identity: what must differ from copy to copy.
identity()
{
	inside 'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub'
}

# nothing_runs: no qemu of ours.
nothing_runs()
{
	! pgrep -f -- "-pidfile $XDP_VM_RUN/pid"
}

### Without a machine

@test "bad usage: the usage, status 2" {
	for arguments in "" fly "start now" "stop it"; do
		run -2 "$RUN" $arguments
		[[ $output == *"vm/classroom/run start"* ]]
	done
	SSH_PORT=70000 run -2 "$RUN" start
	SSH_PORT=x run -2 "$RUN" start
	FIRMWARE=coreboot run -2 "$RUN" start
	HARDWARE=floppy run -2 "$RUN" start
	ARCH=vax run -2 "$RUN" start
	OFFLINE=0 run -2 "$RUN" start
	[ "${#lines[@]}" = 1 ]
	for verb in start stop reset; do
		TIMEOUT=5m run -2 "$RUN" $verb
		[[ $output == "run: TIMEOUT=5m is not a number of seconds" ]]
	done
	SHARE=/nowhere run -2 "$RUN" start
	[ "${#lines[@]}" = 1 ]
	run -2 "$BATS_TEST_DIRNAME/build" x86_64
	[ "$output" = 'build: "x86_64" is not one of amd64, arm64' ]
	run -2 "$BATS_TEST_DIRNAME/build" amd64 twice
	run -0 "$BATS_TEST_DIRNAME/build" --help
}

@test "no image: one line, status 4" {
	IMAGE=/nowhere.qcow2 run -4 "$RUN" start
	[ "${#lines[@]}" = 1 ]
	[[ $output == *'make vm'* ]]
	# It is looked for where it was built.
	XDP_VM_OUT=/elsewhere run -4 env -u IMAGE "$RUN" start
	[[ $output == "run: /elsewhere/xdp-lessons-amd64.qcow2 is missing"* ]]
}

@test "IMAGE relative to the current folder: its checksum is found" {
	export XDP_VM_RUN=$BATS_TEST_TMPDIR/r TIMEOUT=1
	cd "$OUT/.."
	IMAGE=${OUT##*/}/xdp-lessons-amd64.qcow2 run -1 machine start
	[[ $output == *"no ssh after 1 s"* && $output != *"not whole"* ]]
}

@test "half an image is not started" {
	head -c 10000000 "$IMAGE" >"$BATS_TEST_TMPDIR/xdp-lessons-amd64.qcow2"
	cp "${IMAGE%.qcow2}.sha256" "$BATS_TEST_TMPDIR"
	IMAGE=$BATS_TEST_TMPDIR/xdp-lessons-amd64.qcow2 XDP_VM_RUN=$BATS_TEST_TMPDIR/r run -1 "$RUN" start
	[ "${#lines[@]}" = 1 ]
	[[ $output == *"is not whole"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/r/disk.qcow2" ]
}

@test "no qemu: one line, status 4" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for program in $(compgen -c | sort -u); do
		[[ $program == qemu-* ]] || [[ ! $program =~ ^[a-z] ]] || [ ! -x "/usr/bin/$program" ] ||
			ln -s "/usr/bin/$program" "$BATS_TEST_TMPDIR/bin"
	done
	PATH=$BATS_TEST_TMPDIR/bin run -4 "$RUN" start
	[ "${#lines[@]}" = 1 ]
	[[ $output == *"make deps IN=vm"* ]]
}

@test "no space: one line, status 4, and nothing was begun" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho Avail\necho 12M\n' >"$BATS_TEST_TMPDIR/bin/df"
	chmod +x "$BATS_TEST_TMPDIR/bin/df"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH XDP_VM_RUN=$BATS_TEST_TMPDIR/r run -4 "$RUN" start
	[ "${#lines[@]}" = 1 ]
	[[ $output == *"12 are free"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/r/disk.qcow2" ]
	PATH=$BATS_TEST_TMPDIR/bin:$PATH XDP_VM_OUT=$BATS_TEST_TMPDIR/o run -4 "$BATS_TEST_DIRNAME/build"
	[ "${#lines[@]}" = 1 ]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/o")" ]
}

@test "a taken port: one line, status 4" {
	python3 -c 'import socket, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(60)' >"$BATS_TEST_TMPDIR/port" 3>&- &
	until [ -s "$BATS_TEST_TMPDIR/port" ]; do sleep 0.1; done
	SSH_PORT=$(cat "$BATS_TEST_TMPDIR/port") run -4 "$RUN" start
	kill $!
	[ "${#lines[@]}" = 1 ]
	[[ $output == *"is taken"* ]]
}

@test "a pid that is a stranger's now is left alone" {
	sleep 300 3>&- &
	echo $! >"$XDP_VM_RUN/pid"
	run -1 "$RUN" status
	run -0 "$RUN" stop
	run -0 "$RUN" reset
	kill -0 $!
	kill $!
}

@test "an overlay of another image is not used" {
	mkdir "$BATS_TEST_TMPDIR/r"
	echo "$IMAGE 1 2" >"$BATS_TEST_TMPDIR/r/image"
	echo >"$BATS_TEST_TMPDIR/r/disk.qcow2"
	XDP_VM_RUN=$BATS_TEST_TMPDIR/r run -1 "$RUN" start
	[ "${#lines[@]}" = 1 ]
	[[ $output == *"is not the one that this machine was started with first"* ]]
}

@test "a new image: a machine that was started keeps the one it has" {
	export IMAGE=$BATS_TEST_TMPDIR/disk.img XDP_VM_RUN=$BATS_TEST_TMPDIR/r TIMEOUT=1
	truncate -s 1M "$IMAGE"
	run -1 machine start
	[[ $output == *"no ssh after 1 s"* && $output != *"keeps"* ]]
	run -0 machine stop
	truncate -s 2M "$IMAGE.new"
	mv "$IMAGE.new" "$IMAGE"
	run -1 machine start
	[[ $output == *"it keeps the disk it has"*"no ssh after 1 s"* ]]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/r/base")" = 1048576 ]
	run -0 machine reset
	run -1 machine start
	[[ $output != *"keeps"* ]]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/r/base")" = 2097152 ]
	run -0 machine stop
	# Another disk is not what its overlay was made for.
	IMAGE=$IMAGE.other run -1 machine start
	[[ $output == *".other is not the one that this machine was started with first"* ]]
	# Written over in place, it is another for both.
	truncate -s 3M "$IMAGE"
	run -1 machine start
	[[ $output == *"is not the one that this machine was started with first"* ]]
}

@test "a machine that does not boot: the time limit, status 1, and it can be ended" {
	truncate -s 1M "$BATS_TEST_TMPDIR/empty.img"
	export XDP_VM_RUN=$BATS_TEST_TMPDIR/r TIMEOUT=3
	IMAGE=$BATS_TEST_TMPDIR/empty.img run -1 machine start
	[[ $output == *"no ssh after 3 s"* ]]
	run -0 machine status
	run -0 machine stop
	nothing_runs
}

@test "ssh and console without a machine: one line, status 1" {
	for verb in ssh console; do
		run -1 "$RUN" $verb
		[ "${#lines[@]}" = 1 ]
		[[ $output == *"does not run"* ]]
	done
}

@test "no key, no machine id, no history is in the image" {
	run grep -E ' \./etc/ssh/ssh_host_| \./(root|home/student)/(\.ssh/.|\.bash_history)' \
		"$OUT/xdp-lessons-amd64.files"
	[ -z "$output" ]
	grep -E ' 0 [^ ]+ [^ ]+ \./etc/machine-id$' "$OUT/xdp-lessons-amd64.files"
}

@test "the checksums fit, and each file to download is below 600 MB" {
	(cd "$OUT" && sha256sum --strict -c xdp-lessons-amd64.sha256)
	[ "$(wc -l <"$OUT/xdp-lessons-amd64.sha256")" = 2 ]
	for file in "$OUT"/xdp-lessons-amd64.{qcow2,ova}; do
		[ "$(stat -c %s "$file")" -lt 600000000 ]
	done
}

### BIOS

@test "BIOS, no network: it boots; of two starts at once one does it" {
	machine reset
	for start in 1 2; do
		"$RUN" start >"$BATS_TEST_TMPDIR/start$start" 2>&1 </dev/null 3>&- 4>&- &
	done
	wait %1
	wait %2
	cat "$BATS_TEST_TMPDIR"/start[12] >"$BATS_TEST_TMPDIR/starts"
	grep 'ready after' "$BATS_TEST_TMPDIR/starts" | sed 's/^/# BIOS: /' >&3
	[ "$(grep -c 'ready after' "$BATS_TEST_TMPDIR/starts")" = 1 ]
	[ "$(grep -c 'runs already, .* stop, then start' "$BATS_TEST_TMPDIR/starts")" = 1 ]
	[ "$(pgrep -fc -- "-pidfile $XDP_VM_RUN/pid")" = 1 ]
	run -0 machine status
	inside '[ ! -d /sys/firmware/efi ]'
}

@test "nothing of it listens but ssh, at 127.0.0.1" {
	run -0 ss -Hltunp
	grep "pid=$(cat "$XDP_VM_RUN/pid")," <<<"$output" >"$BATS_TEST_TMPDIR/listens"
	[ "$(awk '{ print $5 }' "$BATS_TEST_TMPDIR/listens")" = "127.0.0.1:$SSH_PORT" ]
	# Inside: ssh, the resolver of the machine itself, the DHCP client.
	inside 'sudo ss -Hltun' | awk '{ print $5 }' | grep -vE '^127\.0\.0\.5|^10\.0\.2\.15%eth0:68$' \
		>"$BATS_TEST_TMPDIR/inside"
	[ "$(sort "$BATS_TEST_TMPDIR/inside" | paste -sd ' ')" = "0.0.0.0:22 [::]:22" ]
}

@test "the password is of no use over the network, for nobody" {
	for user in student root; do
		run -255 ssh -p "$SSH_PORT" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
			-o PubkeyAuthentication=no -o BatchMode=yes "$user@127.0.0.1" true
		[[ $output == *"Permission denied (publickey)."* ]]
	done
	run -255 ssh -i "$XDP_VM_RUN/key" -p "$SSH_PORT" -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o BatchMode=yes root@127.0.0.1 true
	inside 'sudo grep "^root:[!*]" /etc/shadow'
}

@test "first at the console: one screen that says what to type" {
	run -0 console "send
		wait login:
		send student
		wait Password:
		send student
		wait student@xdp:
		send exit
		wait login:"
	# From the password to the prompt.
	sed -n '/^Password:/,/student@xdp:/p' <<<"$output" | tr -d '\r' >"$BATS_TEST_TMPDIR/screen"
	cat "$BATS_TEST_TMPDIR/screen"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/screen")" -le 24 ]
	run awk 'length > 80' "$BATS_TEST_TMPDIR/screen"
	[ -z "$output" ]
	for word in 'cd xdp-lessons' 'make lesson1' 'README.md' 'sudo poweroff' 'authorized_keys'; do
		grep -F "$word" "$BATS_TEST_TMPDIR/screen"
	done
}

@test "what that screen says works" {
	inside 'cd xdp-lessons && make help && [ -s lessons/01-drop-world/README.md ] &&
		sudo testenv/testenv.sh setup && sudo testenv/testenv.sh ping -c 1 &&
		sudo testenv/testenv.sh teardown &&
		for program in nano vi tmux less git; do
			command -v $program || exit
		done
		sudo setupcon'
	[ "$(inside cat /mnt/host/note)" = "from the host" ]
}

# reaches_the_host: a port of the host that only its own programs should reach, which
# qemu shows to the machine as 10.0.2.2.
reaches_the_host()
{
	local port=$BATS_TEST_TMPDIR/port listener status=0
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
s.settimeout(60)
while s.accept():
    pass' >"$port" 2>/dev/null 3>&- 4>&- &
	listener=$!
	until [ -s "$port" ]; do sleep 0.1; done
	inside "timeout 10 bash -c ': </dev/tcp/10.0.2.2/$(cat "$port")'" || status=$?
	kill $listener 2>/dev/null || :
	return $status
}

@test "OFFLINE=1: no way out" {
	run ! reaches_the_host
}

@test "all is there: make, make deps, git, and nothing failed" {
	inside 'cd xdp-lessons && make' | grep "Nothing to be done"
	[ "$(inside 'cd xdp-lessons && make deps')" = "All packages are installed." ]
	# Lesson 10 sends there.
	inside 'man bpf-helpers' | grep bpf_redirect_map
	[ -z "$(inside 'cd xdp-lessons && git status --porcelain; git remote')" ]
	commit=$(sed -n 's/^# commit //p' "$OUT/xdp-lessons-amd64.packages")
	[ "$(inside 'cd xdp-lessons && git log -1 --format=%H')" = "$commit" ]
	[ "$(inside 'dpkg-query -Wf "\${Package} \${Version}\n"' | sha256sum)" = \
		"$(grep -v '^#' "$OUT/xdp-lessons-amd64.packages" | sha256sum)" ]
	inside 'systemctl is-system-running --wait; systemctl --failed' | grep "0 loaded units"
	[ "$(inside 'systemctl is-enabled nginx')" = disabled ]
	run ! inside pgrep nginx
}

@test "all lessons, by BIOS, without a network, as the student, through ssh" {
	lessons
}

@test "the lessons are updated without a network: by a bundle in the shared folder" {
	next=$BATS_TEST_TMPDIR/next
	inside 'cd xdp-lessons && git bundle create -q - HEAD' >"$BATS_TEST_TMPDIR/now"
	git clone -q "$BATS_TEST_TMPDIR/now" "$next"
	(cd "$next" && git -c user.name=t -c user.email=t commit -q --allow-empty -m next &&
		git bundle create -q "$SHARE/lessons.bundle" HEAD)
	inside 'cd xdp-lessons && git pull -q /mnt/host/lessons.bundle HEAD && make'
	[ "$(inside 'cd xdp-lessons && git log -1 --format=%s')" = next ]
}

@test "what is changed stays when it is stopped, and is gone after a reset" {
	identity >"$BATS_FILE_TMPDIR/identity1"
	inside 'echo mine >work && echo mine >xdp-lessons/answer'
	# As when a new kernel is installed: it boots by the menu that this writes, too.
	run -0 inside 'sudo update-grub'
	[[ $output != *warning* ]]
	machine stop
	nothing_runs
	machine start
	[ "$(inside cat work)" = mine ]
	diff <(identity) "$BATS_FILE_TMPDIR/identity1"
	machine ssh 'tar -cz xdp-lessons' >"$BATS_FILE_TMPDIR/student.tar.gz"
	started=$SECONDS
	machine reset
	echo "# reset, with the shutdown: $((SECONDS - started)) s" >&3
	nothing_runs
	[ ! -e "$XDP_VM_RUN/disk.qcow2" ]
}

### UEFI

@test "UEFI: it boots; another copy has another ssh key and machine id" {
	boot FIRMWARE=uefi OFFLINE=
	reaches_the_host
	inside '[ -d /sys/firmware/efi ]'
	run -0 inside 'mokutil --sb-state'
	[[ $output == *"SecureBoot disabled"* ]]
	[ "$(inside cat work)" != mine ]
	identity >"$BATS_TEST_TMPDIR/identity2"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/identity2")" = 2 ]
	run -1 grep -xFf "$BATS_FILE_TMPDIR/identity1" "$BATS_TEST_TMPDIR/identity2"
}

@test "what was saved before a reset comes back" {
	"$RUN" ssh 'mkdir -p old && tar -xz -C old' <"$BATS_FILE_TMPDIR/student.tar.gz" 3>&- 4>&-
	[ "$(inside cat old/xdp-lessons/answer)" = mine ]
	[ "$(inside 'cd old/xdp-lessons && git log -1 --format=%s')" = next ]
}

@test "a key of one's own comes in by curl, and lets in" {
	mkdir "$BATS_TEST_TMPDIR/key"
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/id"
	cp "$BATS_TEST_TMPDIR/id.pub" "$BATS_TEST_TMPDIR/key/id_ed25519.pub"
	port=$(free_port)
	(cd "$BATS_TEST_TMPDIR/key" && exec python3 -m http.server --bind 127.0.0.1 "$port") \
		>/dev/null 2>&1 3>&- 4>&- &
	inside "mkdir -p -m 700 ~/.ssh
		curl -s --retry 9 --retry-connrefused http://10.0.2.2:$port/id_ed25519.pub >>~/.ssh/authorized_keys"
	kill $!
	run -0 ssh -i "$BATS_TEST_TMPDIR/id" -p "$SSH_PORT" -o IdentitiesOnly=yes -o IdentityAgent=none \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		-o BatchMode=yes student@127.0.0.1 whoami
	[ "$output" = student ]
}

### Secure Boot

@test "Secure Boot: it boots, and the kernel is locked down (integrity)" {
	boot FIRMWARE=secureboot
	run -0 inside 'mokutil --sb-state'
	[[ $output == *"SecureBoot enabled"* ]]
	run -0 inside 'sudo cat /sys/kernel/security/lockdown'
	[[ $output == *"[integrity]"* ]]
	inside 'sudo dmesg' | grep -i "secure boot enabled"
}

@test "all lessons, by Secure Boot" {
	lessons
}

@test "lockdown=confidentiality: tracing does not work, nor do lessons 5 and 6; all others do" {
	inside 'sudo sed -i "/^\tlinux/s/\$/ lockdown=confidentiality/" /boot/grub/grub.cfg && sync'
	machine stop
	FIRMWARE=secureboot machine start
	run -0 inside 'sudo cat /sys/kernel/security/lockdown'
	[[ $output == *"[confidentiality]"* ]]
	run ! lessons
	[ "$(sed -n 's,^lessons/\([0-9]*\)-.*: status 1.*,\1,p' "$BATS_TEST_TMPDIR/lessons" | paste -sd ' ')" = "05 06" ]
	[ "$(grep -c ': status 0' "$BATS_TEST_TMPDIR/lessons")" -ge 9 ]
	run ! inside 'sudo cat /sys/kernel/tracing/trace'
}

### The .ova

@test "the .ova: its own checksums fit, and its disk boots by IDE, with an E1000" {
	tar -C "$BATS_TEST_TMPDIR" -xf "$OUT/xdp-lessons-amd64.ova"
	[ "$(tar -tf "$OUT/xdp-lessons-amd64.ova" | sed 's/.*\.//' | paste -sd ' ')" = "ovf mf vmdk" ]
	(cd "$BATS_TEST_TMPDIR" && sed 's/SHA256(\(.*\))= \(.*\)/\2  \1/' xdp-lessons-amd64.mf |
		sha256sum --strict -c)
	python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
		"$BATS_TEST_TMPDIR/xdp-lessons-amd64.ovf"
	boot IMAGE="$BATS_TEST_TMPDIR/xdp-lessons-amd64.vmdk" HARDWARE=ide
	inside '[ -b /dev/sda3 ] && readlink /sys/class/net/eth0/device/driver | grep e1000'
	machine reset
}
