#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Processes that meet, and processes that are killed; and lists as long as they may be.

load blocklist_bats

# sequence COUNT: so many prefixes of one address each.
sequence()
{
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "100.%d.%d.%d\n", i / 65536, i / 256 % 256, i % 256
	}'
}

@test "twenty add at once: all are in the list; twenty of the same prefix: one" {
	box attach eth0
	box_script <<-'END'
		for i in {1..20}; do
			"$TOOL" add 192.0.2.$i &
			"$TOOL" add 198.51.100.$i 203.0.113.$i &
		done
		wait
		for i in {1..20}; do
			if "$TOOL" add 10.0.0.0/8 2>>"$0.errors"; then
				echo done >>"$0.done"
			fi &
		done
		wait
	END
	[ "$(box list | wc -l)" = 61 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/script.done")" = 1 ]
	[ "$(grep -c "already in the list" "$BATS_TEST_TMPDIR/script.errors")" = 19 ]
}

@test "attach and detach at once: no error but those that are due, and nothing is left" {
	box_script <<-'END'
		: >"$0.errors"
		for i in {1..5}; do
			"$TOOL" attach eth0 2>>"$0.errors" &
			"$TOOL" detach eth0 2>>"$0.errors" &
		done
		wait
		"$TOOL" attach eth0
		"$TOOL" detach eth0
	END
	run grep -v "eth0: not attached" "$BATS_TEST_TMPDIR/script.errors"
	echo "$output"
	[ "$status" = 1 ]
	nothing_pinned
}

# waits: a process waits for the lock that another one holds.
waits()
{
	grep -q -- "-> FLOCK.*:$1 " /proc/locks
}

@test "the lock: add waits for it, and gives up after 10 seconds" {
	box attach eth0
	mkfifo "$BATS_TEST_TMPDIR/hold"
	box_script <<-'END' 3>&- &
		exec 9<"$PINS"
		flock 9
		stat -c %i "$PINS" >"$0.inode"
		read -r _ <"${0%/*}/hold"
	END
	wait_for test -s "$BATS_TEST_TMPDIR/script.inode"
	inode=$(cat "$BATS_TEST_TMPDIR/script.inode")
	fails 1 "another process has held it for 10 seconds" list
	box add 192.0.2.1 3>&- &
	add=$!
	wait_for waits "$inode"
	echo >"$BATS_TEST_TMPDIR/hold"
	wait "$add"
	listed 192.0.2.1/32
}

@test "nobody waits for one whose input is not there yet, or whose output is not read" {
	fifo=$BATS_TEST_TMPDIR/fifo
	mkfifo "$fifo"
	box attach eth0

	# Once the fifo is open at both ends, load reads.
	box load "$fifo" 3>&- &
	load=$!
	exec 9>"$fifo"
	box add 192.0.2.1
	echo 192.0.2.2 >&9
	exec 9>&-
	wait "$load"
	listed 192.0.2.1/32 192.0.2.2/32

	# 10,000 lines are more than a fifo holds: after the first one list has to wait.
	sequence 10000 | box -r load -
	box list >"$fifo" 3>&- &
	list=$!
	exec 9<"$fifo"
	read -r _ <&9
	box add 192.0.2.1
	cat <&9 >"$BATS_TEST_TMPDIR/list"
	exec 9<&-
	wait "$list"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/list")" = 9999 ]

	box_script <<-'END'
		"$TOOL" list | grep -v '^100.0.0.0/' | "$TOOL" -r load -
	END
	[[ $(box status eth0) == *"prefixes   10000"* ]]
	fails 1 "prefix 100.0.0.0/32: not in the list" del 100.0.0.0
}

# The four tests below kill a process at every call by which it could change something.

@test "attach, killed at any moment: it is attached or not, and attach mends it" {
	box_script <<-'END'
		n=1
		while "$KILLED" $n "$TOOL" attach eth0; do
			if "$TOOL" status eth0 >/dev/null 2>&1; then
				"$TOOL" list
			else
				free
			fi
			"$TOOL" attach eth0
			[ "$("$TOOL" list)" = "# no prefix" ]
			"$TOOL" add 10.11.1.2
			"$TOOL" detach eth0
			[ ! -e "$PINS" ]
			# Or detach does, if there is anything.
			"$KILLED" $n "$TOOL" attach eth0
			clean || "$TOOL" detach eth0
			clean
			free
			n=$((n + 1))
		done
		[ $n -gt 10 ]
	END
}

