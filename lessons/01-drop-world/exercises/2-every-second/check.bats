#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

@test "ping loses half" {
	# Addresses are known before, so that nothing but the pings comes.
	lab exec client -- ping -qc 1 -W 2 box
	lab exec client -- ip neigh replace 10.11.1.1 lladdr 02:00:00:00:01:01 dev eth0 nud permanent
	attach xdp_every_second_kern.o
	got=$(received 20)
	# A neighbour that says its name in between takes one turn.
	((got >= 9 && got <= 11)) || wrong "of 20 pings, $got were answered; right are 10"
}
