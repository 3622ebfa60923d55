#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Drop by a list of prefixes: xdp_blocklist against nft with the same list as a set. Both
# count for each prefix, and both are as near to the driver as they can be.
#
# Usage: bench-nft.sh [PREFIXES [RUNS]]
#
# PREFIXES is the length of the list (default 10000). One processor sends and receives. Its
# runs are in turn, RUNS of each (default 5), and the best one counts. Time in which other
# processes had the processor does not. Prints packets per second and their ratio. All of
# it happens in a network namespace of its own, which ends with the script.
#
# Exit status: 0 done, 1 failed, 2 wrong usage, 4 cannot run here.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
prefixes=${1:-10000}
runs=${2:-5}
frames=200000 # a run

die()
{
	local status=$1
	shift
	echo "bench-nft.sh: $*" >&2
	exit "$status"
}

[[ $# -le 2 && $prefixes =~ ^[1-9][0-9]*$ && $runs =~ ^[1-9][0-9]*$ ]] ||
	die 2 "usage: bench-nft.sh [PREFIXES [RUNS]]"
((prefixes >= 100 && prefixes <= 1000000)) || die 2 "PREFIXES $prefixes: not from 100 to 1000000"
((EUID == 0)) || die 4 "needs root"
for tool in nft ethtool; do
	command -v $tool >/dev/null || die 4 "$tool is missing: run \"make deps\""
done
if [ "${BENCH_INSIDE-}" != yes ]; then
	BENCH_INSIDE=yes exec unshare --net --mount bash "${BASH_SOURCE[0]}" "$prefixes" "$runs"
fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mount -t bpf bpf /sys/fs/bpf

# What is sent out of xdp0 is received by xdp1; out of nft0, by nft1.
for pair in xdp nft; do
	ip link add ${pair}0 type veth peer name ${pair}1
	ip link set ${pair}0 up
	ip link set ${pair}1 up
	ethtool -K ${pair}1 gro on >/dev/null
done

# Of ten addresses the first two are one prefix: 100.64.0.0/31, 100.64.0.2/32 and so on.
# All that is sent comes from one of them.
sources=$((prefixes * 10 / 9))
awk -v n=$sources 'BEGIN {
	for (a = 0; a < n; a += a % 10 ? 1 : 2)
		printf "100.%d.%d.%d/%d\n", 64 + int(a / 65536), int(a / 256) % 256, a % 256, \
			a % 10 ? 32 : 31
}' >"$work/list"

"$here/xdp_blocklist_user" attach xdp1
"$here/xdp_blocklist_user" load "$work/list"
{
	echo "table netdev bench {"
	echo "	set blocked { type ipv4_addr; flags interval; counter; elements = {"
	sed 's/$/,/' "$work/list"
	echo "	} }"
	echo "	chain in {"
	echo "		type filter hook ingress device nft1 priority 0"
	echo "		ip saddr @blocked counter drop"
	echo "	}"
	echo "}"
} >"$work/nft"
nft -f "$work/nft"

dropped_by_xdp()
{
	"$here/xdp_blocklist_user" stats | awk '$1 == "IPv4" { print $3 }'
}

dropped_by_nft()
{
	nft list chain netdev bench in | sed -nE 's/.*counter packets ([0-9]+).*/\1/p'
}

# measure NAME: a line "NAME dropped seconds". In the first run counters are made.
measure()
{
	local before after seconds
	before=$("dropped_by_$1")
	seconds=$("$here/test_rate" "${1}0" "$frames" "$sources")
	after=$("dropped_by_$1")
	((after > before)) || die 1 "$1 dropped nothing"
	echo "$1 $((after - before)) $seconds"
}

for ((i = 0; i < runs; i++)); do
	measure xdp
	measure nft
done >"$work/results"

awk '{
	rate = $2 / $3
	if (rate > best[$1])
		best[$1] = rate
}
END {
	ratio = best["xdp"] / best["nft"]
	printf "xdp_blocklist %10d packets dropped per second\n", best["xdp"]
	printf "nft           %10d packets dropped per second\n", best["nft"]
	printf "ratio         %10.1f, so %s drops more\n", ratio,
		(ratio > 1 ? "xdp_blocklist" : "nft")
}' "$work/results"
