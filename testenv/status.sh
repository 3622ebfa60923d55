# shellcheck shell=bash
# shellcheck disable=SC2154 # testenv.sh sets what is not set here
# SPDX-License-Identifier: GPL-2.0-only
#
# "testenv.sh status" and "testenv.sh stats": what is attached in the lab, and
# what was counted. Read by testenv.sh, whose functions and variables it uses.

# links NODE: the names of its interfaces, but lo.
links()
{
	ip -n "$lab-$1" -o link show 2>/dev/null | while read -r _ name _; do
		name=${name%:}
		name=${name%@*}
		[ "$name" = lo ] || echo "$name"
	done
}

# driver_counters NODE IFACE: the driver's own XDP counters that are not zero,
# over all queues, as "NAME VALUE". The names are the driver's. That of veth
# counts every packet in xdp_packets while GRO is on, with a program or without.
driver_counters()
{
	ip netns exec "$lab-$1" ethtool -S "$2" 2>/dev/null | awk '
	{
		name = $1
		sub(/:$/, "", name)
		sub(/^[rt]x_queue_[0-9]+_/, "", name)
		if (name !~ /^(xdp_|drops$)/ || name ~ /bytes/)
			next
		if (!(name in sum))
			order[++n] = name
		sum[name] += $2
	}
	END {
		for (i = 1; i <= n; i++)
			if (sum[order[i]])
				printf "%s %.0f\n", order[i], sum[order[i]]
	}'
}

# colours: none in a pipe, none with NO_COLOR.
colours()
{
	bold="" green="" red="" plain=""
	[[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]] || return 0
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
}

# read_programs: names of the loaded programs, and what the links hold.
read_programs()
{
	local id type word name last=""
	declare -gA prog_name=() xdp_link=() link_at=()
	while read -r id type word name _; do
		[ "$word" != name ] || prog_name[${id%:}]=$name
	done < <(bpftool prog show 2>/dev/null | grep '^[0-9]')
	while read -r id type word name _; do
		if [[ $id == *: ]]; then
			last=
			[ "$type" = xdp ] || continue
			last=${id%:}
			xdp_link[$name]+=" $last"
		elif [[ -n $last && $id == ifindex && $type == *"("*")" ]]; then
			# Newer than bpftool 7.1 says where, too.
			type=${type##*\(}
			link_at[${type%\)}]=$last
		fi
	done < <(bpftool link show 2>/dev/null)
}

# show_xdp LINK: LINK is the line of "ip -d -o link" of an interface.
show_xdp()
{
	local line=$1 mode id by
	local ifindex=${line%%:*}
	case $line in
	*" xdpgeneric"*) mode=generic ;;
	*" xdpoffload"*) mode=offloaded ;;
	*" xdpmulti"*) mode="several modes" ;;
	*) mode=native ;;
	esac
	while [[ $line =~ prog/xdp[a-z]*\ id\ ([0-9]+)\ (name\ ([^ ]+)\ )?(.*) ]]; do
		id=${BASH_REMATCH[1]}
		line=${BASH_REMATCH[4]}
		by=${link_at[$ifindex]:-${xdp_link[$id]:-}}
		if [ -n "$by" ]; then by="bpf link ${by# }"; else by="netlink"; fi
		echo "    xdp       $green${prog_name[$id]:-${BASH_REMATCH[3]}}$plain" \
			" id $id  $mode  by $by"
	done
}

# show_tc NODE IFACE: filters of the clsact qdisc.
show_tc()
{
	local hook line id
	[[ $(tc -n "$lab-$1" qdisc show dev "$2" 2>/dev/null) == *clsact* ]] ||
		return 0
	for hook in ingress egress; do
		while read -r line; do
			[[ $line =~ \ id\ ([0-9]+)\ name\ ([^ ]+) ]] || continue
			id=${BASH_REMATCH[1]}
			echo "    tc        $green${prog_name[$id]:-${BASH_REMATCH[2]}}$plain" \
				" id $id  $hook  by clsact"
		done < <(tc -n "$lab-$1" filter show dev "$2" "$hook")
	done
}

# tcx_programs NODE: "IFINDEX HOOK PROG LINK" of each tcx link. An old bpftool
# does not know tcx. Then the processes that hold a link are asked.
tcx_programs()
{
	local pid
	{
		ip netns exec "$lab-$1" bpftool net show 2>/dev/null |
			sed -nE 's/^[^(]*\(([0-9]+)\) tcx\/(ingress|egress) .*prog_id ([0-9]+) link_id ([0-9]+).*/\1 \2 \3 \4/p'
		[[ $(bpftool link show 2>/dev/null) != *": type 11 "* ]] ||
			for pid in $(lab_pids); do
				awk '
				FNR == 1 { tcx = 0 }
				$1 == "link_type:" { tcx = $2 == "tcx" }
				$1 == "link_id:" { link = $2 }
				$1 == "prog_id:" { prog = $2 }
				$1 == "ifindex:" { ifindex = $2 }
				$1 == "attach_type:" && tcx {
					print ifindex, $2 == 46 ? "ingress" : "egress", prog, link
				}' "/proc/$pid/fdinfo"/* 2>/dev/null || :
			done
	} | sort -u
}

