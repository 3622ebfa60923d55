#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# One lab for all tests, but each begins with the answer attached anew.
setup_file()
{
	need_root
	export LAB=e$$
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
	lab exec box -- tc filter add dev eth0 ingress bpf da \
		obj "$ANSWER/tc_who_wrote_kern.o" sec tc ||
		wrong "tc cannot attach section tc of tc_who_wrote_kern.o"
	find_map
}

teardown()
{
	lab exec box -- tc qdisc del dev eth0 clsact
	lab exec box -- ip link set dev eth0 xdp off
}

# find_map: the number of the map "seen" of the program at TC, in $map.
find_map()
{
	local id
	id=$(lab exec box -- bpftool net show dev eth0 | sed -n 's/.*clsact\/ingress .* id //p')
	for map in $(bpftool prog show id "$id" | sed -n 's/.*map_ids //p' | tr ',' ' '); do
		! bpftool map show id "$map" | grep -q ' name seen ' || return 0
	done
	wrong "tc_who_wrote uses no map seen: keep its name, this check asks for it"
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

# writer BYTES FIRST: at box eth0, an XDP program of this check leaves so many bytes in
# front of each packet, and the first four are FIRST.
writer()
{
	local dir=$BATS_TEST_TMPDIR
	cat >"$dir/writer.c" <<-'END'
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
				meta[i] = NOTE_MAGIC;
			return XDP_PASS;
		}

		char _license[] SEC("license") = "GPL";
	END
	clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
		-I"$ANSWER" -DBYTES="$1" -DFIRST="$2" -c "$dir/writer.c" -o "$dir/writer.o"
	lab load "$dir/writer.o"
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
}

@test "16 bytes that begin with the magic number are somebody else's" {
	writer 16 NOTE_MAGIC
	seen_as 2
}
