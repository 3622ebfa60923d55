#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The matrix: what becomes of a pass, a failure, no result, a stale one. The machines
# are stand-ins here; run.bats and faults.bats try real ones.

bats_require_minimum_version 1.5.0
PATH=$PATH:/usr/sbin:/sbin

setup()
{
	unset MAKEFLAGS MAKELEVEL LAB V KERNEL IN LESSON TAP_DIR JOBS
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"/{vm,lessons/01-one,lessons/02-two}
	cp "$BATS_TEST_DIRNAME"/{lib.sh,test-kernels,table} "$tree/vm/"
	cat >"$tree/vm/kernels.txt" <<-'END'
		old   suite package below lessons
		new   suite package supported kernel
		next  suite package supported lessons
	END
	stub kernel <<-'END'
		#!/bin/sh
		case $1 in
		--list) printf '%s\n' old new next ;;
		*)
			[ ! -e "$XDP_STUB/gone-$1" ] || {
				echo "kernel: cannot read the archive's index" >&2
				exit 1
			}
			mkdir -p "$XDP_STUB/kernels/$1"
			echo "linux-image-$1 1.0" >"$XDP_STUB/kernels/$1/from"
			echo "$XDP_STUB/kernels/$1"
			;;
		esac
	END
	stub root <<<'#!/bin/sh'
	stub accel <<-'END'
		#!/bin/sh
		echo tcg,thread=single
	END
	stub where <<-'END'
		#!/bin/sh
		echo "This machine lacks veth: running in a virtual machine (IN=host tries it here)" >&2
		echo vm
	END
	# The machine: plays guest-NAME, with its results in $out; counts its starts.
	stub run <<-'END'
		#!/bin/bash
		while getopts k:t:o: option; do
			case $option in
			k) kernel=$OPTARG ;;
			o) out=$OPTARG ;;
			esac
		done
		rm -rf "$out"
		mkdir -p "$out/tap"
		echo "start ${*: -1}" >>"$XDP_STUB/starts-$kernel"
		echo "Linux $kernel" >"$out/release"
		. "$XDP_STUB/guest-$kernel"
	END
	export XDP_STUB=$BATS_TEST_TMPDIR/stub
	mkdir "$XDP_STUB"
	for kernel in old new next; do
		guest $kernel 'pages "ok 1 - a"'
	done
}

# stub NAME: a script in place of vm/NAME, from stdin.
stub()
{
	cat >"$tree/vm/$1"
	chmod +x "$tree/vm/$1"
}

# guest NAME SCRIPT: what happens in that kernel's machine. pages LINE...: both
# lessons' pages say so.
guest()
{
	cat >"$XDP_STUB/guest-$1" <<-'END'
		pages()
		{
			for lesson in 01-one 02-two; do
				{
					echo "1..$#"
					printf '%s\n' "$@"
					echo "# exit ${pages_exit-0}"
				} >"$out/tap/lessons:$lesson:README.md.tap"
			done
		}
	END
	echo "$2" >>"$XDP_STUB/guest-$1"
}

@test "all pass: a line for each, status 0, and a result file that says it" {
	run -0 "$tree/vm/test-kernels" old new next
	[ "$(grep -c '^ok  ' <<<"$output")" = 3 ]
	grep -E '^ok +new +Linux new +2 passed, 0 failed, 0 skipped' <<<"$output"
	grep -qx 'verdict ok' "$tree/vm/results/new"
	grep -qx 'package linux-image-new 1.0' "$tree/vm/results/new"
	grep -qx 'test lessons/01-one/README.md ok 1 not_ok 0 skip 0 exit 0' "$tree/vm/results/new"
}

@test "a failure: status 1, which test, and never a second try" {
	guest new 'pages_exit=1 pages "ok 1 - a" "not ok 2 - b"; exit 2'
	run -1 "$tree/vm/test-kernels" new next
	grep -E '^FAILED +new ' <<<"$output"
	grep -E '^        lessons/02-two/README.md: 1 failed, exit 1' <<<"$output"
	grep -E '^ok +next ' <<<"$output"
	[ "$(wc -l <"$XDP_STUB/starts-new")" = 1 ]
	grep -qx 'verdict FAILED' "$tree/vm/results/new"
}

