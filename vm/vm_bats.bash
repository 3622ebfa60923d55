# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the bats files of vm/ share: a prepared kernel, folders of a test's own, and
# stand-ins for programs.

bats_require_minimum_version 1.5.0
VM=$BATS_TEST_DIRNAME
PATH=$PATH:/usr/sbin:/sbin

setup_file()
{
	unset MAKEFLAGS MAKELEVEL LAB V KERNEL IN LESSON TAP_DIR
	export XDP_LESSONS_CACHE=${XDP_LESSONS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xdp-lessons}
	"$BATS_TEST_DIRNAME/root" >/dev/null
	KERNEL_DIR=$("$BATS_TEST_DIRNAME/kernel" 6.12)
	export KERNEL_DIR
	"$BATS_TEST_DIRNAME/accel" "$KERNEL_DIR" >/dev/null
}

setup()
{
	# Whatever a run leaves would be here.
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	# An ordinary user's mmdebstrap is another user there.
	chmod o+x "$BATS_RUN_TMPDIR"
}

teardown()
{
	# No test leaves a machine, nor a file.
	run ! pgrep -f "$TMPDIR/xdp-vm"
	[ -z "$(ls "$TMPDIR")" ]
}

# stderr_is_one_line
stderr_is_one_line()
{
	[ "$(wc -l <<<"$stderr")" = 1 ]
}

# own_cache: a cache that shares the root file system, and no more.
own_cache()
{
	local cache=$BATS_TEST_TMPDIR/cache
	mkdir -p "$cache/kernels"
	ln -s "$XDP_LESSONS_CACHE"/root-* "$XDP_LESSONS_CACHE/accel" "$cache/" 2>/dev/null || :
	export XDP_LESSONS_CACHE=$cache
}

# copy_tree DIR: without history, and without machines.
copy_tree()
{
	mkdir "$1"
	tar -C "$VM/.." --exclude=./.git --exclude=./vm/out -c . | tar -x -C "$1"
}

# wait_for SECONDS COMMAND...: until it is true; false if it is not, so long.
wait_for()
{
	local i tries=$(($1 * 10))
	shift
	for ((i = 0; i < tries; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# gone PID
gone()
{
	[ ! -d "/proc/$1" ]
}

# let_in DIR: others may read what is in it, and write to TMPDIR.
let_in()
{
	local path=$1
	chmod -R a+rX "$path"
	while [ "$path" != / ]; do
		[ -n "$(find "$path" -maxdepth 0 -perm -o+x)" ] || chmod o+x "$path"
		path=$(dirname "$path")
	done
	chmod 777 "$TMPDIR"
}

# as_nobody COMMAND...: as a user who owns nothing and may do nothing.
as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}

# stub NAME: a command that comes before the real one, from stdin.
stub()
{
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# without NAME: a PATH that lacks it.
without()
{
	local dir
	mkdir -p "$BATS_TEST_TMPDIR/path"
	for dir in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do
		find "$dir" -mindepth 1 -maxdepth 1 ! -name "$1" \
			-exec ln -sf -t "$BATS_TEST_TMPDIR/path" {} + 2>/dev/null || :
	done
	mkdir "$BATS_TEST_TMPDIR/vm"
	cp -r "$VM"/{lib.sh,run,kernel,root,accel,where,guest,kernels.txt,kernels.lock} "$BATS_TEST_TMPDIR/vm"
	# lib.sh adds the sbin folders, where it may be.
	sed -i '/^PATH=/d' "$BATS_TEST_TMPDIR/vm/lib.sh"
	cp -r "$VM/../testenv" "$BATS_TEST_TMPDIR/"
}

# debian_package DIR FILE: a package with the files of DIR.
debian_package()
{
	mkdir -p "$1/DEBIAN"
	printf '%s\n' 'Package: linux-image-own' 'Version: 1' 'Architecture: amd64' \
		'Maintainer: nobody' 'Description: a kernel' >"$1/DEBIAN/control"
	dpkg-deb -Znone -b "$1" "$2" >/dev/null
}

# kernel_files DIR: what the prepared kernel 6.12 was made of.
kernel_files()
{
	local release
	release=$(cat "$KERNEL_DIR/release")
	mkdir -p "$1/boot" "$1/lib/modules"
	cp "$KERNEL_DIR/vmlinuz" "$1/boot/vmlinuz-$release"
	cp "$KERNEL_DIR/config" "$1/boot/config-$release"
	debugfs -R "rdump /$release $1/lib/modules" "$KERNEL_DIR/modules" 2>/dev/null
}
