#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bats file_tags=same-on-every-kernel
# What a learner sees of the exercises, tried on a copy of lessons 1 and 2. That each
# exercise is what it should be is tested by "exercise.sh contract".

load testenv_bats

setup_file()
{
	local top=$BATS_TEST_DIRNAME/..
	export FIRST=$BATS_FILE_TMPDIR/first
	mkdir -p "$FIRST/lessons"
	cp -r "$top"/{Makefile,README.md,headers,common,testenv} "$FIRST"
	cp -r "$top"/lessons/0[12]-* "$FIRST/lessons"
	make -s -C "$FIRST" clean
	find "$FIRST"/lessons/*/exercises/* -maxdepth 1 -name '*.[ch]' ! -name check.c -delete
	find "$FIRST"/lessons/*/exercises/* -maxdepth 1 -name '*.bak' -delete
	make -s -C "$FIRST" exercises
}

setup()
{
	unset MAKEFLAGS MFLAGS MAKELEVEL LAB V KERNEL TAP GIVEUP
	export IN=host NO_COLOR=1
	TREE=$BATS_TEST_TMPDIR/tree
	cp -r "$FIRST" "$TREE"
	cd "$TREE"
	one=lessons/01-drop-world/exercises/1-pass-everything
	two=lessons/01-drop-world/exercises/2-every-second
	kern=$one/xdp_pass_kern.c
}

exercise()
{
	testenv/exercise.sh "$@" 3>&-
}

# solve: exercise 1.1.
solve()
{
	cp $one/solution/*.c $one/
}

@test "check, for the first time: the starter, what is wrong with it, and where" {
	need_root
	run -1 exercise check 1.1
	cmp $kern $one/start/xdp_pass_kern.c
	echo "$output" >"$BATS_TEST_TMPDIR/said"
	# The README shows this very text.
	sed -n '/^1\.1 pass-everything/,/^```/ { /^```/d; p }' README.md >"$BATS_TEST_TMPDIR/page"
	diff "$BATS_TEST_TMPDIR/page" "$BATS_TEST_TMPDIR/said"
	[ "$(sed -n 9p $kern | grep -c TODO)" = 1 ]
}

@test "check: solved" {
	need_root
	solve
	run -0 exercise check 1.1
	[ "${lines[0]}" = "1.1 pass-everything  solved, 10 checks passed" ]
	[ "${lines[1]}" = "next: make check1.2" ]
	run -0 exercise progress
	[[ ${lines[0]} = "01-drop-world            1 of 2 done" ]]
}

@test "check of a lesson: each exercise, 1 unless all are solved" {
	need_root
	solve
	run -1 exercise check 1
	[[ $output = *"1.1 pass-everything  solved"*"1.2 every-second  2 of"*"line 14"* ]]
	cp $two/solution/*.c $two/
	run -0 exercise check 1
	[[ $output = *"1.2 every-second  solved"*"next: make lesson2" ]]
}

@test "check: by make" {
	need_root
	run -2 make check1.1
	[[ $output = *"not solved yet"*"Error 1"* ]]
	solve
	run -0 make check1.1
	[ "${lines[0]}" = "1.1 pass-everything  solved, 10 checks passed" ]
}

@test "check TAP=1: TAP, with a plan" {
	need_root
	solve
	TAP=1 run -1 exercise check 1
	[ "${lines[0]}" = "ok 1 - 1.1/1 it compiles" ]
	grep -q '^not ok 13 - 1.2/3 pass, drop, pass, drop$' <<<"$output"
	[ "${lines[-1]}" = "1..$(grep -c '^ok\|^not ok' <<<"$output")" ]
	run -0 grep -vE '^(ok|not ok) [0-9]+ - 1\.[12]/[0-9]+ |^# |^1\.\.[0-9]+$' <<<"$output"$'\nx'
	[ "$output" = x ]
}

@test "check: what does not compile, by the learner's line" {
	need_root
	solve
	sed -i 's/return XDP_PASS;/return XDP_PAS;/' $kern
	run -1 exercise check 1.1
	[[ $output = *"0 of 1 checks passed"*"not ok  1  it compiles"*"undeclared identifier 'XDP_PAS'"* ]]
	[[ $output = *"edit $kern, line $(grep -n XDP_PAS\; $kern | cut -d: -f1)"* ]]
}

@test "check: what the verifier rejects, by the learner's line, explained" {
	need_root
	solve
	sed -i 's/return XDP_PASS;/return *(char *)(long)ctx->data;/' $kern
	run -1 exercise check 1.1
	[[ $output = *"not ok  2  the kernel loads it"* ]]
	[[ $output = *"xdp_pass_kern.c:9"* ]]
	[[ $output = *"edit $kern, line 9"* ]]
	[[ $output != *"processed "* ]]
	V=1 run -1 exercise check 1.1
	[[ $output = *"processed "* ]]
}

@test "check: a file with a TODO that was worked on is not pointed at by line" {
	need_root
	run -1 exercise check 1.1
	sed -i 's/XDP_DROP/XDP_ABORTED/' $kern
	run -1 exercise check 1.1
	[[ $output = *"edit $kern"$'\n'* ]]
}

@test "check: a number that is no verdict" {
	need_root
	solve
	sed -i 's/XDP_PASS;/77;/' $kern
	run -1 exercise check 1.1
	[[ $output = *" xdp_pass says 77, which is no verdict, right is XDP_PASS"* ]]
	[[ $output = *"make show1.1 PACKET=3" ]]
	run -0 exercise show 1.1 3
	[ "${lines[2]}" = "came    77, which is no verdict" ]
}

@test "check: no SEC" {
	need_root
	solve
	sed -i '/SEC("xdp")/d' $kern
	run -1 exercise check 1.1
	[[ $output = *"xdp_pass is in section .text, which is that of no type of program"* ]]
}

@test "check: a program under another name is asked for by name" {
	need_root
	solve
	sed -i 's/xdp_pass(/mine(/' $kern
	run -1 exercise check 1.1
	[[ $output = *"has no program xdp_pass"* ]]
}

@test "a machine that cannot run BPF: 4, and not the learner's fault" {
	need_root
	solve
	# Root, but without the capabilities.
	run -4 setpriv --bounding-set=-bpf,-sys_admin,-net_admin --inh-caps=-all \
		testenv/exercise.sh check 1.1
	[[ $output = *"it is not your program"* ]]
	[[ $output != *"not solved yet"* ]]
	[[ $(exercise progress) != *"in progress"* ]]
}

@test "no root, no sudo: 4, one line" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in bash sh make clang llvm-strip cc bpftool sed awk grep cat cp mkdir mktemp mv \
		rm dirname sort head env as ld ls expr uname tail nproc printf; do
		ln -s "$(type -P $tool)" "$BATS_TEST_TMPDIR/bin/" || :
	done
	stub id 'echo 1001'
	PATH=$BATS_TEST_TMPDIR/bin run -4 testenv/exercise.sh check 1.1
	[[ $output = *"checks need root, and there is no sudo: try IN=vm" ]]
}

# lab_check BODY: a second test that exercise 1.1 has in the lab.
lab_check()
{
	printf '@test "%s" { %s; }\n' first true second "$1" >$one/check.bats
}

@test "a sudo that refuses: 4, and what to do" {
	stub id 'echo 1001'
	stub sudo 'echo "learner is not in the sudoers file." >&2; exit 1'
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -4 exercise check 1.1
	[ "$output" = "learner is not in the sudoers file.
exercise.sh: sudo did not run the check: IN=vm needs no root" ]
}

@test "^C: 130, and no result" {
	need_root
	solve
	lab_check 'touch "$ANSWER/begun"; sleep 30'
	# As a terminal does: to all that run.
	setsid env --default-signal=INT testenv/exercise.sh check 1.1 \
		>"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	wait_for test -e $one/begun
	kill -INT -- -$!
	status=0
	wait $! || status=$?
	[ "$status" = 130 ]
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
	[ ! -e .progress ]
}

@test "a check in the lab that was cut off: 4, and no result" {
	need_root
	solve
	lab_check true
	run -0 exercise check 1.1
	rm .progress
	stub bats 'printf "1..2\nok 1 first\n"; exit 1'
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -4 exercise check 1.1
	[[ $output = *"did not run to its end"*"it is not your program"* ]]
	[[ $output != *"checks passed"* ]]
	[ ! -e .progress ]
}

@test "a check that cannot be built: 4, and not the learner's fault" {
	need_root
	solve
	echo "#error broken" >>$one/check.c
	run -4 exercise check 1.1
	[[ $output = *"the check itself cannot be built"* ]]
	[[ $output != *"not solved yet"* ]]
}

@test "numbers that are none: one line, 2" {
	run -2 exercise check 99
	[ "$output" = "exercise.sh: there is no lesson 99: make help" ]
	run -2 exercise check 1.9
	[ "$output" = "exercise.sh: there is no exercise 1.9; lesson 1 has: 1.1 1.2" ]
	mkdir lessons/10-verifier-clinic # those of its page are for the reader to judge
	for what in 10 10.1; do
		run -2 exercise check $what
		[ "$output" = "exercise.sh: nothing checks the exercises of lesson 10: they are in lessons/10-verifier-clinic/README.md" ]
	done
	run -2 exercise check x
	[[ $output = *'"x" is not the number'* ]]
	run -2 exercise hint 1
	[[ $output = *"one exercise, please"* ]]
	run -2 exercise frobnicate
	run -2 exercise
	run -2 env IN=elsewhere testenv/exercise.sh check 1.1
	[[ $output = *'IN is "host", "vm" or "auto"'* ]]
}

@test "check and make leave what the learner wrote" {
	need_root
	run -1 exercise check 1.1
	echo "/* mine */" >>$kern
	run -1 exercise check 1.1
	make -s
	make -s clean
	grep -q mine $kern
	[ ! -e ${kern%.c}.o ]
}

