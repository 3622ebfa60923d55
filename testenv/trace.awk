# SPDX-License-Identifier: GPL-2.0-only
#
# Decode what the kernel writes to trace_pipe, one line per event:
#
#	SECONDS  NODE:IFACE or TASK  EVENT  what it says
#
# ifaces: "IFINDEX NODE:IFACE ..." of the lab. Events of other interfaces are left
# out. The lines "xdp-lessons begin" and "xdp-lessons end" frame the whole.

BEGIN {
	n = split(ifaces, word, " ")
	for (i = 1; i < n; i += 2)
		iface[word[i]] = word[i + 1]
	# include/uapi/asm-generic/errno*.h: what XDP returns.
	n = split("1 EPERM 2 ENOENT 5 EIO 6 ENXIO 7 E2BIG 11 EAGAIN 12 ENOMEM" \
		" 14 EFAULT 16 EBUSY 19 ENODEV 22 EINVAL 28 ENOSPC 33 EDOM" \
		" 34 ERANGE 75 EOVERFLOW 90 EMSGSIZE 95 EOPNOTSUPP" \
		" 100 ENETDOWN 101 ENETUNREACH 105 ENOBUFS 110 ETIMEDOUT" \
		" 113 EHOSTUNREACH", word, " ")
	for (i = 1; i < n; i += 2)
		errno_name[word[i]] = word[i + 1]
}

function show(where, event, text)
{
	printf "%.6f  %-11s  %-15s  %s\n", time - begin, where, event, text
	fflush()
}

# field(NAME): the value of NAME=VALUE in the event's text, or "".
function field(name,	at, value)
{
	at = index(" " text, " " name "=")
	if (!at)
		return ""
	value = substr(text, at + length(name) + 1)
	sub(/ .*/, "", value)
	return value
}

function verdict()
{
	return "XDP_" field("action")
}

function errno(	err)
{
	err = field("err")
	if (err == "" || err == 0)
		return ""
	if (-err in errno_name)
		return "  -" errno_name[-err]
	return "  error " err
}

function interface(index_)
{
	return index_ in iface ? iface[index_] : "interface " index_
}

# program(ID): "prog ID NAME". Names are looked up once.
function program(id,	command, line)
{
	if (!(id in prog)) {
		prog[id] = "prog " id
		command = "bpftool prog show id " id " 2>/dev/null"
		if ((command | getline line) > 0 && line ~ / name /) {
			sub(/.* name /, "", line)
			sub(/ .*/, "", line)
			prog[id] = prog[id] " " line
		}
		close(command)
	}
	return prog[id]
}

# Where a redirected packet goes to: a map's slot or an interface.
function target(	map, to)
{
	map = field("map_id")
	to = field("to_ifindex")
	# INT_MAX: bpf_redirect, which has no map.
	if (map > 0 && map != 2147483647) {
		maps[map] = 1
		return "map " map " index " field("map_index")
	}
	return "to " interface(to)
}

{
	line = $0
	# TASK-PID [CPU] FLAGS SECONDS: EVENT: TEXT. A task's name may hold spaces.
	if (!match(line, /\[[0-9][0-9][0-9]+\] +([^ ]+ +)?[0-9]+\.[0-9]+: [a-z0-9_]+: ?/)) {
		if (line ~ /LOST [0-9]+ EVENTS/) {
			sub(/.*LOST /, "", line)
			sub(/ EVENTS.*/, "", line)
			show("-", "lost", line " events: more than could be shown")
		} else if (line != "") {
			# A bpf_printk of several lines.
			print "                       " line
			fflush()
		}
		next
	}
	task = substr(line, 1, RSTART - 1)
	head = substr(line, RSTART, RLENGTH)
	text = substr(line, RSTART + RLENGTH)
	sub(/-[0-9]+ *(\([^)]*\) *)?$/, "", task)
	sub(/^ +/, "", task)
	sub(/: ?$/, "", head)
	event = head
	sub(/.* /, "", event)
	sub(/: [^ ]*$/, "", head)
	sub(/.* /, "", head)
	time = head + 0
}

event == "tracing_mark_write" {
	if (text == "xdp-lessons begin")
		begin = time
	else if (text == "xdp-lessons end")
		exit
	next
}

event == "bpf_trace_printk" {
	show(task, "bpf_printk", text)
	next
}

# It has no interface. Who attaches a program wants to know why it failed.
event == "bpf_xdp_link_attach_failed" {
	sub(/^errmsg=/, "", text)
	show(task, "attach failed", text)
	next
}

event == "xdp_devmap_xmit" {
	from = field("from_ifindex")
	to = field("to_ifindex")
	if (from in iface || to in iface)
		show(interface(from), event, "to " interface(to) "  sent " \
			field("sent") " drops " field("drops") errno())
	next
}

# A CPU map has no interface: it is ours when a packet of ours went there.
event ~ /^xdp_cpumap_/ {
	if (field("map_id") in maps) {
		map = field("map_id")
		sub(/^.*map_id=[0-9]+ (action=[A-Z]+ )?/, "", text)
		gsub(/=/, " ", text)
		show("cpu " field("cpu"), event, "map " map "  " text)
	}
	next
}

!(field("ifindex") in iface) {
	next
}

event == "xdp_exception" {
	show(interface(field("ifindex")), event, verdict() "  " program(field("prog_id")))
	next
}

event == "xdp_bulk_tx" {
	show(interface(field("ifindex")), event, verdict() "  sent " \
		field("sent") " drops " field("drops") errno())
	next
}

event ~ /^xdp_redirect/ {
	show(interface(field("ifindex")), event, target() errno() "  " \
		program(field("prog_id")))
	next
}

{
	show(interface(field("ifindex")), event, text)
}
