# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What blocklist.bats and together.bats share: a lab for each test, and the tool in it.
# shellcheck source=testenv/testenv_bats.bash
source "${BASH_SOURCE[0]%/*}/../../testenv/testenv_bats.bash"
export TESTENV=$BATS_TEST_DIRNAME/../../testenv/testenv.sh
TOOL=$BATS_TEST_DIRNAME/xdp_blocklist_user
PINS=/sys/fs/bpf/xdp-lessons-blocklist

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER TOOL PINS
	export KILLED=$BATS_TEST_DIRNAME/test_killed
	lab setup
}

teardown()
{
	[ -z "${LAB-}" ] || lab teardown
}

# box ARG...: the tool, there.
box()
{
	lab exec box -- "$TOOL" "$@"
}

# box_script: a script from standard input, there. Its functions: free, that nothing is
# attached to eth0; clean, that nothing is pinned. ("! COMMAND" ends no script.)
box_script()
{
	{
		cat <<-'END'
			free() {
				! ip link show dev eth0 | grep -q prog/xdp
			}
			clean() {
				! ls -A "$PINS" 2>/dev/null | grep -q .
			}
		END
		cat
	} >"$BATS_TEST_TMPDIR/script"
	lab exec box -- bash -eu "$BATS_TEST_TMPDIR/script"
}

# listed PREFIX...: this is the list, in this order.
listed()
{
	box list | awk '{ print $1 }' | diff - <(printf '%s\n' "$@" | sed '/^$/d')
}

# fails STATUS TEXT ARG...: one line on standard error, which holds TEXT.
fails()
{
	local status=$1 text=$2
	shift 2
	run -"$status" --separate-stderr box "$@"
	echo "$stderr" >&2
	[ -z "$output" ]
	[ "$(wc -l <<<"$stderr")" = 1 ]
	[[ $stderr == "xdp_blocklist_user: "*"$text"* ]]
}

# nothing_pinned: not even the folder.
nothing_pinned()
{
	run -1 lab exec box -- test -e "$PINS"
}

# pings COUNT: how many of them were answered.
pings()
{
	lab exec client -- ping -qn -c "$1" -i 0.01 -W 1 box |
		sed -nE 's/.* ([0-9]+) received.*/\1/p' || :
}
