#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# connect SECONDS HOST PORT: by TCP, to a port where nobody listens. 1: refused, so the
# question has come through; 124: no answer.
connect()
{
	lab exec client -- timeout "$1" bash -c ": </dev/tcp/$2/$3" 2>/dev/null
}

# passes PORT [HOST]
passes()
{
	local status=0
	connect $((5 * patience)) "${2:-box}" "$1" || status=$?
	[ $status = 1 ] || wrong "with $options, TCP to port $1 of ${2:-box} is dropped; it has to pass"
}

# dropped PORT [HOST]
dropped()
{
	local status=0
	connect "$((patience - 1)).3" "${2:-box}" "$1" || status=$?
	[ $status = 124 ] || wrong "with $options, TCP to port $1 of ${2:-box} passes; it has to be dropped"
}

# loaded [OPTION...]: the answer, at box eth0.
loaded()
{
	options=${*:-no option}
	start box xdp_port_range_user "$@" eth0
}

# unloaded: it has ended, and taken its program with it.
unloaded()
{
	kill "$started"
	wait_for is_off || wrong "a signal does not end xdp_port_range_user"
}

is_off()
{
	! attached box eth0
}

# refused RANGE...: each, by status 2 and one line on stderr.
refused()
{
	local range
	for range; do
		run --separate-stderr lab exec box -- timeout $((2 * patience)) \
			"$ANSWER/xdp_port_range_user" -p "$range" eth0
		[ "$status" != 124 ] || wrong "-p '$range' is taken; it has to be refused"
		[ "$status" = 2 ] || wrong "-p '$range' ends with status $status, right is 2"
		[ ${#stderr_lines[@]} = 1 ] ||
			wrong "-p '$range': one line on stderr says what is wrong, not ${#stderr_lines[@]}"
	done
}

@test "in the lab: -p 8000-8999" {
	loaded -p 8000-8999
	passes 7999
	dropped 8000
	dropped 8999
	passes 9000
	[ -d /proc/sys/net/ipv6 ] || return 0
	passes 7999 box6
	dropped 8500 box6
}

@test "in the lab: one port, as -p 8000 and as -p 8500-8500" {
	loaded -p 8000
	dropped 8000
	passes 8001
	unloaded
	loaded -p 8500-8500
	passes 8499
	dropped 8500
}

@test "in the lab: without -p, and with another option" {
	loaded
	dropped 80
	passes 81
	unloaded
	loaded -S -p 9000-9001
	lab exec box -- ip link show dev eth0 | grep -q xdpgeneric ||
		wrong "with $options, the program is not attached in generic mode"
	dropped 9001
}

@test "in the lab: what is no range is refused" {
	# Above 65535.
	refused 70000 0-70000 70000-70001 80-65536 4294967376
	# The first is above the last.
	refused 8999-8000 65535-0
	# Not a number, or two with a dash between them.
	refused '' - 8000- -8000 8000--8999 8000-8999-9999 http http-https 80x 80x-90 8000-89x9 \
		'8000 - 8999' 8000,8999 +8000-8999 0x50-0x60
}
