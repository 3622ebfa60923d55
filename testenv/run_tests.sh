#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the tests, side by side where they do not disturb each other, and say what
# they left behind.
#
#	testenv/run_tests.sh		all
#	testenv/run_tests.sh LESSON	those of one lesson, by its number
#	testenv/run_tests.sh lessons	those of all lessons, without the lab's own
#	testenv/run_tests.sh core	pages and packet tests of lessons 1 to 6
#	testenv/run_tests.sh kernel	all of which a kernel can change the outcome
#
# Environment: TAP_DIR=DIR keeps what each test printed, in DIR/NAME.tap, with a last
# line "# exit STATUS". TEST_JOBS=N tests at once; default: twice the processors.
# XDP_LESSONS_PATIENCE=N, for slow machines: all limits of waiting N times longer.
#
# Called by "make test", which builds first. Per lesson: its packet tests, its page,
# played by testenv/follow, *.bats, if any, and the contract of each exercise (of all
# lessons and of "kernel": that its solution passes). For the lab: *.bats. All
# speak TAP to prove, which ends with its summary. "kernel" and "lessons" leave out bats
# files and single tests with the tag same-on-every-kernel: they compile, try command
# lines, play with terminals and texts, or interrupt scripts.
#
# Exit status: 0 all passed, 1 not so, 2 usage, 4 cannot run here.
set -eu
cd "$(dirname "$0")/.."

# one TEST: as prove runs it. The words of kselftest: 4 is "cannot run".
one()
{
	case $1 in
	*/exercises/*) testenv/exercise.sh contract "${1%/*}" ;;
	*.md) testenv/follow --tap "$1" ;;
	*.bats) bats --print-output-on-failure --formatter tap ${KERNEL_ONLY:+--filter-tags '!same-on-every-kernel'} "$1" ;;
	*leftovers) testenv/leftovers check "$INVENTORY" ;;
	*) "$1" ;;
	esac
}

if [ "${1-}" = --one ]; then
	if [ -n "${TAP_DIR-}" ]; then
		file=$TAP_DIR/${2//\//:}.tap
		status=0
		set -o pipefail
		one "$2" | env -u XDP_LESSONS_TEST tee "$file" || status=$?
		echo "# exit $status" >>"$file"
		exit "$status"
	fi
	one "$2"
	exit
fi

if [ "$(id -u)" != 0 ]; then
	echo "run_tests.sh: needs root: sudo testenv/run_tests.sh, or make test" >&2
	exit 4
fi

lesson=${1-}
if [ -z "$lesson" ] || [ "$lesson" = kernel ]; then
	left_out=(testenv/alone.bats)
	if [ "$lesson" = kernel ]; then
		mapfile -t -O 1 left_out < <(grep -lx '# bats file_tags=same-on-every-kernel' testenv/*.bats)
		export CONTRACT=solution KERNEL_ONLY=1
	fi
	mapfile -t side_by_side < <(compgen -G 'testenv/*.bats' | grep -vxF "$(printf '%s\n' "${left_out[@]}")")
	side_by_side+=(lessons/*/*.bats lessons/*/README.md
		lessons/*/exercises/*/README.md lessons/*/test_packets)
	alone=(lessons/*/test_cost testenv/alone.bats)
elif [ "$lesson" = lessons ]; then
	side_by_side=(lessons/*/*.bats lessons/*/README.md lessons/*/exercises/*/README.md
		lessons/*/test_packets)
	alone=(lessons/*/test_cost)
	export CONTRACT=solution KERNEL_ONLY=1
elif [ "$lesson" = core ]; then
	side_by_side=(lessons/0[1-6]-*/README.md lessons/0[1-6]-*/test_packets)
	alone=()
else
	dir=
	if [[ $lesson =~ ^[0-9]+$ ]]; then
		dir=$(compgen -G "lessons/$(printf %02d "$((10#$lesson))")-*") || :
	fi
	if [ -z "$dir" ]; then
		echo "run_tests.sh: there is no lesson $lesson" >&2
		exit 2
	fi
	mapfile -t side_by_side < <(compgen -G "$dir/*.bats" || :
		compgen -G "$dir/exercises/*/README.md" || :
		compgen -G "$dir/test_packets" || :)
	side_by_side+=("$dir/README.md")
	alone=()
	[ ! -e "$dir/test_cost" ] || alone=("$dir/test_cost")
fi

if [ -n "${TAP_DIR-}" ]; then
	mkdir -p "$TAP_DIR"
	TAP_DIR=$(cd "$TAP_DIR" && pwd)
	export TAP_DIR
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

HARNESS_RULESFILE=$rules prove --jobs "${TEST_JOBS:-$(($(nproc) * 2))}" --timer --failures --comments \
	--exec "$PWD/testenv/run_tests.sh --one" \
	"${side_by_side[@]}" "${alone[@]}" testenv/leftovers
