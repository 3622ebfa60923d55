#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# The answer is the second of three filters. The first one sets a mark on all packets, the
# third one counts packets by the mark that they have: what it does not see, the answer has
# not passed on.
early=0xa0b0c0d

# One lab for all tests, but each begins with the answer attached anew.
setup_file()
{
	need_root
	export LAB=e$$ ours=$BATS_FILE_TMPDIR
	our_filters
	lab setup
	[ "$(received 1)" = 1 ] # addresses are known from here on
}

teardown_file()
{
	[ -z "${LAB-}" ] || lab teardown
}

setup()
{
	lab exec box -- tc qdisc add dev eth0 clsact
	filter 1 "$ours/early.o"
	filter 2 "$ANSWER/tc_who_wrote_kern.o" ||
		wrong "tc cannot attach section tc of tc_who_wrote_kern.o"
	filter 3 "$ours/late.o"
	map=$(find_map 2 seen) ||
		wrong "tc_who_wrote uses no map seen: keep its name, this check asks for it"
	marks=$(find_map 3 marks)
}

teardown()
{
	lab exec box -- tc qdisc del dev eth0 clsact
	lab exec box -- ip link set dev eth0 xdp off
}

# compile FILE.c [ARG...]: to FILE.o.
compile()
{
	clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
		-I"$ANSWER" "${@:2}" -c "$1" -o "${1%.c}.o"
}

# The first filter and the third, in the folder $ours.
our_filters()
{
	cat >"$ours/early.c" <<-'END'
		#include <linux/bpf.h>
		#include <linux/pkt_cls.h>
		#include <bpf/bpf_helpers.h>

		SEC("tc")
		int early(struct __sk_buff *skb)
		{
			skb->mark = EARLY;
			return TC_ACT_UNSPEC;
		}

		char _license[] SEC("license") = "GPL";
	END
	cat >"$ours/late.c" <<-'END'
		#include <linux/bpf.h>
		#include <linux/pkt_cls.h>
		#include <bpf/bpf_helpers.h>

		struct {
			__uint(type, BPF_MAP_TYPE_HASH);
			__type(key, __u32); /* the mark */
			__type(value, __u32); /* packets */
			__uint(max_entries, 100);
		} marks SEC(".maps");

		SEC("tc")
		int late(struct __sk_buff *skb)
		{
			__u32 mark = skb->mark, none = 0, *packets;

			bpf_map_update_elem(&marks, &mark, &none, BPF_NOEXIST);
			packets = bpf_map_lookup_elem(&marks, &mark);
			if (packets)
				__sync_fetch_and_add(packets, 1);
			return TC_ACT_UNSPEC;
		}

		char _license[] SEC("license") = "GPL";
	END
	compile "$ours/early.c" -DEARLY=$early
	compile "$ours/late.c"
}

# filter PLACE OBJECT: at box eth0, ingress.
filter()
{
	lab exec box -- tc filter add dev eth0 ingress pref "$1" bpf da obj "$2" sec tc
}

# find_map PLACE NAME: the number of the map NAME of the filter there.
find_map()
{
	local id each
	id=$(lab exec box -- tc filter show dev eth0 ingress pref "$1" |
		sed -n 's/.* id \([0-9]*\) .*/\1/p')
	for each in $(bpftool prog show id "$id" | sed -n 's/.*map_ids //p' | tr ',' ' '); do
		if bpftool map show id "$each" | grep -q " name $2 "; then
			echo "$each"
			return
		fi
	done
	return 1
}

# counts: packets under the keys 0, 1 and 2, all processors added up.
counts()
{
	bpftool map dump id "$map" | awk '
	/"key":/ { key = $2 + 0 }
	/"value":/ { sum[key] += $2 }
	END { print sum[0] + 0, sum[1] + 0, sum[2] + 0 }'
}

kinds=("none" "ours" "somebody else's")

# seen_as KEY: pings, and whatever else comes, are counted there and nowhere else.
seen_as()
{
	local before after key
	read -ra before < <(counts)
	[ "$(received 5)" = 5 ] || wrong "box does not answer: a packet was dropped on its way"
	read -ra after < <(counts)
	for key in 0 1 2; do
		[ $key != "$1" ] || continue
		[ "${after[key]}" = "${before[key]}" ] || wrong \
			"$((after[key] - before[key])) packets were counted as ${kinds[key]}, right is ${kinds[$1]}"
	done
	((after[$1] - before[$1] >= 5)) || wrong \
		"of 5 packets, $((after[$1] - before[$1])) were counted as ${kinds[$1]}"
}

