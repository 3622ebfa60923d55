#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What the page cannot show: every mistake, modes, names, what becomes of pins, completion.

load blocklist_bats

@test "nothing is attached: each verb says so, and nothing is left" {
	fails 1 "no interface is attached" add 10.0.0.0/8
	fails 1 "no interface is attached" list
	fails 1 "eth0: not attached" -i eth0 stats
	fails 1 "eth0: not attached" status eth0
	fails 1 "eth0: not attached" detach eth0
	nothing_pinned
}

# bats test_tags=same-on-every-kernel
@test "a wrong command line: status 2" {
	fails 2 "no verb \"atach\"" atach eth0
	fails 2 "what to do"
	fails 2 "one interface, please" attach
	fails 2 "one interface, please" attach eth0 eth1
	fails 2 "one prefix or more, please" add
	fails 2 "one file, please" load
	fails 2 "no argument, please" list eth0
	fails 2 "no option -j there" -j add 10.0.0.0/8
	fails 2 "no option -i there" -i eth0 attach eth1
	fails 2 "exclude each other" -S -N attach eth0
	fails 2 "interface nosuch0: No such device" attach nosuch0
	fails 2 "interface nosuch0: No such device" detach nosuch0
	fails 2 "interface nosuch0: No such device" -i nosuch0 list
	nothing_pinned
}

# bats test_tags=same-on-every-kernel
@test "wrong prefixes: status not 0, and the list as it was" {
	box attach eth0
	box add 192.0.2.0/24 2001:db8::/32
	before=(192.0.2.0/24 2001:db8::/32)
	fails 2 "prefix 10.0.0: not a prefix" add 10.0.0
	fails 2 "right is 10.0.0.0/8" add 10.0.0.1/8
	fails 2 "write 10.0.0.1/32" add ::ffff:10.0.0.1
	fails 2 "right is 10.0.0.0/8" add 198.51.100.1 10.0.0.1/8
	fails 1 "prefix 192.0.2.0/24: already in the list of eth0" add 192.0.2.0/24
	fails 1 "already in" add 198.51.100.1 192.0.2.0/24
	fails 1 "prefix 10.0.0.1/32: given twice" add 10.0.0.1 10.0.0.2 10.0.0.1/32
	fails 1 "prefix 192.0.2.0/25: not in the list" del 192.0.2.0/25
	fails 1 "not in the list" del 192.0.2.0/24 192.0.0.0/16
	fails 1 "given twice" del 192.0.2.0/24 192.0.2.0/24
	listed "${before[@]}"

	# Another length is another prefix.
	box add 192.0.2.0/25 192.0.0.0/16 192.0.2.0
	listed 192.0.0.0/16 "${before[0]}" 192.0.2.0/25 192.0.2.0/32 "${before[1]}"
	box del 192.0.2.0/24
	listed 192.0.0.0/16 192.0.2.0/25 192.0.2.0/32 "${before[1]}"
}

