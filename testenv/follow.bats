#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bats file_tags=same-on-every-kernel
#
# The lesson player. Most pages here use host$ only, which is fast; those that
# use the lab need root.

bats_require_minimum_version 1.5.0

# On a slow machine all limits of waiting are that many times longer.
patience=${XDP_LESSONS_PATIENCE:-1}

setup()
{
	here=$BATS_TEST_DIRNAME
	follow=$here/follow
	number=$((10000 + BASHPID % 50000))
	folder=$BATS_TEST_TMPDIR/$number-page
	lab=lesson$number
	mkdir "$folder"
	cd "$BATS_TEST_TMPDIR" || return
	unset LAB NO_COLOR XDP_VM_RESULTS
	# What a player leaves running is found by this in its environment.
	export FOLLOW_MARK=$BATS_TEST_TMPDIR
}

teardown()
{
	left=$(left_over)
	[ -z "$left" ] || kill -KILL ${left//$'\n'/ }
	! lab_is_there || LAB=$lab "$here/testenv.sh" teardown
	rm -f "/run/xdp-lessons/.follow-$lab"*.lock
}

# page: the page to play, from stdin.
page()
{
	cat >"$folder/README.md"
}

# commands: a page that is one console block, from stdin. Its first line is line 4.
commands()
{
	{
		printf '# A page\n\n```console\n'
		cat
		printf '```\n'
	} >"$folder/README.md"
}

# play STATUS [OPTION...]: follow the page straight, and expect STATUS.
play()
{
	local expected=$1
	shift
	run timeout -k 5 $((50 * patience)) "$follow" --yes "$@" "$folder"
	echo "$output"
	[ "$status" = "$expected" ]
}

# tour STATUS [TEXT KEYS]...: follow the page in a terminal.
tour()
{
	local expected=$1
	shift
	run env TERM="${TERM_HERE-xterm}" "$here/follow_drive.py" "$@" -- "$follow" "$folder"
	echo "$output"
	[ "$status" = "$expected" ]
}

# shown TEXT: the player printed a line with TEXT.
shown()
{
	grep -qF -e "$1" <<<"$output" || { echo "not shown: $1"; return 1; }
}

not_shown()
{
	! shown "$1"
}

# left_over: the processes that came from this test's players.
left_over()
{
	grep -lszxF "FOLLOW_MARK=$FOLLOW_MARK-player" /proc/[0-9]*/environ | cut -d/ -f3
}

lab_is_there()
{
	ip netns list | grep -q "^$lab\(-t[0-9]*\)\?-" || [ -e "/run/xdp-lessons/$lab" ]
}

# all_gone: no process, no lab and no lock is left.
all_gone()
{
	local left
	left=$(left_over)
	[ -z "$left" ] || { ps -o pid,args -p "${left//$'\n'/,}"; return 1; }
	! lab_is_there || { echo "lab left"; ip netns list; return 1; }
	! compgen -G "/run/xdp-lessons/.follow-$lab*" || { echo "lock left"; return 1; }
}

# start_player [OPTION...]: in the background; $player is its process.
start_player()
{
	FOLLOW_MARK=$FOLLOW_MARK-player "$follow" "$@" "$folder" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	player=$!
}

# wait_for COMMAND...: until it succeeds.
wait_for()
{
	local tries
	for ((tries = 0; tries < 1000 * patience; tries++)); do
		! "$@" || return 0
		sleep 0.01
	done
	echo "never: $*"
	return 1
}

# --- a page that is right ---------------------------------------------------

@test "a correct page passes, and a terminal session is shown" {
	page <<-'EOP'
	# Title

	Words that a straight run leaves out.

	```console
	host$ echo one; echo two
	one
	two
	host$ true
	```

	```c
	host$ echo not played
	```

	## Second part

	~~~console
	host$ printf 'no newline'
	no newline
	~~~
	EOP
	play 0
	shown "Title"
	shown "Second part"
	shown 'host$ echo one; echo two'
	shown "no newline"
	shown "3 commands, all as the page says"
	not_shown "Words"
	not_shown "not played"
}

@test "variables, functions and the folder live on from block to block" {
	page <<-'EOP'
	```console
	host$ basename "$PWD" | sed 's/[0-9]*//'
	-page
	host$ a=1; mkdir -p sub; cd sub
	```
	```console
	host$ echo $a ${PWD##*/}
	1 sub
	```
	EOP
	play 0
}

@test "the shells have a lab's name, sudo, and nothing of make's or bats'" {
	commands <<-'EOP'
	host$ echo "$LAB $TERM $PAGER $LC_ALL [$MAKEFLAGS] [$HISTFILE] $COLUMNS"
	lesson... dumb cat C.UTF-8 [] [] 200
	host$ sudo A=b sh -c 'echo $A'
	b
	host$ sudo -E env C=d sh -c 'echo $C'
	d
	host$ for fd in /proc/$$/fd/*; do echo ${fd##*/}; done | grep -vx 255
	0
	1
	2
	EOP
	MAKEFLAGS=n play 0
}

