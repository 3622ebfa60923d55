#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# doctor: one line per capability, what lacks and what mends it.

# shellcheck disable=SC2016 # the scripts in quotes expand where they run

load testenv_bats

@test "every line says ok, lack or --; the exit status agrees" {
	run lab doctor
	run ! grep -v -E '^(ok  |lack|--  )  [^ ].{21} [^ ]' <<<"$output"
	run lab doctor
	if grep -v '(optional)' <<<"$output" | grep -q ^lack; then
		[ "$status" = 1 ]
	else
		[ "$status" = 0 ]
	fi
	run ! grep -v 'mend: .' < <(grep ^lack <<<"$output")
}

@test "without root it says what root would add, and what mends that" {
	[ "$EUID" = 0 ] || skip "needs root, to give it up"
	run -1 as_nobody "$TESTENV" doctor
	[[ ${lines[0]} == "lack  root "*"sudo testenv/testenv.sh doctor" ]]
	grep -E '^--    veth .*not known without root$' <<<"$output"
}

@test "a tool that is not there: a line that says what installs it, and exit 1" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	# All tools of this machine but two. doctor adds the sbin folders itself.
	for dir in /usr/local/bin /usr/bin /bin; do
		find "$dir" -mindepth 1 -maxdepth 1 ! -name tcpdump ! -name curl ! -name shellcheck \
			-exec ln -sf -t "$BATS_TEST_TMPDIR/bin" {} +
	done
	run env PATH="$BATS_TEST_TMPDIR/bin" "$TESTENV" doctor
	[ "$status" = 1 ]
	grep -E '^lack  curl .*; mend: .*install.* curl$' <<<"$output"
	grep -E '^lack  shellcheck .*\(optional\); mend: .*install' <<<"$output"
}

@test "an optional lack alone is no failure" {
	run lab doctor
	[ "$status" = 0 ] || skip "something required lacks here"
	mkdir "$BATS_TEST_TMPDIR/bin"
	for dir in /usr/local/bin /usr/bin /bin; do
		find "$dir" -mindepth 1 -maxdepth 1 ! -name shellcheck \
			-exec ln -sf -t "$BATS_TEST_TMPDIR/bin" {} +
	done
	run -0 env PATH="$BATS_TEST_TMPDIR/bin" "$TESTENV" doctor
	grep '^lack  shellcheck' <<<"$output"
}

@test "an old kernel, and one without BTF, are told" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho 5.10.0-old\n' >"$BATS_TEST_TMPDIR/bin/uname"
	chmod +x "$BATS_TEST_TMPDIR/bin/uname"
	run -1 env PATH="$BATS_TEST_TMPDIR/bin:$PATH" "$TESTENV" doctor
	grep '^lack  kernel 5.10.0 .*mend: boot' <<<"$output"
	grep '^lack  tcx .*(optional)' <<<"$output"
	[ "$EUID" = 0 ] || skip "the rest needs root"
	run -1 unshare --mount bash -c 'mount -t tmpfs tmpfs /sys/kernel && "$1" doctor' bash "$TESTENV"
	grep '^lack  BTF ' <<<"$output"
}

@test "it changes nothing" {
	[ "$EUID" = 0 ] || skip "needs root"
	ip -o link | sed 's/^[0-9]*: \([^:]*\).*/\1/' >"$BATS_TEST_TMPDIR/links"
	sort /proc/self/mounts | grep -v xdp-lessons | grep -v netns >"$BATS_TEST_TMPDIR/mounts"
	run lab doctor
	diff "$BATS_TEST_TMPDIR/links" <(ip -o link | sed 's/^[0-9]*: \([^:]*\).*/\1/')
	diff "$BATS_TEST_TMPDIR/mounts" <(sort /proc/self/mounts | grep -v xdp-lessons | grep -v netns)
}

@test "kernel: only what no package mends, and the status of that alone" {
	run "$BATS_TEST_DIRNAME/doctor.sh" kernel
	[[ $output == *"BTF"* ]]
	[[ $output != *clang* && $output != *cmocka* && $output != *curl* ]]
	if grep -v '(optional)' <<<"$output" | grep -q ^lack; then
		[ "$status" = 1 ]
	else
		[ "$status" = 0 ]
	fi
	run -2 "$BATS_TEST_DIRNAME/doctor.sh" kernels
	[ ${#lines[@]} = 1 ]
}
