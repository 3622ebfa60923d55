#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What map_cost promises: a line for each size, figures that can be true, nothing left.

# shellcheck disable=SC2016 # the scripts in quotes expand where they run

load testenv_bats

setup()
{
	need_root
	map_cost=$BATS_TEST_DIRNAME/map_cost
}

# fake FILE TEXT CMD...: for CMD, FILE below /proc says TEXT.
fake()
{
	printf '%s\n' "$2" >"$BATS_TEST_TMPDIR/fake"
	unshare -m sh -ec 'mount --bind "$1" "$2"; shift 2; exec "$@"' sh \
		"$BATS_TEST_TMPDIR/fake" "$1" "${@:3}"
}

# column N KIND ENTRIES [RUNS]: of its line, measured now.
column()
{
	"$map_cost" -r "${4:-1}" "$2" "$3" | awk -v n="$1" '!/^#/ { print $n }'
}

# less A B: numbers that need not be whole.
less()
{
	echo "$1 < $2 ?"
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && a < b) }'
}

# is_table KIND ENTRIES...: $output is a head and a line for each size, as they should be.
is_table()
{
	echo "$output"
	awk -v kind="$1" -v sizes="${*:2}" '
		BEGIN { n = split(sizes, size, " ") }
		NR == 1 {
			if ($0 !~ /^# kind +entries +lookup_ns +lookup_ns_min +lookup_ns_max +insert_ns +memory_bytes +lookups$/)
				exit bad = 1
			next
		}
		NF != 8 || $1 != kind || $2 != size[NR - 1] { exit bad = 1 }
		{
			for (i = 3; i <= 6; i++)
				if ($i !~ /^-?[0-9]+\.[0-9]+$/)
					exit bad = 1
		}
		$4 > $3 || $3 > $5 || $7 !~ /^[0-9]+$/ || $8 !~ /^[0-9]+$/ { exit bad = 1 }
		# Key and value, and batches that are complete.
		$7 < $2 * 8 || $8 < 10000 || $8 % 10000 { exit bad = 1 }
		END { exit bad || NR != n + 1 }' <<<"$output"
}

@test "each kind: a line for each size, every key is found" {
	# More and less than a batch, of 10000 here, of 128 in an LRU map; no whole batches.
	for kind in array hash lru_hash percpu_hash lpm_trie; do
		run -0 --separate-stderr "$map_cost" -r 2 $kind 1 1000 10001
		is_table $kind 1 1000 10001
	done
}

@test "what is measured: in an array less than the loop, in a trie by far more" {
	need_real_time
	# A run takes a tenth of a second, so this is what a turn of the loop takes.
	run -0 "$map_cost" array 1
	turn=$(awk '!/^#/ { print 5 * 1e8 / $8 }' <<<"$output")
	array=$(awk '!/^#/ { print $4 }' <<<"$output")
	less "$array" "$(awk "BEGIN { print 0.7 * $turn }")"
	less "$(awk "BEGIN { print 20 * $array }")" "$(column 4 lpm_trie 100000)"
}

@test "memory: at least what the kernel's structures take" {
	cpus=$(lscpu -p=CPU | grep -vc '^#')
	(( $(column 7 array 1000) >= 8000 ))
	hash=$(column 7 hash 1000)
	((hash >= 64000 + 16 * 1024 && hash < 100000 + 1000 * cpus))
	# The plain one has a spare element for each CPU.
	(( $(column 7 percpu_hash 1000) >= hash + 8000 * cpus - 100 * cpus ))
	(( $(column 7 lpm_trie 1000) == 1999 * 64 ))
}

@test "-r: more runs, more lookups; -h" {
	# How many a run has is found out anew each time, and what else runs plays a part.
	one=$(column 8 hash 10)
	nine=$(column 8 hash 10 9)
	echo "$one, $nine"
	((nine > 2 * one && nine % 9 == 0))
	run -0 --separate-stderr "$map_cost" -h
	[[ $output == "Usage: map_cost "* && -z $stderr ]]
}

# bats test_tags=same-on-every-kernel
@test "wrong usage: one line, status 2" {
	for args in "" "hash" "-r 3 hash" "hash 0" "hash 10000001" "hash 1x" "hash +1" "hash 5 x" \
		"stack 5" "Hash 5" "-r 0 hash 5" "-r 1001 hash 5" "-r x hash 5"; do
		run -2 --separate-stderr "$map_cost" $args
		[[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == "map_cost: "* ]]
	done
	run -2 --separate-stderr "$map_cost" hash ""
	[[ -z $output && ${#stderr_lines[@]} == 1 ]]
	# getopt has a line of its own.
	run -2 --separate-stderr "$map_cost" -x hash 5
	[[ -z $output && ${#stderr_lines[@]} == 2 ]]
}

# bats test_tags=same-on-every-kernel
@test "without root: one line, status 4" {
	cp "$map_cost" "$BATS_TEST_TMPDIR/map_cost"
	chmod a+x "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" # for whom it is started as
	run -4 --separate-stderr as_nobody "$BATS_TEST_TMPDIR/map_cost" hash 5
	[[ -z $output && $stderr == "map_cost: needs root" ]]
}

@test "too little memory: that size is skipped, and said; status 4 if none is left" {
	run -4 --separate-stderr fake /proc/meminfo "MemAvailable: 1000000 kB" \
		"$map_cost" percpu_hash 10000000
	[ -z "$output" ]
	# Else the processor is emulated, and that is said before.
	[[ ${stderr_lines[-1]} =~ ^"map_cost: percpu_hash with 10000000 entries takes about "[0-9]{4}" MB, and only 1024 MB are free: skipped"$ ]]
	for kind in hash lru_hash lpm_trie; do
		run -4 --separate-stderr fake /proc/meminfo "MemAvailable: 900000 kB" \
			"$map_cost" $kind 10000000
		[[ $stderr == *"$kind with 10000000 entries takes about "*": skipped" ]]
	done
	run -0 --separate-stderr fake /proc/meminfo "MemAvailable: 100000 kB" \
		"$map_cost" -r 1 array 10000000 10
	is_table array 10
	[[ $stderr == *"array with 10000000 entries takes about "*" MB, and only 102 MB"* ]]
}

@test "figures that are of no use: said on stderr, measured all the same" {
	run -0 --separate-stderr fake /proc/cpuinfo "model name : QEMU TCG CPU version 2.5+" \
		"$map_cost" -r 1 array 10
	[ "$stderr" = "# the processor is emulated" ]
	is_table array 10
	need_real_time # else that is said, and not what follows
	run -0 --separate-stderr fake /proc/sys/net/core/bpf_jit_enable 0 \
		"$map_cost" -r 1 array 10
	[[ $stderr == *"JIT compiler is off"* ]]
	is_table array 10
}

@test "differences that noise makes negative are figures, not errors" {
	# A clock whose seconds get longer and longer.
	cat >"$BATS_TEST_TMPDIR/clock.c" <<-'END'
		#include <time.h>

		int clock_gettime(clockid_t id, struct timespec *now)
		{
			static long calls;

			calls++;
			now->tv_sec = calls * calls;
			now->tv_nsec = 0;
			return 0;
		}
	END
	cc -shared -fPIC -o "$BATS_TEST_TMPDIR/clock.so" "$BATS_TEST_TMPDIR/clock.c"
	run -0 --separate-stderr env LD_PRELOAD="$BATS_TEST_TMPDIR/clock.so" \
		"$map_cost" -r 1 hash 1
	is_table hash 1
	awk '!/^#/ { exit !($3 < 0 && $6 < 0) }' <<<"$output"
}

@test "a line is there as soon as it is known; ^C ends it at once, nothing is left" {
	# What runs in the background ignores ^C otherwise.
	env --default-signal=INT "$map_cost" -r 1 hash 10 1000 10000000 \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	wait_for grep -q '^hash *1000 ' "$BATS_TEST_TMPDIR/out"
	wait_for eval "grep -qs map_id /proc/$pid/fdinfo/*"
	id=$(cat "/proc/$pid"/fdinfo/* | awk '$1 == "map_id:" { print $2; exit }')
	bpftool map show id "$id"
	kill -INT $pid
	wait_for gone $pid
	run -130 wait $pid
	wait_for eval "! bpftool map show id $id"
	run ! grep -q '^hash *10000000 ' "$BATS_TEST_TMPDIR/out"
}