# bats test_tags=same-on-every-kernel
@test "files: comments, and the line of a mistake; nothing is changed by a wrong one" {
	file=$BATS_TEST_TMPDIR/file
	box attach eth0
	printf '# comment\n\n  10.0.0.0/8\t# with a comment\r\nfd00::1;another\n192.0.2.1' >"$file"
	box load "$file"
	listed 10.0.0.0/8 192.0.2.1/32 fd00::1/128
	fails 1 "$file: prefix 10.0.0.0/8: already in the list" load "$file"
	printf '1.1.1.1\n1.1.1.2 1.1.1.3\n' >"$file"
	fails 1 "$file:2: 1.1.1.2: more than one word" load "$file"
	printf '1.1.1.1\n\n1.1.1.1/31\n' >"$file"
	fails 1 "$file:3: 1.1.1.1/31: host bits are set, right is 1.1.1.0/31" load "$file"
	printf '1.1.1.1\n1.1.1.1/32\n' >"$file"
	fails 1 "$file: prefix 1.1.1.1/32: given twice" load "$file"
	printf '\033[31m%0200d\n' 0 >"$file"
	fails 1 "$file:1: ?[31m0000" load "$file"
	printf '1.1.1.1\0\n' >"$file"
	fails 1 "$file:1: 1.1.1.1: a byte of value 0" load "$file"
	echo "# nothing" >"$file"
	fails 1 "there is no prefix in it" load "$file"
	fails 1 "there is no prefix in it" -r load "$file"
	fails 1 "read $file.none: No such file" load "$file.none"
	fails 1 "Is a directory" load "$BATS_TEST_TMPDIR"
	listed 10.0.0.0/8 192.0.2.1/32 fd00::1/128

	printf '10.0.0.0/8\n1.1.1.1\n' | box -r load -
	listed 1.1.1.1/32 10.0.0.0/8
	box list >"$file"
	box -r load "$file"
	listed 1.1.1.1/32 10.0.0.0/8

	# An empty list says that it is one: a file of no bytes may be a failed download.
	box del 1.1.1.1 10.0.0.0/8
	[ "$(box list)" = "# no prefix" ]
	[ -z "$(box -j list)" ]
	box list >"$file"
	box add 192.0.2.1
	box load "$file"
	listed 192.0.2.1/32
	fails 1 "there is no prefix in it" -r load /dev/null
	listed 192.0.2.1/32
	box -r load "$file"
	[ "$(box list)" = "# no prefix" ]
}

@test "counters stay when the list is exchanged, and go with their prefix" {
	box attach eth0
	box add 10.11.1.2 10.11.0.0/16
	[ "$(pings 3)" = 0 ]
	[[ $(box list) == *"10.11.1.2/32             # 3 packets" ]]
	box add 192.0.2.1 192.0.2.2
	printf '%s\n' 10.11.1.2 192.0.2.3 | box -r load -
	[[ $(box -j list) == *'{"prefix": "10.11.1.2/32", "packets": 3}'* ]]
	box del 10.11.1.2
	[ "$(pings 1)" = 1 ]
	box add 10.11.1.2
	[[ $(box list) == *"10.11.1.2/32             # 0 packets"* ]]
	[[ $(box -j stats) == *'{"kind": "IPv4", "passed": 1, "dropped": 3}'* ]]
	box -j list | python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)'
}

@test "what cannot be written is a failure" {
	box attach eth0
	run -1 --separate-stderr lab exec box -- sh -c "exec $TOOL stats >/dev/full"
	[[ $stderr == *"write: No space left on device" ]]
}

@test "a second attach: another program, the same list, and no packet slips through" {
	box attach eth0
	first=$(box status eth0 | awk '/^program/ { print $2 }')
	box add 10.11.1.2
	"$TESTENV" exec client -- ping -qn -i 0.002 -W 1 -w $((60 * patience)) box \
		>"$BATS_TEST_TMPDIR/ping" 3>&- &
	ping=$!
	wait_for sh -c '"$0" exec box -- "$1" list | grep -q "# [1-9]"' "$TESTENV" "$TOOL"
	box_script <<-'END'
		for i in {1..20}; do
			"$TOOL" attach eth0
			"$TOOL" add 192.0.2.$i 198.51.100.$i
		done
	END
	kill -INT "$ping"
	wait "$ping" || :
	grep ' 0 received' "$BATS_TEST_TMPDIR/ping"
	[ "$(box status eth0 | awk '/^prefixes/ { print $2 }')" = 41 ]
	[ "$(box status eth0 | awk '/^program/ { print $2 }')" != "$first" ]
	run -0 lab exec box -- bpftool link show
	[ "$(grep -c "ifindex eth0" <<<"$output")" -le 1 ]
}

@test "the mode: kept by a second attach, and another one is an error" {
	box -S attach eth0
	[[ $(box status eth0) == *"mode       generic"* ]]
	box attach eth0
	box -S attach eth0
	[[ $(box status eth0) == *"mode       generic"* ]]
	fails 1 "attached in generic mode: detach comes first" -N attach eth0
	box add 10.11.1.2
	[ "$(pings 2)" = 0 ]
	box detach eth0
	box -N attach eth0
	[[ $(box status eth0) == *"mode       native"* ]]
	fails 1 "attached in native mode" -S attach eth0
}

