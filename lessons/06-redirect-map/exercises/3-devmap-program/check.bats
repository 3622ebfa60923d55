#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

@test "client and server reach each other, and box is no router" {
	lab exec box -- sysctl -qw net.ipv4.ip_forward=0
	start box xdp_hub_user -N -a 02:00:00:00:01:02 -b 02:00:00:00:02:02 eth0 eth1
	wait_for attached box eth0 || wrong "xdp_hub_user attaches nothing to eth0"
	got=$(received 5 server)
	[ "$got" = 5 ] ||
		wrong "of 5 pings from client to server, $got were answered: do the entries hold the program?"
}