@test "a second attach, killed at any moment: attached, and the list as it was" {
	box attach eth0
	box add 10.11.1.2
	box_script <<-'END'
		n=1
		while "$KILLED" $n "$TOOL" attach eth0; do
			[ "$("$TOOL" list | cut -d' ' -f1)" = 10.11.1.2/32 ]
			ip link show dev eth0 | grep -q prog/xdp
			n=$((n + 1))
		done
		[ $n -gt 10 ]
	END
	[ "$(pings 2)" = 0 ]
}

@test "detach, killed at any moment: it is attached with its list, or it is not" {
	box_script <<-'END'
		n=1
		"$TOOL" attach eth0
		"$TOOL" add 10.11.1.2
		while "$KILLED" $n "$TOOL" detach eth0; do
			if "$TOOL" status eth0 >/dev/null 2>&1; then
				[ "$("$TOOL" list | cut -d' ' -f1)" = 10.11.1.2/32 ]
				"$TOOL" detach eth0
			elif ! clean; then
				free
				if [ $((n % 2)) = 0 ]; then
					"$TOOL" detach eth0
				else
					"$TOOL" attach eth0
					[ "$("$TOOL" list)" = "# no prefix" ]
					"$TOOL" detach eth0
				fi
			fi
			clean
			free
			"$TOOL" attach eth0
			"$TOOL" add 10.11.1.2
			n=$((n + 1))
		done
		[ $n -gt 5 ]
	END
}

@test "add, del and load, killed at any moment: the old list, or the new one" {
	box_script <<-'END'
		"$TOOL" attach eth0
		printf '%s\n' 192.0.2.1 192.0.2.2 >"$0.old"
		printf '%s\n' 192.0.2.2 fd00::/8 192.0.2.4 >"$0.new"
		list() {
			"$TOOL" list | sed 's/ *#.*//; /^$/d' | paste -sd' '
		}
		old="192.0.2.1/32 192.0.2.2/32"
		while IFS='|' read -r verb new; do
			n=1
			"$TOOL" -r load "$0.old"
			while "$KILLED" $n "$TOOL" $verb; do
				now=$(list)
				[ "$now" = "$old" ] || [ "$now" = "$new" ]
				"$TOOL" -r load "$0.old"
				[ "$(list)" = "$old" ]
				n=$((n + 1))
			done
			[ $n -gt 8 ]
			[ "$(list)" = "$new" ]
		done <<-LIST
			add 192.0.2.3|192.0.2.1/32 192.0.2.2/32 192.0.2.3/32
			add 192.0.2.3 192.0.2.4|192.0.2.1/32 192.0.2.2/32 192.0.2.3/32 192.0.2.4/32
			del 192.0.2.1|192.0.2.2/32
			del 192.0.2.1 192.0.2.2|
			-r load $0.new|192.0.2.2/32 192.0.2.4/32 fd00::/8
		LIST
	END
}

@test "100,000 prefixes are loaded in 2 seconds of a processor's time at most" {
	need_real_time
	sequence 100000 >"$BATS_TEST_TMPDIR/file"
	box attach eth0
	lab exec box -- prlimit --cpu=2 "$TOOL" load "$BATS_TEST_TMPDIR/file"
	[[ $(box status eth0) == *"prefixes   100000"* ]]
}

@test "1,000,000 prefixes are the most: one more is refused, and changes nothing" {
	need_real_time
	file=$BATS_TEST_TMPDIR/file
	sequence 1000001 >"$file"
	box attach eth0
	box add 192.0.2.1
	fails 1 "the list is full: 1000000 prefixes are the most" load "$file"
	fails 1 "the list is full" -r load "$file"
	listed 192.0.2.1/32
	sed -i '$d' "$file"
	fails 1 "the list is full" load "$file"
	listed 192.0.2.1/32
	box -r load "$file"
	[[ $(box status eth0) == *"prefixes   1000000"* ]]
	fails 1 "the list is full" add 192.0.2.1
	fails 1 "the list is full" add 192.0.2.1 192.0.2.2
	[[ $(box status eth0) == *"prefixes   1000000"* ]]
	box del 100.0.0.0
	box add 192.0.2.1
	fails 1 "already in the list" add 192.0.2.1
}
