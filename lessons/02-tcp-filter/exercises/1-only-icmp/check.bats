#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# connect HOST: by TCP, to a port where nobody listens. 1: refused, so the question has
# come through; 124: no answer.
connect()
{
	lab exec client -- timeout "$((patience - 1)).5" bash -c ": </dev/tcp/$1/9" 2>/dev/null
}

# all_answered HOST: and client has to find out HOST's MAC address first.
all_answered()
{
	local got
	lab exec client -- ip neigh flush dev eth0
	got=$(received 3 "$1")
	[ "$got" = 3 ] ||
		wrong "client pinged $1 three times, answered: ${got:-none}; did ${*:2} pass?"
}

@test "in the lab: ping is answered" {
	attach xdp_only_icmp_kern.o
	all_answered box ARP
	[ ! -d /proc/sys/net/ipv6 ] || all_answered box6 neighbour discovery
}

@test "in the lab: TCP is not" {
	attach xdp_only_icmp_kern.o
	status=0
	connect box || status=$?
	[ $status = 124 ] || wrong "client asked box for a TCP connection and got an answer"
}
