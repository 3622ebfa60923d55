#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What "make bench" promises: that a slower program is noticed, that a lost packet is, that
# two results can be compared, and that the page's numbers are those of results.json.

load ../../testenv/testenv_bats
TESTENV=$BATS_TEST_DIRNAME/../../testenv/testenv.sh
MEASURE=$BATS_TEST_DIRNAME/measure
RESULTS=$BATS_TEST_DIRNAME/results.json

# copy: a copy of the tree at $tree, built as this one is, a repository with one commit.
copy()
{
	local top=$BATS_TEST_DIRNAME/../..
	tree=$BATS_TEST_TMPDIR/tree
	mkdir "$tree"
	cp -a "$top"/{Makefile,.gitignore,lessons,headers,common,testenv} "$tree"
	git -C "$tree" init -q
	git -C "$tree" add -A
	git -C "$tree" -c user.name=x -c user.email=x@example.org commit -qm base
}

# slow_down: lesson 1's program adds up a thousand numbers for each packet.
slow_down()
{
	local source=$tree/lessons/01-drop-world/xdp_drop_kern.c
	sed -i '/^	return XDP_DROP;/i\
	__u32 i, sum = 0;\
\
	for (i = 0; i < 1000; i++)\
		sum += i ^ ctx->rx_queue_index;\
	if (sum == 1)\
		return XDP_PASS;' "$source"
	grep -q 'i < 1000' "$source"
	make -s -C "$tree" lessons/01-drop-world/{xdp_drop_kern.o,test_packets} 3>&-
}

# edited EXPRESSION: results.json, with a change made by Python, at $edited.
edited()
{
	edited=$BATS_TEST_TMPDIR/edited.json
	python3 -c 'import json, sys
result = json.load(open(sys.argv[1]))
places = result["drop"]["places"]
exec(sys.argv[2])
json.dump(result, open(sys.argv[3], "w"))' "$RESULTS" "$1" "$edited"
}

# cost PROGRAM [OPTION...]: what prog_cost says of one of these, which are gone afterwards.
cost()
{
	cat >"$BATS_TEST_TMPDIR/programs.c" <<-'END'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>

		static long nothing(__u32 i, void *data)
		{
			return 0;
		}

		SEC("xdp")
		int quick(struct xdp_md *ctx)
		{
			return XDP_DROP;
		}

		SEC("xdp")
		int slow(struct xdp_md *ctx)
		{
			bpf_loop(50000, nothing, NULL, 0);
			return XDP_DROP;
		}

		/* Without room it takes long, and says the same. */
		SEC("xdp")
		int mark(struct xdp_md *ctx)
		{
			if (bpf_xdp_adjust_meta(ctx, -4))
				bpf_loop(5000, nothing, NULL, 0);
			return XDP_PASS;
		}

		/* No skb may be cut shorter than an Ethernet header. */
		SEC("tc")
		int cut(struct __sk_buff *skb)
		{
			if (bpf_skb_change_tail(skb, skb->len - 4, 0))
				bpf_loop(5000, nothing, NULL, 0);
			return 0;
		}

		SEC("xdp/devmap")
		int leave(struct xdp_md *ctx)
		{
			return XDP_PASS;
		}

		char _license[] SEC("license") = "GPL";
	END
	clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
		-c "$BATS_TEST_TMPDIR/programs.c" -o "$BATS_TEST_TMPDIR/programs.o" || return
	# shellcheck disable=SC2016 # expands inside
	unshare --mount sh -c 'mount -t bpf bpf /sys/fs/bpf &&
		bpftool prog loadall "$1" /sys/fs/bpf/programs || exit
		id=$(bpftool prog show pinned "/sys/fs/bpf/programs/$3" | sed -n "1s/:.*//p")
		program=$2
		shift 3
		exec "$program" "$@" "$id"' sh "$BATS_TEST_TMPDIR/programs.o" \
		"$BATS_TEST_DIRNAME/../../testenv/prog_cost" "$@" 3>&-
}

@test "no program has grown by more than a tenth: see the file counts" {
	need_root
	run -0 "$MEASURE" --check-counts
	[[ $output != *"compared: nothing"* ]] || skip "$output"
}