# show_interface NODE IFACE LINK ADDRS
show_interface()
{
	local node=$1 iface=$2 link=$3 line up=down mac=- offloads name value
	local ifindex hook prog id text=""
	[[ $link != *LOWER_UP* ]] || up=up
	[[ ! $link =~ link/[a-z]+\ ([0-9a-f:]+) ]] || mac=${BASH_REMATCH[1]}
	line="$bold$node $iface$plain  $up  $mac"
	while read -r _ name _ value _; do
		value=${value%/24}
		[[ $name != "$iface" || $value == fe80:* ]] || line+="  ${value%/64}"
	done <<<"$4"
	offloads=$(ip netns exec "$lab-$node" ethtool -k "$iface" 2>/dev/null |
		awk '$1 == "generic-receive-offload:" { gro = $2 }
		     $1 == "tx-checksumming:" { tx = $2 }
		     END { print "gro " gro ", tx " tx }')
	echo "$line  $offloads"
	show_xdp "$link"
	show_tc "$node" "$iface"
	while read -r ifindex hook prog id; do
		[ "$ifindex" = "${link%%:*}" ] || continue
		echo "    tc        $green${prog_name[$prog]:-?}$plain" \
			" id $prog  $hook  by tcx link $id"
	done <<<"$tcx"
	while read -r name value; do
		# Where there is no program, it does not tell what XDP saw.
		[[ $name != xdp_packets || $link == *prog/xdp* ]] || continue
		[[ $name != *errors ]] || name=$red$name$plain
		text+="  $name $value"
	done < <(driver_counters "$node" "$iface")
	[ -z "$text" ] || echo "    counters${text}" | fold -sw 78 |
		sed '2,$s/^ */              /'
}

show_status()
{
	local -x LC_ALL=C
	local node iface links addrs tcx
	local -A prog_name xdp_link link_at
	local bold green red plain
	need_lab client
	need_lab box
	need_lab server
	colours
	read_programs
	cat <<-END
		lab $bold$lab$plain

		          10.11.1.0/24, fd11:1::/64          10.11.2.0/24, fd11:2::/64
		  client eth0 .2 ------------ .1 eth0  box  eth1 .1 ------------ .2 eth0 server

	END
	for node in $nodes; do
		links=$(ip -n "$lab-$node" -d -o link show 2>/dev/null)
		addrs=$(ip -n "$lab-$node" -o addr show 2>/dev/null)
		tcx=$(tcx_programs "$node")
		for iface in $(links "$node"); do
			show_interface "$node" "$iface" \
				"$(grep " ${iface}[@:]" <<<"$links")" "$addrs"
		done
	done
}

# all_counters: "NODE IFACE COUNTER VALUE", "in" and "out" being packets. False
# when the lab is gone.
all_counters()
{
	local node iface name value
	for node in $nodes; do
		# -s prints the values of "RX:" and "TX:" in the line below it.
		ip -n "$lab-$node" -s link show 2>/dev/null | awk -v node="$node" '
			/^[0-9]+:/ { iface = $2; sub(/[@:].*/, "", iface) }
			iface == "lo" { next }
			which != "" { print node, iface, which, $2; which = ""; next }
			$1 == "RX:" { which = "in" }
			$1 == "TX:" { which = "out" }'
		for iface in $(links "$node" 2>/dev/null); do
			while read -r name value; do
				echo "$node $iface $name $value"
			done < <(driver_counters "$node" "$iface")
		done
	done
	[ -e "$state/ready" ]
}

show_stats()
{
	local loop
	need_lab client
	# This shell only waits: bash 5.2 may fail to run a trap elsewhere.
	stats_loop "$1" &
	loop=$!
	# exit 0: ^C is how this ends.
	trap 'trap "" INT TERM HUP; kill $loop || :; wait $loop || :; exit 0' INT TERM HUP
	wait $loop || :
}

# stats_loop SECONDS: until the lab or the shell that waits is gone.
stats_loop()
{
	local -x LC_ALL=C
	local before now start time never
	local bold green red plain
	exec {never}<> <(:)
	colours
	before=$(all_counters) || return 0
	start=$EPOCHREALTIME
	while [ -d "/proc/$$" ]; do
		# Nothing comes: a pause that leaves no process behind.
		read -rt "$1" -u "$never" || :
		now=$(all_counters) || return 0
		time=$EPOCHREALTIME
		printf '%s\nNOW\n%s\n' "$before" "$now" |
			awk -v seconds="$time $start" -v bold="$bold" -v plain="$plain" '
			BEGIN { split(seconds, t, " "); seconds = t[1] - t[2] }
			/^NOW$/ { second = 1; next }
			{ key = $1 " " $2 }
			!second { old[key, $3] = $4; next }
			!(key in seen) { seen[key] = 1; order[++n] = key }
			{ new[key, $3] = $4; rate = ($4 - old[key, $3]) / seconds }
			$3 == "in" || $3 == "out" { per[key, $3] = rate; next }
			$3 != "xdp_packets" { xdp[key] = 1 }
			{
				text = sprintf("%s %.0f (%.0f/s)", $3, $4, rate)
				if (length(line[key]) + length(text) > 60) {
					more[key] = more[key] line[key] "\n"
					line[key] = ""
				}
				line[key] = line[key] "  " text
			}
			END {
				printf "%s%-12s %12s %10s %14s %10s%s\n", bold, "",
					"packets in", "per s", "packets out", "per s", plain
				for (i = 1; i <= n; i++) {
					k = order[i]
					printf "%-12s %12.0f %10.0f %14.0f %10.0f\n", k,
						new[k, "in"], per[k, "in"],
						new[k, "out"], per[k, "out"]
					text = more[k] line[k]
					if (k in xdp) {
						gsub(/\n/, "\n            ", text)
						print "            " text
					}
				}
				print ""
			}'
		before=$now start=$time
	done
}
