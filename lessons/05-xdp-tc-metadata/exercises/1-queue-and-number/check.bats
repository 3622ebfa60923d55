#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The trace belongs to the whole machine, and other labs print there too. Lines are
# told apart by the length of the packet: the pings of each test have one of their own.
load ../../../../testenv/exercise_bats

# One lab for all tests, with a reader of the trace.
setup_file()
{
	need_root
	export LAB=e$$ ours=$BATS_FILE_TMPDIR/ours.o shown=$BATS_FILE_TMPDIR/trace
	export length=$((142 + RANDOM % 430 * 3))
	our_programs
	lab setup
	[ "$(received 1)" = 1 ] # addresses are known from here on
	"$TESTENV" trace >"$shown" 2>&1 3>&- &
	export tracer=$!
	wait_for test -e "/run/xdp-lessons/$LAB/trace.$tracer" ||
		skip "this machine shows no trace: see testenv/testenv.sh doctor"
}

teardown_file()
{
	[ -z "${tracer-}" ] || kill "$tracer" || :
	[ -z "${LAB-}" ] || lab teardown
}

setup()
{
	lab exec box -- tc qdisc add dev eth0 clsact
	lab exec box -- tc filter add dev eth0 egress bpf da obj "$ours" sec tc
	lab exec box -- tc filter add dev eth0 ingress bpf da \
		obj "$ANSWER/queue_meta_kern.o" sec tc ||
		wrong "tc cannot attach section tc of queue_meta_kern.o"
}

teardown()
{
	lab exec box -- tc qdisc del dev eth0 clsact
	lab exec box -- ip link set dev eth0 xdp off
}

# Into the file $ours: a program that writes metadata, as the answer should, and one that
# prints the answers to pings. When it has, the trace is complete up to there.
our_programs()
{
	cat >"${ours%.o}.c" <<-'END'
		#include <linux/bpf.h>
		#include <linux/pkt_cls.h>
		#include <bpf/bpf_helpers.h>

		SEC("xdp")
		int writer(struct xdp_md *ctx)
		{
			__u32 *meta;

			if (bpf_xdp_adjust_meta(ctx, -8))
				return XDP_PASS;
			meta = (void *)(long)ctx->data_meta;
			if ((void *)(meta + 2) > (void *)(long)ctx->data)
				return XDP_PASS;
			meta[0] = 3;
			meta[1] = 4000000005;
			return XDP_PASS;
		}

		SEC("tc")
		int end(struct __sk_buff *skb)
		{
			bpf_printk("answered, packet of %u bytes", skb->len);
			return TC_ACT_UNSPEC;
		}

		char _license[] SEC("license") = "GPL";
	END
	clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
		-c "${ours%.o}.c" -o "$ours"
}

# pings COUNT: so many, of $bytes. What TC printed about them is $printed, a line each.
pings()
{
	bytes=$((length + BATS_TEST_NUMBER))
	[ "$(received "$1" -s $((bytes - 42)) box)" = "$1" ] ||
		wrong "box does not answer: a packet was dropped on its way"
	wait_for answered "$1"
	printed=$(sed -n "s/.*bpf_printk  *\(tc .*\b$bytes\b.*\)/\1/p" "$shown")
}

# answered COUNT
answered()
{
	[ "$(grep -c "bpf_printk  *answered, packet of $bytes bytes$" "$shown")" -ge "$1" ]
}

# said: $printed, in one line.
said()
{
	if [ -n "$printed" ]; then
		paste -sd '|' <<<"$printed" | sed 's/|/", "/g; s/.*/"&"/'
	else
		echo "nothing that begins with \"tc\" and tells the length, $bytes"
	fi
}

@test "TC prints what XDP wrote" {
	attach queue_meta_kern.o
	pings 4
	awk -v bytes="$bytes" '
	$0 != "tc read queue 0 number " $6 + 0 ", packet of " bytes " bytes" { exit 1 }
	$6 + 0 <= before { exit 1 }
	{ before = $6 + 0 }
	END { exit NR != 4 }' <<<"$printed" ||
		wrong "4 packets came, which have numbers that go up; printed was $(said)"
}

@test "TC prints the queue and the number, each in its place" {
	lab load "$ours"
	pings 1
	right="tc read queue 3 number 4000000005, packet of $bytes bytes"
	[ "$printed" = "$right" ] || wrong "printed was $(said); right is \"$right\""
}

@test "TC prints nothing where XDP was not there" {
	pings 2
	[ -z "$printed" ] || wrong "there was no metadata, and printed was $(said)"
}
