#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What the page does not show: another filter where the loader's was, when it ends.

load ../../testenv/testenv_bats
TESTENV=$BATS_TEST_DIRNAME/../../testenv/testenv.sh

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER
	lab setup
}

teardown()
{
	[ -z "${LAB-}" ] || lab teardown
}

# start: a loader at box eth0, $loader. It attaches XDP first, then TC.
start()
{
	local before
	before=$(filter)
	"$TESTENV" exec box -- "$BATS_TEST_DIRNAME/xdp2skb_meta_user" eth0 3>&- &
	loader=$!
	wait_for another_filter "$before"
}

# stop PID: it says nothing, and its status is 0.
stop()
{
	kill "$1"
	wait "$1"
}

# filter: the number of the program at TC ingress, if there is one.
filter()
{
	lab exec box -- tc filter show dev eth0 ingress 2>/dev/null |
		sed -n 's/.*handle 0x1 .* id \([0-9]*\) .*/\1/p'
}

# another_filter NUMBER
another_filter()
{
	local now
	now=$(filter)
	[ -n "$now" ] && [ "$now" != "$1" ]
}

@test "a loader that has lost its place to a second one leaves that one's filter" {
	start
	first=$loader
	bpftool link detach id "$(sed -n 's/^link_id:[[:space:]]*//p' "/proc/$first/fdinfo/"*)"
	start
	filter=$(filter)
	stop "$first"
	[ "$(filter)" = "$filter" ]
	stop "$loader"
	[ -z "$(filter)" ]
}

@test "somebody's filter in the loader's place stays, and so does the qdisc" {
	start
	lab exec box -- tc filter replace dev eth0 ingress pref 1 handle 1 protocol all \
		bpf da obj "$BATS_TEST_DIRNAME/xdp2skb_meta_kern.o" sec tc
	filter=$(filter)
	stop "$loader"
	[ "$(filter)" = "$filter" ]
}
