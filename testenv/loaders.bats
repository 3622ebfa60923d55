#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What all user sides promise: the same options, one clear line for a mistake,
# and nothing attached after it.

load testenv_bats

setup_file()
{
	need_root
	programs "$BATS_FILE_TMPDIR"
	local program
	for program in "$BATS_TEST_DIRNAME"/../lessons/*/*_user; do
		"$program" -h | sed '/^$/q' | grep -qE ' attach | CASE ' || echo "$program"
	done >"$BATS_FILE_TMPDIR/loaders"
}

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER
}

teardown()
{
	lab teardown
	nothing_left "$LAB"
}

# loaders: the user sides that attach, and stay until ^C. Others have verbs, or do not
# attach, and tests in their lesson's folder.
loaders()
{
	cat "$BATS_FILE_TMPDIR/loaders"
}

# interfaces LOADER: what its command line ends with, as its usage says.
interfaces()
{
	case $("$1" -h | head -n 1) in
	*' IN OUT') echo eth0 eth1 ;;
	*' PLACE IFACE') echo xdp eth0 ;;
	*) echo eth0 ;;
	esac
}

# one_line: all that was printed is one line, and it begins with the program.
one_line()
{
	echo "$output"
	[ "$(wc -l <<<"$output")" = 1 ] && [[ $output == "${loader##*/}: "* ]]
}

# nothing_attached: neither at XDP nor at TC.
nothing_attached()
{
	run ip netns exec "$LAB-box" bpftool net show
	echo "$output"
	! grep -q '^eth' <<<"$output"
}

# bats test_tags=same-on-every-kernel
@test "-h: the usage, on standard output" {
	[ "$(loaders | wc -l)" -ge 6 ]
	for loader in $(loaders); do
		run -0 "$loader" -h
		[[ ${lines[0]} == "Usage: ${loader##*/} [-S|-N] [-F] [-v]"* ]]
		[ "$(awk 'length > 80' <<<"$output")" = "" ]
		for option in -S -N -F -v -h; do
			grep -q -- "^  $option  " <<<"$output"
		done
	done
}

