#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The lab: three network namespaces and two virtual cables. Nothing outside of
# them is touched, and "teardown" leaves nothing behind.
#
#           10.11.1.0/24, fd11:1::/64          10.11.2.0/24, fd11:2::/64
#   client eth0 .2 ------------ .1 eth0  box  eth1 .1 ------------ .2 eth0 server
#
# Usage: testenv.sh VERB [ARGUMENTS]
#
#   setup                       make the lab; anew if a namespace, interface, MTU,
#                               address or route of it is not as it was
#   teardown [--all]            remove the lab (or all), end what runs there
#   reset                       teardown, then setup: makes it anew in any case
#   status                      addresses, attached programs, counters
#   stats [SECONDS]             packets per second, until ^C
#   trace                       bpf_printk of the whole machine, the XDP events of
#                               this lab, until ^C
#   enter NODE                  a shell in client, box or server
#   exec NODE -- CMD [ARG...]   one command there
#   ping [ARG...]               client pings box, or the target given
#   tcpdump [NODE [IFACE]] [ARG...]    default: box eth0
#   load [-S|-N] OBJ [NODE [IFACE]]    attach OBJ's first XDP program
#   unload [NODE [IFACE]]              detach it
#   doctor                      what this machine can do, and what mends a lack
#   help                        this text
#
# In NODE's /etc/hosts: client, box, server are IPv4; client6, box6, server6 IPv6.
# What is pinned in /sys/fs/bpf there lives as long as the lab.
#
# Environment:
#   LAB=NAME      another lab beside the usual one, "xdp" ([a-z0-9-], at most 20)
#   NO_COLOR=1    no colours
#
# Exit status: 0 done, 1 failed, 2 wrong usage, 4 not root. exec: the command's.
set -euo pipefail

here=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
# Where the labs' state is. Another place is for tests of the lab itself.
run=${XDP_LESSONS_RUN:-/run/xdp-lessons}
# Interface numbers are handed out for all labs of the machine, wherever their
# state is: "trace" sees the events of all, and tells them apart by these.
slots=/run/xdp-lessons/.slots
lab=${LAB:-xdp}
state=$run/$lab
nodes="client box server"

# The interfaces: node, name, number within the lab, MAC, addresses.
interfaces="\
client eth0 1 02:00:00:00:01:02 10.11.1.2 fd11:1::2
box    eth0 2 02:00:00:00:01:01 10.11.1.1 fd11:1::1
box    eth1 3 02:00:00:00:02:01 10.11.2.1 fd11:2::1
server eth0 4 02:00:00:00:02:02 10.11.2.2 fd11:2::2"

die()
{
	local status=$1
	shift
	printf 'testenv.sh: %s\n' "$*" >&2
	exit "$status"
}