@test "hints: one after the other, and that they were seen" {
	run -0 exercise hint 1.1
	[[ ${lines[0]} = "1/3 concept" && $output != *"2/3"* ]]
	run -0 exercise hint 1.1
	[[ ${lines[0]} = "2/3 place" && $output != *"3/3"* ]]
	run -0 exercise hint 1.1
	[[ ${lines[0]} = "3/3 shape" ]]
	run -0 exercise hint 1.1
	[[ ${lines[0]} = "3/3 shape" && ${lines[-1]} = "There are no more."* ]]
	run -0 exercise progress
	[[ ${lines[0]} = *"in progress: 1.1, hints used: 3" ]]
}

@test "reset: the starter again, the learner's file beside it" {
	solve
	run -0 exercise reset 1.1
	cmp $kern $one/start/xdp_pass_kern.c
	cmp $kern.bak $one/solution/xdp_pass_kern.c
	# A second time, what was kept stays.
	run -0 exercise reset 1.1
	cmp $kern.bak $one/solution/xdp_pass_kern.c
	for nth in 2 3; do
		echo "/* answer $nth */" >$kern
		run -0 exercise reset 1.1
		[ "${lines[0]}" = "kept: $kern.$nth.bak" ]
		[ "$(cat $kern.$nth.bak)" = "/* answer $nth */" ]
		cmp $kern.bak $one/solution/xdp_pass_kern.c
	done
}

