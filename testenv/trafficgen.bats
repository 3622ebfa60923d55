#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The generator of frames: what it says it sent is what arrives, all of it is right, and
# what did not go out is said. Each test has its own lab.

load testenv_bats
GEN=$BATS_TEST_DIRNAME/trafficgen

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER
	lab setup
	frames=$BATS_TEST_TMPDIR/frames
}

teardown()
{
	[ -z "${LAB-}" ] || lab teardown
}

# gen [OPTION...]: of client, to box.
gen()
{
	lab exec client -- "$GEN" "$@" eth0
}

# count NODE MATCH...: from now on, NODE counts the frames that arrive at its eth0. Those
# that match are counted in "matched", and all of them, then dropped, in "seen".
count()
{
	local node=$1
	shift
	# First the table of an earlier call goes, whether there is one or not.
	lab exec "$node" -- nft -f - <<-END
		table netdev count
		delete table netdev count
		table netdev count {
			counter matched { }
			counter seen { }
			chain in {
				type filter hook ingress device eth0 priority 0
				$* counter name matched
				counter name seen drop
			}
		}
	END
}

# counted NODE COUNTER PACKETS [BYTES]: Ethernet headers do not count as bytes.
counted()
{
	lab exec "$1" -- nft list counter netdev count "$2" |
		grep -q "packets $3 bytes ${4:-}"
}

# arrived NODE NUMBER MATCH...: that many frames, and all of them match.
arrived()
{
	wait_for counted "$1" matched "$2" || :
	lab exec "$1" -- nft list ruleset
	counted "$1" seen "$2"
	counted "$1" matched "$2"
}

# capture NUMBER: what comes in at box eth0, into $frames.
capture()
{
	rm -f "$frames.log"
	"$TESTENV" exec box -- tcpdump -Uni eth0 -Q in -w "$frames" -c "$1" \
		2>"$frames.log" 3>&- &
	capture=$!
	wait_for grep -q listening "$frames.log"
}

# captured [OPTION...]: once all are there, what tcpdump says of them.
captured()
{
	wait_for gone "$capture"
	tcpdump -nr "$frames" "$@" 2>/dev/null
}

# says_sent NUMBER SIZE: the line in $output, the only one.
says_sent()
{
	[[ $output =~ ^"sent $1 frames of $2 bytes in "[0-9]+\.[0-9]{6}" s: "[0-9]+" a second"$ ]]
}

@test "a million frames of 60 bytes to box, and all of them arrive" {
	count box ether saddr 02:00:00:00:01:02 ether daddr 02:00:00:00:01:01 \
		ip saddr 10.11.1.2 ip daddr 10.11.1.1 udp sport 10000 udp dport 9
	run -0 gen
	says_sent 1000000 60
	arrived box 1000000
	counted box seen 1000000 46000000
}

@test "any batch, and a last one that is not full: not one more, not one less" {
	local sum=0
	count box
	for batch in 1 7 64 128; do
		run -0 gen -b $batch -n 10001
		says_sent 10001 60
		sum=$((sum + 10001))
		arrived box $sum
	done
	run -0 gen -n 1
	says_sent 1 60
	arrived box $((sum + 1))
}

@test "sizes from 60 to 1514: as long as was said, and zeros fill them up" {
	local size all=0 bytes=0
	count box
	for size in 60 61 79 80 81 1513 1514; do
		run -0 gen -s $size -n 300
		says_sent 300 $size
		all=$((all + 300)) bytes=$((bytes + 300 * (size - 14)))
		arrived box $all
		counted box seen $all $bytes
	done

	capture 2
	gen -s 1514 -n 2
	captured -xx >"$frames.hex"
	# The hexadecimal digits behind the 42 bytes of the headers, all frames.
	run -0 awk '/0x0000:/ { at = 0 }
		/^\t0x/ { for (i = 2; i <= NF; i++) { if (at >= 42) print $i; at += 2 } }' "$frames.hex"
	[ ${#lines[@]} = $((2 * (1514 - 42) / 2)) ]
	run -0 sort -u <<<"$output"
	[ "$output" = 0000 ]
}

@test "checksums are right: UDP, TCP and ICMP, IPv4 and IPv6, tagged or not, of all flows" {
	local options good
	# Nobody answers, so neighbours are not asked for either.
	count box
	# 36 ports of one address, then 14 of the next.
	for options in "-t udp" "-t tcp" "-t icmp" "-6 -t udp" "-6 -t tcp" "-6 -t icmp" \
		"-V 7 -t udp" "-V 7 -6 -t tcp"; do
		echo "$options"
		capture 100
		gen -n 100 -f 50 -q 65500 -s 101 $options
		captured -vv >"$frames.text"
		run ! grep -Ei 'bad|wrong|incorrect' "$frames.text"
		case $options in
		*udp) good='udp sum ok' ;;
		*tcp) good='(correct)' ;;
		"-6 -t icmp") good='icmp6 sum ok' ;;
		*) good='ICMP echo request' ;;
		esac
		[ "$(grep -c "$good" "$frames.text")" = 100 ]
	done
}

