#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bats file_tags=same-on-every-kernel
# What "make deps" would install on Debian. Stand-ins do it, so nothing is installed.

# shellcheck disable=SC2016 # the stand-ins expand it
load testenv_bats

setup()
{
	[ -e /etc/debian_version ] || skip "for Debian and Ubuntu"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export ARCHITECTURE=amd64 INSTALLED="" APT=0
	stub dpkg 'echo "$ARCHITECTURE"'
	stub dpkg-query 'case " $INSTALLED " in *" $3 "*) printf installed ;; *) exit 1 ;; esac'
	stub apt-get 'exit "$APT"'
	# Whoever runs this test: deps.sh asks sudo.
	stub id 'echo 1000'
	stub sudo 'echo "sudo $*" >>"$BATS_TEST_TMPDIR/sudo"; case $* in *apt-get*) "$@" ;; esac'
}

# listed: all that it asks for; Ubuntu has bpftool in the packages of its kernels' tools.
listed()
{
	echo "linux-tools-common linux-tools-$(uname -r) $(deps --list | paste -sd ' ')"
}

deps()
{
	"$BATS_TEST_DIRNAME/deps.sh" "$@"
}

@test "what is missing is installed, and nothing else" {
	INSTALLED=$(listed | sed 's/ bats / /; s/ clang / /')
	run -0 deps
	[ "$output" = "Installing: clang bats" ]
	grep -x "sudo env DEBIAN_FRONTEND=noninteractive apt-get install .* clang bats" \
		"$BATS_TEST_TMPDIR/sudo"
}

@test "nothing is missing: nothing is done" {
	INSTALLED=$(listed)
	run -0 deps
	[ "$output" = "All packages are installed." ]
	[ ! -e "$BATS_TEST_TMPDIR/sudo" ]
}

@test "--vm: GRUB for BIOS is asked for on PCs only, which alone have it" {
	run -0 deps --vm
	[[ $output == *" grub-common grub-pc-bin busybox-static"* ]]
	ARCHITECTURE=arm64 run -0 deps --vm
	[[ $output == *" grub-common busybox-static"* ]]
}

@test "an installation that fails: status 1" {
	APT=100 run -1 deps
	run -2 deps --all
	[ "$output" = 'deps.sh: unknown argument "--all": --vm, --list or none' ]
}
