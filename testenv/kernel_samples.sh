#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The lessons inside the source of a kernel, beside its own samples. "make kernel-samples"
# and "make kernel-samples-remove" call this.
#
# Usage: testenv/kernel_samples.sh add|remove DIR
#
#   add DIR      copy the lessons into DIR/samples/bpf/xdp-lessons/, add them to
#                DIR/samples/bpf/Makefile, build them with the kernel's own build
#                system, libbpf and bpftool, and run lesson 4's packet tests. Once
#                more: the copies are refreshed, and what changed is built
#   remove DIR   take the copies, what was built of them, and the lines away
#
# DIR is the source of a kernel, configured and prepared there: lesson 4's page says how
# to get one. It need not be the kernel that runs. Only the packet tests need root: they
# are run by sudo, the rest is not.
#
# Environment: V=1 shows each command of the build. CLANG=clang-16: another clang.
#
# Exit status: 0 done, 1 failed, 2 wrong usage, 4 cannot run here.
set -euo pipefail

me=${0##*/}
top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
# What the caller, or the make that called us, means for its own build.
unset MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKELEVEL MAKEOVERRIDES \
	O M KBUILD_OUTPUT KBUILD_EXTMOD CFLAGS LDFLAGS EXTRA_CFLAGS
# The oldest kernel whose libbpf can do what the lessons ask for, as far as it was tried.
oldest=6.1
begin='# xdp-lessons: begin, "make kernel-samples-remove" takes these lines away'
end='# xdp-lessons: end'
builder=
opened=

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

# open_tree DIR: sets
#
#	$dir		the tree, as an absolute path
#	$samples	its samples/bpf
#	$list		the Makefile there
#	$folder		where the copies are, or will be
#
# and waits for others who work there.
open_tree()
{
	local lock
	[ -n "$1" ] || die 2 "which kernel? KSRC=DIR names the folder of its source"
	[ -d "$1" ] || die 2 "$1: no such folder"
	dir=$(cd -- "$1" 2>/dev/null && pwd -P) || die 4 "$1: not allowed to look into it"
	[[ $dir != *[[:space:]:]* ]] ||
		die 2 "$dir: the kernel's build system takes no path with a space or a colon"
	grep -qs '^VERSION = [0-9]' "$dir/Makefile" ||
		die 2 "$dir is not the source of a kernel: it has no Makefile that says VERSION"
	samples=$dir/samples/bpf
	list=$samples/Makefile
	folder=$samples/xdp-lessons
	[ -f "$list" ] ||
		die 2 "$dir has no samples/bpf/Makefile: headers alone are not enough, take the whole source"
	[[ -w $samples && -w $list && ! -L $list ]] ||
		die 4 "$list cannot be changed: it has to be a file of your own"
	exec {lock}<"$samples"
	flock -n "$lock" || {
		echo "$me: another run is at work in $dir: waiting for it" >&2
		flock "$lock"
	}
	opened=1
	# What a run that was killed left. By their names they cannot be anything else.
	rm -rf -- "$samples"/.xdp-lessons.*
	if [[ -L $folder || (-e $folder && ! -e $folder/.xdp-lessons) ]]; then
		die 1 "$folder is not of our making: move it away"
	fi
}

# in_list: are our lines in the Makefile? 0 yes, 1 no; ends if they are damaged.
in_list()
{
	local marks
	marks=$(grep -nxF -e "$begin" -e "$end" "$list" | cut -d: -f2-) || return 1
	[ "$marks" = "$begin"$'\n'"$end" ] ||
		die 1 "$list: the two lines \"# xdp-lessons: ...\" are not as they were: put them right, or take them out with what is between them"
}

# change_list COMMAND...: the Makefile becomes what COMMAND prints, at once or not at all.
change_list()
{
	local new=$samples/.xdp-lessons.list
	cp -p -- "$list" "$new" # mode and owner
	"$@" >"$new"
	mv -f -- "$new" "$list"
}

# Behind the first line, which is the licence's.
with_lines()
{
	head -n 1 "$list"
	printf '%s\n' "$begin" 'subdir-y += xdp-lessons' "$end"
	tail -n +2 "$list"
}

without_lines()
{
	sed "/^$begin\$/,/^$end\$/d" "$list"
}

# can_build: or one line that says what lacks.
can_build()
{
	local version program file
	version=$(awk '$1 == "VERSION" { v = $3 } $1 == "PATCHLEVEL" { print v "." $3; exit }' \
		"$dir/Makefile")
	[ "$(printf '%s\n' $oldest "$version" | sort -V | head -n 1)" = $oldest ] ||
		die 4 "$dir is Linux $version, whose libbpf is too old: take $oldest or newer"
	for file in tools/lib/bpf/Makefile tools/bpf/bpftool/Makefile; do
		[ -f "$dir/$file" ] || die 2 "$dir has no $file: take the whole source"
	done
	[ -f "$dir/.config" ] ||
		die 4 "$dir is not configured: run \"make -C $dir defconfig\""
	[[ -f $dir/include/config/auto.conf && -x $dir/scripts/mod/modpost ]] ||
		die 4 "$dir is not prepared: run \"make -C $dir prepare\""
	[ -f "$dir/usr/include/linux/bpf.h" ] ||
		die 4 "$dir has not made its headers for programs: run \"make -C $dir headers\""
	for program in make gcc "${CLANG:-clang}"; do
		command -v "$program" >/dev/null || die 4 "$program is missing: run \"make deps\""
	done
	for file in gelf.h:libelf-dev zlib.h:zlib1g-dev cmocka.h:libcmocka-dev; do
		gcc -E -include "${file%:*}" -x c /dev/null >/dev/null 2>&1 ||
			die 4 "${file%:*} is missing: install ${file#*:} (Debian's name), or run \"make deps\""
	done
}

# sources: what the lessons are made of, each path from the top.
sources()
{
	(cd "$top" && find lessons common headers -maxdepth 2 -type f ! -name '*.skel.h' \
		\( -name '*.h' -o -path 'common/*.c' -o -path 'lessons/*_kern.c' \
		-o -path 'lessons/*_user.c' -o -path 'lessons/*/test_*.c' \) -print0)
}

# sums DIR: of each file in it, sorted.
sums()
{
	(cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort)
}

# copy: the copies become what the originals are. What did not change is left, so that it
# is not built again.
copy()
{
	local new=$samples/.xdp-lessons.new file
	mkdir -- "$new"
	sources | (cd "$top" && xargs -0 cp --parents -t "$new" --)
	cp -- "$top/testenv/kernel_samples/Makefile" "$new"
	# Who edits a copy would lose it at the next refresh.
	find "$new" -type f -exec chmod 444 {} +
	echo "Copies, made by testenv/kernel_samples.sh in $top" >"$new/.xdp-lessons"
	if [ -e "$folder/.building" ]; then
		# Killed while it was built: nobody knows which files are whole.
		mv -T -- "$folder" "$samples/.xdp-lessons.gone"
	fi
	if [ ! -e "$folder" ]; then
		mv -T -- "$new" "$folder"
	else
		while read -rd '' file; do
			[ ! -e "$new/$file" ] || continue
			rm -f -- "$folder/$file" "$folder/${file%.*}" "$folder/${file%.*}".{o,skel.h}
		done < <(cd "$folder" && find lessons common headers -name '*.[ch]' \
			! -name '*.skel.h' -print0)
		while read -r _ file; do
			mkdir -p -- "$(dirname -- "$folder/$file")"
			mv -f -- "$new/$file" "$folder/$file"
		done < <(LC_ALL=C comm -13 <(sums "$folder") <(sums "$new"))
	fi
	rm -rf -- "$samples"/.xdp-lessons.*
}

# build: samples/bpf/xdp-lessons only. The kernel's own samples need more.
build()
{
	local log=$folder/build.log status=0
	echo "$me: building $folder" >&2
	: >"$folder/.building"
	# In the background, as a shell that waits for its foreground hears no signal; and a
	# group of its own, which can be ended as a whole.
	if [ -n "${V-}" ]; then
		setsid make -C "$dir" -j"$(nproc)" M=samples/bpf/xdp-lessons V="$V" &
	else
		setsid make -C "$dir" -j"$(nproc)" M=samples/bpf/xdp-lessons >"$log" 2>&1 &
	fi
	builder=$!
	wait "$builder" || status=$?
	builder=
	rm -f -- "$folder/.building"
	[ $status = 0 ] && return
	if [ -z "${V-}" ]; then
		tail -n 20 "$log" >&2
		die 1 "the kernel's build system failed, see above and $log"
	fi
	die 1 "the kernel's build system failed, see above"
}

# packet_tests: of lesson 4, in the kernel that runs.
packet_tests()
{
	local program as_root='' status=0
	program=$(compgen -G "$folder/lessons/04-*/test_packets") ||
		die 1 "the build made no packet tests of lesson 4"
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die 4 "built, but its tests need root, and there is no sudo: run $program as root"
		sudo true ||
			die 4 "built, but its tests need root, and sudo refuses: run $program as root"
		as_root=sudo
	fi
	$as_root "$program" || status=$?
	case $status in
	0) ;;
	4) die 4 "built, but this machine cannot run its tests: $program" ;;
	*) die 1 "built, but lesson 4's packet tests fail: $program" ;;
	esac
}

add()
{
	can_build
	! in_list || :
	copy
	in_list || change_list with_lines
	build
	packet_tests
}

remove()
{
	! in_list || change_list without_lines
	if [ -e "$folder" ]; then
		mv -T -- "$folder" "$samples/.xdp-lessons.gone"
		rm -rf -- "$samples/.xdp-lessons.gone"
	fi
}

at_exit()
{
	local status=$?
	trap '' INT TERM HUP
	if [ -n "$builder" ]; then
		# The second: it has not become a group yet.
		while kill -- "-$builder" || kill "$builder"; do
			sleep 0.1
		done 2>/dev/null
	fi
	[ -z "$opened" ] || rm -rf -- "$samples"/.xdp-lessons.*
	exit $status
}

case $# in
2) ;;
*)
	usage >&2
	exit 2
	;;
esac
case $1 in
add | remove)
	trap at_exit EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	open_tree "$2"
	"$1"
	;;
*)
	usage >&2
	exit 2
	;;
esac