@test "a status of 0 with a test that failed is a failure" {
	guest new 'pages_exit=1 pages "not ok 1 - a"'
	run -1 "$tree/vm/test-kernels" new
	grep -E '^FAILED +new ' <<<"$output"
}

@test "a status of 0 without any test is a failure" {
	guest new :
	run -1 "$tree/vm/test-kernels" new
	grep -E '^FAILED +new ' <<<"$output"
}

@test "a test that broke off is a failure, whatever it said before" {
	guest new 'pages "ok 1 - a"; printf "1..2\nok 1 - a\n# exit 0\n" >"$out/tap/lessons:01-one:test_packets.tap"'
	run -1 "$tree/vm/test-kernels" new
	grep 'lessons/01-one/test_packets: 0 failed, exit early' <<<"$output"
	guest new 'pages "ok 1 - a"; printf "1..1\nok 1 - a\n" >"$out/tap/lessons:01-one:test_packets.tap"'
	run -1 "$tree/vm/test-kernels" new
	grep 'lessons/01-one/test_packets: 0 failed, exit early' <<<"$output"
}

@test "no test at all: what was said instead" {
	for kernel in old new; do
		guest $kernel 'echo "make: *** Error 1"; exit 2'
		run -1 "$tree/vm/test-kernels" $kernel
		grep -E "^FAILED +$kernel " <<<"$output"
		grep -qxF '        make: *** Error 1' <<<"$output"
	done
}

# interrupted KERNEL...: ^C in a terminal, once all of them play; what they start writes
# its process id into a file "pid-...".
interrupted()
{
	cat >"$BATS_TEST_TMPDIR/drive.py" <<-'END'
		import glob, os, pty, signal, sys, time
		def wait_for(condition, what):
		    until = time.time() + 60
		    while not condition():
		        if time.time() > until:
		            sys.exit(what)
		        time.sleep(0.1)
		def pids():
		    return [open(name).read() for name in glob.glob(os.environ["XDP_STUB"] + "/pid-*")]
		pid, fd = pty.fork()
		if pid == 0:
		    # bats may ignore it. The terminal stays, as a shell's.
		    signal.signal(signal.SIGINT, signal.SIG_DFL)
		    os.execvp("bash", ["bash", "-c", "trap : INT; \"$@\"; read", "bash"] + sys.argv[1:])
		wait_for(lambda: len(list(filter(str.strip, pids()))) == len(sys.argv) - 2, "not begun")
		os.write(fd, b"\x03")
		wait_for(lambda: not [p for p in pids() if os.path.isdir("/proc/" + p.strip())], "not ended")
	END
	timeout 100 python3 "$BATS_TEST_TMPDIR/drive.py" "$tree/vm/test-kernels" "$@"
}

@test "^C: all machines are ended, and told to" {
	for kernel in new next; do
		guest $kernel 'sleep 1000 &
			trap "kill $!; echo told >>$XDP_STUB/told; exit 143" TERM
			echo $! >"$XDP_STUB/pid-$kernel"; wait'
	done
	JOBS=2 interrupted new next
	for ((i = 0; i < 50; i++)); do
		[ "$(wc -l <"$XDP_STUB/told")" != 2 ] || break
		sleep 0.1
	done
	[ "$(wc -l <"$XDP_STUB/told")" = 2 ]
}

# here: the running kernel can run the lessons, and "make test" is COMMAND.
here()
{
	stub where <<<'#!/bin/sh
echo host'
	printf 'test:\n\t@%s\n' "$1" >"$tree/Makefile"
}

@test "^C reaches the tests of the running kernel" {
	here 'echo $$$$ >"$$XDP_STUB/pid-host"; exec sleep 1000'
	interrupted host
}

@test "the running kernel: by \"make test-kernels KERNEL=host\", too" {
	here 'printf "1..1\nok 1\n\043 exit 0\n" >$$TAP_DIR/one.tap; [ -z "$$KERNEL" ]'
	sed -i '1i$(if $(KERNEL),$(error not for this kernel))' "$tree/Makefile"
	MAKEFLAGS='-- KERNEL=host' MAKELEVEL=1 KERNEL=host run -0 "$tree/vm/test-kernels" host
	grep -E '^ok +host .* 1 passed' <<<"$output"
}

