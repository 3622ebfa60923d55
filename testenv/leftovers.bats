#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bats file_tags=same-on-every-kernel
#
# leftovers: each kind of thing is found when it is left behind.

# shellcheck disable=SC2016,SC2030,SC2031 # each test has its own variables

load testenv_bats

setup()
{
	need_root
	command -v bpftool >/dev/null || skip "needs bpftool"
	LEFTOVERS=$BATS_TEST_DIRNAME/leftovers
	export XDP_LESSONS_TEST=leftovers-$$-$BATS_TEST_NUMBER
	before=$BATS_TEST_TMPDIR/before
	export LEFTOVERS before
}

# alone CMD...: in namespaces of its own, so that what else happens on the
# machine is not seen. What belongs to no namespace may be left by others: the
# tests look at one line only.
alone()
{
	unshare --mount --net bash -ec "
		mount -t tmpfs tmpfs /run
		# ip would take the first bpffs of the machine, a lab's for one.
		mount -t bpf bpf /sys/fs/bpf
		[ ! -d /sys/kernel/tracing/instances ] || umount -l /sys/kernel/tracing
		ip link set lo up
		\"\$LEFTOVERS\" record \"\$before\"
		$1
		\"\$LEFTOVERS\" check \"\$before\" || :" 3>&-
}

# finds KIND TEXT SCRIPT: what SCRIPT leaves is reported as KIND, with TEXT.
finds()
{
	run -0 alone "$3"
	[[ $output =~ not\ ok\ [0-9]+\ -\ no\ $1\ left ]]
	grep -A20 "^not ok .* no $1 left" <<<"$output" | grep "^#   .*$2"
}

@test "nothing left: nine kinds and the processes are ok" {
	run -0 alone :
	[ "${lines[0]}" = 1..10 ]
	[ "$(grep -c -e '^ok' -e '^not ok [678] .*\(programs\|maps\|labs\)' <<<"$output")" = 10 ]
}

@test "a namespace is found" {
	finds namespaces left-ns "mkdir -p /run/netns; touch /run/netns/left-ns"
}

@test "a link is found" {
	# Not of type dummy: its module, loaded for it, makes a dummy0 that stays.
	finds links left0 "ip link add left0 type veth peer name left1"
}

@test "a qdisc is found" {
	finds qdiscs "lo: clsact" "tc qdisc add dev lo clsact"
}

@test "a mount is found" {
	finds mounts "/run/left" "mkdir /run/left; mount -t tmpfs tmpfs /run/left"
}

@test "a pin is found" {
	finds pins "/run/left/pin" "mkdir /run/left; mount -t bpf bpf /run/left
		bpftool map create /run/left/pin type array key 4 value 4 entries 1 name left"
}

@test "a loaded program and a map are found" {
	programs "$BATS_TEST_TMPDIR"
	export obj=$BATS_TEST_TMPDIR/programs.o
	finds programs lab_pass "ip link set dev lo xdpgeneric obj $obj sec xdp"
	before=$before.2
	finds maps "map number" 'for i in {1..20}; do
		mount -t bpf bpf /run
		bpftool map create /run/$i type array key 4 value 4 entries 1 name left
	done'
}

@test "a lab's state is found" {
	finds labs /run/xdp-lessons/left "mkdir -p /run/xdp-lessons/left"
}

@test "a tracing instance is found" {
	finds traces "left-$$" "mount -t tracefs tracefs /sys/kernel/tracing
		mkdir /sys/kernel/tracing/instances/left-$$
		umount /sys/kernel/tracing"
	unshare --mount sh -c "mount -t tracefs tracefs /sys/kernel/tracing
		rmdir /sys/kernel/tracing/instances/left-$$"
}

@test "a process of the tests is found, another is not" {
	env -u XDP_LESSONS_TEST sleep 1001 3>&- &
	other=$!
	finds processes "sleep 1002" "sleep 1002 >/dev/null 2>&1 & echo \$! >$BATS_TEST_TMPDIR/pid"
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	run ! grep "sleep 1001" <<<"$output"
	kill $other
}

@test "without XDP_LESSONS_TEST the processes are skipped, with a reason" {
	unset XDP_LESSONS_TEST
	run -0 alone :
	[[ $output == *"ok 10 - no processes left # SKIP"* ]]
}

@test "exit status: 1 when something is left, 2 and 4 for wrong use" {
	run -0 "$LEFTOVERS" record "$before"
	sed -i '/^links lo/d' "$before"
	run -1 "$LEFTOVERS" check "$before"
	[[ $output == *"not ok 2 - no links left"* ]]
	run -2 "$LEFTOVERS"
	run -2 "$LEFTOVERS" forget "$before"
	run -1 "$LEFTOVERS" check "$before.none"
	run -4 as_nobody "$LEFTOVERS" record "$before"
}