# bats test_tags=same-on-every-kernel
@test "a wrong command line: status 2, and nothing attached" {
	lab setup
	for loader in $(loaders); do
		read -ra where <<<"$(interfaces "$loader")"
		run -2 lab exec box -- timeout $((5 * patience)) "$loader"
		one_line
		run -2 lab exec box -- timeout $((5 * patience)) "$loader" "${where[@]}" more
		one_line
		run -2 lab exec box -- timeout $((5 * patience)) "$loader" "${where[@]/eth/nosuch}"
		one_line
		run -2 lab exec box -- timeout $((5 * patience)) "$loader" -S -N "${where[@]}"
		one_line
		run -2 lab exec box -- timeout $((5 * patience)) "$loader" -Q "${where[@]}"
		[ ${#lines[@]} = 2 ]
	done
	nothing_attached
}

# bats test_tags=same-on-every-kernel
@test "the default route's interface is refused, by each of its names" {
	lab setup
	lab exec box -- ip link property add dev eth0 altname cable
	for route in "-4 default via 10.11.1.2" "-6 default via fd11:1::2"; do
		# shellcheck disable=SC2086 # words
		lab exec box -- ip ${route%% *} route add ${route#* }
		for loader in $(loaders); do
			read -ra where <<<"$(interfaces "$loader")"
			run -1 lab exec box -- timeout $((5 * patience)) "$loader" "${where[@]}"
			one_line
			[[ $output == *"default route"* ]]
			run -1 lab exec box -- timeout $((5 * patience)) "$loader" "${where[@]/eth0/cable}"
			[[ $output == *"default route"* ]]
		done
		# shellcheck disable=SC2086 # words
		lab exec box -- ip ${route%% *} route del ${route#* }
	done
	nothing_attached
}

@test "another program is there: status 1, and it stays; lower privilege: the same" {
	lab setup
	lab load "$BATS_FILE_TMPDIR/programs.o"
	for loader in $(loaders); do
		read -ra where <<<"$(interfaces "$loader")"
		[ ${#where[@]} = 1 ] || continue	# wants to know a neighbour
		run -1 lab exec box -- timeout $((5 * patience)) "$loader" "${where[@]}"
		one_line
		[[ $output == *"XDP program is there"* ]]
		run -1 lab exec box -- timeout $((5 * patience)) "$loader" -S "${where[@]}"
		one_line
		run -1 lab exec box -- setpriv --reuid=65534 --clear-groups \
			"$loader" "${where[@]}"
		one_line
		[[ $output == *"needs root"* ]]
	done
	run lab exec box -- ip link show dev eth0
	[[ $output == *"name lab_pass "* ]]
	run lab exec box -- bpftool net show dev eth0
	run ! grep -q clsact <<<"$output"
}

@test "kill -9: XDP goes with its loader; ^C and kill: everything goes" {
	lab setup
	lab exec box -- ping -qc 1 server >/dev/null
	for loader in $(loaders); do
		read -ra where <<<"$(interfaces "$loader")"
		for signal in INT TERM HUP KILL; do
			# A job in the background is deaf to ^C, one under nohup to HUP: not this.
			"$TESTENV" exec box -- env --default-signal=INT,HUP \
				"$loader" "${where[@]}" >/dev/null 3>&- &
			pid=$!
			wait_for attached
			kill -$signal $pid
			wait $pid || :
			wait_for not_attached
			[ $signal = KILL ] || nothing_attached
			tc -n "$LAB-box" qdisc del dev eth0 clsact 2>/dev/null || :
		done
	done
}

# begin FD: the loader, in $pid, which writes there.
begin()
{
	read -ra where <<<"$(interfaces "$loader")"
	"$TESTENV" exec box -- env --default-signal=INT,PIPE "$loader" "${where[@]}" \
		>&"$1" 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
	pid=$!
}

# ended REASON: what begin() began, with nothing to write, or because of REASON: this is
# counted in $reports.
ended()
{
	status=0
	wait $pid || status=$?
	wait_for not_attached
	output=$(<"$BATS_TEST_TMPDIR/errors")
	[ $status != 0 ] || [ "$output" != "" ] || return 0
	[ $status = 1 ]
	one_line
	[[ $output == *": write: $1" ]]
	reports=$((reports + 1))
}

@test "a report that cannot be written: one line, and status 1" {
	lab setup
	lab exec box -- ping -qc 1 server >/dev/null
	local out reports=0 report=$BATS_TEST_TMPDIR/report with_report=0
	for loader in $(loaders); do
		for file in "$report" /dev/full; do
			exec {out}>"$file"
			begin "$out"
			exec {out}>&-
			wait_for attached
			kill -INT $pid
			ended "No space left on device"
		done
		[ ! -s "$report" ] || with_report=$((with_report + 1))
	done
	[ $reports = $with_report ]
	[ $reports -ge 5 ]
}

# bats test_tags=same-on-every-kernel
@test "a pipe that nobody reads any more: one line, status 1, and everything goes" {
	lab setup
	lab exec box -- ping -qc 1 server >/dev/null
	local reports=0 pipe
	exec {pipe}> >(:)
	wait $!
	for loader in $(loaders); do
		begin "$pipe"
		# Whoever reports every second, or when it begins, finds out alone.
		if "$loader" -h | grep -qwE 'seconds?|PLACE'; then
			wait_for gone $pid
		else
			wait_for attached
			kill -INT $pid
		fi
		ended "Broken pipe"
		nothing_attached
	done
	[ $reports -ge 5 ]
}

attached()
{
	ip -n "$LAB-box" link show dev eth0 | grep -q prog/xdp
}

not_attached()
{
	! attached
}
