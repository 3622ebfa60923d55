#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Exercises that check themselves. "make check1.2" and its like call this.
#
# Usage: testenv/exercise.sh VERB ...
#
#   check [N|N.M]    check the answers of lesson N, or to exercise N.M, or all
#   watch N|N.M      the same again whenever a file is saved, until ^C
#   hint N.M         the next of three hints
#   show N.M PACKET  the packet of that check, decoded, as it came and as it left
#   reset N.M        the starter again; what was there stays beside it as .bak, .2.bak ...
#   solution N.M     a solution, once the check passed, or with GIVEUP=1
#   progress         what is done, lesson by lesson
#
# and, for the tests and the machine that they run in:
#
#   run DIR...       check the answers in these folders, as TAP. Needs root
#   packet DIR N     what "show" shows. Needs root
#   contract DIR     is the exercise in this folder what it should be? As TAP
#
# An exercise is a folder lessons/NN-name/exercises/M-name/, see CONTRIBUTING.md. Its
# starter is copied out of start/ when it is first checked, and that copy is what
# the learner edits. git does not know of it.
#
# Environment: TAP=1 prints TAP and nothing else. V=1 shows the end of the verifier's
# log. IN=vm, KERNEL=6.1: checks run in a virtual machine, see vm/README.md.
# NO_COLOR=1 turns colours off.
#
# What was solved, and with how many hints, is kept in .progress in the top folder:
# a line for each exercise.
#
# Exit status: 0 all passed, 1 not yet, 2 wrong usage, 4 cannot run here, 130 ended by ^C.
set -euo pipefail