@test "numbers that are none: one line, status 2" {
	for setting in JOBS=two JOBS=0 XDP_LESSONS_MEMORY=2G TEST_SECONDS=2h; do
		run -2 env "$setting" "$tree/vm/test-kernels" new
		[ "$output" = "test-kernels: ${setting%=*} takes a number from 1 on, not \"${setting#*=}\"" ]
	done
}

@test "the result names its commit, and says when files were changed since" {
	mkdir "$tree/vm/results"
	echo old >"$tree/vm/results/new"
	git -C "$tree" init -q
	echo vm/out >"$tree/.git/info/exclude"
	git -C "$tree" add .
	git -C "$tree" -c user.name=t -c user.email=t commit -q -m one
	commit=$(git -C "$tree" describe --always)
	# A result of this run is none.
	echo newer >"$tree/vm/results/next"
	echo newer >"$tree/vm/results/new"
	run -0 "$tree/vm/test-kernels" new
	grep -qx "tree $commit" "$tree/vm/results/new"
	echo changed >>"$tree/vm/table"
	run -0 "$tree/vm/test-kernels" new
	grep -qx "tree $commit+" "$tree/vm/results/new"
}

@test "no result: tried once more, and said" {
	guest new '[ "$(wc -l <"$XDP_STUB/starts-new")" = 2 ] || exit 125; pages "ok 1 - a"'
	run -0 "$tree/vm/test-kernels" new
	grep -E '^ok +new .*\(no result at first, see .*; tried again\)' <<<"$output"
}

@test "no result twice: NONE, and no third try" {
	guest new 'echo "run: no result: it did not start" >&2; exit 125'
	run -1 "$tree/vm/test-kernels" new
	grep -E '^NONE +new ' <<<"$output"
	grep '        run: no result: it did not start' <<<"$output"
	[ "$(wc -l <"$XDP_STUB/starts-new")" = 2 ]
	grep -qx 'verdict NONE' "$tree/vm/results/new"
}

@test "a kernel that cannot be had: NONE with the reason, the others go on" {
	touch "$XDP_STUB/gone-new"
	guest new 'vm/kernel new; exit 125'
	cd "$tree"
	run -1 vm/test-kernels new next
	grep -E '^NONE +new ' <<<"$output"
	grep -E "^        kernel: cannot read the archive's index" <<<"$output"
	grep -E '^ok +next ' <<<"$output"
	grep -qx 'machine none' vm/results/new
}

@test "two at once: one waits for the other, row by row" {
	guest new 'echo >"$XDP_STUB/begun"; sleep 2; pages "ok 1 - a"; : >"$XDP_STUB/done"'
	"$tree/vm/test-kernels" new >/dev/null 2>&1 3>&- &
	for ((i = 0; i < 100; i++)); do
		[ ! -e "$XDP_STUB/begun" ] || break
		sleep 0.1
	done
	guest new '[ -e "$XDP_STUB/done" ] || exit 125; pages "ok 1 - a" "ok 2 - b"'
	run -0 "$tree/vm/test-kernels" new
	[[ $output == *"another run tests new: waiting for it"* ]]
	grep -E '^ok +new .* 4 passed' <<<"$output"
	wait $!
}

@test "told to end while it waits for another run: nothing goes on waiting" {
	lock=$tree/vm/out/kernels/.lock-new
	mkdir -p "${lock%/*}"
	flock "$lock" sleep 1000 3>&- &
	holder=$!
	"$tree/vm/test-kernels" new 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	for ((i = 0; i < 100; i++)); do
		! grep -q waiting "$BATS_TEST_TMPDIR/said" || break
		sleep 0.1
	done
	kill $!
	wait $! || :
	open_in=$(find /proc/[0-9]*/fd -lname "$lock" 2>/dev/null | cut -d / -f 3 | sort -u)
	pkill -P $holder
	# flock and its sleep.
	[ "$(wc -l <<<"$open_in")" = 2 ]
}