@test "UDP with a checksum of zero has 0xffff there: zero would mean none" {
	local family port
	for family in "" -6; do
		# Twice 50000 source ports, and the sums of half of them differ: all
		# sums that there are. One of them is looked for. If it is of a frame that
		# a full queue refused, a later flow made up for it: then once more.
		for _ in 1 2 3 4 5 6 7 8; do
			count box udp checksum 0xffff
			for port in 1 30001; do
				gen $family -b 16 -n 50000 -f 50000 -q 1 -p $port
			done
			wait_for counted box seen 100000
			counted box matched 0 || break
		done
		run ! counted box matched 0

		count box udp checksum 0
		for port in 1 30001; do
			gen $family -n 50000 -f 50000 -q 1 -p $port
		done
		wait_for counted box seen 100000
		counted box matched 0
	done
}

# udp_says NUMBER: box received so many, for no socket, and no checksum was wrong.
udp_says()
{
	lab exec box -- awk -v number=$1 '
		$1 == "Udp:" { noports = $3; wrong = $8 }
		$1 == "Udp6NoPorts" { noports += $2 }
		$1 == "Udp6InCsumErrors" { wrong += $2 }
		END { exit !(noports == number && !wrong) }' /proc/net/snmp /proc/net/snmp6
}

@test "box finds no wrong checksum in 200000 flows" {
	local family port sum=0
	for family in "" -6; do
		# All source ports. With this destination port there are sums whose carry
		# has a carry again: IPv4 from 60065, IPv6 from 1718.
		for port in 1 15536; do
			gen $family -n 50000 -f 50000 -q $port -p 65535
			sum=$((sum + 50000))
			wait_for udp_says $sum
		done
	done
}

# listen FAMILY ADDRESS NUMBER: a socket in box, until it has received that many.
listen()
{
	"$TESTENV" exec box -- python3 -c 'import socket, sys
s = socket.socket(getattr(socket, sys.argv[1]), socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 26) # SO_RCVBUFFORCE
s.bind((sys.argv[2], 4000))
print("bound", flush=True)
peers = [s.recvfrom(2048) for i in range(int(sys.argv[3]))]
print({len(data) for data, peer in peers}, len({peer for data, peer in peers}))' \
		"$@" >"$BATS_TEST_TMPDIR/socket" 3>&- &
	listener=$!
	wait_for grep -q bound "$BATS_TEST_TMPDIR/socket"
}

@test "a UDP socket of box receives them, IPv4 and IPv6" {
	listen AF_INET 10.11.1.1 2000
	gen -p 4000 -n 2000 -f 1000 -s 100
	wait_for gone $listener
	grep -q '{58} 1000' "$BATS_TEST_TMPDIR/socket"

	listen AF_INET6 fd11:1::1 2000
	gen -6 -p 4000 -n 2000 -f 1000 -s 100
	wait_for gone $listener
	grep -q '{38} 1000' "$BATS_TEST_TMPDIR/socket"
}