@test "somebody else's program: it stays, -F takes its place, and nothing is left" {
	programs "$BATS_TEST_TMPDIR"
	lab load "$BATS_TEST_TMPDIR/programs.o"
	fails 1 "attach to eth0: Device or resource busy" attach eth0
	lab exec box -- ip link show dev eth0 | grep lab_pass
	nothing_pinned
	box -F attach eth0
	lab exec box -- ip link show dev eth0 | grep xdp_blocklist
}

@test "detach: list, counters, link and folder are gone" {
	box attach eth0
	box add 10.11.1.2
	box detach eth0
	[ "$(pings 2)" = 2 ]
	nothing_pinned
	fails 1 "eth0: not attached" detach eth0
	box attach eth0
	[ "$(box list)" = "# no prefix" ]
}

@test "two interfaces: -i says which, and without it that is asked for" {
	box attach eth0
	box add 10.11.1.2
	box attach eth1
	fails 1 "2 interfaces are attached: say -i IFACE" list
	fails 1 "2 interfaces are attached" add 192.0.2.1
	box -i eth1 add 10.11.2.2
	[ "$(box -i eth0 list | awk '{ print $1 }')" = 10.11.1.2/32 ]
	[ "$(box -i eth1 list | awk '{ print $1 }')" = 10.11.2.2/32 ]
	box detach eth0
	listed 10.11.2.2/32
	# The other network namespaces of the lab share the file system of pins.
	run -1 --separate-stderr lab exec client -- "$TOOL" list
	[[ $stderr == *"no interface is attached"* ]]
	lab exec client -- "$TOOL" attach eth0
	lab exec client -- "$TOOL" add 192.0.2.1
	listed 10.11.2.2/32
}

@test "an interface's name may change, and may hold a dot" {
	lab exec box -- ip link add d0.7 type veth peer name d1
	box attach d0.7
	box add 192.0.2.1
	lab exec box -- ip link set d0.7 name cable
	listed 192.0.2.1/32
	[[ $(box status cable) == *"prefixes   1"* ]]
	box detach cable
}

@test "an interface that is gone: its pins are cleared away by the next attach" {
	lab exec box -- ip link add d0 type veth peer name d1
	box attach d0
	box add 192.0.2.1
	lab exec box -- ip link del d0
	fails 1 "no interface is attached" list
	box attach eth0
	[ "$(lab exec box -- ls "$PINS" | wc -l)" = 1 ]
	lab exec box -- ip link add d0 type veth peer name d1
	box attach d0
	lab exec box -- ip link del d0
	box detach eth0
	nothing_pinned
}

@test "an interface that is moved to another network namespace: it is managed there" {
	client()
	{
		lab exec client -- "$TOOL" "$@"
	}
	lab exec box -- ip link add d0 index 777 type veth peer name d1
	box attach d0
	box add 192.0.2.1
	# Its number is taken there: it gets another one.
	lab exec client -- ip link add d7 index 777 type veth peer name d8
	lab exec box -- ip link set d0 netns "$LAB-client"
	fails 1 "no interface is attached" list
	box attach eth0
	[ "$(box list)" = "# no prefix" ]

	client add 192.0.2.2
	[[ $(client status d0) == *"prefixes   2"* ]]
	first=$(client status d0 | grep program)
	client attach d0
	[ "$(client status d0 | grep program)" != "$first" ]
	[ "$(client -i d0 list | wc -l)" = 2 ]

	# Here another one has its number now, and its folder's name.
	lab exec box -- ip link add d2 index 777 type veth peer name d3
	for verb in attach detach status; do
		fails 1 "File exists" $verb d2
	done
	run -1 lab exec client -- "$TOOL" detach d7
	[[ $(client status d0) == *"prefixes   2"* ]]

	client detach d0
	run -1 lab exec client -- sh -c "ip link show dev d0 | grep prog/xdp"
	box attach d2
	box detach d2
	box detach eth0
	nothing_pinned
}