# bats test_tags=same-on-every-kernel
@test "a program that has grown is named, by the check of the counts" {
	need_root
	run "$MEASURE" --check-counts
	[[ $output != *"compared: nothing"* ]] || skip "$output"
	copy
	slow_down
	run -1 "$tree/lessons/20-where-to-drop/measure" --check-counts
	[[ $output == *"01-drop-world xdp_drop xdp_drop: instructions: 2 -> "* ]]
	[ "$(grep -c ' -> ' <<<"$output")" -le 3 ]
	# Written anew, it is in order again.
	run -0 "$tree/lessons/20-where-to-drop/measure" --write-counts
	run -0 "$tree/lessons/20-where-to-drop/measure" --check-counts
}

@test "a program that the verifier rejects now is named" {
	need_root
	run "$MEASURE" --check-counts
	[[ $output != *"compared: nothing"* && $output == *xlated* ]] || skip "$output"
	copy
	sed -i 's/^	return XDP_DROP;/	for (;;)\n\t\t;/' "$tree/lessons/01-drop-world/xdp_drop_kern.c"
	make -s -C "$tree" lessons/01-drop-world/xdp_drop_kern.o 3>&-
	run -1 "$tree/lessons/20-where-to-drop/measure" --check-counts
	[[ $output == *"01-drop-world xdp_drop xdp_drop: in the file, but it is gone, or not loaded"* ]]
	run -1 "$tree/lessons/20-where-to-drop/measure" --base HEAD --lesson 1
	[[ $output == *"01-drop-world xdp_drop xdp_drop: it is gone, or not loaded"* ]]
}

# bats test_tags=same-on-every-kernel
@test "a program that is not in the file counts is named" {
	need_root
	copy
	sed -i '/^01-drop-world/d' "$tree/lessons/20-where-to-drop/counts"
	run -1 "$tree/lessons/20-where-to-drop/measure" --check-counts
	[[ $output == *"01-drop-world xdp_drop xdp_drop: not in the file"* ]]
}

