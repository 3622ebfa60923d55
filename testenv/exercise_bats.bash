# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the checks of exercises share that try an answer in the lab: check.bats, with
#
#	load ../../../../testenv/exercise_bats
#
# as their first line. Each test has a lab of its own, up and empty. $ANSWER is the
# folder of the answer, built. See CONTRIBUTING.md.
# shellcheck source=testenv/testenv_bats.bash
source "${BASH_SOURCE[0]%/*}/testenv_bats.bash"
TESTENV=$(cd "${BASH_SOURCE[0]%/*}" && pwd)/testenv.sh

setup()
{
	need_root
	export LAB=e$$-$BATS_TEST_NUMBER
	lab setup
}

teardown()
{
	[ -z "${LAB-}" ] || lab teardown
}

# wrong MESSAGE...: the test fails, and this is what the learner is told.
wrong()
{
	echo "wrong: $*"
	return 1
}

# attach OBJECT [NODE [IFACE]]: its first XDP program, at box eth0.
attach()
{
	local said
	said=$(lab load "$ANSWER/$1" "${@:2}" 2>&1) || wrong "$1 cannot be attached: $said"
}

# attached NODE IFACE: has it an XDP program?
attached()
{
	lab exec "$1" -- ip link show dev "$2" | grep -q 'prog/xdp'
}

# egress_attached NODE IFACE: has it a program at TC egress?
egress_attached()
{
	lab exec "$1" -- bpftool net show dev "$2" | grep -q egress
}

# start NODE PROGRAM [ARG...]: the answer's PROGRAM runs there as process $started,
# and has attached something to the last argument, an interface. What it says goes to
# the file $said.
start()
{
	local node=$1 program=$2
	shift 2
	said=$BATS_TEST_TMPDIR/said
	"$TESTENV" exec "$node" -- "$ANSWER/$program" "$@" >"$said" 2>&1 3>&- &
	started=$!
	wait_for is_up "$started" "$node" "${@: -1}" || {
		kill "$started" 2>/dev/null || :
		wrong "$program $* attaches nothing: $(head -n 3 "$said")"
	}
	gone "$started" || return 0
	wrong "$program $* has ended: $(head -n 3 "$said")"
}

# is_up PID NODE IFACE: the program is attached, or PID has ended.
is_up()
{
	gone "$1" || attached "$2" "$3"
}

# received COUNT [ARG...]: how many of COUNT pings from client were answered.
received()
{
	local count=$1 out
	shift
	out=$(lab exec client -- ping -n -q -c "$count" -i 0.01 -W "$((patience)).3" "${@:-box}") || :
	sed -nE 's/.* ([0-9]+) received.*/\1/p' <<<"$out"
}