# on_a_full_disk CMD...: no byte can be written to a file.
on_a_full_disk()
{
	(
		trap "" XFSZ
		ulimit -f 0
		"$@"
	)
}

@test "a full disk: no empty starter, and reset moves nothing" {
	run -1 on_a_full_disk exercise check 1.1
	[[ ${lines[-1]} = "exercise.sh: cannot write $kern" ]]
	[ ! -e $kern ]
	solve
	run -1 on_a_full_disk exercise reset 1.1
	cmp $kern $one/solution/xdp_pass_kern.c
	run -1 compgen -G "$one/*.bak"
	run -1 compgen -G "$one/*.new"
}

@test "solution: after a pass; before, with GIVEUP=1, which is noted" {
	need_root
	run -1 exercise solution 1.1
	[[ $output = *"not solved yet"*"GIVEUP=1"* && $output != *SEC* ]]
	GIVEUP=1 run -0 exercise solution 1.1
	[[ $output = *"return XDP_PASS;"* ]]
	run -0 exercise progress
	[[ ${lines[0]} = *"solutions looked up: 1" ]]
	cp $two/solution/*.c $two/
	run -0 exercise check 1.2
	run -0 exercise solution 1.2
	[[ $output = *"__sync_fetch_and_add"* ]]
	grep -qx '1.2 done 0 shown' .progress
}

@test "progress: one line a lesson, whatever is in the file" {
	printf '%s\n' "1.1 done 1 unseen" "garbage" "1.2 what is this" >.progress
	run -0 exercise progress
	[ "${lines[0]}" = "01-drop-world            1 of 2 done, in progress: 1.2, hints used: 1" ]
	[[ ${lines[1]} = "02-tcp-filter            0 of "*" done" ]]
	run -0 exercise hint 1.2
	grep -qx garbage .progress
	grep -qx '1.1 done 1 unseen' .progress
	grep -qx '1.2 started 1 unseen' .progress
}

@test "progress that root has noted is the user's" {
	need_root
	chown 65534:65534 .
	run -0 exercise hint 1.1
	[ "$(stat -c %u:%g:%a .progress)" = 65534:65534:644 ]
}

@test "progress that cannot be read: what to do, and it stays" {
	need_root
	echo "1.1 done 0 unseen" >.progress
	chown 65534 .progress
	chmod 600 .progress
	for verb in check watch hint solution progress; do
		# Root, but with no more rights to files than others.
		run -1 timeout 20 setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all \
			testenv/exercise.sh $verb 1.2
		[ "$output" = "exercise.sh: cannot read .progress, another user's: sudo chown root .progress" ]
	done
	[ "$(cat .progress)" = "1.1 done 0 unseen" ]
}

@test "what cannot be noted: the result or the hint, a warning, and nothing is left" {
	run -0 exercise hint 1.1
	cp .progress "$BATS_TEST_TMPDIR"
	run -0 on_a_full_disk exercise hint 1.1
	[[ $output = "2/3 place"*"warning: cannot write .progress: progress is not kept" ]]
	cmp .progress "$BATS_TEST_TMPDIR/.progress"
	run -1 compgen -G ".progress.*"

	need_root
	solve
	XDP_LESSONS_PROGRESS=/proc/none run -0 exercise check 1.1
	[ "${lines[0]}" = "1.1 pass-everything  solved, 10 checks passed" ]
	[[ $output = *"warning: cannot write /proc/none: progress is not kept"* ]]
}

@test "done stays done" {
	need_root
	solve
	run -0 exercise check 1.1
	cp $one/start/*.c $one/
	run -1 exercise check 1.1
	grep -qx '1.1 done 0 unseen' .progress
}

@test "show: the packet as it came and left, what was wanted, what came" {
	need_root
	run -0 make -s show1.1 PACKET=3
	[ "${lines[0]}" = "packet  a ping passes" ]
	[ "${lines[1]}" = "wanted  XDP_PASS" ]
	[ "${lines[2]}" = "came    XDP_DROP" ]
	[[ $output = *"in: "*"10.11.1.2 > 10.11.2.2: ICMP echo request"*"0x0000:"*"out: the same bytes" ]]
	run -2 make -s show1.1
	run -0 exercise show 1.1 9
	for number in 2 10 99; do
		run -2 exercise show 1.1 $number
		[ "$output" = "there is no packet of check $number to show: checks 3 to 9 have one" ]
	done
	run -2 exercise show 1.2 3
	[ "$output" = "there is no packet of check 3 to show: no check here is about a single one" ]
}

@test "show is no advice where there is no packet" {
	need_root
	solve
	lab_check 'echo "wrong: it says \"top: nobody\", right is \"top: 10.11.1.2\""; false'
	run -1 exercise check 1.1
	[[ $output = *"right is \"top: 10.11.1.2\""* && $output != *PACKET=* ]]
	rm $one/check.c
	lab_check 'echo "wrong: xdp_pass says XDP_DROP, right is XDP_PASS"; false'
	run -1 exercise check 1.1
	[[ $output = *"right is XDP_PASS"* && $output != *PACKET=* ]]
}

# watched: "watch 1.1" sees that the file was saved, and is ended by ^C.
watched()
{
	local pid
	env --default-signal=INT testenv/exercise.sh watch 1.1 >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	pid=$!
	wait_for grep -q "^waiting" "$BATS_TEST_TMPDIR/said"
	grep -q "not solved yet" "$BATS_TEST_TMPDIR/said"
	# As editors do: another file takes its name.
	cp $one/solution/xdp_pass_kern.c $one/new
	mv $one/new $kern
	wait_for grep -q "solved, 10 checks" "$BATS_TEST_TMPDIR/said"
	wait_for eval '[ "$(grep -c ^waiting "$BATS_TEST_TMPDIR/said")" = 2 ]'
	kill -INT $pid
	wait $pid
}

@test "watch: again when the file is saved" {
	need_root
	command -v inotifywait >/dev/null
	watched
}

@test "watch without inotifywait" {
	need_root
	sed -i 's/command -v inotifywait/false/' testenv/exercise.sh
	watched
}

@test "git knows neither what the learner writes nor what is built" {
	command -v git >/dev/null || skip "there is no git"
	git init -q .
	cp "$BATS_TEST_DIRNAME/../.gitignore" .
	mv $one/check $one/start.fails "$BATS_TEST_TMPDIR"
	git add -A
	git -c user.name=x -c user.email=x commit -qm x
	mv "$BATS_TEST_TMPDIR"/{check,start.fails} $one/
	solve
	make -s answer ANSWER=$one
	touch $kern{,.2}.bak .progress{,.x}
	run -0 git status --short
	[ "$output" = "?? $one/start.fails" ]
}

# contract_fails TEXT: the contract of 1.1 is broken, at the point TEXT.
contract_fails()
{
	run -1 exercise contract $one
	grep -qE "^not ok [0-9]+ - $1" <<<"$output"
}

@test "contract: what breaks it" {
	need_root
	run -0 exercise contract $one
	[[ $output != *"not ok"* ]]

	# A check that lets everything through.
	cp $one/check.c "$BATS_TEST_TMPDIR"
	sed -i 's/XDP_PASS }/XDP_TX }/' $one/check.c
	contract_fails "the solution passes"
	contract_fails "sends-it-back fails in: a ping passes"
	cp "$BATS_TEST_TMPDIR/check.c" $one/check.c

	# A mutant that fails elsewhere than it says, one that is no patch.
	sed -i 's/^Fails: .*/Fails: ARP is pink/' $one/mutants/sends-it-back.patch
	contract_fails "sends-it-back fails in: ARP is pink"
	echo "Fails: x" >$one/mutants/sends-it-back.patch
	contract_fails "sends-it-back"
	rm $one/mutants/sends-it-back.patch
	contract_fails "there are three mutants"

	# A starter that is solved already, or that the kernel rejects without saying so.
	cp $one/start/xdp_pass_kern.c "$BATS_TEST_TMPDIR"
	sed -i 's/XDP_DROP/XDP_PASS/' $one/start/xdp_pass_kern.c
	contract_fails "the starter fails in: a ping passes"
	sed -i 's/XDP_PASS/*(char *)(long)ctx->data/' $one/start/xdp_pass_kern.c
	contract_fails "the starter fails in: a ping passes"
	cp "$BATS_TEST_TMPDIR/xdp_pass_kern.c" $one/start/
	sed -i '/TODO/d' $one/start/xdp_pass_kern.c
	contract_fails "the starter says by TODO"

	sed -i '/^## 3/d' $one/hints.md
	contract_fails "there are three hints"
	rm $one/hints.md
	contract_fails "it is complete"
}
