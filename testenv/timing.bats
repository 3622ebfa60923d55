#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# How long the lab takes. run_tests.sh runs these when no other test runs.

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