usage()
{
	sed -n '4,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

# command_line VERB: how a person would type it for this lab.
command_line()
{
	local env=
	[ "$lab" = xdp ] || env="LAB=$lab "
	echo "sudo ${env}testenv/testenv.sh $1"
}

# need_root VERB: also in a container, where root may lack the capabilities.
need_root()
{
	local name value caps=0
	while read -r name value; do
		[ "$name" != CapEff: ] || caps=$((16#$value))
	done </proc/self/status
	# CAP_NET_ADMIN is 12, CAP_SYS_ADMIN 21.
	(( EUID == 0 && (caps >> 12 & 1) && (caps >> 21 & 1) )) ||
		die 4 "needs root: $(command_line "$1")"
}

check_node()
{
	case $1 in
	client | box | server) ;;
	*) die 2 "no node \"$1\": client, box or server" ;;
	esac
}

have_ipv6()
{
	[ -e /proc/sys/net/ipv6/conf ]
}

# lock VARIABLE DIR: wait for, and hold, the lock on DIR; make DIR. VARIABLE
# takes the descriptor. Nothing but the directory itself is locked, so nothing is
# left when it is removed. Only the waiting can be interrupted: false, then.
lock()
{
	local fd=${!1} tries=0
	while :; do
		# It fails once when another one removes the folder above.
		(umask 077 && mkdir -p "$2") 2>/dev/null || {
			(( ++tries < 100 )) || die 1 "cannot make the folder $2"
			continue
		}
		if [ -z "$fd" ]; then
			{ exec {fd}<"$2"; } 2>/dev/null || continue
			printf -v "$1" %s "$fd"
		fi
		(trap - INT TERM HUP && exec flock "$fd") || {
			unlock "$1"
			return 1
		}
		# Another one may have removed it while we waited.
		[ ! "$2" -ef "/proc/self/fd/$fd" ] || break
		unlock "$1"
		fd=
	done
}

# unlock VARIABLE
unlock()
{
	local fd=${!1}
	printf -v "$1" %s ""
	[ -z "$fd" ] || exec {fd}<&-
}

# shellcheck disable=SC2034 # lock and unlock get their names
state_lock="" slots_lock=""

ns_inode()
{
	stat -Lc %i "/run/netns/$lab-$1" 2>/dev/null || :
}

# A namespace carries the lab's name as the alias of its lo. An inode number
# alone is no proof: the kernel uses it again.
label()
{
	echo "xdp-lessons $run $lab"
}

# ours NODE: is the namespace with NODE's name one that this lab made?
ours()
{
	local inode links
	[ -e "$state/ns.$1" ] && [ -e "/run/netns/$lab-$1" ] || return 1
	read -r inode <"$state/ns.$1" || inode=new
	# No namespace there any more: a reboot, or setup killed in "ip netns add".
	[ "$(stat -fLc %T "/run/netns/$lab-$1")" = nsfs ] || return 0
	links=$(ip -n "$lab-$1" -o link show 2>/dev/null) || return 1
	if [ "$inode" = new ]; then
		# Setup was killed right after it made this one: it is pristine.
		[[ $links != *$'\n'* && $links == "1: lo: <LOOPBACK> "* ]]
	else
		[ "$inode" = "$(ns_inode "$1")" ] &&
			[[ $links == *"alias $(label)"* ]]
	fi
}

# lab_pids: the processes in the lab's namespaces, with or without a name.
lab_pids()
{
	local node inode pid checked
	for node in $nodes; do
		read -r inode 2>/dev/null <"$state/ns.$node" || continue
		[ "$inode" != new ] || continue
		checked=
		for pid in $(find /proc/[0-9]*/ns/net -maxdepth 0 \
				-lname "net:\[$inode\]" 2>/dev/null | cut -d/ -f3); do
			if [ -z "$checked" ]; then
				[[ $(nsenter -t "$pid" -n ip -o link show dev lo \
					2>/dev/null) == *"alias $(label)"* ]] || continue
				checked=yes
			fi
			echo "$pid"
		done
	done
}

# signal SIGNAL PID...: some may have ended by themselves.
signal()
{
	local signal=$1 pid
	shift
	for pid; do
		kill "-$signal" "$pid" 2>/dev/null || :
	done
}

# end_processes LISTER: end what LISTER lists, gently, then not.
end_processes()
{
	local pids i
	pids=$($1)
	[ -n "$pids" ] || return 0
	# shellcheck disable=SC2086 # one word is one process
	signal HUP $pids && signal TERM $pids && signal CONT $pids
	for ((i = 0; i < 200; i++)); do
		pids=$($1)
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086
		(( i < 25 )) || signal KILL $pids
		sleep 0.01
	done
	die 1 "cannot end process" "${pids//$'\n'/ }"
}

# trace_pids: "trace" runs outside of the namespaces. It leaves its number.
trace_pids()
{
	local file pid
	for file in "$state"/trace.*; do
		pid=${file##*.}
		[[ -e $file && $pid != "$$" ]] || continue
		if grep -qs testenv "/proc/$pid/cmdline"; then
			echo "$pid"
		fi
	done
}

# The lowest number that no lab has. Numbers are what make interface indexes
# unique; see $slots.
take_slot()
{
	local n owner slot
	lock slots_lock "${slots%/*}" || exit 130
	mkdir -p "$slots"
	for ((n = 0; n < 100000; n++)); do
		[ -e "$slots/$n" ] || break
		read -r owner <"$slots/$n" || owner=
		slot=
		[ -z "$owner" ] || read -r slot 2>/dev/null <"$owner/slot" || :
		[[ $slot == "$n" && $owner != "$state" ]] || break
	done
	echo "$state" >"$slots/$n"
	echo "$n" >"$state/slot"
	unlock slots_lock
}

# give_slot N: the state that had it is gone. A number that is not given back
# is found to be free by take_slot.
give_slot()
{
	local n=$1 owner=""
	lock slots_lock "${slots%/*}" || return 0
	read -r owner 2>/dev/null <"$slots/$n" || :
	[ "$owner" != "$state" ] || rm -f "$slots/$n"
	rmdir "$slots" "${slots%/*}" 2>/dev/null || :
	unlock slots_lock
}

# destroy: remove what is there of the lab, whole or not. The lock is held.
destroy()
{
	local node slot owned=""
	end_processes lab_pids
	end_processes trace_pids
	for node in $nodes; do
		! ours "$node" || owned+=" $node"
	done
	# A namespace is taken apart some time after "ip netns del". The cables
	# go at once, and with them the programs that are attached.
	for node in $owned; do
		ip -n "$lab-$node" link del eth0 2>/dev/null || :
	done
	for node in $owned; do
		ip netns del "$lab-$node" 2>/dev/null || rm -f "/run/netns/$lab-$node"
	done
	if [ -d "$state/bpf" ]; then
		# A process that left the lab's namespace may still see the mount.
		! mountpoint -q "$state/bpf" ||
			find "$state/bpf" -xdev -mindepth 1 -delete 2>/dev/null || :
		while mountpoint -q "$state/bpf"; do
			umount -l "$state/bpf"
		done
	fi
	rm_instances
	read -r slot 2>/dev/null <"$state/slot" || slot=none
	rm -rf --one-file-system "$state"
	give_slot "$slot"
	[ "$run" = "${slots%/*}" ] || rmdir "$run" 2>/dev/null || :
}

# tracefs_here CMD...: become CMD where tracefs is mounted, if need be in a
# mount namespace of its own.
tracefs_here()
{
	# shellcheck disable=SC2016 # expands inside
	exec unshare --mount bash -c '
		mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
		exec -- "$@"' bash "$@"
}

# Of a "trace" that was killed, its tracing instance is left, and in use for a
# moment.
rm_instances()
{
	if [ -d /sys/kernel/tracing/instances ]; then
		rm_unused "$lab"
	elif compgen -G "$state/trace.*" >/dev/null; then
		(tracefs_here bash -c "$(declare -f rm_unused); rm_unused $lab") || :
	fi
}

# rm_unused LAB: rm_instances, where tracefs is mounted.
rm_unused()
{
	local dir i
	for dir in /sys/kernel/tracing/instances/xdp-lessons-"$1"-[0-9]*; do
		for ((i = 0; i < 50; i++)); do
			[[ -d $dir && ! -d /proc/${dir##*-} ]] || break
			! rmdir "$dir" 2>/dev/null || break
			sleep 0.01
		done
	done
}

# damage: what is wrong with the lab, in a few words; nothing if it is whole.
damage()
{
	local node name n mac ip4 ip6 slot links addrs table to via
	[ -e "$state/ready" ] || { echo "its setup was interrupted"; return; }
	read -r slot 2>/dev/null <"$state/slot" || { echo "no slot"; return; }
	mountpoint -q "$state/bpf" || { echo "no bpffs"; return; }
	for node in $nodes; do
		ours "$node" || { echo "no namespace $lab-$node"; return; }
	done
	while read -r node name n mac ip4 ip6; do
		links=$(ip -n "$lab-$node" -o link show dev "$name" 2>/dev/null) || :
		[[ $links == "$((1000 + slot * 10 + n)): $name@"*LOWER_UP*" mtu 1500 "*"$mac"* ]] ||
			{ echo "$node $name is missing, changed or down"; return; }
		addrs=$(ip -n "$lab-$node" -o addr show dev "$name" 2>/dev/null)
		[[ $addrs == *" $ip4/24 "* ]] ||
			{ echo "$node $name has not $ip4"; return; }
		! have_ipv6 || [[ $addrs == *" $ip6/64 "* ]] ||
			{ echo "$node $name has not $ip6"; return; }
	done <<<"$interfaces"
	for node in $nodes; do
		table=$({ ip -n "$lab-$node" route; ip -n "$lab-$node" -6 route; } 2>/dev/null) || :
		[[ $table != *default* ]] || { echo "$node has a default route"; return; }
		while read -r _ _ to _ via; do
			[[ $table == *"$to via $via "* ]] ||
				{ echo "$node has no route to $to"; return; }
		done < <(routes "$node")
	done
}

# Settings of a namespace, made before there is an interface in it. The first
# field is below /proc/sys/net/. The lab is quiet, so that a packet count on a
# page is exact: nothing is sent but what a person sends, and what that needs.
settings()
{
	local family
	for family in all default; do
		# The host's own settings are inherited: undo what would disturb.
		echo "ipv4/conf/$family/rp_filter 0
			ipv4/conf/$family/arp_ignore 0
			ipv4/conf/$family/arp_announce 0
			ipv4/conf/$family/arp_filter 0
			ipv4/conf/$family/log_martians 0
			ipv4/conf/$family/send_redirects 0
			ipv6/conf/$family/disable_ipv6 0
			ipv6/conf/$family/accept_ra 0
			ipv6/conf/$family/autoconf 0
			ipv6/conf/$family/router_solicitations 0
			ipv6/conf/$family/router_probe_interval 86400
			ipv6/conf/$family/accept_dad 0
			ipv6/conf/$family/dad_transmits 0"
		# Multicast group reports: at once, and once. Not 0: the kernel
		# draws a random number below it.
		echo "ipv6/conf/$family/mldv1_unsolicited_report_interval 1
			ipv6/conf/$family/mldv2_unsolicited_report_interval 1"
	done
	echo "ipv6/mld_qrv 1"
	if [ "$1" = box ]; then
		echo "ipv4/ip_forward 1
			ipv6/conf/all/forwarding 1"
	else
		echo "ipv4/ip_forward 0"
	fi
}

# Settings of interface $1. A neighbour, once found, is believed for a day:
# no ARP request or neighbour solicitation comes between a page's packets.
neighbour_settings()
{
	local family
	for family in ipv4 ipv6; do
		echo "$family/neigh/$1/base_reachable_time_ms 86400000
			$family/neigh/$1/delay_first_probe_time 86400
			$family/neigh/$1/gc_stale_time 86400"
	done
}

# write_settings NODE: from standard input. A kernel without one does without.
write_settings()
{
	# shellcheck disable=SC2016 # expands inside
	ip netns exec "$lab-$1" bash -c 'cd /proc/sys/net
		while read -r key value; do
			[ ! -w "$key" ] || echo "$value" >"$key"
		done'
}

# hosts_file NODE: names as NODE sees them. box is its nearest address.
hosts_file()
{
	local net=1
	[ "$1" != server ] || net=2
	cat <<-END
		127.0.0.1 localhost
		::1 localhost ip6-localhost
		127.0.1.1 $(uname -n)
		10.11.1.2 client
		10.11.$net.1 box
		10.11.2.2 server
		fd11:1::2 client6
		fd11:$net::1 box6
		fd11:2::2 server6
	END
}

# cable NODE_A IFACE_A NODE_B IFACE_B: numbers and MACs are in $interfaces.
cable()
{
	local node name n mac slot
	local -A number address
	read -r slot <"$state/slot"
	while read -r node name n mac _; do
		number[$node:$name]=$((1000 + slot * 10 + n))
		address[$node:$name]=$mac
	done <<<"$interfaces"
	ip -n "$lab-$1" link add "$2" index "${number[$1:$2]}" \
		address "${address[$1:$2]}" type veth \
		peer name "$4" netns "$lab-$3" index "${number[$3:$4]}" \
		address "${address[$3:$4]}"
}

# offloads NODE IFACE
offloads()
{
	# gro on: the receiving end of a veth then takes frames that
	# XDP_REDIRECT sends, without a program of its own.
	#
	# tx off, tso off, gso off: a veth leaves checksums and the cutting of
	# large packets to hardware, and there is none. A program that rewrites
	# or redirects a packet would send it on unfinished.
	#
	# txvlan off: otherwise a VLAN tag travels beside the frame, where a
	# program does not see it.
	ip netns exec "$lab-$1" ethtool -K "$2" \
		gro on tx off tso off gso off txvlan off >/dev/null
}

# addresses NODE: commands for "ip -batch" that bring its interfaces up.
addresses()
{
	local node name ip4 ip6
	echo "link set dev lo up"
	while read -r node name _ _ ip4 ip6; do
		[ "$node" = "$1" ] || continue
		echo "addr add $ip4/24 dev $name"
		! have_ipv6 || echo "addr add $ip6/64 dev $name nodad"
		echo "link set dev $name up"
	done <<<"$interfaces"
}

# routes NODE: to the far side of box. Not a default route: the lessons'
# loaders refuse an interface that has one.
routes()
{
	local far=2 near=1
	case $1 in
	box) return ;;
	server) far=1 near=2 ;;
	esac
	echo "route add 10.11.$far.0/24 via 10.11.$near.1"
	! have_ipv6 || echo "route add fd11:$far::/64 via fd11:$near::1"
}

# settle: an interface that comes up reports its multicast groups. Wait until
# it has, so that nothing is sent after setup.
settle()
{
	local i now before="" same=0
	have_ipv6 || return 0
	for ((i = 0; i < 100; i++)); do
		now=$(for node in $nodes; do
			ip netns exec "$lab-$node" \
				grep -H Icmp6OutMLDv2 /proc/net/dev_snmp6/eth{0,1} 2>/dev/null
		done) || :
		if [[ $now == "$before" ]]; then
			(( ++same < 3 )) || return 0
		else
			same=0
		fi
		before=$now
		sleep 0.01
	done
}

# undo: setup failed, or was interrupted while it waited for another one. Without
# the lock, all it can have made is the empty folder.
undo()
{
	local status=$?
	set +e
	if [ -n "$state_lock" ]; then
		destroy
	else
		# Not "flock FILE CMD": that makes the file if there is none.
		exec {state_lock}<"$state" && flock -n "$state_lock" && rmdir "$state"
	fi 2>/dev/null
	exit "$status"
}

# not_inside WHAT: a lab's shell does not see the namespaces of other labs. It would
# remove their state alone.
not_inside()
{
	local alias
	alias=$(cat /sys/class/net/lo/ifalias 2>/dev/null) || :
	[[ $alias != "xdp-lessons "* ]] ||
		die 1 "cannot $1 from inside one: leave this shell first"
}

setup()
{
	local node wrong
	if [ -e "$state/ready" ] && [ -z "$(damage)" ]; then
		return
	fi
	not_inside "make a lab"
	command -v ethtool >/dev/null || die 1 "needs ethtool: see testenv/testenv.sh doctor"
	umask 077
	# ^C leaves no half of a lab: what has begun is finished, in a moment. A
	# trap that exits would be worse: bash 5.2 may fail to run it, or crash.
	trap '' INT TERM HUP
	trap undo EXIT
	while :; do
		lock state_lock "$state" || exit 130
		[ -n "$(ls -A "$state")" ] || break
		wrong=$(damage)
		if [ -z "$wrong" ]; then
			# Another setup was faster.
			trap - INT TERM HUP EXIT
			unlock state_lock
			return
		fi
		destroy
		unlock state_lock
		echo "lab $lab was damaged ($wrong): made again"
	done
	for node in $nodes; do
		[ ! -e "/run/netns/$lab-$node" ] ||
			die 1 "the namespace name $lab-$node is taken by something else: choose another LAB=NAME"
	done
	build
	trap - INT TERM HUP EXIT
	unlock state_lock
	have_ipv6 || echo "no IPv6 on this machine: lab $lab has IPv4 only"
}

build()
{
	local node name inode
	mkdir "$state/bpf"
	mount -t bpf -o mode=0700 bpf "$state/bpf"
	take_slot
	for node in $nodes; do
		echo new >"$state/ns.$node"
		ip netns add "$lab-$node"
		# From here on the name, the number and the label say it is ours.
		ip -n "$lab-$node" link set dev lo alias "$(label)"
		inode=$(ns_inode "$node")
		# <> does not empty the file first: it always says one or the other.
		echo "$inode" 1<>"$state/ns.$node"
		settings "$node" | write_settings "$node"
		hosts_file "$node" >"$state/hosts.$node"
		chmod 644 "$state/hosts.$node"
	done
	cable client eth0 box eth0
	cable box eth1 server eth0
	while read -r node name _; do
		offloads "$node" "$name"
		neighbour_settings "$name" | write_settings "$node"
	done <<<"$interfaces"
	for node in $nodes; do
		addresses "$node" | ip -n "$lab-$node" -batch -
	done
	for node in $nodes; do
		routes "$node" | ip -n "$lab-$node" -batch -
	done
	settle
	: >"$state/ready"
}

teardown()
{
	local node inode self
	[ -d "$state" ] || return 0
	self=$(readlink /proc/self/ns/net)
	for node in $nodes; do
		inode=
		read -r inode 2>/dev/null <"$state/ns.$node" || :
		[ "$self" != "net:[$inode]" ] ||
			die 1 "this shell is in lab $lab itself ($node): leave it first"
	done
	not_inside "remove another lab"
	# From here to the end: what ^C would interrupt takes less than a moment.
	trap '' INT TERM HUP
	lock state_lock "$state" || exit 130
	destroy
	unlock state_lock
	trap - INT TERM HUP
}

teardown_all()
{
	local dir
	not_inside "remove all labs"
	for dir in "$run"/*/; do
		[ -d "$dir" ] || continue
		dir=${dir%/}
		lab=${dir##*/}
		state=$run/$lab
		teardown
	done
}

# need_lab NODE: the lab is up, and NODE is the one that setup made.
need_lab()
{
	local inode
	[ -e "$state/ready" ] || die 1 "lab $lab is not up: $(command_line setup)"
	read -r inode <"$state/ns.$1" || inode=none
	[ "$inode" = "$(ns_inode "$1")" ] ||
		die 1 "lab $lab is damaged, $1 is gone: $(command_line setup)"
}

# inside NODE CMD...: become CMD in NODE. "ip netns exec" gives it a mount
# namespace of its own with a fresh /sys, which has no bpffs and no tracefs. There
# /run/netns holds this lab only: ip looks at every name in it, and complains of
# one that somebody else is just making or deleting.
inside()
{
	local node=$1
	shift
	# shellcheck disable=SC2016 # expands inside
	exec ip netns exec "$lab-$node" bash -c '
		mount -t tmpfs -o mode=755 tmpfs /sys/fs/bpf || exit 1
		for name in "/run/netns/$3"-{client,box,server}; do
			[ -e "$name" ] || continue
			: >"/sys/fs/bpf/${name##*/}"
			mount --bind "$name" "/sys/fs/bpf/${name##*/}" || exit 1
		done
		mount --rbind /sys/fs/bpf /run/netns || exit 1
		mount --bind "$1/bpf" /sys/fs/bpf || exit 1
		[ ! -e /etc/hosts ] || mount --bind "$1/hosts.$2" /etc/hosts || exit 1
		mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
		shift 3
		exec -- "$@"' testenv.sh "$state" "$node" "$lab" "$@"
}

run_exec()
{
	local node=${1-}
	[ $# -ge 1 ] || die 2 "exec NODE -- CMD [ARG...]"
	check_node "$node"
	shift
	[ "${1-}" != -- ] || shift
	[ $# -ge 1 ] || die 2 "exec $node -- CMD [ARG...]: no command"
	need_root "exec $node -- $*"
	need_lab "$node"
	inside "$node" "$@"
}

enter()
{
	[ $# = 1 ] || die 2 "enter NODE: client, box or server"
	check_node "$1"
	need_root "enter $1"
	need_lab "$1"
	unset PROMPT_COMMAND
	inside "$1" env PS1="$1# " HISTFILE= bash --norc
}

run_ping()
{
	local last="" before="" target=box
	[ $# -lt 1 ] || last=${*: -1}
	[ $# -lt 2 ] || before=${*: -2:1}
	[[ " $* " != *" -6 "* ]] || target=box6
	need_root ping
	need_lab client
	# The last word is the target unless it is, or belongs to, an option.
	if [[ -z $last || $last == -* || $last =~ ^[0-9]*\.?[0-9]*$ ||
	      $# -ge 2 && $before =~ ^-[a-zA-Z]*[cFiIlmMpQsStTwW]$ ]]; then
		set -- "$@" $target
	fi
	inside client ping "$@"
}

# place NODE IFACE: both exist.
place()
{
	check_node "$1"
	need_lab "$1"
	ip -n "$lab-$1" link show dev "$2" >/dev/null 2>&1 ||
		die 1 "$1 has no interface $2"
}

run_tcpdump()
{
	local node=box iface=eth0
	case ${1-} in
	client | box | server)
		node=$1
		shift
		if [[ ${1-} == eth* || ${1-} == lo || ${1-} == any ]]; then
			iface=$1
			shift
		fi
		;;
	esac
	need_root tcpdump
	need_lab "$node"
	[ "$iface" = any ] || place "$node" "$iface"
	inside "$node" tcpdump -lni "$iface" "$@"
}

# xdp_section OBJ: the first section that holds an XDP program.
xdp_section()
{
	local tool
	for tool in llvm-objdump objdump; do
		if command -v "$tool" >/dev/null; then
			"$tool" -h "$1" 2>/dev/null |
				awk '$2 ~ /^xdp(\.frags)?(\/.*)?$/ { print $2; exit }'
			return
		fi
	done
	for tool in readelf llvm-readelf; do
		if command -v "$tool" >/dev/null; then
			"$tool" -SW "$1" 2>/dev/null | sed 's/^ *\[ *[0-9]*\] *//' |
				awk '$1 ~ /^xdp(\.frags)?(\/.*)?$/ { print $1; exit }'
			return
		fi
	done
	echo xdp
}

load()
{
	local mode=xdp obj node iface section
	case ${1-} in
	-S) mode=xdpgeneric; shift ;;
	-N) mode=xdpdrv; shift ;;
	esac
	[[ $# -ge 1 && $# -le 3 && $1 != -* ]] ||
		die 2 "load [-S|-N] OBJ [NODE [IFACE]]"
	obj=$1 node=${2-box} iface=${3-eth0}
	check_node "$node"
	need_root "load $obj"
	[ -r "$obj" ] || die 1 "load: cannot read $obj"
	place "$node" "$iface"
	# The tool fails if it is no object.
	section=$(xdp_section "$obj") || :
	[ -n "$section" ] || die 1 "load: $obj holds no XDP program"
	[[ $(ip -n "$lab-$node" link show dev "$iface" 2>/dev/null) != *" prog/xdp"* ]] ||
		die 1 "load: $node $iface has a program already: $(command_line "unload $node $iface")"
	inside "$node" ip link set dev "$iface" "$mode" obj "$obj" sec "$section"
}

unload()
{
	local node=${1-box} iface=${2-eth0} mode
	[ $# -le 2 ] || die 2 "unload [NODE [IFACE]]"
	check_node "$node"
	need_root "unload $node $iface"
	place "$node" "$iface"
	for mode in xdpdrv xdpgeneric; do
		ip -n "$lab-$node" link set dev "$iface" $mode off 2>/dev/null || :
	done
	[[ $(ip -n "$lab-$node" link show dev "$iface" 2>/dev/null) != *" prog/xdp"* ]] ||
		die 1 "unload: $node $iface: a running program or a pin holds the attachment (bpf link): end it"
}

# no_more VERB ARG...: VERB takes no arguments.
no_more()
{
	[ $# = 1 ] || die 2 "$1 takes no argument"
}

main()
{
	local verb=${1-}
	[ $# -gt 0 ] || { usage >&2; exit 2; }
	shift
	[[ $lab =~ ^[a-z0-9][a-z0-9-]{0,19}$ ]] ||
		die 2 "LAB=$lab: a name has 1 to 20 of a-z, 0-9 and -, and no - in front"
	case $verb in
	setup | reset)
		no_more "$verb" "$@"
		need_root "$verb"
		[ "$verb" = setup ] || teardown
		setup
		;;
	teardown)
		[[ $# = 0 || $# = 1 && $1 == --all ]] || die 2 "teardown [--all]"
		need_root "$verb"
		if [ $# = 1 ]; then teardown_all; else teardown; fi
		;;
	status)
		no_more "$verb" "$@"
		need_root "$verb"
		# shellcheck source=/dev/null
		. "$here/status.sh"
		show_status
		;;
	stats)
		[[ $# = 0 || $# = 1 && $1 =~ ^[0-9]*\.?[0-9]+$ && $1 =~ [1-9] ]] ||
			die 2 "stats [SECONDS]"
		need_root "$verb"
		# shellcheck source=/dev/null
		. "$here/status.sh"
		show_stats "${1-1}"
		;;
	trace)
		no_more "$verb" "$@"
		need_root "$verb"
		# shellcheck source=/dev/null
		. "$here/trace.sh"
		trace_lab
		;;
	doctor)
		no_more "$verb" "$@"
		exec "$here/doctor.sh"
		;;
	enter) enter "$@" ;;
	exec) run_exec "$@" ;;
	ping) run_ping "$@" ;;
	tcpdump) run_tcpdump "$@" ;;
	load) load "$@" ;;
	unload) unload "$@" ;;
	help | -h | --help) usage ;;
	*) die 2 "no verb \"$verb\": see testenv/testenv.sh help" ;;
	esac
}

main "$@"
