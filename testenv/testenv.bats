#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The promises of the lab. Each test has its own lab and leaves none.

# shellcheck disable=SC2016 # the scripts in quotes expand where they run

load testenv_bats

setup_file()
{
	need_root
	programs "$BATS_FILE_TMPDIR"

	# For the last test: what is sent in a lab where nobody does anything.
	export QUIET=t$$-quiet
	LAB=$QUIET lab setup
	for node in client box server; do
		LAB=$QUIET "$TESTENV" exec $node -- tcpdump -Ulni any -w - \
			>"$BATS_FILE_TMPDIR/quiet.$node" \
			2>"$BATS_FILE_TMPDIR/quiet.$node.log" 3>&- &
	done
	for node in client box server; do
		wait_for grep -q listening "$BATS_FILE_TMPDIR/quiet.$node.log"
	done
	date +%s >"$BATS_FILE_TMPDIR/quiet.since"
}

teardown_file()
{
	[ -z "${QUIET:-}" ] || LAB=$QUIET lab teardown
}

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER
	obj=$BATS_FILE_TMPDIR/programs.o
	attach=$BATS_FILE_TMPDIR/attach
}

teardown()
{
	[ -z "${LAB:-}" ] || lab teardown
	nothing_left "$LAB"
}

# attached NODE IFACE PROGRAM: status says so.
attached()
{
	lab status | grep -A3 "^$1 $2 " | grep -q " $3 "
}


@test "setup: client reaches server through box, and names are known" {
	lab setup
	works "$LAB"
	run -0 lab exec client -- getent hosts box box6 server server6
	[[ $output == *10.11.1.1*fd11:1::1*10.11.2.2*fd11:2::2* ]]
	run -0 lab exec server -- getent ahostsv4 box
	[[ $output == 10.11.2.1* ]]
	run -0 lab exec box -- getent ahostsv4 box
	[[ $output == 10.11.1.1* ]]
	run -0 lab exec box -- getent hosts localhost "$(uname -n)"
	run -0 ip -n "$LAB-client" route show default
	[ -z "$output" ]
}

@test "setup twice: the second changes nothing and says nothing" {
	run -0 lab setup
	ip -n "$LAB-box" link set dev eth0 alias same
	run -0 lab setup
	[ -z "$output" ]
	[[ $(ip -n "$LAB-box" link show dev eth0) == *"alias same"* ]]
	works "$LAB"
}

@test "teardown twice, and without a setup" {
	lab teardown
	lab setup
	lab teardown
	nothing_left "$LAB"
	run -0 lab teardown
	[ -z "$output" ]
}

@test "reset makes a new lab, with or without an old one" {
	lab reset
	lab exec box -- bpftool map create /sys/fs/bpf/old type array \
		key 4 value 4 entries 1 name old
	lab reset
	run -1 lab exec box -- test -e /sys/fs/bpf/old
	works "$LAB"
}

# bats test_tags=same-on-every-kernel
@test "^C at 20 moments of setup: a whole lab or none, and the next setup works" {
	for i in {1..20}; do
		status=0
		echo "$i"
		timeout --preserve-status -s INT "0.$(printf %03d $((RANDOM % 200 + 1)))" \
			"$TESTENV" setup 3>&- || status=$?
		echo "exit $status"
		[[ $status == 0 || $status == 130 ]]
		if [ "$status" = 130 ]; then
			nothing_left "$LAB"
		else
			works "$LAB"
			lab teardown
		fi
	done
	lab setup
	works "$LAB"
}

# bats test_tags=same-on-every-kernel
@test "kill -9 in the middle of setup: setup and teardown mend it" {
	for i in {1..12}; do
		timeout -s KILL "0.$(printf %03d $((i * 12)))" "$TESTENV" setup 3>&- || :
		if ((i % 2)); then
			lab setup
			works "$LAB"
		fi
		lab teardown
		nothing_left "$LAB"
	done
}

