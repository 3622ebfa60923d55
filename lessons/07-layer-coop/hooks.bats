#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What the page cannot show, or not on every kernel: where the loader attaches when
# something is there already, and packets that do not come from a ping or a curl.

load ../../testenv/testenv_bats
TESTENV=$BATS_TEST_DIRNAME/../../testenv/testenv.sh

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER
	report=$BATS_TEST_TMPDIR/report
	lab setup
	# So that no question for an address comes between.
	lab exec client -- ping -qc 1 -W 2 box
}

teardown()
{
	[ -z "${LAB-}" ] || lab teardown
}

# start [OPTION...]: the loader at box eth0. It reports when it is stopped.
start()
{
	"$TESTENV" exec box -- "$BATS_TEST_DIRNAME/layercoop_user" -i 3600 "$@" eth0 \
		>"$report" 2>&1 3>&- &
	loader=$!
	wait_for attached
}

# attached: by XDP and, which comes last, by TC. Or the loader has ended.
attached()
{
	gone "$loader" || { lab exec box -- ip link show eth0 | grep -q prog/xdp &&
		lab exec box -- bpftool net show dev eth0 | grep -q layercoop_tc; } ||
		grep -q tcx "$report"
}

# stop: the report is complete.
stop()
{
	kill "$loader"
	wait "$loader"
	cat "$report"
}

# row LOCAL REMOTE NUMBER...: the report has this line.
row()
{
	tr -s ' ' <"$report" | sed 's/ $//' | grep -qx "$*"
}

has_tcx()
{
	local major minor
	IFS=. read -r major minor _ < <(uname -r)
	((major > 6 || (major == 6 && minor >= 6)))
}

ping3()
{
	lab exec client -- ping -qc 3 -i 0.01 -W 2 box
}

