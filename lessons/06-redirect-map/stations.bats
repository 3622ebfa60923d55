#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Which MAC addresses are those of a station: for the lesson's loader, and for those of
# its exercises, starters and solutions.

load ../../testenv/testenv_bats

# try LOADER MAC: with that for each station, and interfaces that are not there.
try()
{
	local stations=(-a "$2" -b "$2")
	[ "${1##*/}" != xdp_redirect_map_user ] || stations=(-d "$2")
	run -2 "$1" "${stations[@]}" nosuch0 nosuch1
	echo "$output"
}

# bats test_tags=same-on-every-kernel
@test "the MAC address of a station: no other text, no group, not all zero" {
	build_answers "$BATS_TEST_DIRNAME"
	loaders=("$BATS_TEST_DIRNAME/xdp_redirect_map_user")
	for folder in "${answers[@]}"; do
		loaders+=("$folder"/*_user)
	done
	for loader in "${loaders[@]}"; do
		for mac in '' 2:2 02:00:00:00:02:02:02 '-2: 0:0:0:1:2' 0x2:0:0:0:1:2 \
			01:00:5e:00:00:01 ff:ff:ff:ff:ff:ff 00:00:00:00:00:00 0:0:0:0:0:0; do
			try "$loader" "$mac"
			[ "$output" = "${loader##*/}: MAC address $mac: not that of a station, like 02:00:00:00:02:02" ]
		done
		for mac in 02:00:00:00:02:02 0:0:0:0:0:1 FE:DC:BA:98:76:54; do
			try "$loader" "$mac"
			[[ $output == "${loader##*/}: interface nosuch"* ]]
		done
	done
}