@test "missing pins: an error that says what mends it, and attach does" {
	box attach eth0
	box add 10.11.1.2
	[ "$(pings 2)" = 0 ]
	for name in list hits totals; do
		lab exec box -- sh -c "rm $PINS/*/$name"
		fails 1 "/$name: No such file or directory (attach mends it)" list
		fails 1 "(attach mends it)" add 192.0.2.1
		[ "$(pings 1)" = 0 ]
		box attach eth0
		listed 10.11.1.2/32
	done
	[[ $(box list) == *"# 5 packets" ]]
	[[ $(box stats) == *"IPv4                0               5"* ]]

	# A map of another kind is not taken for ours.
	lab exec box -- sh -c "rm $PINS/*/hits; bpftool map create \
		$PINS/\$(ls $PINS)/hits type hash key 4 value 4 entries 1 name hits"
	fails 1 "made by another version? then detach comes first" attach eth0
	[ "$(pings 1)" = 0 ]
	lab exec box -- sh -c "rm $PINS/*/hits"
	box attach eth0

	lab exec box -- sh -c "rm $PINS/*/link"
	wait_for not_attached
	fails 1 "no interface is attached" list
	box attach eth0
	listed 10.11.1.2/32

	lab exec box -- sh -c "rm $PINS/*/*"
	wait_for not_attached
	box detach eth0
	nothing_pinned
}

not_attached()
{
	! lab exec box -- ip link show dev eth0 | grep -q prog/xdp
}

@test "no file system for pins, no root: one line" {
	run -1 ip netns exec "$LAB-box" "$TOOL" attach eth0
	[ "$output" = "xdp_blocklist_user: /sys/fs/bpf: no BPF file system: mount -t bpf bpf /sys/fs/bpf" ]
	run -1 lab exec box -- setpriv --reuid=65534 --clear-groups "$TOOL" attach eth0
	[[ $output == *"needs root"* ]]
	box attach eth0
	run -1 lab exec box -- setpriv --reuid=65534 --clear-groups "$TOOL" list
	[[ $output == *"needs root"* ]]
}

@test "jumbo frames, in native mode" {
	lab exec client -- ip link set eth0 mtu 9000
	lab exec box -- ip link set eth0 mtu 9000
	box -N attach eth0
	lab exec client -- ping -qn -c 1 -W 2 -s 8000 -M "do" box
	box add 10.11.1.2
	run -1 lab exec client -- ping -qn -c 1 -W 1 -s 8000 -M "do" box
	[[ $(box list) == *"# 1 packets" ]]
}

@test "an IPv4-mapped source: IPv4 prefixes do not cover it, ::ffff:0:0/96 does" {
	[ -d /proc/sys/net/ipv6 ] || skip "there is no IPv6"
	box attach eth0
	box add 0.0.0.0/0
	cat >"$BATS_TEST_TMPDIR/receive" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
		s.bind(("::", 9))
		print("ready", flush=True)
		print(s.recvfrom(100)[1][0], flush=True)
	END
	cat >"$BATS_TEST_TMPDIR/send" <<-'END'
		import socket
		source = socket.inet_pton(socket.AF_INET6, "::ffff:10.11.1.2")
		dest = socket.inet_pton(socket.AF_INET6, "fd11:1::1")
		def udp(checksum):
		    return b"".join(n.to_bytes(2, "big") for n in (9, 9, 8, checksum))
		pseudo = source + dest + bytes([0, 0, 0, 8, 0, 0, 0, 17]) + udp(0)
		total = sum(int.from_bytes(pseudo[i:i + 2], "big") for i in range(0, len(pseudo), 2))
		while total >> 16:
		    total = (total & 0xffff) + (total >> 16)
		link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		link.bind(("eth0", 0))
		link.send(bytes.fromhex("020000000101" "020000000102" "86dd") +
		          bytes([0x60, 0, 0, 0, 0, 8, 17, 64]) + source + dest + udp(total ^ 0xffff))
	END
	"$TESTENV" exec box -- python3 "$BATS_TEST_TMPDIR/receive" \
		>"$BATS_TEST_TMPDIR/received" 3>&- &
	wait_for grep ready "$BATS_TEST_TMPDIR/received"
	lab exec client -- python3 "$BATS_TEST_TMPDIR/send"
	wait_for grep -x ::ffff:10.11.1.2 "$BATS_TEST_TMPDIR/received"
	[[ $(box list) == *"# 0 packets" ]]
	box add ::ffff:0:0/96
	lab exec client -- python3 "$BATS_TEST_TMPDIR/send"
	[[ $(box list) == *"::ffff:0.0.0.0/96        # 1 packets" ]]
}

