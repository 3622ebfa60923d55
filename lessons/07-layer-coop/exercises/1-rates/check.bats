#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
load ../../../../testenv/exercise_bats

# How long a report's interval really was depends on the machine. But it is printed,
# and rate times seconds, added up over all reports, is what there was.

# rates: the answer runs at box eth0, and addresses are known.
rates()
{
	lab exec client -- ping -qc 1 -W 2 box
	lab exec client -- ip address add 10.11.1.3/24 dev eth0
	lab exec client -- ping -qc 1 -W 2 -I 10.11.1.3 box
	start box layercoop_rates_user -i 1 eth0
	wait_for egress_attached box eth0 || wrong "layercoop_rates_user attaches nothing to TC egress"
}

# reports: how many there are so far.
reports()
{
	grep -c '^interval ' "$said" || :
}

more_reports()
{
	[ "$(reports)" -ge "$1" ]
}

# pass COUNT: so many more reports.
pass()
{
	wait_for more_reports $(($(reports) + $1)) || wrong "no report every second"
}

# end: the last report is there too.
end()
{
	kill "$started"
	wait "$started" || :
	cat "$said"
}

# sums REMOTE: rate times seconds, of all reports: the four columns, rounded.
sums()
{
	awk -v remote="$1" '
	$1 == "interval" { seconds = $2 }
	$2 == remote && NF == 6 { for (i = 3; i <= 6; i++) sum[i] += $i * seconds }
	END { printf "%.0f %.0f %.0f %.0f\n", sum[3], sum[4], sum[5], sum[6] }' "$said"
}

# about GOT WANTED: printed rates are rounded. By awk: what a counter below zero makes is
# too large a number for bash.
about()
{
	awk -v got="$1" -v wanted=$(($2)) \
		'BEGIN { off = got - wanted; exit (off < 0 ? -off : off) * 100 > wanted }'
}

# want REMOTE COLUMN NAME NUMBER
want()
{
	local got
	got=$(sums "$1" | cut -d' ' -f"$2")
	about "$got" "$4" ||
		wrong "$1: $4 $3 there were; rates times seconds make $got"
}

ping20()
{
	lab exec client -- ping -nqc 20 -i 0.01 -W $((2 * patience)) "$@" box
}

@test "packets per second: times the seconds, they are the packets" {
	rates
	ping20
	pass 2
	end
	want 10.11.1.2 1 "packets received" 20
	want 10.11.1.2 3 "packets sent" 20
}

@test "bits per second, each direction for itself" {
	rates
	# Nobody listens there. Each answer quotes the packet and is longer than it.
	for _ in 1 2 3; do
		lab exec client -- bash -c 'head -c 100 /dev/zero >/dev/udp/box/9'
	done
	pass 2
	end
	want 10.11.1.2 2 "bits received" $((3 * 142 * 8))
	want 10.11.1.2 4 "bits sent" $((3 * 170 * 8))
}

@test "a pair that falls silent: 0" {
	rates
	ping20
	pass 3
	end
	last=$(awk '$2 == "10.11.1.2" { print $3 + 0, $4 + 0, $5 + 0, $6 + 0 }' "$said" | tail -n 1)
	[ "$last" = "0 0 0 0" ] ||
		wrong "the last report says $last of a pair that was silent for seconds"
}

@test "the seconds that passed, not those that were asked for" {
	rates
	pass 1
	kill -STOP "$started"
	ping20
	# The one thing to wait for is time.
	sleep 3
	kill -CONT "$started"
	pass 2
	end
	want 10.11.1.2 1 "packets received" 20
}

@test "each pair has its own past" {
	rates
	ping20 -I 10.11.1.3
	pass 1
	# In the table it comes before the other one.
	ping20 -I 10.11.1.2
	pass 2
	end
	want 10.11.1.3 1 "packets received" 20
	want 10.11.1.2 1 "packets received" 20
	want 10.11.1.2 3 "packets sent" 20
}

@test "an IPv6 address is not an IPv4 one with the same bytes" {
	[ -d /proc/sys/net/ipv6 ] || skip "there is no IPv6"
	# Each begins with the 4 bytes of an IPv4 address, and the rest of all is 0.
	lab exec client -- ip address add a0b:103::/128 dev eth0 nodad
	lab exec box -- ip address add a0b:101::/128 dev eth0 nodad
	lab exec box -- ip route add a0b:103::/128 via fd11:1::2
	lab exec client -- ip route add a0b:101::/128 via fd11:1::1
	lab exec client -- ping -qc 1 -W 2 -I a0b:103:: a0b:101::
	rates
	ping20 -I 10.11.1.3
	lab exec client -- ping -nqc 10 -i 0.01 -W $((2 * patience)) -I a0b:103:: a0b:101::
	pass 2
	end
	want 10.11.1.3 1 "packets received" 20
	want a0b:103:: 1 "packets received" 10
	want a0b:103:: 3 "packets sent" 10
}
