# shellcheck shell=bash disable=SC2034 # what is set here is used there
# SPDX-License-Identifier: GPL-2.0-only
#
# What the scripts of vm/ share. Source it; it sets -euo pipefail, PATH, and:
#
#	$top	the tree
#	$me	the script's name, for messages
#	$cache	where what is made once is kept (XDP_LESSONS_CACHE, else ~/.cache/xdp-lessons)
#
# Exit status everywhere in vm/: 0 done, 1 failed, 2 wrong usage, 4 cannot run here.
# vm/run adds 125: the machine gave no result.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin
top=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd)
me=${0##*/}
cache=${XDP_LESSONS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/xdp-lessons}
keyring=${XDP_LESSONS_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
# The Debian release that guests and the classroom machine are made of.
suite=bookworm

# die STATUS TEXT: one line on stderr, and the end.
die()
{
	local status=$1
	shift
	printf '%s: %s\n' "$me" "$*" >&2
	exit "$status"
}

# say TEXT: what takes time, or what was decided, on stderr.
say()
{
	printf '%s: %s\n' "$me" "$*" >&2
}

# usage: the script's own head, from its third line on.
usage()
{
	sed -n '3,${/^#/!q;/^# shellcheck/!s/^# \{0,1\}//p;}' "$0"
}

# need PROGRAM...: each is there, or one line that says what brings it.
need()
{
	local program
	for program; do
		command -v "$program" >/dev/null ||
			die 4 "$program is missing: run \"make deps IN=vm\""
	done
}

# need_space DIR MIB WHAT [MEND]: before the work starts.
need_space()
{
	local free
	mkdir -p "$1"
	free=$(df --output=avail -BM "$1" | tail -n 1 | tr -dc 0-9)
	[ "$free" -ge "$2" ] ||
		die 4 "$3 needs $2 MiB in $1, and $free are free: make room, or name another place with ${4:-XDP_LESSONS_CACHE=DIR}"
}

# need_x86: throw-away machines are of this one architecture.
need_x86()
{
	[ "$(uname -m)" = x86_64 ] ||
		die 4 "IN=vm and the kernels for it are for x86-64, and this machine is $(uname -m): see vm/README.md"
}

# locked FILE TEXT: hold a lock until the script ends. One who finds it taken says
# TEXT, and waits.
locked()
{
	local lock
	exec {lock}>"$1"
	flock -n "$lock" || {
		say "$2"
		# In the background, so that a signal to this script ends it at once.
		flock "$lock" &
		waiting=$!
		wait $waiting
		waiting=
	}
}

# once NAME: a lock of the cache. What the other one made is then found ready.
once()
{
	mkdir -p "$cache" 2>/dev/null || :
	[ -w "$cache" ] ||
		die 4 "cannot write to the cache $cache: name another with XDP_LESSONS_CACHE=DIR"
	locked "$cache/.lock-$1" "another run is making $1: waiting for it"
}

# keep FROM TO: copy a file or a folder to its place, which holds all of it or none.
keep()
{
	part=$2.part
	rm -rf -- "$part"
	cp -r -- "$1" "$part"
	mv -T -- "$part" "$2"
	part=
}
part=

# forget PATTERN NAME: remove from the folder $PWD what fits PATTERN, is not NAME, and
# was not touched for a day: another run may be about to boot it.
forget()
{
	find . -mindepth 1 -maxdepth 1 -name "$1" ! -name "$2" -mmin +1440 -exec rm -rf -- {} + ||
		say "could not remove all of what is old in $PWD"
}

# scratch: makes the folder $work, which is removed when the script ends, however it
# does; after kill -9 the next script does it. Where much is written: TMPDIR, else
# /var/tmp, which is a disk.
scratch()
{
	local base=${TMPDIR:-/var/tmp} dir pid
	for dir in "$base"/xdp-vm.*; do
		pid=${dir##*/xdp-vm.}
		# Its lock tells whether it is in use, but for a moment after it was made.
		if [ -d "/proc/${pid%%.*}" ] && [ -n "$(find "$dir" -maxdepth 0 -mmin -1)" ]; then
			continue
		fi
		[ ! -O "$dir" ] || ! flock -n "$dir" true || discard "$dir" || :
	done
	work=$(mktemp -d "$base/xdp-vm.$$.XXXXXXXX") || die 1 "cannot make a folder in $base"
	exec {held}<"$work"
	flock -n "$held" || :
	# mmdebstrap's user namespace looks into it.
	chmod 755 "$work"
}
work=

# as_guest_root COMMAND...: with the user ids of a guest, and this user as its root.
as_guest_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --map-auto --map-root-user -- "$@"
	fi
}

# discard DIR: also what belongs to the user ids of a guest.
discard()
{
	rm -rf -- "$1" 2>/dev/null || as_guest_root rm -rf -- "$1" 2>/dev/null
}

# On the way out: remove $work; a script adds to it by defining cleanup().
at_exit()
{
	local status=$?
	trap '' INT TERM HUP
	# What fails there, as on a terminal that was closed, must not stop the rest.
	! declare -F cleanup >/dev/null || cleanup || :
	[ -z "${waiting-}" ] || kill "$waiting" 2>/dev/null || :
	[ -z "$part" ] || rm -rf -- "$part"
	[ -z "$work" ] || discard "$work" || say "could not remove $work"
	exit "$status"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# archive: sets archive_main and archive_security, the addresses of Debian's archive:
# from DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR, else from this machine's own apt
# configuration, else, as on Ubuntu, Debian's own.
archive()
{
	local targets=
	archive_main=${DEBIAN_MIRROR-}
	archive_security=${DEBIAN_SECURITY_MIRROR-}
	if [ -z "$archive_main" ] && command -v apt-get >/dev/null; then
		# shellcheck disable=SC2016 # apt's own variables
		targets=$(apt-get indextargets \
			--format '$(SITE) $(RELEASE) $(ORIGIN)' 'Created-By: Packages')
		archive_main=$(awk '$3 == "Debian" && $2 !~ /-security/ { print $1; exit }' \
			<<<"$targets")
		[ -n "$archive_security" ] ||
			archive_security=$(awk '$3 == "Debian" && $2 ~ /-security/ { print $1; exit }' \
				<<<"$targets")
	fi
	if [ -z "$archive_main" ]; then
		archive_main=http://deb.debian.org/debian
		say "this machine's apt knows no archive of Debian: taking $archive_main (DEBIAN_MIRROR names another)"
	fi
	archive_main=${archive_main%/}
	[ -n "$archive_security" ] || archive_security=$archive_main-security
}

# sources SUITE...: lines for sources.list, each naming the keys that sign it.
sources()
{
	local one
	[ -r "$keyring" ] || die 4 "Debian's keys are missing: run \"make deps IN=vm\""
	archive
	for one; do
		case $one in
		*-security) echo "deb [signed-by=$keyring] $archive_security $one main" ;;
		*) echo "deb [signed-by=$keyring] $archive_main $one main" ;;
		esac
	done
}

# bootstrap ARGUMENT...: mmdebstrap without root's powers, in a user namespace; as
# root, in a mount namespace of its own, so that the host sees none of its mounts. (In
# a chroot there may be no such namespace.)
bootstrap()
{
	# Its own apt asks the environment for the proxy that this machine's has in its files.
	eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy 2>/dev/null)"
	[ -z "${http_proxy-}" ] || export http_proxy
	[ -z "${https_proxy-}" ] || export https_proxy
	if [ "$(id -u)" != 0 ]; then
		mmdebstrap --mode=unshare "$@"
	elif unshare --mount true 2>/dev/null; then
		unshare --mount mmdebstrap --mode=root "$@"
	else
		mmdebstrap --mode=root "$@"
	fi
}

# can_bootstrap: before it, or one line that says what lacks.
can_bootstrap()
{
	local dir
	need mmdebstrap unshare
	[ "$(id -u)" != 0 ] || return 0
	grep -q "^$(id -un):" /etc/subuid 2>/dev/null ||
		die 4 "$(id -un) has no subordinate user ids: ask root for \"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)\""
	# The user of a user namespace is another one.
	dir=$(realpath -m -- "${TMPDIR:-/var/tmp}")
	until [ "$dir" = / ]; do
		[ ! -d "$dir" ] || [ -n "$(find "$dir" -maxdepth 0 -perm -o+x)" ] ||
			die 4 "others may not enter $dir: chmod o+x, or name another place with TMPDIR=DIR"
		dir=$(dirname "$dir")
	done
}
