#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Building the classroom machine: ended in the middle, twice at once, twice the same.
# Run by "make test-classroom"; takes a quarter of an hour, and needs the network.

bats_require_minimum_version 1.5.0

setup_file()
{
	export BUILD=$BATS_TEST_DIRNAME/build
	export XDP_VM_OUT=$BATS_FILE_TMPDIR/out
	# What is left there would be found.
	export TMPDIR
	TMPDIR=$(mktemp -d /var/tmp/xdp-build.XXXXXX)
	chmod 755 "$TMPDIR"
	export SCRATCH=$TMPDIR
}

teardown_file()
{
	rm -rf "$SCRATCH"
}

# begin: a build, to $BATS_TEST_TMPDIR/log; its process id is in $build.
begin()
{
	# bats ignores SIGINT in what runs in the background, and so would the build.
	env --default-signal=INT "$BUILD" >"$BATS_TEST_TMPDIR/log" 2>&1 </dev/null 3>&- 4>&- &
	build=$!
}

# reached COMMAND...: wait until it is true, while the build runs.
reached()
{
	until "$@" >/dev/null 2>&1; do
		kill -0 $build || {
			cat "$BATS_TEST_TMPDIR/log"
			return 1
		}
		sleep 0.1
	done
}

# ended: by the signal, soon, and nothing is left of it.
ended()
{
	local started=$SECONDS status=0
	wait $build || status=$?
	[ $((SECONDS - started)) -lt 60 ]
	[ $status = "$1" ]
	[ -z "$(ls -A "$XDP_VM_OUT")" ]
	[ -z "$(ls -A "$SCRATCH")" ]
	[ -z "$(pgrep -f -- "$SCRATCH")" ]
}

file_of()
{
	compgen -G "$SCRATCH/xdp-vm.*/$1"
}

@test "ended at its start: nothing is left" {
	begin
	reached compgen -G "$SCRATCH/xdp-vm.*"
	kill -TERM $build
	ended 143
}

@test "ended by ^C while packages are unpacked: nothing is left" {
	begin
	reached file_of 'mmdebstrap.*/usr/bin/dpkg'
	kill -INT $build
	ended 130
}

@test "ended while the lessons are built: nothing is left" {
	begin
	reached file_of 'mmdebstrap.*/home/student/xdp-lessons/README.md'
	kill -TERM $build
	ended 143
}

@test "ended while the disk is compressed: nothing is left" {
	begin
	reached grep -q compressing "$BATS_TEST_TMPDIR/log"
	reached compgen -G "$XDP_VM_OUT/.new-*/*.qcow2"
	kill -TERM $build
	ended 143
}

@test "killed by -9: the next build cleans up; of two at once one does it" {
	begin
	reached file_of 'mmdebstrap.*/usr/bin/dpkg'
	# All of its processes: its own group, and the one of the work.
	for group in $build $(pgrep -P $build); do
		kill -9 -- -"$group" 2>/dev/null || kill -9 "$group" 2>/dev/null || :
	done
	wait $build || :
	[ -n "$(ls -A "$SCRATCH")" ]
	[ -z "$(compgen -G "$XDP_VM_OUT/*")" ]

	begin
	first=$build
	"$BUILD" >"$BATS_TEST_TMPDIR/second" 2>&1 </dev/null 3>&- 4>&-
	wait "$first"
	cat "$BATS_TEST_TMPDIR/log" "$BATS_TEST_TMPDIR/second" >"$BATS_TEST_TMPDIR/both"
	sed -n 's/.*\(done in .* s\):.*/# \1/p' "$BATS_TEST_TMPDIR/both" >&3
	[ "$(grep -c 'done in' "$BATS_TEST_TMPDIR/both")" = 1 ]
	[ "$(grep -c 'was made meanwhile' "$BATS_TEST_TMPDIR/both")" = 1 ]
	[ -z "$(ls -A "$SCRATCH")" ]
	(cd "$XDP_VM_OUT" && sha256sum --strict -c xdp-lessons-amd64.sha256)
	[ "$(compgen -G "$XDP_VM_OUT/*" | wc -l)" = 5 ]
}

@test "built again: the same packages, the same files, the same contents" {
	mv "$XDP_VM_OUT" "$BATS_FILE_TMPDIR/once"
	run -0 "$BUILD" 3>&- 4>&- </dev/null
	for file in packages files; do
		diff "$BATS_FILE_TMPDIR/once/xdp-lessons-amd64.$file" \
			"$XDP_VM_OUT/xdp-lessons-amd64.$file"
	done
	grep '^# sha256 of all files' "$XDP_VM_OUT/xdp-lessons-amd64.packages" >&3
}