# bats test_tags=same-on-every-kernel
@test "setup mends a lab: namespace, interface, address, route, MTU, bpffs or state lost" {
	lab setup
	for damage in \
		"ip netns del $LAB-box" \
		"ip netns del $LAB-client" \
		"ip -n $LAB-box link del eth1" \
		"ip -n $LAB-server link set eth0 down" \
		"ip -n $LAB-box addr flush dev eth0" \
		"ip -n $LAB-client route del 10.11.2.0/24" \
		"ip -n $LAB-server -6 route del fd11:1::/64" \
		"ip -n $LAB-box route add default via 10.11.1.2" \
		"ip -n $LAB-client link set eth0 mtu 9000" \
		"umount /run/xdp-lessons/$LAB/bpf" \
		"rm /run/xdp-lessons/$LAB/slot" \
		"rm /run/xdp-lessons/$LAB/ready"; do
		echo "$damage"
		$damage
		run -0 lab setup
		[[ $output == "lab $LAB was damaged ("*"): made again" ]]
		works "$LAB"
	done
}

@test "ip netns del by hand: its processes are ended, the next command works" {
	lab setup
	"$TESTENV" exec box -- sleep 1000 3>&- &
	pid=$!
	wait_for runs $pid sleep
	ip netns del "$LAB-box"
	run -1 lab exec box -- true
	[[ $output == *"lab $LAB is damaged, box is gone: sudo "*" setup" ]]
	lab setup
	wait_for gone $pid
	works "$LAB"
	ip netns del "$LAB-server"
	lab teardown
}

# bats test_tags=same-on-every-kernel
@test "after a reboot: state without namespaces, names without namespaces" {
	lab setup
	for node in client box server; do
		ip netns del "$LAB-$node"
		: >"/run/netns/$LAB-$node"
	done
	run -0 lab setup
	works "$LAB"
}