# taken REASON: clsact's place is. The loader uses tcx and says why; without tcx it
# says that, and has attached nothing.
taken()
{
	if has_tcx; then
		start
		ping3
		stop
		[[ $(head -n 1 "$report") == *": with tcx instead of clsact: $1" ]]
		row 10.11.1.1 10.11.1.2 3 294 3 294 3
	else
		run -1 lab exec box -- "$BATS_TEST_DIRNAME/layercoop_user" eth0
		echo "$output"
		[ ${#lines[@]} = 1 ]
		[[ $output == "layercoop_user: attach to TC egress of eth0: $1, and tcx: not in this kernel"* ]]
	fi
	lab exec box -- bpftool net show dev eth0
	run ! lab exec box -- sh -c 'bpftool net show dev eth0 | grep layercoop_tc'
}

@test "the qdisc ingress has clsact's place: tcx, and it says so" {
	lab exec box -- tc qdisc add dev eth0 ingress
	taken 'the qdisc "ingress" has its place'
	lab exec box -- tc qdisc show dev eth0 | grep -q '^qdisc ingress'
}

# bats test_tags=same-on-every-kernel
@test "the qdisc ingress has clsact's place: the exercises' loaders say so, and end" {
	build_answers "$BATS_TEST_DIRNAME"
	lab exec box -- tc qdisc add dev eth0 ingress
	for folder in "${answers[@]}"; do
		loader=$(echo "$folder"/*_user)
		run -1 lab exec box -- timeout $((5 * patience)) "$loader" eth0
		echo "$output"
		[ "$output" = "${loader##*/}: attach to TC egress of eth0: the qdisc \"ingress\" has its place" ]
		run -0 lab exec box -- bpftool net show dev eth0
		run ! grep -q eth0 <<<"$output"
	done
	lab exec box -- tc qdisc show dev eth0 | grep -q '^qdisc ingress'
}

@test "another filter has the handle and the priority: tcx, and it stays" {
	lab exec box -- tc qdisc add dev eth0 clsact
	lab exec box -- tc filter add dev eth0 egress handle 1 prio 1 protocol all \
		bpf direct-action obj "$BATS_TEST_DIRNAME/layercoop_tx_kern.o" sec tc
	taken "another filter has its handle and priority"
	lab exec box -- tc filter show dev eth0 egress | grep -q 'name layercoop_tx'
}

@test "tcx: the link goes with a killed loader" {
	has_tcx || skip "this kernel has no tcx"
	lab exec box -- tc qdisc add dev eth0 ingress
	start
	programs=$(sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$loader/fdinfo/"*)
	[ -n "$programs" ]
	kill -KILL "$loader"
	wait "$loader" || :
	wait_for no_program
}

# no_program: none of $programs is loaded any more.
no_program()
{
	local id
	for id in $programs; do
		! bpftool prog show id "$id" || return 1
	done
}

not_attached()
{
	! lab exec box -- ip link show eth0 | grep -q prog/xdp
}

@test "a killed loader's filter is replaced: each packet counts once" {
	start
	kill -KILL "$loader"
	wait "$loader" || :
	wait_for not_attached
	[ "$(filters)" = 1 ]
	start
	[ "$(filters)" = 1 ]
	ping3
	stop
	row 10.11.1.1 10.11.1.2 3 294 3 294 3
	[ "$(filters)" = 0 ]
}

# filters: how many of ours are at TC egress.
filters()
{
	lab exec box -- tc filter show dev eth0 egress | grep -c 'name layercoop_tc' || :
}

@test "a second loader is refused, and the first goes on" {
	start
	run -1 lab exec box -- "$BATS_TEST_DIRNAME/layercoop_user" eth0
	[[ $output == *"an XDP program is there already"* ]]
	ping3
	stop
	row 10.11.1.1 10.11.1.2 3 294 3 294 3
}

@test "somebody puts another filter in its place: that one and the qdisc stay" {
	start
	lab exec box -- tc filter replace dev eth0 egress handle 1 prio 1 protocol all \
		bpf direct-action obj "$BATS_TEST_DIRNAME/layercoop_tx_kern.o" sec tc
	stop
	lab exec box -- tc filter show dev eth0 egress | grep -q 'name layercoop_tx'
}

@test "generic mode counts the same" {
	start -S
	ping3
	stop
	row 10.11.1.1 10.11.1.2 3 294 3 294 3
}

@test "an skb with its headers outside of the first piece" {
	# A raw socket's packet of more than a page has only the Ethernet header there.
	# The other end drops it, for it is too long; TC has seen it.
	lab exec box -- ip link set dev eth0 mtu 9000
	start
	lab exec box -- python3 -c '
import socket
frame = bytes.fromhex("020000000102" "020000000101" "0800"
    "4500" "137a" "0000" "0000" "40" "fd" "0000" "0a090901" "0a090902") + bytes(4966)
assert len(frame) == 5000
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(("eth0", 0))
try:
    sender.send(frame)
except OSError:
    pass	# newer kernels tell that it was dropped'
	stop
	row 10.9.9.1 10.9.9.2 0 0 1 5000 1
}

# bats test_tags=same-on-every-kernel
@test "serve: N zeros, and 404 for what is no number" {
	"$TESTENV" exec box -- "$BATS_TEST_DIRNAME/serve" >"$report" 2>&1 3>&- &
	server=$!
	wait_for grep -q serving "$report"
	for row in "200 0 /" "200 0 /0" "200 7 /7" "404 0 /favicon.ico" "404 0 /-1" "404 0 /7/"; do
		read -r code size path <<<"$row"
		run -0 lab exec client -- curl -s -m 5 -o /dev/null -w '%{http_code} %{size_download}' \
			"http://box$path"
		[ "$output" = "$code $size" ]
	done
	kill $server
	wait $server
	[ "$(cat "$report")" = "serving at port 80" ]
}

@test "a VLAN tag beside the packet is counted" {
	lab exec box -- ip link add link eth0 name tagged type vlan id 7 2>/dev/null ||
		skip "this kernel has no VLAN interfaces (CONFIG_VLAN_8021Q)"
	lab exec client -- ip link add link eth0 name tagged type vlan id 7
	for node in box client; do
		lab exec $node -- ip link set tagged up
	done
	lab exec box -- ip address add 10.11.7.1/24 dev tagged
	lab exec client -- ip address add 10.11.7.2/24 dev tagged
	lab exec client -- ping -qc 1 -W 2 10.11.7.1
	lab exec box -- ethtool -K eth0 txvlan on
	start
	lab exec client -- ping -qc 1 -W 2 10.11.7.1
	stop
	# 98, and 4 for the tag.
	row 10.11.7.1 10.11.7.2 1 102 1 102 1
}
