#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What measures time, or fills the trace, which all labs share. run_tests.sh runs these
# when no other test runs.

load testenv_bats

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER
}

teardown()
{
	[ -z "${LAB:-}" ] || lab teardown
}

@test "setup and teardown take less than half a second each" {
	need_real_time
	best_up=999999 best_down=999999
	# The best of at most twenty: other programs may run at the same time.
	for _ in {1..20}; do
		t0=${EPOCHREALTIME/[.,]/}
		lab setup
		t1=${EPOCHREALTIME/[.,]/}
		lab teardown
		t2=${EPOCHREALTIME/[.,]/}
		(( t1 - t0 > best_up )) || best_up=$((t1 - t0))
		(( t2 - t1 > best_down )) || best_down=$((t2 - t1))
		(( best_up > 500000 || best_down > 500000 )) || break
	done
	echo "setup $best_up us, teardown $best_down us"
	(( best_up < 500000 && best_down < 500000 ))
}

@test "exec is quick" {
	need_real_time
	lab setup
	best=999999
	# The best of at most a hundred: other tests may run at the same time.
	for _ in {1..100}; do
		t0=${EPOCHREALTIME/[.,]/}
		lab exec box -- true
		t1=${EPOCHREALTIME/[.,]/}
		(( t1 - t0 > best )) || best=$((t1 - t0))
		(( best > 50000 )) || break
	done
	echo "$best us"
	(( best < 50000 ))
}

@test "trace ends while more events come than it can read" {
	programs "$BATS_TEST_TMPDIR"
	lab setup
	head -c 64 /dev/zero >"$BATS_TEST_TMPDIR/frame"
	lab exec box -- bpftool prog loadall "$BATS_TEST_TMPDIR/programs.o" /sys/fs/bpf/flood
	# In short runs: one run is a single RCU critical section on a preemptible kernel
	# (7.x), and removing a tracing instance waits until such a section ends.
	# shellcheck disable=SC2016 # expands inside
	for _ in 1 2 3 4; do
		"$TESTENV" exec box -- sh -c 'while [ -e "$1/frame" ]; do
			bpftool prog run pinned /sys/fs/bpf/flood/lab_abort \
				data_in "$1/frame" repeat 50000
		done' sh "$BATS_TEST_TMPDIR" >/dev/null 2>&1 3>&- &
	done
	shown=$BATS_TEST_TMPDIR/trace
	"$TESTENV" trace >"$shown" 2>&1 3>&- &
	tracer=$!
	wait_for grep -q 'bpf_printk .*length' "$shown"
	sleep 1
	kill -TERM $tracer
	sleep 1
	rm "$BATS_TEST_TMPDIR/frame"
	wait_for gone $tracer
	wait $tracer
	run ! compgen -G "/run/xdp-lessons/$LAB/trace.*"
}