me=${0##*/}
top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
PATH=$PATH:/usr/sbin:/sbin
progress=${XDP_LESSONS_PROGRESS:-.progress}
# make's own, of the make that called us: what we call is not a part of it.
unset MAKEFLAGS MFLAGS MAKELEVEL
work=
# ^C. What bash waits for may end in its own way, and bash would go on with half a result.
trap 'exit 130' INT

# die STATUS MESSAGE...
die()
{
	local status=$1
	shift
	echo "$me: $*" >&2
	exit "$status"
}

usage()
{
	sed -n '/^# Usage:/,/^set/ { /^set/d; s/^# \{0,1\}//; p }' "${BASH_SOURCE[0]}"
}

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	red=$'\e[31m' green=$'\e[32m' bold=$'\e[1m' plain=$'\e[m'
else
	red='' green='' bold='' plain=''
fi

# scratch: a folder $work, gone at the end.
scratch()
{
	[ -z "$work" ] || return 0
	work=$(mktemp -d)
	trap 'rm -rf -- "$work"' EXIT
}

# lesson_dir N: the folder of lesson N.
lesson_dir()
{
	local dir=
	if [[ $1 =~ ^[0-9]{1,2}$ ]]; then
		dir=$(compgen -G "lessons/$(printf %02d "$((10#$1))")-*" | head -n 1) || :
	fi
	[ -n "$dir" ] || die 2 "there is no lesson $1: make help"
	echo "$dir"
}

# number_of DIR: 1.2 of lessons/01-drop-world/exercises/2-every-second.
number_of()
{
	local lesson=${1#lessons/} exercise=${1##*/}
	echo "$((10#${lesson%%-*})).${exercise%%-*}"
}

# find_exercises [N|N.M]: their folders, a line each.
find_exercises()
{
	local what=${1-} lesson found
	if [ -z "$what" ]; then
		compgen -G 'lessons/*/exercises/[0-9]*-*' | sort -V
		return
	fi
	[[ $what =~ ^[0-9]+(\.[0-9]+)?$ ]] ||
		die 2 "\"$what\" is not the number of a lesson or an exercise, such as 1 or 1.2"
	lesson=$(lesson_dir "${what%.*}") || exit
	if [[ $what = *.* ]]; then
		found=$(compgen -G "$lesson/exercises/${what#*.}-*") || :
	else
		found=$(compgen -G "$lesson/exercises/[0-9]*-*" | sort -V) || :
	fi
	if [ -z "$found" ]; then
		found=$(compgen -G "$lesson/exercises/[0-9]*-*" | sort -V |
			while read -r dir; do number_of "$dir"; done | xargs) || :
		[ -n "$found" ] ||
			die 2 "nothing checks the exercises of lesson ${what%.*}: they are in $lesson/README.md"
		die 2 "there is no exercise $what; lesson ${what%.*} has: $found"
	fi
	echo "$found"
}

# one_exercise N.M: its folder.
one_exercise()
{
	[[ ${1-} = *.* ]] || die 2 "one exercise, please, such as 1.2"
	find_exercises "$1"
}

# Progress: a line "1.2 STATE HINTS SOLUTION", where STATE is started or done, HINTS
# is how many were shown, and SOLUTION is unseen, shown or given-up.

# progress_of N.M: its line's other three words.
progress_of()
{
	local found
	found=$(awk -v n="$1" '$1 == n { print $2, $3, $4; exit }' "$progress" 2>/dev/null) || :
	[[ $found =~ ^(started|done)\ [0-3]\ (unseen|shown|given-up)$ ]] ||
		found="started 0 unseen"
	echo "$found"
}

# need_progress: what cannot be read must not be replaced.
need_progress()
{
	[ ! -e "$progress" ] || [ -r "$progress" ] ||
		die 1 "cannot read $progress, another user's: sudo chown $(id -un) $progress"
}

# note N.M STATE HINTS SOLUTION. That it cannot be noted is no reason to end.
note()
{
	local new
	new=$(mktemp "$progress.XXXXXX") && write_progress "$new" "$@" && return
	rm -f -- "$new"
	echo "$me: warning: cannot write $progress: progress is not kept" >&2
}

# write_progress NEW N.M STATE HINTS SOLUTION: by way of the file NEW, which is there.
write_progress()
{
	local new=$1
	shift
	{
		grep -vsE "^(#|$1 |$)" "$progress" || :
		echo "$*"
	} | sort -V |
		sed '1i # exercise, state, hints shown, solution: written by testenv/exercise.sh' >"$new" &&
		# Root's in a user's tree is the user's.
		chmod 644 "$new" &&
		{ [ "$(id -u)" != 0 ] || chown --reference="$(dirname -- "$progress")" -- "$new"; } &&
		mv -f -- "$new" "$progress"
}

# sources DIR: the C files in it that somebody wrote, a line each.
sources()
{
	find "$1" -maxdepth 1 -name '*.[ch]' ! -name '*.skel.h' | sort
}

# copy_new FILE TO: as TO.new, which then takes its name. On a full disk there is none.
copy_new()
{
	cp -- "$1" "$2.new" || {
		rm -f -- "$2.new"
		die 1 "cannot write $2"
	}
}

# hand_out DIR: the starter, to be edited. What is there stays.
hand_out()
{
	local file own
	for file in $(sources "$1/start"); do
		own=$1/${file##*/}
		[ -e "$own" ] || {
			copy_new "$file" "$own"
			mv -- "$own.new" "$own"
		}
	done
}

# build EXERCISE ANSWER: what the compiler says, on stdout. ANSWER is a folder.
build()
{
	local out
	if [ -e "$1/check.c" ]; then
		out=$(make -s "$1/check" 2>&1) || {
			echo "$out" >&2
			die 4 "the check itself cannot be built"
		}
	fi
	make -s answer ANSWER="$2" 2>&1
}

can_build()
{
	local tool
	for tool in clang bpftool cc make; do
		command -v $tool >/dev/null || return 1
	done
	[[ -e /usr/include/cmocka.h && -e /usr/include/bpf/libbpf.h ]]
}

# tidy_tap FIRST: what checks print, as one numbered TAP; messages follow the test
# that they are about. A line "wrong: ..." of a bats test is such a message, and
# then what bats says is left out.
tidy_tap()
{
	awk -v n="$1" '
	function flush(    i, any) {
		for (i = 1; i <= messages; i++)
			any = any || message[i] ~ /^wrong: /
		for (i = 1; i <= messages; i++)
			if (!any || sub(/^wrong: /, "", message[i]))
				print "# " message[i]
		messages = 0
	}
	/^1\.\.[0-9]/ || /^# (not )?ok - / || /: error: Failure!$/ { next }
	/^(not )?ok [0-9]+/ {
		# cmocka says why before, bats after.
		if (!after)
			held = messages
		else
			flush()
		# cmocka 1.1.5 says "not ok" of what it skipped.
		result = /^not/ && !/ # SKIP/ ? "not ok" : "ok"
		sub(/^(not )?ok [0-9]+ (- )?/, "")
		print result " " ++n " - " $0
		fflush()
		if (!after)
			flush()
		next
	}
	/^# \(/ || /^# +`.*failed/ { after = 1 }
	{
		sub(/^# ?/, "")
		sub(/^ERROR: /, "")
		if (/^wrong: /)
			after = 1
		message[++messages] = $0
	}
	END { flush() }'
}

# answer_tap EXERCISE ANSWER [NAME]: check it. TAP with a plan. 0 solved, 1 not, 4
# cannot. With NAME, only that test of those in the lab; none if NAME has failed before.
answer_tap()
{
	local exercise=$1 answer=$2 enough=${3-} only=() out status=0 failed=0 object planned
	scratch
	out=$(build "$exercise" "$answer") || status=$?
	[ $status != 4 ] || return 4
	if [ $status != 0 ]; then
		not_compiled "$out"
		return 1
	fi
	echo "ok 1 - it compiles"
	: >"$work/tap"
	rm -f "$work/log"
	if [ -e "$exercise/check.c" ]; then
		EXERCISE_LOG=$work/log "$exercise/check" "$answer" >"$work/out" 2>&1 || status=$?
		if [ $status = 4 ]; then
			cat "$work/out"
			return 4
		fi
		tidy_tap 1 <"$work/out" >"$work/tap"
		if [ -s "$work/log" ]; then
			# Of a rejected program, the explanation is the message.
			object=$(compgen -G "$answer/*_kern.o" | head -n 1)
			awk '/^not ok/ { print; exit }' "$work/tap" >"$work/first"
			{
				cat "$work/first"
				V=${V-} testenv/explain "$object" <"$work/log" | sed 's/^/# /'
			} >"$work/tap"
			failed=1
		elif ! grep -q '^ok\|^not ok' "$work/tap" || [ $status -gt 1 ]; then
			echo "not ok 2 - the check ends (status $status)" >>"$work/tap"
		fi
		cat "$work/tap"
	fi
	if [ -n "$enough" ] && grep -q "^not ok [0-9]* - $enough$" "$work/tap"; then
		failed=1
	fi
	if [ -e "$exercise/check.bats" ] && [ $failed = 0 ]; then
		status=0
		! grep -qF "@test \"$enough\" " "$exercise/check.bats" || only=(--filter "^$enough\$")
		ANSWER=$(cd "$answer" && pwd) bats --formatter tap "${only[@]}" \
			"$exercise/check.bats" >"$work/out" 2>&1 || status=$?
		tidy_tap "$(($(grep -c '^ok\|^not ok' "$work/tap") + 1))" <"$work/out" >"$work/bats"
		planned=$(sed -n 's/^1\.\.\([1-9][0-9]*\)$/\1/p' "$work/out" | head -n 1)
		if [ "$(grep -c '^ok\|^not ok' "$work/bats")" != "${planned:-some}" ]; then
			echo "the check in the lab did not run to its end:"
			cat "$work/out"
			return 4
		fi
		tee -a "$work/tap" <"$work/bats"
	fi
	echo "1..$(($(grep -c '^ok\|^not ok' "$work/tap") + 1))"
	! grep -q '^not ok' "$work/tap"
}

# not_compiled OUTPUT: its TAP. Tools that are missing are not the learner's fault.
not_compiled()
{
	if [[ $1 = *"make deps"* ]]; then
		echo "$1" >&2
		exit 4
	fi
	echo "not ok 1 - it compiles"
	grep -vE '^(make| +(BPF|SKEL|CC) )' <<<"$1" | head -n 12 | sed 's/^/# /'
	echo "1..1"
}

# run DIR...: answer_tap of each, in a process that may be elsewhere.
run()
{
	local dir status=0 this
	[ "$(id -u)" = 0 ] || die 4 "checks need root"
	for dir; do
		echo "# exercise $dir"
		this=0
		answer_tap "$dir" "$dir" || this=$?
		[ $this -lt 4 ] || exit 4
		[ $this = 0 ] || status=1
	done
	exit $status
}

# as_root VERB ARG...: this script again, where it can be root.
as_root()
{
	local where=${IN:-auto} var keep=()
	case $where in
	auto) where=$([ -z "${KERNEL-}" ] && vm/where || echo vm) ;;
	vm) ;;
	host)
		[ -z "${KERNEL-}" ] ||
			die 2 "KERNEL=$KERNEL is for a virtual machine: leave IN=host out"
		;;
	*) die 2 "IN is \"host\", \"vm\" or \"auto\", not \"$where\"" ;;
	esac
	for var in V NO_COLOR; do
		[ -z "${!var-}" ] || keep+=("$var=${!var}")
	done
	if [ "$where" = vm ]; then
		vm/run ${KERNEL:+-k "$KERNEL"} -- env "${keep[@]}" IN=host testenv/exercise.sh "$@"
	elif [ "$(id -u)" = 0 ]; then
		env "${keep[@]}" testenv/exercise.sh "$@"
	else
		command -v sudo >/dev/null ||
			die 4 "checks need root, and there is no sudo: try IN=vm"
		sudo env "${keep[@]}" testenv/exercise.sh "$@"
	fi
}

# check [N|N.M]
check()
{
	local dirs dir built=() out status each
	dirs=$(find_exercises "${1-}")
	scratch
	for dir in $dirs; do
		hand_out "$dir"
		# As the learner, so that what is built is the learner's too.
		status=0
		! can_build || out=$(build "$dir" "$dir") || status=$?
		[ $status != 4 ] || exit 4
		if [ $status != 0 ]; then
			not_compiled "$out" >"$work/$(number_of "$dir")"
		else
			built+=("$dir")
		fi
	done
	status=0
	if [ ${#built[@]} -gt 0 ]; then
		as_root run "${built[@]}" >"$work/all" || status=$?
		[ $status != 130 ] || exit 130
		if [ $status -gt 1 ]; then
			grep -vE '^(#|(not )?ok |1\.\.)' "$work/all" >&2 || :
			die 4 "this machine cannot check: it is not your program. See testenv/testenv.sh doctor, or IN=vm"
		fi
		# Whoever runs it says first of what. sudo has said why it did not.
		[ -s "$work/all" ] || die 4 "sudo did not run the check: IN=vm needs no root"
		awk -v work="$work" '
		/^# exercise / {
			split($3, part, "/")
			file = work "/" (substr(part[2], 1, 2) + 0) "." (part[4] + 0)
			next
		}
		file { print >file }' "$work/all"
	fi
	status=0
	for dir in $dirs; do
		each=$work/$(number_of "$dir")
		grep -qs '^1\.\.' "$each" || die 4 "no result of exercise $(number_of "$dir")"
		! grep -q '^not ok' "$each" || status=1
		[ -n "${TAP-}" ] || report "$dir" "$each"
		keep_result "$dir" "$each"
	done
	[ -z "${TAP-}" ] || for dir in $dirs; do
		each=$(number_of "$dir")
		sed -E "s,^((not )?ok )([0-9]+) - ,\1- $each/\3 ," "$work/$each"
	done | awk '
		/^1\.\./ { next }
		/^(not )?ok / { sub(/ok /, "ok " ++n " ") }
		{ print }
		END { print "1.." n }'
	[ -n "${TAP-}" ] || [ $status != 0 ] || next_step "${1-}"
	exit $status
}

# next_step N|N.M: all of it is solved. What comes then?
next_step()
{
	local last lesson
	last=$(find_exercises "${1-}" | tail -n 1)
	if [[ ${1-} = *.* ]] && (one_exercise "${1%.*}.$((${1#*.} + 1))") >/dev/null 2>&1; then
		echo "next: make check${1%.*}.$((${1#*.} + 1))"
		return
	fi
	lesson=$(number_of "$last")
	lesson=$((${lesson%.*} + 1))
	! compgen -G "lessons/$(printf %02d $lesson)-*" >/dev/null || echo "next: make lesson$lesson"
}

# keep_result DIR TAP
keep_result()
{
	local number state hints solution
	number=$(number_of "$1")
	read -r state hints solution < <(progress_of "$number")
	grep -q '^not ok' "$2" || state="done"
	note "$number" "$state" "$hints" "$solution"
}

# untouched DIR: "FILE LINE" of the TODO in each file that is still the starter.
untouched()
{
	local file own line
	for file in $(sources "$1/start"); do
		own=$1/${file##*/}
		line=$(grep -n -m 1 TODO "$own" 2>/dev/null | cut -d: -f1) || continue
		! cmp -s "$file" "$own" || echo "$own $line"
	done
}

# where_to_edit DIR TAP: FILE[, line N]. The line that a message names, else that of
# the task, else the files where the task was.
where_to_edit()
{
	local found
	found=$(sed -n "/^not ok/,/^ok/ s,^# \(near \)\{0\,1\}\(${1//./\\.}/[^:/ ]*\.[ch]\):\([0-9]*\):.*,\2 \3,p" "$2" | head -n 1)
	[ -n "$found" ] || found=$(untouched "$1" | head -n 1)
	if [ -n "$found" ]; then
		echo "${found/ /, line }"
		return
	fi
	found=$(grep -rl --include='*.[ch]' TODO "$1/start" | sort | sed "s,/start/,/,")
	echo "${found//$'\n'/ or }"
}

# report DIR TAP: for people. What passed, and the first that did not.
report()
{
	local dir=$1 number name total failed first
	number=$(number_of "$dir")
	name=${dir##*/}
	name=${name#*-}
	total=$(grep -c '^ok\|^not ok' "$2")
	failed=$(grep -c '^not ok' "$2") || :
	if [ "$failed" = 0 ]; then
		echo "$bold$number $name$plain  ${green}solved$plain, $total checks passed"
		return
	fi
	echo "$bold$number $name$plain  $((total - failed)) of $total checks passed"
	first=$(sed -n '/^not ok/ { s/^not ok \([0-9]*\).*/\1/p; q }' "$2")
	if [ "$first" -gt 9 ]; then
		echo "  ${green}ok$plain      1 to $((first - 1))"
	else
		sed -n "/^not ok/q; s/^ok \([0-9]*\) - \(.*\)/  ${green}ok$plain      \1  \2/p" "$2"
	fi
	awk -v red="$red" -v plain="$plain" '
	/^not ok/ {
		if (seen++)
			exit
		sub(/^not ok [0-9]+ - /, "")
		print "  " red "not ok" plain "  " "'"$first"'" "  " $0
		next
	}
	/^ok/ && seen { exit }
	seen && /^# / { print "            " substr($0, 3) }' "$2"
	[ "$failed" = 1 ] || echo "  and $((failed - 1)) more"
	echo "not solved yet: edit $(where_to_edit "$dir" "$2")"
	echo "  the task: $dir/README.md   a hint: make hint$number"
	# The lab's tests say "right is" as well, of no packet.
	if [ -e "$dir/check.c" ] &&
		grep -A 1 "^not ok $first " "$2" | grep -q '^# [^ ]* says .*, right is XDP_'; then
		echo "  the packet of this check: make show$number PACKET=$first"
	fi
}

# watch N|N.M
watch()
{
	local dirs what=$1
	dirs=$(find_exercises "$what")
	scratch
	trap 'exit 0' INT
	while :; do
		[ ! -t 1 ] || clear
		date '+%H:%M:%S'
		# What changes while the check runs is seen as well.
		: >"$work/watched"
		testenv/exercise.sh check "$what" || [ $? = 1 ] || exit
		echo "waiting for a file to be saved; ^C ends"
		# shellcheck disable=SC2086 # a folder a word
		until [ -n "$(find $dirs -maxdepth 1 -name '*.[ch]' -newer "$work/watched" -print -quit)" ]; do
			if command -v inotifywait >/dev/null; then
				inotifywait -qq -t 2 -e close_write,moved_to,create $dirs || :
			else
				sleep 0.3
			fi
		done
	done
}

# hint N.M
hint()
{
	local dir number state hints solution next
	dir=$(one_exercise "${1-}")
	number=$(number_of "$dir")
	read -r state hints solution < <(progress_of "$number")
	next=$((hints < 3 ? hints + 1 : 3))
	sed -n "/^## $next\/3/,/^## [^$next]/ { /^## [^$next]/d; s/^## //; p }" "$dir/hints.md"
	[ "$hints" -lt 3 ] ||
		printf '\n%s\n' "There are no more. make solution$number GIVEUP=1 shows a solution."
	note "$number" "$state" "$next" "$solution"
}

# reset N.M
reset()
{
	local dir file own kept count
	dir=$(one_exercise "${1-}")
	for file in $(sources "$dir/start"); do
		own=$dir/${file##*/}
		copy_new "$file" "$own"
		if [ -e "$own" ] && ! cmp -s "$file" "$own"; then
			kept=$own.bak count=1
			while [ -e "$kept" ]; do
				kept=$own.$((++count)).bak
			done
			mv -- "$own" "$kept"
			echo "kept: $kept"
		fi
		mv -f -- "$own.new" "$own"
		echo "as it was: $own"
	done
}

# solution N.M
solution()
{
	local dir number state hints solution file
	dir=$(one_exercise "${1-}")
	number=$(number_of "$dir")
	read -r state hints solution < <(progress_of "$number")
	if [ "$state" != "done" ]; then
		[ -n "${GIVEUP-}" ] ||
			die 1 "not solved yet. make solution$number GIVEUP=1 shows it all the same, and that is noted"
		solution=given-up
	elif [ "$solution" = unseen ]; then
		solution=shown
	fi
	for file in $(sources "$dir/solution"); do
		echo "$bold==> $file$plain"
		cat -- "$file"
	done
	note "$number" "$state" "$hints" "$solution"
}

# show N.M PACKET
show()
{
	local dir out
	dir=$(one_exercise "${1-}")
	[[ ${2-} =~ ^[1-9][0-9]*$ ]] ||
		die 2 "which packet? make show$1 PACKET=3; the number is that of the check"
	[ -e "$dir/check.c" ] || die 2 "exercise $1 is checked in the lab, not by single packets"
	hand_out "$dir"
	if can_build && ! out=$(build "$dir" "$dir"); then
		die 1 "it does not compile: make check$1"
	fi
	as_root packet "$dir" "$2"
}

# packet DIR N
packet()
{
	local status=0
	[ "$(id -u)" = 0 ] || die 4 "needs root"
	scratch
	build "$1" "$1" >/dev/null || die 1 "it does not compile"
	EXERCISE_PACKET=$2 EXERCISE_PCAP=$work "$1/check" "$1" || status=$?
	[ $status = 0 ] || exit $status
	echo "in: (of its checksums only IPv4's is filled in)"
	tcpdump -nn -e -vv -K -xx -t -r - <"$work/in.pcap" 2>/dev/null
	if cmp -s "$work/in.pcap" "$work/out.pcap"; then
		echo "out: the same bytes"
	else
		echo "out:"
		tcpdump -nn -e -vv -K -xx -t -r - <"$work/out.pcap" 2>/dev/null
	fi
}

show_progress()
{
	local lesson dir number state hints solution all finished begun asked shown
	for lesson in lessons/*/exercises; do
		[ -d "$lesson" ] || continue
		all=0 finished=0 begun='' asked=0 shown=0
		for dir in "$lesson"/[0-9]*-*; do
			number=$(number_of "$dir")
			all=$((all + 1))
			grep -qs "^$number " "$progress" || continue
			read -r state hints solution < <(progress_of "$number")
			asked=$((asked + hints))
			[ "$solution" != given-up ] || shown=$((shown + 1))
			if [ "$state" = "done" ]; then
				finished=$((finished + 1))
			else
				begun+=" $number"
			fi
		done
		lesson=${lesson%/exercises}
		printf '%-24s %s of %s done%s%s%s\n' "${lesson#lessons/}" "$finished" "$all" \
			"${begun:+, in progress:$begun}" \
			"$( ((asked == 0)) || echo ", hints used: $asked")" \
			"$( ((shown == 0)) || echo ", solutions looked up: $shown")"
	done
}

# point OK NAME [MESSAGE...]: a line of TAP, of the contract.
points=0 broken=0
point()
{
	local ok=$1 name=$2
	shift 2
	points=$((points + 1))
	[ "$ok" = 0 ] && echo "ok $points - $name" && return
	broken=1
	echo "not ok $points - $name"
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

# fails_in STATUS NAME: answer_tap ended with STATUS because the TAP in $tap fails in the
# point of that name, and not because the kernel rejects the program, unless that is
# the name.
fails_in()
{
	local name
	[ "$1" = 1 ] || return 1
	name=$(sed -nE 's/^not ok [0-9]+ - //p' <<<"$tap")
	grep -qxF -- "$2" <<<"$name" || return 1
	[[ $2 = "it compiles" || $2 = "the kernel loads it" ]] ||
		! grep -qx 'it compiles\|the kernel loads it' <<<"$name"
}

# copy FROM TO: the sources of an answer, to be built elsewhere.
copy()
{
	mkdir -p "$2"
	# shellcheck disable=SC2046 # our own names
	cp $(sources "$1") "$2"
}

# contract DIR: what the author of an exercise promises.
contract()
{
	local dir=${1%/} tap status patch name wanted answer missing='' i count=0 floor
	[ -d "$dir/start" ] || die 2 "$1 is not the folder of an exercise"
	[ "$(id -u)" = 0 ] || die 4 "checks need root"
	scratch
	floor=$(sed -n 's/^Works from Linux \([0-9.]*[0-9]\) on\..*/\1/p' "$dir/../../README.md")
	if [ "$(printf '%s\n' "${floor:-0}" "$(uname -r)" | sort -V | head -n 1)" != "${floor:-0}" ]; then
		echo "1..0 # SKIP Works from Linux $floor on, this is $(uname -r)"
		exit
	fi

	for i in README.md hints.md start.fails solution mutants; do
		[ -e "$dir/$i" ] || missing+=" $i"
	done
	[[ -e $dir/check.c || -e $dir/check.bats ]] || missing+=" check.c or check.bats"
	point $((${#missing} != 0)) "it is complete" "missing:$missing"
	[ -z "$missing" ] || exit 1
	status=0
	[ "$(grep -cE '^## [1-3]/3 ' "$dir/hints.md")" = 3 ] || status=1
	point $status "there are three hints"

	status=0
	tap=$(answer_tap "$dir" "$dir/solution") || status=$?
	[ $status != 4 ] || {
		echo "$tap" >&2
		exit 4
	}
	point $status "the solution passes" "$tap"

	# Of a slow machine, no more is asked.
	if [ "${CONTRACT-}" != solution ]; then
		wanted=$(cat "$dir/start.fails")
		status=0
		copy "$dir/start" "$work/start"
		tap=$(answer_tap "$dir" "$work/start" "$wanted") || status=$?
		fails_in "$status" "$wanted" && status=0 || status=1
		point $status "the starter fails in: $wanted" "$tap"
		status=0
		grep -rq --include="*.[ch]" TODO "$dir/start" || status=1
		point $status "the starter says by TODO where to begin"

		for patch in "$dir"/mutants/*.patch; do
			[ -e "$patch" ] || continue
			count=$((count + 1))
			name=${patch##*/}
			name=${name%.patch}
			wanted=$(sed -n 's/^Fails: //p' "$patch" | head -n 1)
			answer=$work/$name
			copy "$dir/solution" "$answer"
			if ! patch -s -d "$answer" -p1 <"$patch" >"$work/patch" 2>&1; then
				point 1 "$name is a patch to the solution" "$(cat "$work/patch")"
				continue
			fi
			status=0
			tap=$(answer_tap "$dir" "$answer" "$wanted") || status=$?
			fails_in "$status" "$wanted" && status=0 || status=1
			point $status "$name fails in: $wanted" "$tap"
		done
		point $((count < 3)) "there are three mutants" "there are $count"
	fi
	echo "1..$points"
	exit $broken
}

case ${1-} in
check | watch | hint | solution | progress) need_progress ;;
esac

case ${1-} in
check) check "${2-}" ;;
watch) watch "${2-}" ;;
hint) hint "${2-}" ;;
show) show "${2-}" "${3-}" ;;
reset) reset "${2-}" ;;
solution) solution "${2-}" ;;
progress) show_progress ;;
run) run "${@:2}" ;;
packet) packet "${2-}" "${3-}" ;;
contract) contract "${2-}" ;;
-h | --help | help) usage ;;
*)
	usage >&2
	exit 2
	;;
esac