@test "box answers: ping replies to ICMP, resets to TCP" {
	local row
	# Otherwise the first answers wait for a neighbour, and not all of them can.
	lab exec client -- ping -qc 1 box
	lab exec client -- ping -qc 1 box6
	for row in "icmp type echo-reply:-t icmp" "icmpv6 type echo-reply:-6 -t icmp" \
		"tcp flags & (syn | rst) == rst:-t tcp" \
		"meta l4proto tcp tcp flags & (syn | rst) == rst:-6 -t tcp"; do
		count client "${row%%:*}"
		gen -n 1000 -f 20 ${row#*:}
		arrived client 1000
	done
}

@test "what box changed in a frame is not in a later one: the TTL in server is 63" {
	lab exec client -- ping -qc 1 server
	lab exec client -- ping -qc 1 server6
	count server ip ttl 63 udp dport 9 ip saddr 10.11.1.2
	# The kernel has memory for a batch, and uses it again.
	gen -n 50000 -d 10.11.2.2
	arrived server 50000
	count server ip6 hoplimit 63 udp dport 9
	gen -6 -n 50000 -d fd11:2::2
	arrived server 50000
}

@test "whatever a receiver wrote into a frame: a later one is as the first" {
	# Passes what is not as the first frame was. The others it fills, and drops.
	cat >"$frames.c" <<-'END'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>

		#define LEN 78 /* Ethernet, VLAN, IPv6, TCP */

		__u8 first[LEN], known;

		SEC("xdp")
		int fill(struct xdp_md *ctx)
		{
			volatile __u8 *data = (void *)(long)ctx->data;
			int i, same = 1;

			if (data + LEN > (__u8 *)(long)ctx->data_end || data[5] != 1)
				return XDP_DROP;
			for (i = 0; i < LEN; i++) {
				if (!known)
					first[i] = data[i];
				same &= first[i] == data[i];
				data[i] = 255;
			}
			known = 1;
			data[5] = 1;
			return same ? XDP_DROP : XDP_PASS;
		}

		char _license[] SEC("license") = "GPL";
	END
	clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
		-c "$frames.c" -o "$frames.o"
	lab load "$frames.o"
	count box
	gen -V 5 -6 -t tcp -n 20000
	gen -V 6 -6 -t tcp -n 1
	arrived box 1
}

@test "a VLAN tag, and a size that counts it" {
	count box vlan id 4094 vlan type ip udp dport 9
	run -0 gen -V 4094 -n 500
	says_sent 500 60
	arrived box 500
	count box vlan id 1 ip6 nexthdr tcp tcp dport 9
	run -0 gen -V 1 -6 -t tcp -n 500
	says_sent 500 78 # 14 + 4 + 40 + 20
	arrived box 500

	count box
	capture 1
	gen -V 4094 -n 1 -s 1514
	run -0 captured -e
	[[ $output == *"ethertype 802.1Q (0x8100), length 1514: vlan 4094, p 0, ethertype IPv4"* ]]
}

@test "flows: as many source ports as were asked for, then the next address" {
	count box
	capture 100
	gen -n 100 -f 30
	run -0 captured
	[ "$(awk '{ print $3 }' <<<"$output" | sort -u | wc -l)" = 30 ]
	[[ ${lines[0]} == *"10.11.1.2.10000 > 10.11.1.1.9:"* ]]
	[[ ${lines[29]} == *"10.11.1.2.10029 >"* ]]
	[[ ${lines[30]} == *"10.11.1.2.10000 >"* ]]

	capture 5
	gen -6 -n 5 -f 4 -q 65534 -a fd11:1::ffff -p 53
	run -0 captured
	[[ ${lines[1]} == *"fd11:1::ffff.65535 > fd11:1::1.53:"* ]]
	[[ ${lines[2]} == *"fd11:1::1:0.65534 >"* ]]
	[[ ${lines[3]} == *"fd11:1::1:0.65535 >"* ]]
	[[ ${lines[4]} == *"fd11:1::ffff.65534 >"* ]]

	# 50000 and no more from an address. What a full queue refuses is made up for by
	# frames of later flows: then once more.
	for _ in 1 2 3 4 5 6 7 8; do
		count box ip saddr 192.0.2.255 udp sport 10000-59999
		run -0 gen -v -b 16 -n 50000 -f 50001 -a 192.0.2.255
		[[ $output == *" refused "* ]] || break
	done
	arrived box 50000
	count box ip saddr 192.0.3.0 udp sport 10000
	gen -n 50001 -f 50001 -a 192.0.2.255
	wait_for counted box seen 50001
	counted box matched 1
}

@test "addresses, ports and MAC: those that were given" {
	count box
	capture 1
	gen -n 1 -a 192.0.2.1 -d 198.51.100.2 -q 1 -p 65535 -m 0a:bC:0:1:2:ff
	run -0 captured -e
	[[ $output == *"02:00:00:00:01:02 > 0a:bc:00:01:02:ff,"*"192.0.2.1.1 > 198.51.100.2.65535: UDP, length 18" ]]
}

@test "a rate: 2000 frames at 1000 a second take 2 seconds" {
	need_real_time
	count box
	run -0 gen -n 2000 -r 1000
	says_sent 2000 60
	seconds=${output#* in }
	seconds=${seconds% s:*}
	# 1.999, and what a busy machine adds.
	awk -v s="$seconds" 'BEGIN { exit !(s > 1.9 && s < 4) }'
	arrived box 2000
}

@test "a rate: the last frame has its time too, so that few frames are not too fast" {
	need_real_time
	count box
	run -0 gen -n 2 -r 4
	says_sent 2 60
	# 0.5 s, and what a busy machine adds.
	awk -v line="$output" 'BEGIN { split(line, word, " in "); exit !(word[2] + 0 > 0.49) }'
	arrived box 2
}

@test "a rate: frames come evenly, not in bursts" {
	need_real_time
	capture 500
	gen -n 500 -r 1000
	# Of 500 milliseconds each may hold one: 400 do, and fewer on a busy machine. In
	# bursts of tens of milliseconds it would be 25.
	bins=$(captured -tt | sed 's/^[0-9]*\.\(...\).*/\1/' | sort -u | wc -l)
	echo "$bins"
	[ "$bins" -ge 60 ]
}

@test "a rate that no CPU can reach: as fast as it can" {
	count box
	run -0 gen -n 5000 -r 4294967295
	says_sent 5000 60
	arrived box 5000
}

# more_than NUMBER: more frames have arrived.
more_than()
{
	! counted box seen "$1"
}

@test "^C and kill: it ends, and says what it sent until then" {
	local signal sent total=0
	count box
	for signal in INT TERM; do
		for rate in "" "-r 10"; do
			"$TESTENV" exec client -- "$GEN" -n 4294967295 $rate eth0 \
				>"$frames" 2>&1 3>&- &
			wait_for runs $! trafficgen
			wait_for more_than $total
			kill -s $signal $!
			wait_for gone $!
			wait $!
			sent=$(sed -n 's/^sent \([0-9]*\) frames of 60 bytes in .*/\1/p' "$frames")
			total=$((total + sent))
			arrived box $total
		done
	done
}

@test "-D: none is sent" {
	count box
	run -0 gen -D -n 100000
	[[ $output =~ ^"made 100000 frames of 60 bytes in "[0-9]+\.[0-9]{6}" s: "[0-9]+" a second"$ ]]
	gen -n 1
	arrived box 1
}

# too_few REASON: of the two lines in $output, the second says that all were refused.
too_few()
{
	[ ${#lines[@]} = 2 ]
	[[ ${lines[0]} == "sent "*" frames of "* ]]
	[[ ${lines[1]} == "trafficgen: eth0 refused "+([0-9])": "$1 ]]
}

@test "an other end that takes none: one line says why, and it ends early" {
	local why="*the other end *has neither an XDP program nor GRO on (ethtool -K OTHER gro on)"
	lab exec box -- ip link set eth0 down
	run -1 lab exec client -- timeout -s KILL 30 "$GEN" -n 4294967295 eth0
	too_few "$why"

	lab exec box -- ip link set eth0 up
	gen -n 1
	lab exec box -- ethtool -K eth0 gro off
	run -1 gen -n 1
	too_few "$why"

	# An XDP program is enough.
	programs "$BATS_TEST_TMPDIR"
	lab load "$BATS_TEST_TMPDIR/programs.o"
	count box
	gen -n 1000
	arrived box 1000
}

@test "an interface that cannot send: one line says why" {
	lab exec client -- ip link set eth0 mtu 1280
	run -1 gen -n 300 -s 1400
	too_few "they are too long for its MTU"
	lab exec client -- ip link set eth0 mtu 1500
	lab exec box -- ip link set eth0 mtu 1280
	run -1 gen -n 300 -s 1400
	too_few "the other end's MTU is too small"

	lab exec client -- ip link set eth0 down
	run -1 gen -n 300
	too_few "it is down (ip link set IFACE up)"

	lab exec client -- ip link add br0 type bridge
	lab exec client -- ip link set br0 up
	run -1 lab exec client -- "$GEN" -n 300 br0
	[[ ${lines[1]} == "trafficgen: br0 refused "+([0-9])": its driver does not send XDP frames, or"* ]]

	run -1 lab exec client -- "$GEN" lo
	[ "$output" = "trafficgen: lo is not Ethernet: nothing can be sent" ]
}

@test "a queue that is full: what it refuses is made up for, and said" {
	count box
	# Up to 15 places that were emptied are given back later: include/linux/ptr_ring.h.
	gen -n 5
	arrived box 5
	run -0 gen -v -b 256 -n 256
	echo "$output"
	[[ ${lines[-2]} == "sent 256 frames of 60 bytes in "* ]]
	[[ ${lines[-1]} == "trafficgen: eth0 refused "+([0-9])" more: its queue was full (try a smaller -b, or -r)" ]]
	arrived box 261
}

# bats test_tags=same-on-every-kernel
@test "a wrong command line: one line, and exit status 2" {
	local row
	for row in "-n 0" "-n 4294967296" "-n x" "-r 0" "-r 4294967296" "-s 59" "-s 1515" \
		"-b 0" "-b 257" "-f 0" "-f 1000001" "-t sctp" "-q 0" "-q 65536" "-p 0" \
		"-p 65536" "-V 0" "-V 4095" "-m 02:00" "-m 02:00:00:00:01:01:02" \
		"-m g2:00:00:00:01:01" "-m 2-0-0-0-1-1" "-a 10.11.1" "-a fd11::1" \
		"-d 1.2.3.256" "-d box" "-6 -a 10.11.1.2" "-6 -d fd11:" "-6 -s 61" \
		"-6 -t tcp -V 1 -s 77" "-n" "-x" "eth0"; do
		echo "$row"
		run -2 lab exec client -- timeout -s KILL 10 "$GEN" $row eth0
		[ ${#lines[@]} = 1 ]
		[[ $output == "trafficgen: "?* ]]
	done
	run -2 "$GEN"
	[ ${#lines[@]} = 1 ]
	run -2 lab exec client -- "$GEN" eth7
	[ "$output" = "trafficgen: interface eth7: No such device" ]
}

@test "two at once, out of one interface and on one CPU: each counts its own" {
	lab setup
	count box udp dport 9
	lab exec client -- taskset -c 0 "$GEN" -n 200000 eth0 >"$BATS_TEST_TMPDIR/one" 3>&- &
	lab exec client -- taskset -c 0 "$GEN" -n 100000 eth0
	wait $!
	grep -q '^sent 200000 frames' "$BATS_TEST_TMPDIR/one"
	arrived box 300000 udp dport 9
}

# bats test_tags=same-on-every-kernel
@test "limits that are right, and -h" {
	count box
	gen -n 10 -r 4294967295 -s 1514 -b 256 -f 1000000 -q 65535 -p 65535 -V 4094
	gen -6 -t tcp -V 1 -s 78 -b 1 -q 1 -p 1 -n 10
	arrived box 20
	run -0 "$GEN" -h
	[[ ${lines[0]} == "Usage: trafficgen [OPTIONS] IFACE" ]]
}

@test "where it cannot run: exit status 4, one line" {
	run -4 lab exec client -- setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all "$GEN" eth0
	[ "$output" = "trafficgen: needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN" ]

	# Before Linux 5.18 the kernel says so.
	cat >"$BATS_TEST_TMPDIR/old.c" <<-'END'
		#include <errno.h>
		int bpf_prog_test_run_opts(void)
		{
			errno = EINVAL;
			return -EINVAL;
		}
	END
	cc -shared -fPIC -o "$BATS_TEST_TMPDIR/old.so" "$BATS_TEST_TMPDIR/old.c"
	run -4 lab exec client -- env LD_PRELOAD="$BATS_TEST_TMPDIR/old.so" "$GEN" eth0
	[ "$output" = "trafficgen: needs Linux 5.18 or newer" ]
}

@test "nothing is left behind" {
	before=$(lab exec client -- bash -c 'ip -d link show; ls -A /sys/fs/bpf')
	gen -n 1000
	run -137 lab exec client -- timeout -s KILL 0.5 "$GEN" -n 4294967295 eth0
	[ "$(lab exec client -- bash -c 'ip -d link show; ls -A /sys/fs/bpf')" = "$before" ]
}

# bats test_tags=same-on-every-kernel
@test "a report that cannot be written: one line, and status 1" {
	local pipe
	exec {pipe}> >(:)
	wait $!
	status=0
	gen -n 10 >/dev/full 2>"$BATS_TEST_TMPDIR/full" || status=$?
	[ $status = 1 ]
	status=0
	gen -n 10 1>&"$pipe" 2>"$BATS_TEST_TMPDIR/pipe" || status=$?
	[ $status = 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/full")" = "trafficgen: write: No space left on device" ]
	[ "$(cat "$BATS_TEST_TMPDIR/pipe")" = "trafficgen: write: Broken pipe" ]
}