# dump_marks: lines MARK PACKETS, of what has come to the third filter.
dump_marks()
{
	bpftool map dump id "$marks" | awk '
	/"key":/ { key = $2 + 0 }
	/"value":/ { print key, $2 + 0 }'
}

# late WHAT: pings, of which each is WHAT, and whatever else comes. How many of these the
# third filter saw, by mark, is $late: lines MARK PACKETS.
late()
{
	local before
	before=$(dump_marks)
	[ "$(received 5)" = 5 ] ||
		wrong "$1: box does not answer: a packet was dropped on its way"
	late=$(
		{
			echo "$before"
			echo now
			dump_marks
		} | awk '
		/now/ { now = 1; next }
		!now { before[$1] = $2; next }
		$2 > before[$1] { print $1, $2 - before[$1] }'
	)
}

# passed_on WHAT
passed_on()
{
	late "$1"
	[ "$(awk '{ sum += $2 } END { print sum + 0 }' <<<"$late")" -ge 5 ] || wrong \
		"$1: the filter behind tc_who_wrote was not asked, right is TC_ACT_UNSPEC"
}

# marked MARK WHAT: that is the mark of all packets that are WHAT.
marked()
{
	local mark
	passed_on "$2"
	while read -r mark _; do
		((mark == $1)) || wrong \
			"$2: skb->mark was $early, tc_who_wrote leaves $(printf '%#x' "$mark"), right is $(printf '%#x' "$1")"
	done <<<"$late"
}

# keeps_mark WHAT: ... and that is the one that it had before.
keeps_mark()
{
	marked $early "$1"
}

# writer BYTES FIRST [SECOND]: at box eth0, an XDP program of this check leaves so many
# bytes in front of each packet, and these numbers are the first 8 of them.
writer()
{
	local file=$BATS_TEST_TMPDIR/writer.c
	cat >"$file" <<-'END'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		#include "note.h"

		SEC("xdp")
		int writer(struct xdp_md *ctx)
		{
			__u32 *meta;
			int i;

			if (bpf_xdp_adjust_meta(ctx, -BYTES))
				return XDP_ABORTED;
			meta = (void *)(long)ctx->data_meta;
			if ((void *)(meta + BYTES / 4) > (void *)(long)ctx->data)
				return XDP_ABORTED;
			meta[0] = FIRST;
			for (i = 1; i < BYTES / 4; i++)
				meta[i] = SECOND;
			return XDP_PASS;
		}

		char _license[] SEC("license") = "GPL";
	END
	compile "$file" -DBYTES="$1" -DFIRST="$2" -DSECOND="${3-NOTE_MAGIC}"
	lab load "${file%.c}.o"
}

@test "what xdp_ours writes is ours" {
	attach xdp_ours_kern.o
	seen_as 1
}

@test "without XDP there is no metadata, nor after XDP was detached" {
	seen_as 0
	attach xdp_ours_kern.o
	[ "$(received 2)" = 2 ]
	lab unload
	seen_as 0
}

@test "what xdp_theirs writes is somebody else's" {
	attach xdp_theirs_kern.o
	seen_as 2
}

@test "4 bytes are somebody else's" {
	writer 4 NOTE_MAGIC
	seen_as 2
}

@test "8 bytes that do not begin with the magic number are somebody else's" {
	writer 8 42
	seen_as 2
	lab unload
	writer 8 42 42
	seen_as 2
}

@test "16 bytes that begin with the magic number are somebody else's" {
	writer 16 NOTE_MAGIC
	seen_as 2
}

@test "a note is ours, whatever its mark is" {
	writer 8 NOTE_MAGIC 0x01020304
	seen_as 1
}

@test "the filter behind is asked about every packet" {
	passed_on "no metadata"
	attach xdp_ours_kern.o
	passed_on "a note"
	lab unload
	attach xdp_theirs_kern.o
	passed_on "metadata of xdp_theirs"
}

@test "a packet with a note gets the note's mark" {
	attach xdp_ours_kern.o
	marked 42 "a note of xdp_ours"
	lab unload
	writer 8 NOTE_MAGIC 0x01020304
	marked 0x01020304 "a note with mark 0x1020304"
	lab unload
	writer 8 NOTE_MAGIC 0
	marked 0 "a note with mark 0"
}

@test "a packet without a note keeps the mark that it has" {
	keeps_mark "no metadata"
	attach xdp_theirs_kern.o
	keeps_mark "metadata of xdp_theirs"
	lab unload
	writer 4 NOTE_MAGIC
	keeps_mark "4 bytes"
	lab unload
	writer 8 42 42
	keeps_mark "8 bytes that do not begin with the magic number"
	lab unload
	writer 16 NOTE_MAGIC 42
	keeps_mark "16 bytes"
}
