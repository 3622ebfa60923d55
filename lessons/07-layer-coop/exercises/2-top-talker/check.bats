#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# top: the answer runs at box eth0. client has a second address, and every address is
# known.
top()
{
	lab exec client -- ip address add 10.11.1.3/24 dev eth0
	lab exec client -- ping -qc 1 -W 2 server
	lab exec client -- ping -qc 1 -W 2 -I 10.11.1.3 box
	start box layercoop_top_user eth0
	wait_for egress_attached box eth0 || wrong "layercoop_top_user attaches nothing to TC egress"
}

# talk COUNT SIZE FROM TO: frames of SIZE + 42 bytes, COUNT in each direction.
talk()
{
	lab exec client -- ping -nqc "$1" -i 0.01 -W $((2 * patience)) -s "$2" -I "$3" "$4"
}

# only_received COUNT, only_sent COUNT: frames of 1042 bytes that nobody answers. The
# first come from 10.11.1.2, the others go to 10.11.1.9.
only_received()
{
	lab exec client -- ip route replace 239.0.0.0/8 dev eth0 src 10.11.1.2
	for ((i = 0; i < $1; i++)); do
		lab exec client -- bash -c 'head -c 1000 /dev/zero >/dev/udp/239.1.1.1/9'
	done
}

only_sent()
{
	lab exec box -- ip neigh replace 10.11.1.9 lladdr 02:00:00:00:01:02 dev eth0 nud permanent
	for ((i = 0; i < $1; i++)); do
		lab exec box -- bash -c 'head -c 1000 /dev/zero >/dev/udp/10.11.1.9/9'
	done
}

# want TEXT: what the answer says at its end.
want()
{
	local line
	kill "$started"
	wait "$started" || :
	line=$(grep '^top talker: ' "$said") || :
	[ "$line" = "top talker: $1" ] ||
		wrong "it says \"${line:-$(head -n 3 "$said")}\", right is \"top talker: $1\""
}

@test "the one with the most bytes" {
	top
	talk 3 56 10.11.1.2 box
	talk 5 56 10.11.1.3 box
	want "10.11.1.3, 980 of 1568 bytes"
}

@test "bytes, not packets" {
	top
	talk 10 56 10.11.1.3 box
	talk 1 1000 10.11.1.2 box
	want "10.11.1.2, 2084 of 4044 bytes"
}

@test "all local addresses together" {
	top
	talk 4 56 10.11.1.2 box
	talk 4 56 10.11.1.2 server
	talk 6 56 10.11.1.3 box
	want "10.11.1.2, 1568 of 2744 bytes"
}

@test "what it sends counts" {
	top
	only_received 5
	only_sent 4
	want "10.11.1.2, 5210 of 9378 bytes"
}

@test "what it is sent counts" {
	top
	only_received 4
	only_sent 5
	want "10.11.1.9, 5210 of 9378 bytes"
}

# reports: how often client has reported its IPv6 groups.
reports()
{
	lab exec client -- awk '$1 == "Icmp6OutMLDv2Reports" { print $2 }' /proc/net/snmp6
}

more_reports()
{
	[ "$(reports)" -gt "$1" ]
}

@test "an IPv6 address is not an IPv4 one with the same bytes" {
	[ -d /proc/sys/net/ipv6 ] || skip "there is no IPv6"
	# a0b:103:: begins with the 4 bytes of 10.11.1.3, and the rest of both is 0.
	before=$(reports)
	lab exec client -- ip address add a0b:103::/128 dev eth0 nodad
	# With it comes a group, and the report of it, which is not to be counted.
	wait_for more_reports "$before"
	lab exec box -- ip route add a0b:103::/128 via fd11:1::2
	lab exec client -- ping -qc 1 -W 2 -I a0b:103:: box6
	top
	talk 6 56 10.11.1.3 box
	talk 6 56 a0b:103:: box6
	talk 13 56 10.11.1.2 box
	want "10.11.1.2, 2548 of 5140 bytes"
}

@test "the top talker may have an IPv6 address" {
	[ -d /proc/sys/net/ipv6 ] || skip "there is no IPv6"
	lab exec client -- ping -qc 1 -W 2 box6
	top
	talk 3 56 10.11.1.2 box
	talk 3 56 fd11:1::2 box6
	want "fd11:1::2, 708 of 1296 bytes"
}

@test "nobody talks" {
	top
	want "nobody"
}
