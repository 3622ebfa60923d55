#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Every case: its broken program is rejected with the message that the page explains,
# testenv/explain names the line and the case, and its mended program loads. The page
# and the cases say the same.

load ../../testenv/testenv_bats

setup()
{
	here=$BATS_TEST_DIRNAME
	clinic=$here/verifier_clinic_user
	page=$here/README.md
	cd "$here" || return
}

# One case a line, in four columns: its name; options of the loader; the kernel's
# message, as an extended regular expression, the same on all kernels from 6.1 on;
# the line of C that is to blame, - where no kernel says one, or "maybe:" before it
# where only some do.
table()
{
	sed -e 's/^\t*//' -e '/^$/d' <<-'END'
		no_check|-|invalid access to packet, off=12 size=1, R[0-9]\(id=0,off=12,r=0\)|if (eth->h_proto == bpf_htons(ETH_P_IP))
		small_check|-|invalid access to packet, off=23 size=1, R[0-9]\(id=0,off=23,r=14\)|if (ip->protocol == IPPROTO_TCP)
		off_by_one|-|invalid access to packet, off=14 size=1, R[0-9]\(id=0,off=14,r=14\)|if (data + ETH_HLEN <= end && data[ETH_HLEN] >> 4 == 4)
		stale_pointer|-|R[0-9] invalid mem access 'scalar'|eth->h_dest[0] = 0;
		wide_offset|-|invalid access to packet, off=0 size=1, R[0-9]\(id=[1-9],off=0,r=0\)|return *byte ? XDP_PASS : XDP_DROP;
		unbounded_offset|-|math between pkt pointer and register with unbounded min value is not allowed|byte += *offset;
		from_the_end|-|R[0-9] pointer arithmetic on pkt_end prohibited|__u8 *last = end - 1;
		pointer_in_u32|-|R[0-9] pointer arithmetic with <<= operator prohibited|__u8 *byte = (void *)(long)payload;
		packet_to_helper|-|helper access to the packet is not allowed|bpf_ringbuf_output(&events, eth, sizeof(*eth), 0);
		unchecked_lookup|-|R[0-9] invalid mem access 'map_value_or_null'|__sync_fetch_and_add(count, 1);
		late_null_check|-|R[0-9] pointer arithmetic on map_value_or_null prohibited, null-check it first|return add(&counters->bytes, 60);
		small_value|-|invalid access to map value, value_size=8 off=8 size=8|__sync_fetch_and_add(&counters->bytes, 1);
		large_index|-|invalid access to map value, value_size=512 off=2040 size=8|slots->packets[eth->h_source[5]]++;
		unbounded_index|-|R[0-9] unbounded memory access, make sure to bounds check any such access|slots->packets[ctx->rx_queue_index]++;
		negative_index|-|R[0-9] min value is negative, either use unsigned index or do a if \(index >=0\) check\.|slots->seen[slot] = 1;
		read_only|-|write into map forbidden, value_size=4 off=0 size=4|*(volatile __u32 *)&limit = 128;
		pointer_from_map|-|R[0-9] invalid mem access 'scalar'|return *(__u8 *)*address ? XDP_PASS : XDP_DROP;
		leak|-u|R[0-9] leaks addr into map|*value = (long)ctx;
		held_lock|-|(bpf_spin_unlock is missing|BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region)|bpf_spin_lock(&account->lock);
		call_in_lock|-|function calls are not allowed while holding a lock|account->last = bpf_ktime_get_ns();
		no_return|-|R0 !read_ok|}
		uninit_stack|-u|invalid (indirect )?read from stack R2 off[ =]-16(\+0)? size[ =]16|count = bpf_map_lookup_elem(&packets, &key);
		stack_end|-|invalid (read from|indirect access to) stack R2 off=-8 size=16|bpf_ringbuf_output(&events, &now, 16, 0);
		misaligned|-|misaligned stack access off .*\+-7 size 4|*(__u32 *)(message + ADDRESS) = ctx->rx_queue_index;
		deep_stack|-|combined stack size of 2 calls is 640\. Too large|-
		endless_loop|-|infinite loop detected at insn 2|while (bpf_get_prandom_u32() % 8)
		long_walk|-|The sequence of 8193 jumps is too complex\.|if (*byte == 0xff)
		too_large|-|BPF program is too large\. Processed 1000001 insn|-
		unreachable|-|unreachable insn 2|return XDP_PASS;
		wrong_helper|-|(unknown func|program of this type cannot use helper) bpf_skb_load_bytes#26|if (bpf_skb_load_bytes(ctx, 0, &byte, sizeof(byte)))
		new_helper|-|invalid func unknown#9999|return bpf_of_tomorrow() ? XDP_PASS : XDP_DROP;
		gpl_only|-|cannot call GPL-restricted function from non-GPL compatible program|bpf_printk("a packet");
		wrong_argument|-|R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value.*|count = bpf_map_lookup_elem(&packets,
		helper_length|-|R3 unbounded memory access, use 'var &= const' or 'if \(var < const\)'|bpf_ringbuf_output(&events, bytes, length, 0);
		zero_length|-|(R4 )?invalid zero-sized read(: .*)?|if (bpf_xdp_load_bytes(ctx, 0, bytes, length))
		unreleased|-|Unreleased reference id=[0-9]+ alloc_insn=6|event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
		context_read|-|invalid bpf_context access off=20 size=4|return ctx->egress_ifindex == 2 ? XDP_DROP : XDP_PASS;
		context_write|-|invalid bpf_context access off=4 size=4|ctx->data_end = ctx->data + ETH_HLEN;
		context_end|-|invalid bpf_context access off=36 size=4|return skb->ingress_ifindex == 2 ? XDP_DROP : XDP_PASS;
		return_value|-|At program exit the register R0 has (value \(0x2; 0x0\)|smin=2 smax=2) should have been in (\(0x0; 0x1\)|\[0, 1\])|return XDP_PASS;
		global_function|-|Global function checked\(\) (doesn't return scalar|return value not void or scalar)\. Only those are supported\.|maybe:struct ethhdr *eth = checked(ctx);
	END
}

# each COMMAND: COMMAND with each case's four columns; says which case fails. The
# message may hold a |: it is what is between the second one and the last.
each()
{
	local line name rest option message text failed=''
	while IFS= read -r line; do
		name=${line%%|*} rest=${line#*|}
		option=${rest%%|*} rest=${rest#*|}
		message=${rest%|*} text=${rest##*|}
		"$@" "$name" "${option#-}" "$message" "$text" || failed+=" $name"
	done < <(table)
	echo "not so:$failed"
	[ -z "$failed" ]
}

names_the_case()
{
	local expected number
	status=0
	output=$("$clinic" ${2:+"-$2"} "$1" broken 2>&1) || status=$?
	echo "== $1: status $status"
	echo "$output"
	[ "$status" = 1 ] || return
	if [ "$4" = - ]; then
		grep -q '_kern\.c:' <<<"$output" && return 1
	else
		number=$(awk -v text="${4#maybe:}" '
			/^int broken/ { on = 1 }
			{ line = $0; sub(/^\t*/, "", line) }
			on && line == text { print NR; exit }' "$1_kern.c")
		expected="$1_kern.c:$number: ${4#maybe:}"
		if [[ $4 != maybe:* ]] || grep -q '_kern\.c:' <<<"$output"; then
			[ "${output%%$'\n'*}" = "$expected" ] || return
		fi
	fi
	grep -qxE "The verifier: ($3)" <<<"$output" || return
	grep -qE "lesson 10,( [a-z_0-9]+ and)? $1( and [a-z_0-9]+)?\.\$" <<<"${output,,}"
}

mended_loads()
{
	[ "$("$clinic" ${2:+"-$2"} "$1" mended 2>&1)" = "mended of $1: accepted" ]
}

# broken_on_page NAME OPTION: its section plays the rejection.
broken_on_page()
{
	grep -qxF "host\$ sudo ./verifier_clinic_user ${2:+-$2 }$1 broken" "$page"
}

@test "every broken program is rejected: the message, the line and the case" {
	need_root
	each names_the_case
}

@test "every mended program loads" {
	need_root
	each mended_loads
}

# bats test_tags=same-on-every-kernel
@test "cases, page, table of the test: the same names" {
	printf '%s\n' *_kern.c | sed 's/_kern\.c$//' | sort >"$BATS_TEST_TMPDIR/files"
	table | cut -d'|' -f 1 | sort >"$BATS_TEST_TMPDIR/table"
	sed -n 's/^### `\([a-z0-9_]*\)`.*/\1/p' "$page" | sort >"$BATS_TEST_TMPDIR/page"
	# In the page's table of messages: its last column.
	sed -n '/^## Find a message/,/^## /s/.*| \[`\([a-z0-9_]*\)`\](#\1) |$/\1/p' "$page" |
		sort -u >"$BATS_TEST_TMPDIR/messages"
	for other in table page messages; do
		diff "$BATS_TEST_TMPDIR/files" "$BATS_TEST_TMPDIR/$other"
	done
	[ "$(wc -l <"$BATS_TEST_TMPDIR/files")" -ge 20 ]
	each broken_on_page
}

# bats test_tags=same-on-every-kernel
@test "what the page shows of a case is in its file, line by line" {
	run -0 awk '
		/^### `/ { name = $2; gsub(/`/, "", name); next }
		/^## / { name = "" }
		/^```c$/ { code = 1; next }
		/^```/ { code = 0 }
		!code || name == "" || $0 == "" { next }
		{
			file = name "_kern.c"; found = 0
			while ((getline line < file) > 0)
				found = found || line == $0
			close(file)
			if (!found)
				print file ": " $0
			shown++
		}
		END { if (shown < 100) print "only " shown " lines" }' "$page"
	echo "$output"
	[ -z "$output" ]
}

# bats test_tags=same-on-every-kernel
@test "each case begins with one sentence, and has the two programs in order" {
	for file in *_kern.c; do
		echo "$file"
		[[ $(sed -n 2,4p "$file" | tr -d '\n') == "/*"*[.!]* ]]
		[ "$(grep -oE '^int (broken|mended)' "$file" | tr '\n' ' ')" = "int broken int mended " ]
	done
}

# bats test_tags=same-on-every-kernel
@test "the parts of pages that testenv/explain names are there" {
	grep -oE '^[A-Z]+ = \([0-9]+, "[^"]+"\)' "$here/../../testenv/explain" >"$BATS_TEST_TMPDIR/parts"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/parts")" -ge 5 ]
	while IFS='("' read -r _ number heading _; do
		echo "lesson ${number%,*}: $heading"
		grep -qxF "## $heading" "$here"/../0"${number%,*}"-*/README.md
	done <"$BATS_TEST_TMPDIR/parts"
	grep -qx '## Left out' "$page"
}

# bats test_tags=same-on-every-kernel
@test "-l lists the cases, -h shows the usage" {
	run -0 "$clinic" -l
	[ "$output" = "$(printf '%s\n' *_kern.c | sed 's/_kern\.c$//' | LC_ALL=C sort)" ]
	run -0 "$clinic" -h
	[[ ${lines[0]} == "Usage: verifier_clinic_user "* ]]
}

# bats test_tags=same-on-every-kernel
@test "a wrong command line: one line, status 2" {
	while read -r arguments; do
		run -2 "$clinic" $arguments
		echo "$output"
		[[ ${lines[-1]} == "verifier_clinic_user: "* ]]
	done <<-'END'

		no_check
		no_check broken mended
		no_check fine
		no_such_case broken
		../10-verifier-clinic/no_check broken
		-Q no_check broken
	END
}

@test "-v: the log in full, and then what it means" {
	need_root
	run -1 "$clinic" -v no_check broken
	[[ ${lines[0]} == "0: R1=ctx("* ]]
	grep -q '^processed 2 insns' <<<"$output"
	[ "${lines[-1]}" = 'Lesson 2, "First without a check"; lesson 10, no_check.' ]
}

# bats test_tags=same-on-every-kernel
@test "without root: one line that says so, status 1" {
	need_root
	run -1 setpriv --reuid=65534 --clear-groups "$clinic" no_check broken
	echo "$output"
	[ "${#lines[@]}" = 1 ]
	[[ $output == "verifier_clinic_user: load broken of no_check: "*"needs root"* ]]
}

@test "without testenv/explain: the kernel's log" {
	need_root
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/lessons/10-copy" "$tree/testenv"
	cp "$clinic" no_check_kern.o "$tree/lessons/10-copy"
	run -1 "$tree/lessons/10-copy/verifier_clinic_user" no_check broken
	[[ $output == *"invalid access to packet, off=12"*"processed 2 insns"* ]]
	# One that fails, one that does not read, one that cannot be run.
	printf '#!/bin/sh\nexit 3\n' >"$tree/testenv/explain"
	chmod +x "$tree/testenv/explain"
	run -1 "$tree/lessons/10-copy/verifier_clinic_user" no_check broken
	[[ $output == *"invalid access to packet, off=12"* ]]
	printf '#!/nowhere\n' >"$tree/testenv/explain"
	run -1 "$tree/lessons/10-copy/verifier_clinic_user" no_check broken
	[[ $output == *"invalid access to packet, off=12"* ]]
	printf '#!/bin/sh\nexec <&-\necho read nothing\n' >"$tree/testenv/explain"
	cp long_walk_kern.o "$tree/lessons/10-copy"
	run -1 "$tree/lessons/10-copy/verifier_clinic_user" long_walk broken
	[ "$output" = "read nothing" ]
}