@test "a stale result never passes for a new one" {
	run -0 "$tree/vm/test-kernels" new
	guest new 'exit 125'
	run -1 "$tree/vm/test-kernels" new
	grep -E '^NONE +new +.* 0 passed' <<<"$output"
	run ! grep -q '^test ' "$tree/vm/results/new"
	# Nor while it runs.
	guest new 'sleep 1000 & echo $! >"$XDP_STUB/sleeper"; wait'
	"$tree/vm/test-kernels" new >/dev/null 2>&1 3>&- &
	for ((i = 0; i < 100; i++)); do
		[ ! -s "$XDP_STUB/sleeper" ] || break
		sleep 0.1
	done
	[ ! -e "$tree/vm/results/new" ]
	kill $!
	wait $! || :
	kill "$(cat "$XDP_STUB/sleeper")"
	[ ! -e "$tree/vm/results/new" ]
}

@test "which tests: as kernels.txt says, unless told otherwise" {
	run -0 "$tree/vm/test-kernels" old new next
	for row in "old lessons" "new kernel" "next lessons"; do
		grep -qx "tests ${row#* }" "$tree/vm/results/${row% *}"
		grep -qx "start LESSON=${row#* }" "$XDP_STUB/starts-${row% *}"
	done
	run -0 "$tree/vm/test-kernels" --all next
	grep -qx 'tests all' "$tree/vm/results/next"
	grep -qx 'start LESSON=' "$XDP_STUB/starts-next"
}

@test "below the floor: shown, not counted, but it has to have a result" {
	guest old 'pages_exit=1 pages "ok 1 - a" "not ok 2 - b"; exit 2'
	run -0 "$tree/vm/test-kernels" old
	grep -E '^below +old .*2 passed, 2 failed' <<<"$output"
	guest old 'exit 125'
	run -1 "$tree/vm/test-kernels" old
	grep -E '^NONE +old ' <<<"$output"
}

@test "the running kernel, where it cannot run the lessons: a skip with its reason" {
	run -0 "$tree/vm/test-kernels" host
	grep -E '^skip +host .*This machine lacks veth$' <<<"$output"
}

@test "a kernel that is not in the list" {
	run -2 "$tree/vm/test-kernels" newest
	[ "$output" = 'test-kernels: no kernel "newest": host, old new next' ]
	run -2 "$tree/vm/test-kernels" --most
}

@test "the table: each cell from its result file" {
	guest old 'pages "ok 1 - a # SKIP Works from Linux 6.1 on"; sed -i s/exit.0/exit\ 1/ "$out"/tap/*02*; exit 2'
	guest next 'exit 125'
	run -1 "$tree/vm/test-kernels" old new next
	rm -r "$XDP_STUB"/guest-*
	run -0 "$tree/vm/table"
	[ "${lines[0]}" = "| lesson | old | new | next |" ]
	[ "${lines[2]}" = "| 1 | from 6.1 | ok (1) | no result |" ]
	[ "${lines[3]}" = "| 2 | from 6.1, 1 failed | ok (1) | no result |" ]
	[[ ${lines[4]} == "- \`Linux old\`: a virtual machine, emulated, older than what the lessons need; the lessons' tests, "* ]]
}

@test "the table goes between its marks, and nowhere else" {
	run -0 "$tree/vm/test-kernels" new
	printf '%s\n' before '<!-- vm/table: begin -->' old '<!-- vm/table: end -->' after >"$tree/README.md"
	run -0 "$tree/vm/table" --write
	[ "$(sed -n '1p;$p' "$tree/README.md" | paste -sd ' ')" = "before after" ]
	grep -qx '| 2 | ok (1) |' "$tree/README.md"
	run ! grep -qx old "$tree/README.md"
	sed -i '/end -->/d' "$tree/README.md"
	run -1 "$tree/vm/table" --write
	[[ $output == *'lacks the line'* ]]
}

@test "no result file: one line" {
	run -1 "$tree/vm/table"
	[[ $output == *'there is no result file: run "make test-kernels"' ]]
}

@test "README.md has the table of the result files that are in the tree" {
	top=$BATS_TEST_DIRNAME/..
	run -0 "$top/vm/table"
	diff <(echo "$output") <(sed -n '/^<!-- vm\/table: begin -->$/,/^<!-- vm\/table: end -->$/p' "$top/README.md" |
		sed '1d;$d')
}
