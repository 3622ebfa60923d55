#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What the page cannot show: that the reports can be read by programs, and that the
# counter is exact, and leaves nothing behind.

load ../../testenv/testenv_bats
TESTENV=$BATS_TEST_DIRNAME/../../testenv/testenv.sh
COUNTER=$BATS_TEST_DIRNAME/flow_counter_user
FLOOD=$BATS_TEST_DIRNAME/test_flood

setup()
{
	need_root
	export LAB=t$$-$BATS_TEST_NUMBER
	lab setup
	report=$BATS_TEST_TMPDIR/report
}

teardown()
{
	[ -z "${LAB-}" ] || lab teardown
}

attached()
{
	lab exec box -- ip link show eth0 | grep -q 'prog/xdp'
}

# count [OPTION...]: the counter runs at box eth0, as process $counter. Its only report
# comes at its end, and goes to $report.
count()
{
	"$TESTENV" exec box -- "$COUNTER" -i 3600 "$@" eth0 >"$report" 2>&1 3>&- &
	counter=$!
	wait_for attached
}

# finish [SIGNAL]: end it.
finish()
{
	kill -s "${1:-INT}" "$counter"
	wait_for gone "$counter"
}

# query EXPRESSION...: of Python, each true of "flows", "flood" (those of test_flood)
# and "rest", which the report says in JSON.
query()
{
	python3 - "$report" "$@" <<-'END'
		import json, sys
		with open(sys.argv[1]) as report:
		    *flows, rest = map(json.loads, report)
		flood = [f for f in flows if f["source"].startswith("198.18.")]
		for expression in sys.argv[2:]:
		    if not eval(expression):
		        sys.exit(f"not so: {expression}: {len(flows)} flows, {rest}")
	END
}

@test "JSON says what was sent" {
	count -j
	lab exec box -- "$FLOOD" eth0 50002
	lab exec box -- "$FLOOD" eth0 10 2
	lab exec client -- ping -qc 1 -W 2 box
	finish
	query 'rest["flows"] == rest["shown"] == len(flows)' \
		'len(flood) == 50002' \
		'all(f["protocol"] == 17 and f["destination"] == "10.11.1.1" for f in flood)' \
		'all(f["destination_port"] == 9 for f in flood)' \
		'sorted(f["source_port"] for f in flood if f["packets"] == 3) == list(range(10000, 10010))' \
		'all(f["bytes"] == f["packets"] * 60 for f in flood)' \
		'[f["source_port"] for f in flows if f["source"] == "198.18.0.1"] == [10000, 10001]' \
		'[(f["packets"], f["bytes"]) for f in flows if f.get("type") == 8] == [(1, 98)]' \
		'all(0 < f["first_ns"] <= f["last_ns"] <= rest["now_ns"] for f in flows)' \
		'[f["bytes"] for f in flows] == sorted((f["bytes"] for f in flows), reverse=True)' \
		'rest["full"]["packets"] == rest["failed"]["packets"] == rest["forgotten"] == 0'
}

@test "JSON says what a full map did not take, and what was forgotten" {
	# Beside the flood, there may be a few packets of the lab's own.
	count -j -m 100 -n 5
	lab exec box -- "$FLOOD" eth0 300
	finish
	query 'len(flows) == rest["shown"] == 5 and rest["flows"] == rest["room"] == 100' \
		'200 <= rest["full"]["packets"] < 250 and rest["full"]["bytes"] >= 200 * 60'
	count -j -l -m 100
	lab exec box -- "$FLOOD" eth0 300
	finish
	query '0 < rest["flows"] == len(flows) <= 100 and rest["full"]["packets"] == 0' \
		'300 <= rest["forgotten"] + len(flows) < 350'
}

# bats test_tags=same-on-every-kernel
@test "the columns are aligned, whatever is in them" {
	count
	lab exec client -- ip neigh flush dev eth0
	lab exec client -- ping -qc 1 -W 2 box
	[ ! -d /proc/sys/net/ipv6 ] || lab exec client -- ping -qc 1 -W 2 box6
	lab exec box -- "$FLOOD" eth0 1 12345
	lab exec client -- ping -qc 1 -W 2 -s 3000 box
	finish
	cat "$report"
	# Up to the line below the table, all end in the same column.
	run -0 awk '/ flows, / { exit } { print length($0) }' "$report"
	[ "$(sort -u <<<"$output" | wc -l)" = 1 ]
	[ "$(wc -l <<<"$output")" -ge 5 ]
	# The one with most bytes is the first.
	sed -n 2p "$report" | grep -Eq '^udp +198\.18\.0\.0 +10000  10\.11\.1\.1 +9 +12345 +740700 '
	# What client asked for box's MAC address by.
	grep -Eqx 'in no flow: .* bytes: not IP, or IP headers cut short or too many' "$report"
	# A ping of three fragments: the first knows its type, the other two do not.
	grep -Eq '^icmp +10\.11\.1\.2 +-  10\.11\.1\.1 +\? +2 ' "$report"
}

@test "two processors count the same flows, and no packet is lost" {
	[ "$(nproc)" -ge 2 ] || skip "there is only one processor"
	count -j
	lab exec box -- taskset -c 0 "$FLOOD" eth0 5000 2 &
	first=$!
	lab exec box -- taskset -c 1 "$FLOOD" eth0 5000 2
	wait "$first"
	finish
	query 'len(flood) == 5000 and all(f["packets"] == 4 for f in flood)' \
		'rest["failed"]["packets"] == 0'
}

@test "a killed counter leaves nothing, and a second one is refused" {
	count
	finish KILL
	wait_for sh -c "! $TESTENV exec box -- ip link show eth0 | grep -q 'prog/xdp'"
	count
	run -1 lab exec box -- "$COUNTER" eth0
	[[ $output = "flow_counter_user: attach to eth0: Device or resource busy"* ]]
	[ "$(wc -l <<<"$output")" = 1 ]
	attached
	finish TERM
	run -0 lab exec box -- ip link show eth0
	[[ $output != *prog/xdp* ]]
}

# bats test_tags=same-on-every-kernel
@test "mistakes on the command line are one line, and status 2" {
	# Each is found before the interface, of which there is none.
	for options in "-m 0" "-m 1000001" "-n 0" "-n x" "-i 0" "-i 3601" "-S -N" "-q" "a b"; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr "$COUNTER" $options none0
		[[ $stderr != *none0* ]]
	done
	run -2 "$COUNTER"
	[ "$output" = "flow_counter_user: one interface, please: -h shows the options" ]
	run -2 "$COUNTER" none0
	[ "$output" = "flow_counter_user: interface none0: No such device" ]
	run -2 "$FLOOD" lo 0
	[ "$output" = "test_flood: flows 0: not a number from 1 to 1000000" ]
	run -0 "$COUNTER" -h
	[[ $output = "Usage: flow_counter_user "* ]]
}
