# shellcheck shell=bash
# shellcheck disable=SC2154 # testenv.sh sets what is not set here
# SPDX-License-Identifier: GPL-2.0-only
#
# "testenv.sh trace": bpf_printk output of the whole machine, which does not say where
# it comes from, and the kernel's XDP events of this lab. Read by testenv.sh, whose
# functions and variables it uses.
#
# The kernel lets each reader have a tracing instance of its own. Ours comes and
# goes with "trace"; the machine's other tracing is not touched.
#
# While $state/trace.PID exists, nothing that happens in the lab is missed.

trace_lab()
{
	need_lab box
	if [ ! -d /sys/kernel/tracing/instances ]; then
		# Not mounted here: mount it for this command only.
		[ -z "${XDP_LESSONS_TRACEFS:-}" ] ||
			die 1 "this kernel has no tracefs: see testenv/testenv.sh doctor"
		export XDP_LESSONS_TRACEFS=tried
		tracefs_here "$here/testenv.sh" trace
	fi
	trace_events
}

trace_events()
{
	local events node name n slot format first last ifaces="" reader="" stop=0 awk=(awk)
	local dir=/sys/kernel/tracing/instances/xdp-lessons-$lab-$$
	local ready=$state/trace.$$

	[ -d /sys/kernel/tracing/events/xdp ] ||
		die 1 "this kernel has no XDP events: see testenv/testenv.sh doctor"
	rm_instances
	read -r slot <"$state/slot"
	first=$((1000 + slot * 10))
	while read -r node name n _; do
		ifaces+="$((first + n)) $node:$name "
	done <<<"$interfaces"

	# mawk keeps its input back without this. gawk does not know it.
	[[ $(awk -W version 2>&1 </dev/null) != mawk* ]] || awk+=(-W interactive)

	trap 'end_trace' EXIT
	trap 'stop=1' INT TERM HUP
	mkdir "$dir" || exit $((!stop))
	echo "xdp-lessons begin" >"$dir/trace_marker"
	(
		# The reader ignores ^C: it ends at the mark that we write then, after
		# all that happened before.
		trap '' INT HUP
		trap - TERM
		# Should this shell be killed, the reader ends too. It may have been
		# before the reader asked to be told.
		# shellcheck disable=SC2016 # expands inside
		exec setpriv --pdeathsig TERM \
			sh -c '[ "$PPID" = "$1" ] || exit; shift; exec "$@"' sh $$ \
			"${awk[@]}" -v ifaces="$ifaces" -f "$here/trace.awk"
	) <"$dir/trace_pipe" &
	reader=$!
	# The kernel itself leaves out what other interfaces do: it may be more than a
	# reader can read. What is left, trace.awk sorts.
	last=$((first + 9))
	for events in "$dir"/events/xdp/xdp_*; do
		read -rd '' format <"$events/format" || :
		case $format in
		*' ifindex;'*) echo "ifindex>=$first&&ifindex<=$last" ;;
		*' from_ifindex;'*) echo "(from_ifindex>=$first&&from_ifindex<=$last)||(to_ifindex>=$first&&to_ifindex<=$last)" ;;
		*) continue ;;
		esac >"$events/filter"
	done
	# Not before there is a reader: where many events come, old ones are lost, and
	# the mark would be.
	for events in xdp bpf_trace/bpf_trace_printk; do
		echo 1 >"$dir/events/$events/enable"
	done
	# mem_*: memory pools come and go. That is not about a packet.
	for events in "$dir"/events/xdp/mem_*/enable; do
		[ ! -e "$events" ] || echo 0 >"$events"
	done
	# Not earlier: this shell only waits from here on, and bash 5.2 may fail to
	# run a trap elsewhere.
	trap 'trap "" INT TERM HUP; exit 0' INT TERM HUP
	((!stop)) || exit 0
	: >"$ready"
	wait "$reader" || :
	# Here, for end_trace() knows the variables of this function.
	exit 0
}

end_trace()
{
	trap '' INT TERM HUP
	set +e
	# Nothing comes behind the mark that could push it out.
	echo 0 >"$dir/events/enable"
	echo "xdp-lessons end" >"$dir/trace_marker"
	[ -z "$reader" ] || wait "$reader"
	rm -f "$ready"
	rmdir "$dir"
} 2>/dev/null