@test "behind 802.1ad and 802.1Q tags, live" {
	unshare --net sh -ec 'ip link add d0 type veth peer name d1
		ip link add link d0 name d2 type vlan id 2' 2>/dev/null ||
		skip "this kernel has no VLAN interfaces (CONFIG_VLAN_8021Q)"
	for node in client box; do
		lab exec $node -- ip link add link eth0 name outer type vlan proto 802.1ad id 100
		lab exec $node -- ip link add link outer name inner type vlan id 7
		lab exec $node -- ip link set outer up
		lab exec $node -- ip link set inner up
	done
	lab exec client -- ip address add 10.11.7.2/24 dev inner
	lab exec box -- ip address add 10.11.7.1/24 dev inner
	lab exec client -- ping -qn -c 1 -W 5 10.11.7.1
	box attach eth0
	box add 10.11.7.2
	run -1 lab exec client -- ping -qn -c 2 -i 0.1 -W 1 10.11.7.1
	[[ $(box list) == *"# 2 packets" ]]
}

# completed LINE: what completion offers for LINE, typed at box up to its end.
completed()
{
	lab exec box -- bash -c '
		source "$1"
		COMP_LINE=$3 COMP_POINT=${#3}
		_xdp_blocklist "$2" "" ""
		printf "%s\n" "${COMPREPLY[@]}" | sort | xargs' \
		bash "$BATS_TEST_DIRNAME/xdp_blocklist.bash-completion" "$TOOL" "$1"
}

# bats test_tags=same-on-every-kernel
@test "completion: verbs, options, interfaces, prefixes of the list, files" {
	[ "$(completed "xdp_blocklist ")" = "add attach del detach list load stats status" ]
	[ "$(completed "xdp_blocklist d")" = "del detach" ]
	[ "$(completed "xdp_blocklist -")" = "-F -N -S -h -i -j -r -v" ]
	[ "$(completed "xdp_blocklist load -")" = "-i -r -v" ]
	[ "$(completed "xdp_blocklist attach ")" = "eth0 eth1 lo" ]
	[ "$(completed "xdp_blocklist attach -S e")" = "eth0 eth1" ]
	[ "$(completed "xdp_blocklist -i eth")" = "eth0 eth1" ]
	[ "$(completed "xdp_blocklist add ")" = "" ]
	[ "$(completed "xdp_blocklist del ")" = "" ]
	box attach eth0
	[ "$(completed "xdp_blocklist del ")" = "" ]
	box add 10.0.0.0/8 10.11.1.2 192.0.2.1 fd00::/8 fd11:1::/64
	[ "$(completed "xdp_blocklist del 10")" = "10.0.0.0/8 10.11.1.2/32" ]
	[ "$(completed "xdp_blocklist del 192.0.2.1 fd")" = "fd00::/8 fd11:1::/64" ]
	# Readline has fd11: already.
	[ "$(completed "xdp_blocklist del fd11:")" = "1::/64" ]
	box attach eth1
	[ "$(completed "xdp_blocklist del 10")" = "" ]
	[ "$(completed "xdp_blocklist -i eth0 del 10.1")" = "10.11.1.2/32" ]
	[ "$(completed "xdp_blocklist -i eth1 del 10.1")" = "" ]
	touch "$BATS_TEST_TMPDIR/one list" "$BATS_TEST_TMPDIR/other"
	[ "$(completed "xdp_blocklist load $BATS_TEST_TMPDIR/oth")" = "$BATS_TEST_TMPDIR/other" ]
	[ "$(completed "xdp_blocklist load $BATS_TEST_TMPDIR/o")" = \
		"$BATS_TEST_TMPDIR/one list $BATS_TEST_TMPDIR/other" ]
}
