#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# requests FAMILY: how many pings have reached server so far. FAMILY is 4 or 6.
requests()
{
	if [ "$1" = 6 ]; then
		lab exec server -- awk '$1 == "Icmp6InEchos" { print $2 }' /proc/net/snmp6
	else
		lab exec server -- awk '
		/^Icmp:/ && !column { for (column = 2; $column != "InEchos"; column++); next }
		/^Icmp:/ { print $column }' /proc/net/snmp
	fi
}

# all_return FAMILY TARGET
all_return()
{
	local before after got
	before=$(requests "$1")
	got=$(received 5 "$2")
	after=$(requests "$1")
	[ "$got" != 5 ] || return 0
	wrong "client sent 5 pings to $2: $((after - before)) arrived at server, $got answers came back"
}

@test "client and server reach each other, and box is no router" {
	lab exec box -- sysctl -qw net.ipv4.ip_forward=0
	start box xdp_two_way_user -N -a 02:00:00:00:01:02 -b 02:00:00:00:02:02 eth0 eth1
	wait_for attached box eth0 || wrong "xdp_two_way_user attaches nothing to eth0"
	all_return 4 server
	[ -d /proc/sys/net/ipv6 ] || return 0
	lab exec box -- sysctl -qw net.ipv6.conf.all.forwarding=0
	all_return 6 server6
}