@test "here-documents and continuation lines" {
	commands <<-'EOP'
	host$ cat <<X
	> a
	>
	>   b "
	> X
	a

	  b "
	host$ echo one \
	> two
	one two
	host$ for i in 1 2; do
	> echo $i
	> done
	1
	2
	EOP
	play 0
	shown '> echo $i'
}

@test "unicode, invalid UTF-8, escape sequences, carriage returns, tabs" {
	commands <<-'EOP'
	host$ echo 'grüße → 世界'
	grüße → 世界
	host$ printf 'a\377b\n'
	a...b
	host$ printf '\033[1;31mred\033[0m \033]0;title\007done\r\n'
	red done
	host$ printf 'a\tb  \n\n\n'
	a	b
	host$ printf '\tabc\tb\n'
	        ...c	b
	EOP
	play 0
}

@test "an exit status is on the page where it matters" {
	commands <<-'EOP'
	host$ echo words; (exit 3)
	words
	host$ echo $?
	3
	host$ nosuchcommand
	bash: nosuchcommand: command not found
	host$ bash -c 'kill -9 $$'
	Killed
	host$ echo $?
	137
	EOP
	play 0
}

@test "a page without lab runs without root" {
	[ "$(id -u)" = 0 ] || skip "needs root to be someone else"
	commands <<-'EOP'
	host$ id -u
	65534
	EOP
	chmod -R go+rX "$BATS_RUN_TMPDIR"
	run setpriv --reuid=65534 --clear-groups "$follow" --yes "$folder"
	echo "$output"
	[ "$status" = 0 ]
}

# --- TAP --------------------------------------------------------------------

