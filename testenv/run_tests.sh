#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the tests, side by side where they do not disturb each other, and say what
# they left behind.
#
#	testenv/run_tests.sh		all
#	testenv/run_tests.sh LESSON	those of one lesson, by its number
#
# Called by "make test", which builds first. Per lesson: its packet tests, and its
# page, played by testenv/follow. For the lab: *.bats. All speak TAP to prove,
# which ends with its summary.
#
# Exit status: 0 all passed, 1 not so, 2 usage, 4 cannot run here.
set -eu
cd "$(dirname "$0")/.."

if [ "${1-}" = --one ]; then
	# How prove runs one test. The words of kselftest: 4 is "cannot run".
	case $2 in
	*.md) exec testenv/follow --tap "$2" ;;
	*.bats) exec bats --formatter tap "$2" ;;
	*leftovers) exec testenv/leftovers check "$INVENTORY" ;;
	*) exec "$2" ;;
	esac
fi

if [ "$(id -u)" != 0 ]; then
	echo "run_tests.sh: needs root: sudo testenv/run_tests.sh, or make test" >&2
	exit 4
fi

lesson=${1-}
if [ -z "$lesson" ]; then
	side_by_side=(testenv/*.bats lessons/*/README.md lessons/*/test_packets)
	alone=(lessons/*/test_cost)
else
	dir=
	if [[ $lesson =~ ^[0-9]+$ ]]; then
		dir=$(compgen -G "lessons/$(printf %02d "$((10#$lesson))")-*") || :
	fi
	if [ -z "$dir" ]; then
		echo "run_tests.sh: there is no lesson $lesson" >&2
		exit 2
	fi
	side_by_side=("$dir/README.md" "$dir/test_packets")
	alone=()
	[ ! -e "$dir/test_cost" ] || alone=("$dir/test_cost")
fi

# Every process that a test starts carries this, so that what is left of them can
# be told from what else runs on the machine.
export XDP_LESSONS_TEST=$$
# A test owns its lab: none is to use the caller's.
unset LAB
INVENTORY=$(mktemp)
export INVENTORY
rules=$(mktemp)
trap 'rm -f "$INVENTORY" "$rules"' EXIT
testenv/leftovers record "$INVENTORY"

# First what may run side by side, then what measures time, then the count.
{
	echo "seq:"
	echo "  - par:"
	printf '    - %s\n' "${side_by_side[@]}"
	[ ${#alone[@]} = 0 ] || printf '  - seq: %s\n' "${alone[@]}"
	echo "  - seq: testenv/leftovers"
} >"$rules"

HARNESS_RULESFILE=$rules prove --jobs "$(($(nproc) * 2))" --timer --failures --comments \
	--exec "$PWD/testenv/run_tests.sh --one" \
	"${side_by_side[@]}" "${alone[@]}" testenv/leftovers