# bats test_tags=same-on-every-kernel
@test "BASE: a slowed-down program is reported, and nothing else" {
	need_root
	need_real_time
	copy
	slow_down
	run -1 "$tree/lessons/20-where-to-drop/measure" --base HEAD --lesson 1
	[[ $output == *"01 xdp_drop: TCP over IPv4"*"slower"* ]]
	[[ $output == *"
9 slower, "* ]] # its 8 packets, and the middle of them
	# The other way round it is a gain.
	git -C "$tree" -c user.name=x -c user.email=x@example.org commit -qam slow
	git -C "$tree" checkout -q HEAD~1 -- lessons/01-drop-world
	make -s -C "$tree" lessons/01-drop-world/{xdp_drop_kern.o,test_packets} 3>&-
	run -0 "$tree/lessons/20-where-to-drop/measure" --base HEAD --lesson 1
	[[ $output == *"faster"*"
0 slower, "* ]]
}

# bats test_tags=same-on-every-kernel
@test "BASE: a program that takes next to nothing, and then two nanoseconds, is slower" {
	need_root
	need_real_time
	copy
	sed -i 's/^	return XDP_DROP;/	for (volatile long i = 0; i < 8; i++)\n\t\t;\n&/' \
		"$tree/lessons/01-drop-world/xdp_drop_kern.c"
	make -s -C "$tree" lessons/01-drop-world/{xdp_drop_kern.o,test_packets} 3>&-
	run -1 "$tree/lessons/20-where-to-drop/measure" --base HEAD --lesson 1
	grep -q '^01 xdp_drop: the middle of 8 packets .* slower$' <<<"$output"
}

# bats test_tags=same-on-every-kernel
@test "BASE: no change, no measuring" {
	need_root
	copy
	run -0 "$tree/lessons/20-where-to-drop/measure" --base HEAD --lesson 1
	[ "$output" = "No program is different from what it is in HEAD." ]
	run -1 "$tree/lessons/20-where-to-drop/measure" --base nonsense
	[ "$output" = "measure: nonsense: git knows no such revision" ]
}

@test "quick: each place drops exactly what was sent, and native XDP is the fastest" {
	need_root
	run -0 "$MEASURE" --quick --json "$BATS_TEST_TMPDIR/r/results.json" drop
	run -0 python3 -c 'import json, sys
places = json.load(open(sys.argv[1]))["drop"]["places"]
took = [place["ns"]["least"] for place in places if "skipped" not in place]
assert len(places) == 9 and len(took) >= 6, places
print(*(place["name"] + ": " + place["skipped"] for place in places if "skipped" in place))
if sys.argv[2] == "real":
    assert 0 < took[0] == min(took), places
' "$BATS_TEST_TMPDIR/r/results.json" "$(grep -qs 'QEMU TCG' /proc/cpuinfo && echo emulated || echo real)"
	[ -z "$output" ] || echo "# skipped: $output" >&3
	# Pictures, where there is gnuplot.
	! command -v gnuplot >/dev/null || grep -q '<svg' "$BATS_TEST_TMPDIR/r/drop.svg"
}

@test "quick: each way sends on exactly what was sent" {
	need_root
	run -0 "$MEASURE" --quick --json "$BATS_TEST_TMPDIR/r/results.json" redirect
	[[ $output == *"bpf_redirect_map(), batch 64"*"bpf_redirect(), batch 1 "*"forwarding"* ]]
}

@test "quick: maps, labs and ports" {
	need_root
	run -0 "$MEASURE" --quick --json "$BATS_TEST_TMPDIR/r/results.json" maps labs ports
	[[ $output == *"lpm_trie"*"seconds for the last"*"16 "* ]]
	run -0 "$MEASURE" --show "$BATS_TEST_TMPDIR/r/results.json" ports
	[[ $output == *"ports"* && $output != *lpm_trie* ]]
}

@test "a packet that nobody counted is an error" {
	need_root
	copy
	mv "$tree/testenv/trafficgen" "$tree/testenv/trafficgen.real"
	# It says that it has sent one more.
	cat >"$tree/testenv/trafficgen" <<-'END'
		#!/bin/sh
		"$0.real" "$@" | awk '{ $2 += $1 == "sent"; print }'
	END
	chmod +x "$tree/testenv/trafficgen"
	run -1 "$tree/lessons/20-where-to-drop/measure" --quick drop
	[[ $output == *"packets were sent, its counter says "* ]]
}

@test "^C: the lab goes, and no result is written" {
	need_root
	# While the lab is set up, right after that, and later.
	for delay in - 0 0.5 1; do
		"$MEASURE" --quick --json "$BATS_TEST_TMPDIR/r/results.json" drop >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
		pid=$!
		if [ $delay = - ]; then
			wait_for ls "/run/netns/bench$pid-client"
		else
			LAB=bench$pid wait_for "$TESTENV" exec box -- true
			sleep $delay
		fi
		kill -TERM $pid
		wait_for gone $pid
		nothing_left "bench$pid"
		[ ! -e "$BATS_TEST_TMPDIR/r/results.json" ]
		grep -qx 'measure: ended early, nothing is written' "$BATS_TEST_TMPDIR/out"
	done
}

@test "it says if somebody traces XDP events, for that makes packets dearer" {
	need_root
	run -0 "$MEASURE" --quick --json "$BATS_TEST_TMPDIR/r/results.json" ports
	[[ $output != *"traces XDP events"* ]] || skip "somebody does: another test"
	export LAB=t$$-traced
	lab setup
	"$TESTENV" trace >/dev/null 2>&1 3>&- &
	trace=$!
	wait_for compgen -G "${XDP_LESSONS_RUN:-/run/xdp-lessons}/$LAB/trace.*"
	run "$MEASURE" --quick --json "$BATS_TEST_TMPDIR/r/results.json" ports
	kill $trace
	wait_for gone $trace
	lab teardown
	[[ $output == *"Somebody traces XDP events here"* ]]
}

# bats test_tags=same-on-every-kernel
@test "a busy machine: it says not to compare" {
	edited 'places[2]["ns"]["most"] = 2 * places[2]["ns"]["least"]'
	run -0 "$MEASURE" --show "$edited" drop
	[[ $output == *"The machine was busy"* ]]
	run -0 "$MEASURE" --show "$RESULTS" drop redirect
	[[ $output != *"The machine was busy"* ]]
}

# bats test_tags=same-on-every-kernel
@test "a machine so busy that no time is above zero: tables, and a word for the picture" {
	command -v gnuplot >/dev/null || skip "gnuplot is missing: make deps"
	edited '
for entry in result["ports"]:
    entry["ns"] = {which: took - 1000 for which, took in entry["ns"].items()}
for place in places:
    place["ns"] = {which: -5 for which in place["ns"]}
for entry in result["maps"]["lookups"]:
    entry["lookup_ns"] = -1'
	mkdir "$BATS_TEST_TMPDIR/pictures"
	touch "$BATS_TEST_TMPDIR/pictures/ports.svg" # of another run
	run -0 --separate-stderr "$MEASURE" --draw "$edited" "$BATS_TEST_TMPDIR/pictures"
	[ "$stderr" = "No picture of drop: the machine was too busy to see a time.
No picture of maps: the machine was too busy to see a time.
No picture of ports: the machine was too busy to see a time." ]
	[ "$(ls "$BATS_TEST_TMPDIR/pictures")" = "$(printf '%s\n' {labs,redirect}.{png,svg})" ]
	run -0 "$MEASURE" --show "$edited" ports
	[[ $output == *"cannot take less than the empty one. Do not compare." ]]
	# One that is above: a picture.
	edited 'result["ports"][0]["ns"]["median"] = 0'
	run -0 --separate-stderr "$MEASURE" --draw "$edited" "$BATS_TEST_TMPDIR/more"
	[ -z "$stderr" ]
}

# bats test_tags=same-on-every-kernel
@test "compare: the same, others, and another order" {
	run -0 "$MEASURE" --compare "$RESULTS" "$RESULTS"
	edited 'places[4]["ns"]["median"] *= 1.3'
	run -1 "$MEASURE" --compare "$RESULTS" "$edited"
	[[ $output == *"drop: nft, ingress: "* ]]
	edited 'places[8]["ns"], places[1]["ns"] = places[1]["ns"], places[8]["ns"]'
	run -1 "$MEASURE" --compare "$RESULTS" "$edited"
	[[ $output == *"drop: UDP socket, full came before XDP, generic"* ]]
}

# bats test_tags=same-on-every-kernel
@test "results.json is a whole run of make bench, and the page's pictures are its" {
	run -0 python3 -c 'import json, sys
result = json.load(open(sys.argv[1]))
assert result["settings"]["kind"] == "default"
assert not result["machine"]["emulated"]
for part in ("drop", "redirect", "programs", "maps", "labs", "ports"):
    assert result[part], part' "$RESULTS"
	command -v gnuplot >/dev/null || skip "gnuplot is missing: make deps"
	made=$(sed -n 's/.*Produced by GNUPLOT \(.*\) -->.*/\1/p; s/.*<desc>Produced by GNUPLOT \(.*\) <.*/\1/p' "$BATS_TEST_DIRNAME/drop.svg")
	here=$(gnuplot --version | sed 's/gnuplot \(.*\) patchlevel \(.*\)/\1 patchlevel \2/')
	[ "$made" = "$here" ] || skip "the pictures are of gnuplot $made, here is $here"
	run -0 "$MEASURE" --draw "$RESULTS" "$BATS_TEST_TMPDIR"
	for picture in "$BATS_TEST_DIRNAME"/*.svg; do
		cmp "$picture" "$BATS_TEST_TMPDIR/${picture##*/}"
	done
	# gnuplot makes subscripts of underscores, unless told not to.
	grep -q '>bpf_redirect_map(), batch 64<' "$BATS_TEST_TMPDIR/redirect.svg"
}

# bats test_tags=same-on-every-kernel
@test "results.json and the file counts are of the same programs" {
	# The page's table is played from results.json, so it is as new as that.
	run -0 python3 -c 'import json, re, sys
result = json.load(open(sys.argv[1]))
text = open(sys.argv[2]).read()
on = result["machine"]
of = re.search(r"# clang (\S+), Linux (\S+), (\S+)", text).groups()
if of != (on["clang"], on["kernel"], on["architecture"]):
    sys.exit(print("skip: counts is of", *of))
counts = {" ".join(line.split()[:3]): " ".join(line.split()[3:])
          for line in text.splitlines() if not line.startswith("#")}
there = {" ".join(size[key] for key in ("lesson", "object", "program")):
         " ".join(str(size[key]) for key in ("instructions", "xlated", "jited_bytes"))
         for size in result["programs"]}
for key in sorted(counts.keys() | there.keys()):
    if counts.get(key) != there.get(key):
        print(f"{key}: counts {counts.get(key)}, results.json {there.get(key)}")' "$RESULTS" "$BATS_TEST_DIRNAME/counts"
	[[ $output != skip:* ]] || skip "${output#skip: }"
	[ -z "$output" ] || {
		echo "$output"
		echo "Measure anew: CONTRIBUTING.md, Sizes and speed"
		return 1
	}
}

# bats test_tags=same-on-every-kernel
@test "each number of the page's prose is in results.json" {
	# Tables are played. What stands in prose as "here" is looked up.
	run -0 python3 -c 'import json, sys
ways = {way["name"]: way for way in json.load(open(sys.argv[1]))["redirect"]["ways"]}
one, many = (ways[name + ", batch 64"]["packets_per_second"] / 1e6
             for name in ("bpf_redirect()", "bpf_redirect_map()"))
print(f"{one:.2f}", f"{many:.2f}", f"{many / one:.2f}")' "$RESULTS"
	read -r one many ratio <<<"$output"
	grep -qF "| \`bpf_redirect()\` | 7.5 million packets/s | $one million |" "$BATS_TEST_DIRNAME/README.md"
	grep -qF "| \`bpf_redirect_map()\` | 13.0 million packets/s | $many million |" "$BATS_TEST_DIRNAME/README.md"
	grep -qF "| the second against the first | 1.73 | $ratio |" "$BATS_TEST_DIRNAME/README.md"
}

# bats test_tags=same-on-every-kernel
@test "where_to_drop_user: wrong places, and options that do not go with them" {
	for wrong in "nowhere lo" "-N tcx lo" "-S socket lo" "xdp" "-p 0 xdp lo" "-p 65536 xdp lo"; do
		run -2 "$BATS_TEST_DIRNAME/where_to_drop_user" $wrong
		[ ${#lines[@]} = 1 ]
	done
}

# bats test_tags=same-on-every-kernel
@test "prog_cost: a program that moves the frame's ends gets a new frame each time" {
	need_root
	for program in mark cut; do
		run -0 cost $program -r 1
		[[ $output == *"$program moves the frame's ends: each frame in a run of its own"* ]]
		# Not the way without room: 5,000 rounds of a loop.
		run -0 awk '$1 == program { own += $2 } /^.empty/ { own -= $3 } END { print own < 4000 }' \
			program=$program <<<"$output"
		[ "$output" = 1 ]
	done
}

# bats test_tags=same-on-every-kernel
@test "prog_cost: the empty program takes as long beside a slow program as beside a quick one" {
	need_root
	need_real_time
	for program in quick slow; do
		run -0 cost $program
		run -0 awk '/^.empty/ { print $3 }' <<<"$output"
		took+=("$output")
	done
	echo "${took[*]}"
	run -0 awk '{ print $1 < 2 * $2 && $2 < 2 * $1 }' <<<"${took[*]}"
	[ "$output" = 1 ]
}

# bats test_tags=same-on-every-kernel
@test "packets of lesson 5's program, which writes in front of the frame, are new ones too" {
	need_root
	run -0 env PACKET_COST="$BATS_TEST_TMPDIR/cost" PACKET_COST_RUNS=1 \
		"$BATS_TEST_DIRNAME/../05-xdp-tc-metadata/test_packets"
	run -0 cut -f 1,4 "$BATS_TEST_TMPDIR/cost"
	[ "$(grep -cx 'xdp_write_mark	once' <<<"$output")" = 6 ]
	grep -qx 'tc_read_mark	[0-9]*' <<<"$output"
	# The table says so, and what a run of one packet takes is not the empty program's time.
	edited '
for program in result["programs"]:
    for cost in program["packets"]:
        if program["program"] == "xdp_write_mark" and "ns" in cost:
            cost["once"] = True
            for which in ("ns", "empty_ns"):
                cost[which]["median"] += 900'
	run -0 "$MEASURE" --show "$edited" programs
	[[ ${lines[-1]} == "xdp_write_mark moves the frame's ends: "* ]]
	[[ ${lines[-2]} =~ ^"The empty program takes "[0-9]+" to "[0-9][0-9]" ns," ]]
}

# bats test_tags=same-on-every-kernel
@test "prog_size: what the verifier has not seen is an error, what it rejects is not" {
	need_root
	size()
	{
		{
			printf '#include <%s>\n' linux/bpf.h bpf/bpf_helpers.h
			cat
			echo 'char _license[] SEC("license") = "GPL";'
		} | clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
			-x c - -c -o "$BATS_TEST_TMPDIR/x.o" || return
		"$BATS_TEST_DIRNAME/../../testenv/prog_size" "$BATS_TEST_TMPDIR/x.o"
	}
	run -1 size <<-'END'
		struct {
			__uint(type, BPF_MAP_TYPE_HASH);
			__type(key, int);
			__type(value, int);
			__uint(max_entries, 0);
		} none SEC(".maps");

		SEC("xdp")
		int look(struct xdp_md *ctx)
		{
			int key = 0;
			return bpf_map_lookup_elem(&none, &key) ? XDP_DROP : XDP_PASS;
		}
	END
	[[ ${#lines[@]} = 1 && $output == "prog_size: load "*"/x.o: map 'none': failed to create: "* ]]
	run -1 size <<<'SEC("fentry/nosuchfunction") int f(void *ctx) { return 0; }'
	[[ ${#lines[@]} = 1 && $output == "prog_size: load "*"/x.o: "*nosuchfunction* ]]
	run -1 size </dev/null
	[[ ${#lines[@]} = 1 && $output == "prog_size: "*"/x.o: there is no program in it" ]]
	run -0 size <<<'SEC("xdp") int f(struct xdp_md *ctx) { return *(int *)(long)ctx->data; }'
	[[ ${#lines[@]} = 1 && $output == *"/x.o	f	-	-	-	-	-	-	-" ]]
}

# bats test_tags=same-on-every-kernel
@test "prog_cost and prog_size: one line for what they cannot do" {
	need_root
	tools=$BATS_TEST_DIRNAME/../../testenv
	run -1 "$tools/prog_size" /etc/passwd
	[[ ${#lines[@]} = 1 && $output == "prog_size: open /etc/passwd: "*[Ff]ormat* ]]
	run -1 as_nobody "$tools/prog_size" "$BATS_TEST_DIRNAME/where_to_drop_kern.o"
	[[ ${#lines[@]} = 1 && $output == "prog_size: load "*"needs root"* ]]
	run -1 "$tools/prog_cost" lo
	[ "$output" = "prog_cost: lo: no XDP program is attached" ]
	run -2 "$tools/prog_cost" nowhere
	run -1 "$tools/prog_cost" 4294967295
	[ "$output" = "prog_cost: open program 4294967295: there is none, see bpftool prog" ]
	run -1 cost leave
	[[ ${#lines[@]} = 1 && $output == "prog_cost: run program "*", leave: BPF_PROG_TEST_RUN takes none for a devmap"* ]]
}

# bats test_tags=same-on-every-kernel
@test "wrong usage: one line, status 2" {
	run -2 "$MEASURE" nowhere
	[[ ${lines[-1]} == *'part "nowhere": not one of drop, redirect, labs, ports, programs, maps' ]]
	for wrong in --nonsense "--lesson 3" "--base HEAD drop" "--show x --draw x y" "--check-counts --quick"; do
		run -2 "$MEASURE" $wrong
	done
	run -1 "$MEASURE" --show /nowhere
	[[ $output == "measure: /nowhere is no result: "* ]]
	echo '{' >"$BATS_TEST_TMPDIR/broken"
	run -1 "$MEASURE" --show "$BATS_TEST_TMPDIR/broken"
	[[ $output == "measure: $BATS_TEST_TMPDIR/broken is no result: "* ]]
	echo '{}' >"$BATS_TEST_TMPDIR/broken"
	for option in --show --compare --publish; do
		files=("$BATS_TEST_TMPDIR/broken")
		[ $option != --compare ] || files=("$RESULTS" "${files[@]}")
		run -1 "$MEASURE" $option "${files[@]}"
		[[ $output == "measure: $BATS_TEST_TMPDIR/broken is no result of measure" ]]
	done
	# Found before anything is measured.
	run -1 "$MEASURE" --json /dev/null/x/y drop
	[[ $output == "measure: "*"Not a directory"* ]]
	# What is not whole does not replace what the page has.
	before=$(sha256sum <"$RESULTS")
	python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); del r["redirect"]; json.dump(r, open(sys.argv[2], "w"))' \
		"$RESULTS" "$BATS_TEST_TMPDIR/part"
	run -1 "$MEASURE" --publish "$BATS_TEST_TMPDIR/part"
	[ "$(sha256sum <"$RESULTS")" = "$before" ]
}

# bats test_tags=same-on-every-kernel
@test "without root: one line, status 4" {
	need_root
	run -4 as_nobody "$MEASURE" --quick
	[ "$output" = "measure: needs root: make bench, or sudo" ]
}
