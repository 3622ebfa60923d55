#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Tagged traffic, live: from VLAN interfaces, which not every kernel has. Where they
# lack, the packet tests and "make test IN=vm" still try it.

load ../../testenv/testenv_bats
TESTENV=$BATS_TEST_DIRNAME/../../testenv/testenv.sh

setup()
{
	need_root
	unshare --net sh -ec 'ip link add d0 type veth peer name d1
		ip link add link d0 name d2 type vlan id 2' 2>/dev/null ||
		skip "this kernel has no VLAN interfaces (CONFIG_VLAN_8021Q)"
	export LAB=t$$-$BATS_TEST_NUMBER
	lab setup
	vlan client 10.11.7.2
	vlan box 10.11.7.1
	lab exec box -- python3 -m http.server 80 >/dev/null 2>&1 3>&- &
	wait_for lab exec client -- curl -sfo /dev/null --max-time 2 http://10.11.7.1/
}

teardown()
{
	[ -z "${LAB-}" ] || lab teardown
}

# vlan NODE ADDRESS: 802.1ad tag 100 and in it 802.1Q tag 7, on its eth0.
vlan()
{
	lab exec "$1" -- ip link add link eth0 name outer type vlan proto 802.1ad id 100
	lab exec "$1" -- ip link add link outer name inner type vlan id 7
	lab exec "$1" -- ip address add "$2/24" dev inner
	lab exec "$1" -- ip link set outer up
	lab exec "$1" -- ip link set inner up
}

@test "a port is dropped behind two tags, the rest passes" {
	lab exec box -- "$BATS_TEST_DIRNAME/xdp_port_filter_user" -p 80 eth0 >/dev/null 2>&1 3>&- &
	wait_for sh -c "$TESTENV exec box -- ip link show eth0 | grep -q 'prog/xdp'"
	run -28 lab exec client -- curl -sfo /dev/null --max-time 2 http://10.11.7.1/
	lab exec client -- ping -qc 1 -W 2 10.11.7.1
}