# bats test_tags=same-on-every-kernel
@test "a name that is taken: one line, and the other's is not touched" {
	ip netns add "$LAB-server"
	ip -n "$LAB-server" link set lo up
	run -1 lab setup
	[[ ${#lines[@]} == 1 && $output == *"$LAB-server is taken"* ]]
	[ ! -e "/run/netns/$LAB-client" ]
	run -0 lab teardown
	[[ $(ip -n "$LAB-server" link show lo) == *LOOPBACK,UP* ]]
	ip netns del "$LAB-server"
}

# bats test_tags=same-on-every-kernel
@test "a name that was ours and is another's now is not touched" {
	lab setup
	ip netns del "$LAB-server"
	ip netns add "$LAB-server"
	ip -n "$LAB-server" link set lo up
	# The kernel may give it the number that ours had.
	stat -Lc %i "/run/netns/$LAB-server" >"/run/xdp-lessons/$LAB/ns.server"
	run -1 lab setup
	[[ $output == *"$LAB-server is taken"* ]]
	run -0 lab teardown
	[[ $(ip -n "$LAB-server" link show lo) == *LOOPBACK,UP* ]]
	ip netns del "$LAB-server"
}

@test "teardown ends what runs in the lab, stubborn or stopped too" {
	lab setup
	"$TESTENV" exec box -- sh -c 'trap "" TERM HUP; echo ready; while :; do sleep 1000; done' \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	stubborn=$!
	"$TESTENV" exec client -- sleep 1000 3>&- &
	stopped=$!
	wait_for grep -q ready "$BATS_TEST_TMPDIR/out"
	wait_for runs $stopped sleep
	kill -STOP $stopped
	lab teardown
	run ! kill -0 $stubborn
	run ! kill -0 $stopped
}

@test "teardown from inside the lab is refused" {
	lab setup
	run -1 lab exec box -- "$TESTENV" teardown
	[[ ${#lines[@]} == 1 && $output == *"leave it first" ]]
	works "$LAB"
	run -1 env LAB="$LAB-b" "$TESTENV" exec box -- true
	run -1 lab exec box -- env LAB="$LAB-b" "$TESTENV" setup
	[[ $output == *"cannot make a lab from inside one"* ]]
	run -0 lab exec box -- "$TESTENV" exec client -- ping -qc 1 box
}

@test "teardown of another lab from inside one is refused, and it stays whole" {
	export XDP_LESSONS_RUN=$BATS_TEST_TMPDIR/xdp-lessons
	lab setup
	LAB=$LAB-b lab setup
	for words in teardown "teardown --all" reset; do
		# shellcheck disable=SC2086 # words
		run -1 lab exec box -- env LAB="$LAB-b" "$TESTENV" $words
		[[ ${#lines[@]} == 1 && $output == *"from inside one: leave this shell first" ]]
		works "$LAB-b"
	done
	works "$LAB"
	lab teardown --all
	nothing_left "$LAB-b"
}

@test "kill -9 of a program attached by a bpf link leaves nothing" {
	lab setup
	"$TESTENV" exec box -- "$attach" "$obj" lab_pass eth0 37 3>&- &
	wait_for attached box eth0 lab_pass
	lab status | grep "lab_pass .*native  by bpf link"
	kill -9 $!
	wait_for eval '! attached box eth0 lab_pass'
	lab load "$obj"
}

@test "a pin lives as long as the lab, and is seen in it only" {
	lab setup
	lab exec box -- bpftool map create /sys/fs/bpf/pin type array \
		key 4 value 4 entries 1 name pin
	lab exec client -- test -e /sys/fs/bpf/pin
	[ ! -e /sys/fs/bpf/pin ]
	LAB=$LAB-b lab setup
	run -1 env LAB="$LAB-b" "$TESTENV" exec box -- test -e /sys/fs/bpf/pin
	LAB=$LAB-b lab teardown
	lab teardown
	lab setup
	run -1 lab exec box -- test -e /sys/fs/bpf/pin
}

# bats test_tags=same-on-every-kernel
@test "ten labs at once" {
	for i in {0..9}; do
		LAB=$LAB-$i "$TESTENV" setup 3>&- &
	done
	wait
	for i in {0..9}; do
		works "$LAB-$i"
	done
	# Each has interface numbers of its own.
	[ "$(for i in {0..9}; do ip -n "$LAB-$i-box" -o link show eth0; done |
		cut -d: -f1 | sort -u | wc -l)" = 10 ]
	for i in {0..9}; do
		LAB=$LAB-$i "$TESTENV" teardown 3>&- &
	done
	wait
	for i in {0..9}; do
		nothing_left "$LAB-$i"
	done
}

# bats test_tags=same-on-every-kernel
@test "one lab, set up and torn down by ten at once" {
	for i in {0..9}; do
		"$TESTENV" setup 2>>"$BATS_TEST_TMPDIR/errors" 3>&- &
	done
	wait
	works "$LAB"
	for i in {0..9}; do
		"$TESTENV" teardown 2>>"$BATS_TEST_TMPDIR/errors" 3>&- &
	done
	wait
	run cat "$BATS_TEST_TMPDIR/errors"
	[ -z "$output" ]
	nothing_left "$LAB"
}

# bats test_tags=same-on-every-kernel
@test "teardown --all removes all labs, and nothing else" {
	export XDP_LESSONS_RUN=$BATS_TEST_TMPDIR/xdp-lessons
	ip netns add "$LAB-other"
	LAB=$LAB-a lab setup
	LAB=$LAB-b lab setup
	ip netns add "$LAB-c-box"
	lab teardown --all
	nothing_left "$LAB-a"
	nothing_left "$LAB-b"
	[ ! -e "$XDP_LESSONS_RUN" ]
	ip netns del "$LAB-other"
	ip netns del "$LAB-c-box"
}

# bats test_tags=same-on-every-kernel
@test "no root: one clear line and exit 4" {
	for verb in setup teardown reset status stats trace "enter box" \
			"exec box -- true" ping tcpdump "load $obj" unload; do
		# shellcheck disable=SC2086 # words
		run -4 as_nobody "$TESTENV" $verb
		[[ ${#lines[@]} == 1 && $output == "testenv.sh: needs root: sudo "* ]]
	done
	run -0 as_nobody "$TESTENV" help
}

@test "root without capabilities: one clear line and exit 4" {
	run -4 setpriv --bounding-set=-all --inh-caps=-all "$TESTENV" setup
	[[ ${#lines[@]} == 1 && $output == *"needs root"* ]]
}

# bats test_tags=same-on-every-kernel
@test "wrong usage: one line and exit 2" {
	for words in nonsense "setup more" "teardown -all" "enter" "enter nobody" "exec" \
			"exec box" "exec box --" "exec boxx -- true" "load" "load -X $obj" \
			"load $obj nobody" "unload box eth0 more" "stats often" "stats 0" \
			"status now" "trace all" "doctor me"; do
		echo "$words"
		# shellcheck disable=SC2086 # words
		run -2 lab $words
		[ ${#lines[@]} = 1 ]
	done
	for name in A a/b "a b" -a aaaaaaaaaaaaaaaaaaaaa ..; do
		run -2 env LAB="$name" "$TESTENV" setup
		[ ${#lines[@]} = 1 ]
	done
	run -2 lab
}

# bats test_tags=same-on-every-kernel
@test "verbs that need the lab say so when it is not up" {
	for words in status stats trace "enter box" "exec box -- true" ping tcpdump \
			"load $obj" unload; do
		# shellcheck disable=SC2086 # words
		run -1 lab $words
		[ "$output" = "testenv.sh: lab $LAB is not up: sudo LAB=$LAB testenv/testenv.sh setup" ]
	done
}

@test "no IPv6 on the machine: the lab has IPv4, and says so" {
	# The namespaces are seen only here: all of it happens in one go.
	run -0 unshare -m bash -ec '
		mount -t tmpfs none /proc/sys/net/ipv6
		"$1" setup
		"$1" setup
		"$1" exec client -- ping -qc 1 server >/dev/null
		ip -n "$LAB-box" -o addr show scope global 2>/dev/null | grep -c inet6 || :
		"$1" status >/dev/null
		"$1" teardown' bash "$TESTENV"
	[ "${lines[0]}" = "no IPv6 on this machine: lab $LAB has IPv4 only" ]
	[ "${lines[1]}" = 0 ]
	[ ${#lines[@]} = 2 ]
}

@test "in the lab, /run/netns holds this lab only" {
	lab setup
	ip netns add "$LAB-x-other"
	run -0 lab exec box -- ls /run/netns
	ip netns del "$LAB-x-other"
	[ "$output" = "$LAB-box"$'\n'"$LAB-client"$'\n'"$LAB-server" ]
}

# bats test_tags=same-on-every-kernel
@test "exec: status, arguments, directory, environment, standard input" {
	lab setup
	run -7 lab exec box -- sh -c 'exit 7'
	run -127 lab exec box -- no-such-command
	cd "$BATS_TEST_TMPDIR"
	WORD="a b" run -0 lab exec box -- sh -c 'echo "$PWD|$WORD|$1"' sh "two  words"
	[ "$output" = "$BATS_TEST_TMPDIR|a b|two  words" ]
	run -0 lab exec box cat <<<"through"
	[ "$output" = through ]
	# A signal reaches the command itself.
	"$TESTENV" exec box -- sleep 1000 3>&- &
	wait_for runs $! sleep
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ $status = 143 ]
}

# bats test_tags=same-on-every-kernel
@test "enter: a shell with the node's name as its prompt, in this folder" {
	command -v python3 >/dev/null || skip "needs python3"
	lab setup
	cd "$BATS_TEST_TMPDIR"
	run -0 python3 - "$TESTENV" <<-'END'
		import os, pty, sys
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], [sys.argv[1], "enter", "box"])
		seen = b""
		def until(text):
		    global seen
		    while text not in seen:
		        seen += os.read(fd, 4096)
		until(b"box# ")
		os.write(fd, b"echo [$PWD] [$HISTFILE]; ip -br link | grep -c eth1; exit 3\n")
		try:
		    until(b"never")
		except OSError:
		    pass
		print(seen.decode())
		assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
	END
	[[ $output == *"[$BATS_TEST_TMPDIR] []"* ]]
}

# bats test_tags=same-on-every-kernel
@test "ping: box is the default target, arguments are passed on" {
	lab setup
	run -0 lab ping -c 1
	[[ $output == *"1 packets transmitted, 1 received"* && $output == "PING box "* ]]
	run -0 lab ping -qc 2 -i 0.01 server
	[[ $output == "PING server "*"2 received"* ]]
	run -0 lab ping -c 1 -I eth0
	[[ $output == "PING box "* ]]
	run -0 lab ping -6 -c1
	[[ $output == "PING box6"* ]]
	run -1 lab ping -c 1 -W 0.1 10.11.1.99
}

# bats test_tags=same-on-every-kernel
@test "tcpdump: box eth0, or where one says" {
	lab setup
	"$TESTENV" tcpdump -c 1 icmp >"$BATS_TEST_TMPDIR/box" 2>"$BATS_TEST_TMPDIR/box.log" 3>&- &
	box=$!
	"$TESTENV" tcpdump server eth0 -c 1 icmp >"$BATS_TEST_TMPDIR/server" \
		2>"$BATS_TEST_TMPDIR/server.log" 3>&- &
	server=$!
	wait_for grep -q listening "$BATS_TEST_TMPDIR/box.log"
	wait_for grep -q listening "$BATS_TEST_TMPDIR/server.log"
	lab ping -c 1 server
	wait $box
	wait $server
	grep "10.11.1.2 > 10.11.2.2: ICMP echo request" "$BATS_TEST_TMPDIR/box"
	grep "10.11.1.2 > 10.11.2.2: ICMP echo request" "$BATS_TEST_TMPDIR/server"
}

@test "load, unload and status agree, in each mode" {
	lab setup
	lab load "$obj"
	lab status | grep "lab_pass .*native  by netlink"
	run -1 lab load "$obj"
	[[ ${#lines[@]} == 1 && $output == *"has a program already"* ]]
	lab unload
	run ! attached box eth0 lab_pass
	lab unload
	lab load -S "$obj" server
	lab status | grep "lab_pass .*generic  by netlink"
	lab unload server eth0
	lab load -N "$obj" box eth1
	attached box eth1 lab_pass
	run -1 lab load "$BATS_TEST_TMPDIR/none.o"
	[ ${#lines[@]} = 1 ]
	for none in "$attach" "$BATS_TEST_DIRNAME/../README.md" "$BATS_TEST_DIRNAME"; do
		run -1 lab load "$none"
		[ "$output" = "testenv.sh: load: $none holds no XDP program" ]
	done
	run -1 lab load "$obj" client eth1
	[[ $output == *"client has no interface eth1" ]]
	# What a bpf link holds, unload cannot take away: it says so.
	"$TESTENV" exec box -- "$attach" "$obj" lab_pass eth0 37 3>&- &
	wait_for attached box eth0 lab_pass
	run -1 lab unload
	[[ ${#lines[@]} == 1 && $output == *"bpf link"* ]]
	kill $!
}

@test "status: the picture, programs of XDP and TC, counters; 80 columns, no colour" {
	lab setup
	run -0 lab status
	[[ $output != *counters* ]]
	lab load "$obj" client
	lab exec box -- tc qdisc add dev eth0 clsact
	lab exec box -- tc filter add dev eth0 egress bpf da obj "$obj" sec tc
	# tcx is newer than the oldest kernel.
	if lab exec box -- timeout -s KILL $((patience / 5)).2 "$attach" "$obj" lab_tc eth1 46; (( $? == 137 )); then
		"$TESTENV" exec box -- "$attach" "$obj" lab_tc eth1 46 3>&- &
		wait_for attached box eth1 lab_tc
		lab status | grep "lab_tc .*ingress  by tcx"
		kill $!
	fi
	lab ping -qc 3 -i 0.01
	run -0 lab status
	[[ $output == *"client eth0 .2 ------------ .1 eth0  box  eth1"* ]]
	[[ $output == *"box eth1  up  02:00:00:00:02:01  10.11.2.1  fd11:2::1  gro on, tx off"* ]]
	grep "lab_tc .*egress  by clsact" <<<"$output"
	[[ $output != *$'\e'* ]]
	counted=$(sed -n '/^client eth0/,/^box/s/.*xdp_packets \([0-9]*\).*/\1/p' <<<"$output")
	run ! grep '.\{81\}' <<<"$output"
	(( counted >= 3 ))
}

@test "stats: repeats, counts, ends on ^C with 0" {
	lab setup
	# What runs in the background ignores ^C otherwise.
	env --default-signal=INT "$TESTENV" stats 0.2 >"$BATS_TEST_TMPDIR/out" 3>&- &
	stats=$!
	wait_for grep -q server "$BATS_TEST_TMPDIR/out"
	lab ping -qc 3 -i 0.01
	before=$(awk '/^client eth0/ { print $3; exit }' "$BATS_TEST_TMPDIR/out")
	wait_for awk -v before="$before" '/^client eth0/ { n = $3 } END { exit n < before + 3 }' \
		"$BATS_TEST_TMPDIR/out"
	kill -INT $stats
	wait $stats
	run ! grep -q '.\{81\}' "$BATS_TEST_TMPDIR/out"
}

# start_trace: "trace" runs, as $tracer, and shows in $shown.
start_trace()
{
	shown=$BATS_TEST_TMPDIR/trace
	# What runs in the background ignores ^C otherwise.
	env --default-signal=INT "$TESTENV" trace >"$shown" 2>&1 3>&- &
	tracer=$!
	wait_for test -e "/run/xdp-lessons/$LAB/trace.$tracer"
	[ ! -s "$shown" ]
}

# end_trace: by TERM; one test has ^C.
end_trace()
{
	kill -TERM $tracer
	wait $tracer
	[ ! -e "/run/xdp-lessons/$LAB/trace.$tracer" ]
}

instances()
{
	unshare -m sh -c 'mountpoint -q /sys/kernel/tracing ||
		mount -t tracefs tracefs /sys/kernel/tracing
		ls /sys/kernel/tracing/instances' | grep "xdp-lessons-$LAB-" || :
}

@test "trace: bpf_printk and XDP_ABORTED at once, decoded; ends with nothing left" {
	lab setup
	"$TESTENV" exec box -- "$attach" "$obj" lab_abort eth0 37 3>&- &
	wait_for attached box eth0 lab_abort
	start_trace
	run -1 lab ping -c 1 -W 0.1
	wait_for grep -q xdp_exception "$shown"
	end_trace
	cat "$shown"
	grep -E '^[0-9]+\.[0-9]{6}  [^ ].*  bpf_printk +length 42$' "$shown"
	grep -E '^[0-9]+\.[0-9]{6}  box:eth0 +xdp_exception +XDP_ABORTED  prog [0-9]+ lab_abort$' "$shown"
	[ -z "$(instances)" ]
}

@test "trace: a failed redirect by its errno, and no events of another lab" {
	lab setup
	LAB=$LAB-b lab setup
	for each in "$LAB" "$LAB-b"; do
		LAB=$each "$TESTENV" exec box -- "$attach" "$obj" lab_nowhere eth0 37 3>&- &
		LAB=$each wait_for attached box eth0 lab_nowhere
	done
	start_trace
	run -1 env LAB="$LAB-b" "$TESTENV" ping -c 1 -W 0.1
	run -1 lab ping -c 1 -W 0.1
	wait_for grep -q xdp_redirect_err "$shown"
	end_trace
	LAB=$LAB-b lab teardown
	cat "$shown"
	grep -E 'box:eth0 +xdp_redirect_err +to interface 987654  -EINVAL  prog [0-9]+ lab_nowhere$' "$shown"
	# The other lab's program is not there. (What programs print is: it cannot be told
	# apart.)
	[ "$(grep -v ' bpf_printk ' "$shown" | grep -o 'prog [0-9]*' | sort -u | wc -l)" = 1 ]
}

@test "trace: what other labs send does not push out this lab's events" {
	lab setup
	LAB=$LAB-b lab setup
	"$TESTENV" exec box -- "$attach" "$obj" lab_nowhere eth0 37 3>&- &
	wait_for attached box eth0 lab_nowhere
	start_trace
	# Two events for each frame, and more than fit.
	LAB=$LAB-b lab exec client -- "$BATS_TEST_DIRNAME/trafficgen" -n 200000 eth0
	run -1 lab ping -c 1 -W 0.1
	wait_for grep -q xdp_redirect_err "$shown"
	end_trace
	LAB=$LAB-b lab teardown
	cat "$shown"
	run ! grep ' lost ' "$shown"
}

@test "trace ends on ^C with 0" {
	lab setup
	start_trace
	kill -INT $tracer
	wait $tracer
	[ ! -s "$shown" ]
	[ -z "$(instances)" ]
}

@test "trace: no tracefs mounted, and none after" {
	lab setup
	run -0 unshare -m bash -ec '
		umount -l /sys/kernel/tracing 2>/dev/null || :
		umount -l /sys/kernel/debug 2>/dev/null || :
		"$1" trace 3>&- &
		until compgen -G "$2/trace.*" >/dev/null; do
			kill -0 $!
			sleep 0.05
		done
		kill $!
		wait $!
		! mountpoint -q /sys/kernel/tracing' bash "$TESTENV" \
		"/run/xdp-lessons/$LAB"
	[ -z "$output" ]
	[ -z "$(instances)" ]
}

@test "trace: a signal that comes while it starts ends it, too" {
	lab setup
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/mkdir" <<-END
		#!/bin/sh
		case \$* in
		*/instances/*) : >"$BATS_TEST_TMPDIR/starts"; sleep 0.5 ;;
		esac
		exec $(command -v mkdir) "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/mkdir"
	for signal in TERM HUP; do
		PATH=$BATS_TEST_TMPDIR/bin:$PATH "$TESTENV" trace 3>&- &
		tracer=$!
		wait_for test -e "$BATS_TEST_TMPDIR/starts"
		kill -$signal $tracer
		wait $tracer
		[ -z "$(instances)" ]
		rm "$BATS_TEST_TMPDIR/starts"
	done
}

@test "trace, its reader killed: ends, and nothing is left" {
	lab setup
	start_trace
	pkill -TERM -P $tracer
	wait $tracer
	[ -z "$(instances)" ]
}

@test "trace killed by kill -9: teardown removes what is left" {
	lab setup
	start_trace
	kill -9 $tracer
	lab teardown
	[ -z "$(instances)" ]
}

@test "trace killed by kill -9 while it starts its reader: the reader ends" {
	lab setup
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nsleep 0.3\nexec %s "$@"\n' "$(command -v setpriv)" \
		>"$BATS_TEST_TMPDIR/bin/setpriv"
	chmod +x "$BATS_TEST_TMPDIR/bin/setpriv"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH start_trace
	kill -9 $tracer
	sleep 0.4
	lab teardown
	[ -z "$(instances)" ]
}

@test "trace and stats end when the lab goes" {
	lab setup
	start_trace
	"$TESTENV" stats 0.05 >/dev/null 3>&- &
	stats=$!
	lab teardown
	wait_for gone $tracer
	wait $stats
	[ -z "$(instances)" ]
}

# fetch_all: 10 MB from server by IPv4 and IPv6, unchanged.
fetch_all()
{
	local host
	for host in server '[fd11:2::2]'; do
		[[ $host == server || -d /proc/sys/net/ipv6 ]] || continue
		lab exec client -- curl -sS --max-time 10 --retry 50 --retry-delay 0 \
			--retry-connrefused -o "$BATS_TEST_TMPDIR/got" "http://$host:8000/file"
		cmp "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/got"
	done
}

@test "TCP: 10 MB through box, forwarded plainly and past XDP programs" {
	command -v curl >/dev/null || skip "needs curl"
	lab setup
	head -c 10000000 /dev/urandom >"$BATS_TEST_TMPDIR/file"
	"$TESTENV" exec server -- python3 -m http.server -b :: -d "$BATS_TEST_TMPDIR" 8000 >/dev/null 2>&1 3>&- &
	wait_for eval 'ip netns exec "$LAB-server" ss -tln | grep -q :8000'
	fetch_all
	for mode in -N -S; do
		lab load $mode "$obj" box eth0
		lab load $mode "$obj" box eth1
		fetch_all
		lab unload box eth0
		lab unload box eth1
	done
}

@test "the lab is quiet: 15 s after a ping, nothing but the ping was sent" {
	# This lab is up since the file's first test.
	LAB=$QUIET lab exec client -- ping -qc 1 server
	LAB=$QUIET lab exec client -- ping -qc 1 server6
	pinged=$(date +%s)
	(( pinged - $(cat "$BATS_FILE_TMPDIR/quiet.since") >= 10 )) ||
		sleep 10 # this test was started alone
	sleep 15
	for node in client box server; do
		tcpdump -nr "$BATS_FILE_TMPDIR/quiet.$node" 2>/dev/null |
			sed 's/^[^ ]* //' >"$BATS_TEST_TMPDIR/$node"
		cat "$BATS_TEST_TMPDIR/$node"
		run ! grep -v -e ARP -e 'neighbor [as]' -e 'echo re' "$BATS_TEST_TMPDIR/$node"
		run grep -c . "$BATS_TEST_TMPDIR/$node"
		# Question and answer by ARP, by neighbour discovery, and the two
		# pings make 8 packets. Between box and server both ask for the other's
		# IPv6 address, which makes 10. box sees both cables.
		case $node in
		client) [ "$output" = 8 ] ;;
		server) [ "$output" = 10 ] ;;
		box) [ "$output" = 18 ] ;;
		esac
	done
}