@test "TAP: one point a command, # escaped, plan at the end" {
	commands <<-'EOP'
	host$ echo 'a # b \ c'
	a # b \ c
	host$ true # silent
	EOP
	play 0 --tap
	[ "$output" = 'ok 1 - README.md:4 host$ echo '\''a \# b \\ c'\''
ok 2 - README.md:6 host$ true \# silent
1..2' ]
	prove --exec "$follow --tap" "$folder/README.md"
}

@test "TAP: a failing step is the last, with a diff in comments" {
	commands <<-'EOP'
	host$ true
	host$ seq 3
	1
	zwei
	3
	host$ true
	EOP
	play 1 --tap
	shown 'not ok 2 - README.md:5 host$ seq 3'
	shown "README.md:7: the output differs"
	shown "# -zwei"
	shown "# +2"
	[ "${lines[-1]}" = "1..2" ]
	[ -z "$(grep -v '^ok\|^not ok\|^#\|^1\.\.' <<<"$output")" ]
	run ! prove --exec "$follow --tap" "$folder/README.md"
}

# --- pages that are wrong about the output ----------------------------------

@test "wrong output: the diff names file and line" {
	commands <<-'EOP'
	host$ true
	host$ printf 'a 1\nb 2\nc 3\n'
	a ...
	b 5
	c ...
	EOP
	play 1
	shown "README.md:7: the output differs"
	shown "- the page says"
	shown "+ the machine says"
	shown "-b 5"
	shown "+b 2"
	grep -qx ' a 1' <<<"$output"
	grep -qx ' c 3' <<<"$output"
}

@test "a line of the page that the machine does not print" {
	commands <<-'EOP'
	host$ seq 2
	1
	2
	3
	EOP
	play 1
	shown "README.md:7:"
	shown "-3"
}

@test "a line of the machine that the page does not show" {
	commands <<-'EOP'
	host$ seq 3
	1
	3
	EOP
	play 1
	shown "README.md:6:"
	shown "+2"
}

@test "a command that should be silent and is not" {
	commands <<-'EOP'
	host$ echo word
	EOP
	play 1
	shown "+word"
}

@test "... inside a line does not cross lines" {
	commands <<-'EOP'
	host$ printf 'begin\nend\n'
	begin...end
	EOP
	play 1
	shown "-begin...end"
	commands <<-'EOP'
	host$ echo 'begin, middle, end, end'
	begin...mid...end
	host$ echo 'beginend'
	begin...end
	EOP
	play 0
	commands <<-'EOP'
	host$ echo 'aba'
	ab...ba
	EOP
	play 1
}

@test "... on its own line is no line or many, and hides nothing else" {
	commands <<-'EOP'
	host$ seq 2
	1
	...
	2
	host$ seq 1000
	1
	...
	500
	...
	1000
	host$ seq 2
	...
	EOP
	play 0
	commands <<-'EOP'
	host$ seq 10
	...
	7
	...
	7
	...
	EOP
	play 1
	shown "-7"
	commands <<-'EOP'
	host$ seq 10
	1
	...
	9
	EOP
	play 1
	shown "+10"
}

@test "a matcher's nightmare is matched in no time" {
	commands <<-'EOP'
	host$ head -c 5000 /dev/zero | tr '\0' a; echo
	...a...a...a...a...a...a...a...a...a...a...b...a
	EOP
	play 1 --timeout $((5 * patience))
	shown "the output differs"
}

# --- pages that are wrong about the exit status ------------------------------

@test "a silent command has to succeed" {
	commands <<-'EOP'
	host$ false
	EOP
	play 1
	shown "README.md:4: exit status 1:"
}

@test "a command whose output is not shown has to succeed" {
	commands <<-'EOP'
	host$ echo word; (exit 2)
	...
	EOP
	play 1
	shown "exit status 2:"
}

@test "a wrong exit status on the page" {
	commands <<-'EOP'
	host$ echo word; (exit 3)
	word
	host$ echo $?
	0
	EOP
	play 1
	shown "-0"
	shown "+3"
}

@test "a command that could not be run, or died" {
	commands <<-'EOP'
	host$ echo word; nosuchcommand
	word
	...
	EOP
	play 1
	shown "exit status 127: the command could not be run"
	commands <<-'EOP'
	host$ echo word; bash -c 'kill -PIPE $$'
	word
	EOP
	play 1
	shown "exit status 141: died of Broken pipe"
}

# --- commands that do not end -----------------------------------------------

@test "a hanging command fails in time, and is gone" {
	commands <<-EOP
	host\$ echo word; sleep 987.$BASHPID
	word
	EOP
	SECONDS=0
	play 1 --timeout 0.5
	[ "$SECONDS" -lt $((5 * patience)) ]
	shown "README.md:4: not done after 0.5 s"
	shown "a later block has to begin with the same command"
	run ! pgrep -f "sleep 987.$BASHPID\$"
}

@test "a hanging command that heeds neither ^C nor TERM is gone as well" {
	commands <<-EOP
	host\$ bash -c 'trap "" INT TERM HUP; while :; do sleep 986.$BASHPID; done'
	EOP
	SECONDS=0
	play 1 --timeout 0.3
	[ "$SECONDS" -lt $((8 * patience)) ]
	run ! pgrep -f "sleep 986.$BASHPID"
}

@test "a command that waits for more of itself" {
	commands <<-'EOP'
	host$ echo "never closed
	EOP
	play 1
	shown "the shell waits for the rest of this command"
}

@test "a continuation line too many" {
	commands <<-'EOP'
	host$ echo one
	> echo two
	one
	EOP
	play 1
	shown "took the command as complete before its last line"
}

@test "a page must not end its shell" {
	commands <<-'EOP'
	host$ exit
	exit
	EOP
	play 1
	shown "the shell has ended"
}

@test "huge output is refused in time" {
	commands <<-'EOP'
	host$ yes
	...
	EOP
	play 1 --timeout $((10 * patience))
	shown "more than 1048576 bytes of output"
	commands <<-'EOP'
	host$ seq 100000
	1
	...
	100000
	EOP
	play 0
}

# --- programs that keep running ---------------------------------------------

# counter: a program that prints a line for each line written to a pipe, and
# "bye" at ^C, after which its exit status is $1.
counter()
{
	rm -f "$folder/file"
	mkfifo "$folder/file"
	cat >"$folder/counter" <<-EOP
	#!/bin/bash
	trap 'echo bye; exit $1' INT
	echo "counting \$1"
	while read -r line; do
		echo "\$line"
	done <>"\$1"
	EOP
	chmod +x "$folder/counter"
}

@test "started, resumed, ended by ^C" {
	counter 0
	page <<-'EOP'
	```console
	host$ ./counter file
	counting file
	```
	```console
	host$ echo one >>file; echo two >>file
	```
	```console
	host$ ./counter file
	counting file
	one
	two
	^C
	bye
	host$ echo $?
	0
	```
	EOP
	play 0
	shown "bye"
	play 0 --tap
	[ "${lines[-1]}" = "1..4" ]
}

@test "what a program shows in the end is compared, before ^C and after" {
	counter 0
	page <<-'EOP'
	```console
	host$ ./counter file
	```
	```console
	host$ ./counter file
	counting file
	three
	^C
	bye
	```
	EOP
	play 1 --timeout 0.5
	shown "README.md:7: not what the page shows before ^C"
	shown "-three"
	sed -i '/three/d; s/bye/good night/' "$folder/README.md"
	play 1
	shown "README.md:8: the output differs"
	shown "-good night"
	shown "+bye"
}

@test "after ^C the exit status is 0 or 130" {
	counter 1
	page <<-'EOP'
	```console
	host$ ./counter file
	counting file
	^C
	bye
	```
	EOP
	play 1
	shown "exit status 1: after ^C it has to be 0 or 130"
}

@test "started and ended by ^C in one block" {
	commands <<-'EOP'
	host$ sleep 1000
	^C
	host$ echo $?
	130
	host$ ping -i 0.5 127.0.0.1
	PING ...
	...
	... icmp_seq=2 ...
	^C
	--- 127.0.0.1 ping statistics ---
	2 packets transmitted, 2 received, ...
	...
	EOP
	play 0
}

@test "killed or terminated from elsewhere" {
	page <<-'EOP'
	```console
	host$ sleep 1001
	host$ sleep 1002
	```
	```console
	host$ kill -KILL $(pgrep -P $PPID,$(pgrep -d, -P $PPID) -fx 'sleep 1001')
	host$ kill -TERM $(pgrep -P $PPID,$(pgrep -d, -P $PPID) -fx 'sleep 1002')
	```
	```console
	host$ true
	```
	```console
	host$ sleep 1002
	Terminated
	```
	```console
	host$ sleep 1001
	Killed
	host$ echo $?
	137
	```
	EOP
	play 0
	sed -i s/Killed/Terminated/ "$folder/README.md"
	play 1
	shown "+Killed"
}

@test "two programs at once: further terminals, and the first again when it is free" {
	page <<-'EOP'
	```console
	host$ terminal=first
	host$ sleep 1001
	```
	```console
	host$ echo "[$terminal]"; terminal=second
	[]
	host$ sleep 1002
	```
	```console
	host$ echo "[$terminal]"; basename "$PWD" | sed 's/[0-9]*//'
	[]
	-page
	```
	```console
	host$ sleep 1001
	^C
	host$ echo $terminal
	first
	```
	```console
	host$ sleep 1002
	^C
	host$ sleep 1001
	^C
	host$ echo $terminal
	first
	```
	EOP
	play 0
}

@test "a program that is never at rest" {
	page <<-'EOP'
	```console
	host$ while :; do :; done
	```
	```console
	host$ while :; do :; done
	^C
	```
	EOP
	play 1 --timeout 0.5
	shown "README.md:2: not at rest after 0.5 s"
}

@test "a program that ends early although it should keep running" {
	page <<-'EOP'
	```console
	host$ echo oops; (exit 3)
	```
	```console
	host$ echo oops; (exit 3)
	oops
	^C
	```
	EOP
	play 1
	shown "README.md:2: ended early, with exit status 3"
	page <<-'EOP'
	```console
	host$ sh -c 'until test -e go; do sleep 0.3; done'
	```
	```console
	host$ touch go; sleep 0.5
	```
	```console
	host$ sh -c 'until test -e go; do sleep 0.3; done'
	^C
	```
	EOP
	play 1
	shown "README.md:8: ended before ^C was typed, with exit status 0"
}

@test "a program is waited for until it rests, children included" {
	cat >"$folder/slow" <<-'EOP'
	#!/bin/bash
	for ((i = 0; i < 20; i++)); do
		read -rt 0.03 <>/dev/ptmx || :
	done
	touch ready
	exec sleep 1000
	EOP
	chmod +x "$folder/slow"
	page <<-'EOP'
	```console
	host$ sh -c 'rm -f ready; ./slow; true'
	```
	```console
	host$ ls ready
	ready
	```
	```console
	host$ sh -c 'rm -f ready; ./slow; true'
	^C
	```
	EOP
	play 0
}

@test "a program that never shows its first lines" {
	page <<-'EOP'
	```console
	host$ echo one; sleep 1000
	two
	```
	```console
	host$ echo one; sleep 1000
	two
	^C
	```
	EOP
	play 1 --timeout 0.5
	shown "README.md:3: not ready after 0.5 s"
	shown "-two"
}

# --- wrong pages, wrong usage ------------------------------------------------

# wrong_page LINE TEXT: the page is refused.
wrong_page()
{
	play 2
	shown "README.md:$1: $2"
	[ "${#lines[@]}" = 1 ]
}

@test "page errors name file and line" {
	printf 'text\n\n```console\n\n```\n' | page
	wrong_page 3 "a console block without a prompt"
	printf 'text\n```console\nwords\nhost$ true\n```\n' | page
	wrong_page 3 "output without a command before it"
	printf '```console\nhost$ true\n```\n\n```c\nint x;\n' | page
	wrong_page 5 "this fence is never closed"
	printf '```console\nhost$\n```\n' | page
	wrong_page 2 "a prompt without a command"
	printf '```console\nhost$ a\n^C\n^C\n```\n' | page
	wrong_page 2 "more than one ^C"
	printf 'only words\n' | page
	play 2
	shown "README.md: no console block"
}

@test "the same program twice at once is a page error" {
	page <<-'EOP'
	```console
	host$ sleep 1000
	```
	```console
	host$ sleep 1000
	```
	```console
	host$ sleep 1000
	^C
	```
	EOP
	wrong_page 5 "the same command still runs since line 2"
}

@test "wrong usage: one line, exit 2" {
	run "$follow"
	[ "$status" = 2 ]
	run "$follow" --nonsense 1
	[ "$status" = 2 ]
	run "$follow" --timeout 0 1
	[ "$status" = 2 ]
	run "$follow" 999
	[ "$status" = 2 ]
	[[ ${lines[0]} == "follow: no lesson 999; there are: "* ]]
	[ "${#lines[@]}" = 1 ]
	run "$follow" --help
	[ "$status" = 0 ]
}

@test "a lesson is found by number, folder or page; the tour says what is next" {
	mkdir testenv lessons lessons/01-one lessons/02-two
	cp "$follow" testenv/
	folder=$PWD/lessons/01-one
	printf '```console\nhost$ echo one\none\n```\n' >lessons/01-one/README.md
	printf '```console\nhost$ echo two\ntwo\n```\n' >lessons/02-two/README.md
	follow=$PWD/testenv/follow
	for lesson in 1 01 lessons/01-one lessons/01-one/ lessons/01-one/README.md; do
		run "$follow" --yes "$lesson"
		echo "$output"
		[ "$status" = 0 ]
		shown 'host$ echo one'
	done
	run "$follow" 3
	[ "$output" = "follow: no lesson 3; there are: 01-one, 02-two" ]
	tour 0 "Enter runs it" $'\r'
	shown "make lesson2"
}

@test "a page for newer kernels is skipped" {
	page <<-'EOP'
	Works from Linux 99.1 on.

	```console
	host$ false
	```
	EOP
	play 0 --tap
	[[ $output == "1..0 # SKIP this page works from Linux 99.1 on, here is "* ]]
	play 4
	[[ $output == "follow: this page works from Linux 99.1 on, here is "* ]]
	sed -i 's/99.1/2.6/; s/false/true/' "$folder/README.md"
	play 0
}

@test "a page with a lab needs root" {
	[ "$(id -u)" = 0 ] || skip "needs root to be someone else"
	commands <<-'EOP'
	box# true
	EOP
	chmod -R go+rX "$BATS_RUN_TMPDIR"
	run setpriv --reuid=65534 --clear-groups "$follow" --yes "$folder"
	echo "$output"
	[ "$status" = 4 ]
	[ "${#lines[@]}" = 1 ]
	shown "needs root"
}

# --- the lab, and what is left ------------------------------------------------

need_root()
{
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# lab_page: uses all places, and leaves things running.
lab_page()
{
	page <<-'EOP'
	# A page with the lab

	```console
	box# tcpdump -lni eth0 icmp >/dev/null 2>&1
	```
	```console
	client# ping -c 2 -i 0.2 box
	PING ...
	...
	2 packets transmitted, 2 received, 0% packet loss, ...
	...
	server# nohup sleep 1001 >/dev/null 2>&1 &
	[1] ...
	host$ (setsid sleep 1002 &)
	box# basename "$PWD" | sed 's/[0-9]*//'
	-page
	```
	```console
	box# tcpdump -lni eth0 icmp >/dev/null 2>&1
	^C
	```
	EOP
}

@test "a page in the lab passes, and nothing is left" {
	need_root
	lab_page
	FOLLOW_MARK=$FOLLOW_MARK-player play 0
	all_gone
	FOLLOW_MARK=$FOLLOW_MARK-player play 0 --tap
	all_gone
}

@test "a failing page leaves nothing, not even what heeds no signal" {
	need_root
	lab_page
	sed -i '/setsid/c\host$ (setsid sh -c '\''trap "" HUP TERM; while :; do sleep 0.1; done'\'' &)' \
		"$folder/README.md"
	sed -i '/^box# basename/,/page$/s/-page/-other page/' "$folder/README.md"
	FOLLOW_MARK=$FOLLOW_MARK-player play 1 --tap
	shown "--other page"
	all_gone
}

@test "a lab that cannot be made: one line" {
	need_root
	commands <<-'EOP'
	box# true
	EOP
	printf '#!/bin/sh\necho "stub: $1 of $LAB: no"\nexit 1\n' >stub
	chmod +x stub
	XDP_LESSONS_TESTENV=$PWD/stub play 1
	shown "stub: setup of $lab: no"
}

@test "LAB gives a name; one that is up already, or in use, is refused" {
	need_root
	commands <<-EOP
	host\$ echo \$LAB
	$lab-x
	box# true
	EOP
	LAB=$lab-x play 0
	LAB=$lab-x "$here/testenv.sh" setup
	LAB=$lab-x play 1
	[ "${#lines[@]}" = 1 ]
	shown "lab $lab-x is up already"
	LAB=$lab-x "$here/testenv.sh" status >/dev/null
	LAB=$lab-x "$here/testenv.sh" teardown
	all_gone
	commands <<-EOP
	box# touch started; sleep 1000
	EOP
	start_player --yes
	wait_for test -e "$folder/started"
	play 1
	[ "$output" = "follow: lab $lab is in use by another follow" ]
	kill -INT "$player"
	wait "$player" || :
	all_gone
}

@test "^C at 20 random moments leaves no process, no lab, no lock" {
	need_root
	lab_page
	local -A seen
	for i in {1..20}; do
		start_player --yes
		# Every other time it has begun to speak: on a slow machine, all
		# moments might else lie before Python has started.
		(( i % 2 )) || wait_for test -s said
		sleep "$(printf 0.%03d $((RANDOM % (i % 2 ? 900 : 100))))"
		kill -INT "$player" 2>/dev/null || :
		status=0
		wait "$player" || status=$?
		echo "run $i: $status"
		[ "$status" = 130 ] || { [ "$status" = 0 ] && grep 'all as' said; } || { cat said; false; }
		seen[$status]=1
		all_gone
	done
	[ "${seen[130]}" ]
}

@test "the exit status tells the signal" {
	need_root
	lab_page
	sed -i 's/-c 2 -i 0.2/-c 100 -i 0.2/' "$folder/README.md"
	for signal in TERM HUP QUIT; do
		start_player --yes
		wait_for grep -q 'client#' said
		kill -$signal "$player"
		status=0
		wait "$player" || status=$?
		echo "$signal: $status"
		[ "$status" = $((128 + $(kill -l $signal))) ] || { cat said; false; }
		all_gone
	done
}

@test "further signals do not stop the cleaning" {
	need_root
	lab_page
	sed -i 's/-c 2 -i 0.2/-c 100 -i 0.2/' "$folder/README.md"
	for i in 1 2 3; do
		start_player --yes
		wait_for grep -q 'client#' said
		for signal in INT INT TERM HUP QUIT INT; do
			kill -$signal "$player" 2>/dev/null || :
			sleep 0.04
		done
		status=0
		wait "$player" || status=$?
		[ "$status" -gt 128 ]
		all_gone
	done
}

@test "kill -9 of the player: the next one works" {
	need_root
	lab_page
	start_player --yes
	wait_for grep -q 'client#' said
	kill -KILL "$player"
	wait "$player" || :
	ip -n "$lab-box" addr add 192.0.2.1/32 dev lo
	printf '```console\nbox# ip addr | grep -c 192.0.2.1\n0\n```\n' >>"$folder/README.md"
	play 0
	start_player --tap
	wait_for lab_is_there
	wait_for grep -q 'ok 1' said
	kill -KILL "$player"
	wait "$player" || :
	lab_is_there
	play 0 --tap
	# What a host$ shell of a killed player left in the background is nobody's to end.
	left_over | xargs -r kill -KILL
	all_gone
}

@test "a reader who goes away leaves nothing" {
	need_root
	lab_page
	run bash -c "FOLLOW_MARK=$FOLLOW_MARK-player '$follow' --yes '$folder' | head -1"
	echo "$output"
	not_shown Traceback
	all_gone
}

# --- the tour -------------------------------------------------------------------

# tour_page: with a bit of everything.
tour_page()
{
	page <<-'EOP'
	# Title of the tour

	Some *emphasis*, **weight**, `code` and a [link](https://example.org/). This paragraph is so
	long that it has to be wrapped, as the terminal of this test is only eighty columns wide.

	| a | table |
	|---|-------|
	| 1 | 2     |

	```console
	host$ echo first
	first
	```

	```c
	int shown;
	```

	- an item

	| message | cause |
	|---|---|
	| `a \| b` | This table is wider than the terminal, so that its cells are shown one below the other |

	```console
	host$ echo second
	second
	```
	EOP
}

@test "tour: text is wrapped and rendered, Enter runs a command" {
	tour_page
	TERM_HERE=dumb tour 0 "Enter runs it" $'\r' "[Enter runs it]" $'\r'
	shown "This is a guided tour of lesson $number."
	shown "Some emphasis, weight, \`code\` and a link."
	shown "| 1 | 2     |"
	shown "    int shown;"
	shown "- an item"
	shown "  \`a | b\`"
	shown "      This table is wider"
	shown 'host$ echo first'
	grep -qx first <<<"$output"
	grep -qx second <<<"$output"
	shown "This was lesson $number."
	[ -z "$(grep '.\{81\}' <<<"$output")" ]
	not_shown $'\033'
}

@test "tour: nothing runs before Enter" {
	commands <<-'EOP'
	host$ touch ran
	EOP
	tour 0 "Enter runs it" q
	[ ! -e "$folder/ran" ]
	tour 0 "Enter runs it" x "" $'\e[A' "" $'\x04'
	[ ! -e "$folder/ran" ]
	tour 0 "Enter runs it" $'\r'
	[ -e "$folder/ran" ]
}

@test "tour: ? helps, s opens a shell in the lesson's folder, exit comes back" {
	tour_page
	tour 0 "Enter runs it" '?' "[Enter runs it]" s "A shell at host" $'echo "[${PWD##*/}]"\r' \
		"[$number-page]" $'exit\r' "[Enter runs it]" $'\r' "[Enter runs it]" q
	shown "a shell at this place"
	grep -qx first <<<"$(tr -d '\r' <<<"$output" | sed 's/.*\x1b\[K//')"
}

@test "tour: s opens a shell in the lab; the lab is gone afterwards" {
	need_root
	commands <<-'EOP'
	client# echo one
	one
	EOP
	FOLLOW_MARK=$FOLLOW_MARK-player tour 0 "sudo LAB=$lab" "" "Enter runs it" s \
		"client# " $'ip -br addr show eth0\r' "10.11.1.2/24" $'exit\r' "[Enter runs it]" q
	all_gone
}

@test "tour: its lab is taken down elsewhere: one line, and the tour ends" {
	need_root
	commands <<-'EOP'
	client# echo one
	one
	host$ echo two
	two
	client# echo three
	three
	client# echo four
	four
	EOP
	FOLLOW_MARK=$FOLLOW_MARK-player tour 1 "Enter runs it" $'\r' "[Enter runs it]" s \
		"A shell at host" "$here/testenv.sh teardown; exit"$'\r' \
		"[Enter runs it]" $'\r' "two" "" "[Enter runs it]" $'\r'
	[ "$(grep -c 'no shell at' <<<"$output")" = 1 ]
	shown "follow: no shell at client: testenv.sh: lab $lab is not up: sudo "
	not_shown "four"
	all_gone
}

@test "tour: colours, and none with NO_COLOR" {
	tour_page
	tour 0 "Enter runs it" q
	shown $'\033[1mTitle'
	NO_COLOR=1 tour 0 "Enter runs it" q
	not_shown $'\033[1m'
	shown "Title of the tour"
	shown "================="
}

@test "tour: a difference is shown, and the tour can go on" {
	commands <<-'EOP'
	host$ echo one
	two
	host$ echo three
	three
	EOP
	tour 1 "Enter runs it" $'\r' "Enter goes on all the same" $'\r' "[Enter runs it]" $'\r'
	shown "The page and this machine differ here."
	shown "1 command did not do as the page says."
}

@test "tour: long text stops at a screenful" {
	{
		printf '# Title\n\n'
		for i in {1..30}; do printf 'Paragraph %s.\n\n' "$i"; done
		printf '```console\nhost$ true\n```\n'
	} | page
	tour 0 "Enter shows more" q
	shown "Paragraph 5."
	not_shown "Paragraph 12."
	tour 0 "Enter shows more" $'\r' "Enter shows more" $'\r' "Enter shows more" $'\r' \
		"Paragraph 30." "" "Enter runs it" q
}

@test "tour: a program that keeps running" {
	counter 0
	page <<-'EOP'
	```console
	host$ ./counter file
	counting file
	```
	```console
	host$ echo one >file
	```
	```console
	host$ ./counter file
	counting file
	one
	^C
	bye
	```
	EOP
	tour 0 "Enter runs it" $'\r' "It keeps running" "" "[Enter runs it]" $'\r' \
		"Back to the terminal" "" "[^C or Enter ends it]" $'\x03' "^C" ""
	shown "bye"
}

@test "tour: ^C ends it and gives the terminal back" {
	need_root
	commands <<-'EOP'
	box# sleep 1000
	EOP
	run "$here/follow_drive.py" "Enter runs it" $'\x03' "status 130" "" -- \
		sh -c "trap : INT; FOLLOW_MARK=$FOLLOW_MARK-player '$follow' '$folder'; echo status \$?; stty -a"
	echo "$output"
	[ "$status" = 0 ]
	grep -q ' icanon ' <<<"$output"
	grep -q ' echo ' <<<"$output"
	all_gone
	sed -i 's/sleep/echo "by now"; sleep/' "$folder/README.md"
	run env TERM=xterm FOLLOW_MARK="$FOLLOW_MARK-player" "$here/follow_drive.py" "Enter runs it" $'\r' \
		'[Kby now' $'\x03' -- "$follow" "$folder"
	echo "$status: $output"
	[ "$status" = 130 ]
	all_gone
}
