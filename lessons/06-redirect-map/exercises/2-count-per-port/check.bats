#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# last_counts IFACE: packets, bytes and "no entry", as the loader said at last.
last_counts()
{
	awk -v iface="$1" '$1 == iface { line = $2 " " $3 " " $4 } END { print line }' "$said"
}

@test "5 pings are counted on both ways" {
	start box xdp_port_counts_user -N -a 02:00:00:00:01:02 -b 02:00:00:00:02:02 eth0 eth1
	wait_for attached box eth0
	got=$(received 5 server)
	[ "$got" = 5 ] || wrong "of 5 pings from client to server, $got were answered"
	# At its end, the loader says the numbers once more.
	kill "$started"
	wait_for gone "$started"
	for iface in eth0 eth1; do
		# 98 bytes each: Ethernet 14, IPv4 20, ICMP 8, data 56.
		[ "$(last_counts $iface)" = "5 490 0" ] ||
			wrong "out of $iface went 5 packets of 98 bytes; packets, bytes, no entry are: $(last_counts $iface)"
	done
}
