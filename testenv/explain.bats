#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bats file_tags=same-on-every-kernel
# What testenv/explain makes of logs of each kernel, of messages that it does not
# know, and of what is no log at all. Lesson 10 tries it on logs of this kernel.

load testenv_bats

setup()
{
	explain=$BATS_TEST_DIRNAME/explain
	clinic=$BATS_TEST_DIRNAME/../lessons/10-verifier-clinic
	log=$BATS_TEST_TMPDIR/log
	unset V
	cd "$clinic" || return
}

# log: what follows is the log.
log()
{
	sed 's/^\t\t//' >"$log"
}

# explained STATUS [ARG...]: explain, and expect STATUS.
explained()
{
	local expected=$1
	shift
	run "$explain" "$@" <"$log"
	echo "$output"
	[ "$status" = "$expected" ]
}

# no_check_6.1: no file, no number.
no_check_6.1()
{
	log <<-'END'
		libbpf: prog 'broken': BPF program load failed: Permission denied
		libbpf: prog 'broken': -- BEGIN PROG LOAD LOG --
		0: R1=ctx(off=0,imm=0) R10=fp0
		; struct ethhdr *eth = (void *)(long)ctx->data;
		0: (61) r1 = *(u32 *)(r1 +0)          ; R1_w=pkt(off=0,r=0,imm=0)
		; if (eth->h_proto == bpf_htons(ETH_P_IP))
		1: (71) r2 = *(u8 *)(r1 +12)
		invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)
		R1 offset is outside of the packet
		verification time 392 usec
		stack depth 0
		processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
		-- END PROG LOAD LOG --
		libbpf: prog 'broken': failed to load: -13
		libbpf: failed to load object 'no_check_kern.o'
	END
}

# held_lock_6.12: the walk goes on elsewhere behind a jump, on the same line.
held_lock_6.12()
{
	log <<-'END'
		; bpf_spin_lock(&account->lock); @ held_lock_kern.c:30
		11: (bf) r1 = r6                      ; R1_w=map_value(id=1,map=accounts,ks=4,vs=16)
		12: (85) call bpf_spin_lock#93        ;
		; if (++account->packets > 1000) @ held_lock_kern.c:31
		13: (61) r1 = *(u32 *)(r6 +4)         ; R1_w=scalar(smin=0,smax=umax=0xffffffff)
		19: (25) if r1 > 0x3e8 goto pc+9 29: R1_w=scalar(smin=umin=1001) R10=fp0 fp-8=mmmm????
		29: (bf) r0 = r7                      ; R0_w=1 R7_w=1
		30: (95) exit
		bpf_spin_unlock is missing
		processed 32 insns (limit 1000000) max_states_per_insn 0 total_states 2 peak_states 2 mark_read 1
	END
}

@test "6.1: the line comes from the object" {
	no_check_6.1
	explained 0 no_check_kern.o
	[ "$output" = "$(cat <<-'END'
		no_check_kern.c:13: if (eth->h_proto == bpf_htons(ETH_P_IP))
		The verifier: invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)
		It knows of 0 bytes of the packet here; this reads byte 12.
		Compare with data_end first: if ((void *)(header + 1) > end) return XDP_DROP;
		Lesson 2, "First without a check"; lesson 10, no_check.
	END
	)" ]
}

@test "6.1 without OBJECT: all but the line" {
	no_check_6.1
	explained 0
	[ "${#lines[@]}" = 4 ]
	[[ ${lines[0]} == "The verifier: invalid access to packet"* ]]
}

@test "6.1, in a function behind the program's end: found by its text" {
	log <<-'END'
		libbpf: prog 'broken': -- BEGIN PROG LOAD LOG --
		; __sync_fetch_and_add(sum, summand);
		30: (db) lock *(u64 *)(r1 +0) += r2
		R1 invalid mem access 'map_value_or_null'
		processed 20 insns (limit 1000000) max_states_per_insn 0 total_states 0
		-- END PROG LOAD LOG --
	END
	explained 0 late_null_check_kern.o
	[[ ${lines[0]} == "late_null_check_kern.c:22: __sync_fetch_and_add(sum, summand);" ]]
}

@test "6.12: the lock's line; the lock that is held at exit" {
	held_lock_6.12
	explained 0
	[ "${lines[0]}" = "held_lock_kern.c:30: bpf_spin_lock(&account->lock);" ]
	[[ ${lines[-1]} == "Lesson 10, held_lock." ]]
}

@test "6.18: the line comes from the log, also without OBJECT" {
	log <<-'END'
		0: R1=ctx() R10=fp0
		; void *end = (void *)(long)ctx->data_end; @ small_check_kern.c:12
		0: (61) r2 = *(u32 *)(r1 +4)          ; R1=ctx() R2=pkt_end()
		; if (ip->protocol == IPPROTO_TCP) @ small_check_kern.c:19
		6: (71) r1 = *(u8 *)(r1 +23)
		invalid access to packet, off=23 size=4, R1(id=0,off=23,r=14)
		R1 offset is outside of the packet
		processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
	END
	cd /
	explained 0
	[ "${lines[0]}" = "small_check_kern.c:19: if (ip->protocol == IPPROTO_TCP)" ]
	[[ ${lines[2]} == *"14 bytes of the packet, bytes 0 to 13; this reads bytes 23 to 26." ]]
	cd "$clinic/.."
	explained 0 10-verifier-clinic/small_check_kern.o
	[[ ${lines[0]} == "10-verifier-clinic/small_check_kern.c:19: "* ]]
	cd "$BATS_TEST_TMPDIR"
	explained 0 "$clinic/small_check_kern.o"
	[[ ${lines[0]} == /*/small_check_kern.c:19:* && ${lines[0]} != *..* ]]
}

@test "7.3: its own explanation is no reason, and -v shows all of it" {
	log <<-'END'
		0: R1=ctx() R10=fp0
		; __u8 *last = end - 1; @ from_the_end_kern.c:11
		2: (07) r2 += -1
		R2 pointer arithmetic on pkt_end prohibited

		Verification failed: Register Type Safety: Pointer arithmetic is not allowed

		Reason:
		  R2 holds pkt_end. This pointer kind does not allow offset arithmetic.

		At:
		  broken @ from_the_end_kern.c:11:19
		  Source context:
		       9 |         __u8 *end = (void *)(long)ctx->data_end;
		  >>> 11 |         __u8 *last = end - 1;
		         |         ^-- error: pointer arithmetic is not allowed
		  Instruction context:
		      1 | (61) r2 = *(u32 *)(r1 +4)
		  >>> 2 | (07) r2 += -1
		      3 | (61) r1 = *(u32 *)(r1 +0)

		Suggestion:
		  Do not change this pointer's offset; use it only in operations accepted for its kind.

		verification time 7139 usec
		stack depth max 0
		subprog 0 (broken) main insns_self 11 insns_total 11 stack 0
		processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
	END
	explained 0
	[ "${#lines[@]}" = 5 ]
	[ "${lines[0]}" = "from_the_end_kern.c:11: __u8 *last = end - 1;" ]
	[[ ${lines[-1]} == *"lesson 10, from_the_end." ]]
	explained 0 -v
	[[ $output == *"The end of the log:"*"2: (07) r2 += -1"*"Suggestion:"*"processed 3 insns"* ]]
}

@test "a global function of 6.1: said without an instruction" {
	log <<-'END'
		Validating checked() func#1...
		Global function checked() doesn't return scalar. Only those are supported.
		processed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
	END
	explained 0
	[[ ${lines[1]} == "checked() is not static"* ]]
}

@test "where the walk went on elsewhere, a line of C is not guessed" {
	for switch in "from 3 to 9: R0=0 R7=scalar() R10=fp0" \
		"4: (55) if r0 != 0x0 goto pc+4 9: R0=0 R7=scalar() R10=fp0"; do
		log <<-END
			; if (byte) @ some_kern.c:3
			3: (71) r1 = *(u8 *)(r2 +0)           ; R1=scalar()
			$switch
			9: (71) r1 = *(u8 *)(r7 +0)
			R7 invalid mem access 'scalar'
			processed 7 insns (limit 1000000) max_states_per_insn 0
		END
		explained 0
		[[ ${lines[0]} == "The verifier: "* ]]
	done
}

@test "an object that the log is not about: the line is left out" {
	no_check_6.1
	explained 0 small_check_kern.o
	[[ ${lines[0]} == "The verifier: "* ]]
	sed -i "s/prog 'broken': --/prog 'other': --/" "$log"
	explained 0 no_check_kern.o
	[[ ${lines[0]} == "The verifier: "* ]]
	# Two programs that it may be about: neither is taken.
	printf 'unreachable insn 2\nprocessed 0 insns (limit 1000000)\n' >"$log"
	explained 0 unreachable_kern.o
	[[ ${lines[0]} == "The verifier: "* ]]
}

@test "a bare log: the program is found by its lines" {
	no_check_6.1
	sed -i '/libbpf\|END PROG/d' "$log"
	explained 0 no_check_kern.o
	[[ ${lines[0]} == "no_check_kern.c:13: "* ]]
}

@test "no llvm-objdump, nor anything else but python3: the same" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$BATS_TEST_TMPDIR/bin/python3"
	no_check_6.1
	run -0 /usr/bin/env "PATH=$BATS_TEST_TMPDIR/bin" "$explain" no_check_kern.o <"$log"
	[[ ${lines[0]} == "no_check_kern.c:13: "* ]]
}

@test "messages that look alike are not explained" {
	while IFS= read -r message; do
		printf '3: (71) r1 = *(u8 *)(r2 -1)\n%s\nprocessed 7 insns (limit 1000000)\n' \
			"$message" >"$log"
		explained 1
		[ "${#lines[@]}" = 4 ]
		[ "${lines[1]}" = "$message" ]
		[[ ${lines[3]} == "explain: this message is not known here."* ]]
	done <<-'END'
		invalid access to packet, off=-1 size=1, R1(id=0,off=-1,r=14)
		R1 invalid mem access 'pkt_end'
		R3 pointer -= pointer prohibited
		variable ctx access var_off=(0x0; 0xc) disallowed
		R1 pointer arithmetic on map_ptr prohibited
		invalid read from stack off -8+4 size 520
		At program exit the register R0 is not a known value (ctx)
		At program exit the register R0 has smin=1 smax=2 should have been in [0, 1]
		R1 leaks addr into ctx
		some message of a kernel to come
	END
}

@test "metadata ends where the packet begins" {
	log <<-'END'
		0: R1=ctx() R10=fp0
		; __u32 *mark = (void *)(long)skb->data_meta; @ m_kern.c:7
		0: (61) r2 = *(u32 *)(r1 +140)        ; R1=ctx() R2=pkt_meta(r=0)
		; skb->mark = *mark; @ m_kern.c:9
		1: (61) r2 = *(u32 *)(r2 +0)
		invalid access to packet, off=0 size=4, R2(id=0,off=0,r=0)
		R2 offset is outside of the packet
		processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
	END
	explained 0
	[[ ${lines[0]} = "m_kern.c:9: skb->mark = *mark;" ]]
	[[ ${lines[2]} = "It knows of 0 bytes of the metadata here; this reads bytes 0 to 3." ]]
	[[ ${lines[3]} = *"Compare with data, not with data_end"* ]]
	[[ ${lines[4]} = "Lesson 5,"* ]]
}

@test "a comparison by != proves nothing, and clang makes some" {
	log <<-'END'
		; if ((void *)(note + 1) > data) @ n_kern.c:12
		5: (bf) r4 = r2                       ; R2=pkt_meta(r=0) R4=pkt_meta(r=0)
		6: (07) r4 += 8                       ; R4=pkt_meta(off=8,r=0)
		7: (5d) if r4 != r3 goto pc+3         ; R3=pkt(r=0) R4=pkt_meta(off=8,r=0)
		; skb->mark = note->mark; @ n_kern.c:16
		8: (61) r2 = *(u32 *)(r2 +4)
		invalid access to packet, off=4 size=4, R2(id=0,off=4,r=0)
		R2 offset is outside of the packet
		processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
	END
	explained 0
	[[ ${lines[3]} = "A comparison by == or != proves nothing."* ]]
	# One that only looks like it, of numbers, is not meant.
	sed -i 's/R3=pkt(r=0) R4=pkt_meta(off=8,r=0)$/R3=8 R4=scalar()/' "$log"
	explained 0
	[[ ${lines[3]} = *"Compare with data, not with data_end"* ]]
}

@test "a stale pointer stays one while it is copied and moved" {
	log <<-'END'
		2: (61) r7 = *(u32 *)(r6 +8)          ; R6=ctx() R7=pkt_meta(r=0)
		4: (85) call bpf_xdp_adjust_meta#54   ; R0=scalar()
		6: (bf) r1 = r7                       ; R1=scalar(id=1) R7=scalar(id=1)
		7: (07) r1 += 8                       ; R1=scalar(id=1+8)
		; meta->queue = ctx->rx_queue_index; @ s_kern.c:14
		10: (63) *(u32 *)(r7 +0) = r1
		R7 invalid mem access 'scalar'
		processed 11 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
	END
	explained 0
	[[ ${lines[2]} = "R7 was a pointer into the packet until bpf_xdp_adjust_meta() was called."* ]]
	sed -i 's/R7 invalid/R1 invalid/; s/(r7 +0) = r1/(r1 +0) = r7/' "$log"
	explained 0
	[[ ${lines[2]} = "R1 was a pointer into the packet until bpf_xdp_adjust_meta() was called."* ]]
	# Something else was put there since.
	sed -i 's/7: (07) r1 += 8 .*/7: (b7) r1 = 8                        ; R1=8/' "$log"
	explained 0
	[[ ${lines[2]} = "R1 is used as a pointer"* ]]
}

@test "a line that clang made of several: the one before it" {
	log <<-'END'
		; void *pos = ip + 1; @ p_kern.c:40
		5: (bf) r4 = r2                       ; R2=pkt(r=14) R4=pkt(r=14)
		;  @ p_kern.c:0
		8: (71) r2 = *(u8 *)(r2 +22)
		invalid access to packet, off=22 size=1, R2(id=0,off=22,r=14)
		R2 offset is outside of the packet
		processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
	END
	explained 0
	[[ ${lines[0]} = "near p_kern.c:40: void *pos = ip + 1;" ]]
}

@test "a pointer on the stack is not called unwritten" {
	for slot in ctx pkt fp0 map_value; do
		log <<-END
			1: (7b) *(u64 *)(r10 -8) = r1         ; R1=ctx() R10=fp0 fp-8_w=$slot(off=0,imm=0)
			6: (85) call bpf_map_lookup_elem#1
			invalid indirect read from stack R2 off -8+0 size 8
			processed 6 insns (limit 1000000)
		END
		explained 1
	done
	sed -i 's/fp-8_w=.*/fp-8_w=scalar()/' "$log"
	explained 0
}

@test "a stale pointer: only where a helper moved the packet, and nothing was put there since" {
	stale()
	{
		log <<-END
			2: (61) r7 = *(u32 *)(r1 +0)          ; R7=pkt(r=0)
			8: (85) call $1#44   ; R0=scalar()
			9: (bf) r6 = r0                       ; $2
			11: (73) *(u8 *)(r7 +0) = r1
			R7 $3
			processed 11 insns (limit 1000000)
		END
		explained 0
	}
	stale bpf_xdp_adjust_head R6=scalar "invalid mem access 'scalar'"
	[[ $output == *"until bpf_xdp_adjust_head() was called"* ]]
	stale bpf_xdp_adjust_tail R6=scalar "!read_ok"
	[[ $output == *"until bpf_xdp_adjust_tail() was called"* ]]
	stale bpf_ktime_get_ns R6=scalar "invalid mem access 'scalar'"
	[[ $output == *"to the verifier it is a number"* ]]
	stale bpf_xdp_adjust_head R7=scalar "invalid mem access 'scalar'"
	[[ $output == *"to the verifier it is a number"* ]]
}

@test "the context's end is known where the type is" {
	log <<-'END'
		; return skb->ingress_ifindex == 2 ? XDP_DROP : XDP_PASS; @ context_end_kern.c:11
		0: (61) r1 = *(u32 *)(r1 +36)
		invalid bpf_context access off=36 size=4
		processed 1 insns (limit 1000000)
	END
	explained 0
	[[ ${lines[2]} == "This type of program may not read bytes 36 to 39 of its context." ]]
	explained 0 context_end_kern.o
	[[ ${lines[2]} == "The context is a struct xdp_md of 24 bytes; this reads bytes 36 to 39." ]]
	sed -i "1s/.*/prog 'broken': -- BEGIN PROG LOAD LOG --/; s/off=36 size=4/off=0 size=8/" "$log"
	explained 0
	[[ ${lines[1]} == "This type of program may not read bytes 0 to 7 of its context." ]]
	explained 0 context_end_kern.o
	[[ ${lines[2]} == "The fields of struct xdp_md have 4 bytes each; this reads bytes 0 to 7." ]]
}

@test "an unknown message: the end of the log as it is, 20 lines, and one line more" {
	{
		seq -f '%.0f: (b7) r0 = 0' 100
		echo "a message of a kernel to come"
		echo "processed 100 insns (limit 1000000)"
	} >"$log"
	explained 1
	[ "${#lines[@]}" = 21 ]
	[ "${lines[0]}" = "83: (b7) r0 = 0" ]
	[ "${lines[18]}" = "a message of a kernel to come" ]
}

@test "V=1 and -v: the end of the log behind the explanation; V=0 and V= do not" {
	no_check_6.1
	V=1 explained 0
	[[ ${lines[4]} == "The end of the log:" ]]
	[[ ${lines[5]} == "0: R1=ctx(off=0,imm=0) R10=fp0" ]]
	[[ ${lines[-1]} == "processed 2 insns"* ]]
	first=$output
	explained 0 -v
	[ "$output" = "$first" ]
	for value in "" 0; do
		V=$value explained 0
		[ "${#lines[@]}" = 4 ]
	done
}

@test "no log, garbage, a log without a rejection, a log without its end: status 1, one line that says so" {
	: >"$log"
	explained 1
	[ "$output" = "explain: this is not a verifier's log" ]
	printf 'make: *** No rule to make target\n' >"$log"
	explained 1
	[ "${lines[0]}" = "make: *** No rule to make target" ]
	[ "${lines[1]}" = "explain: this is not a verifier's log" ]
	head -c 1000000 /dev/urandom >"$log"
	run -1 timeout $((20 * patience)) "$explain" <"$log"
	no_check_6.1
	sed -i '/^invalid/d; s/^R1 offset.*/Validating checked() func#1.../' "$log"
	explained 1
	[ "${lines[-1]}" = "explain: no rejection in this log" ]
	sed -i '/^processed/,$d' "$log"
	explained 1
	[[ ${lines[-1]} == "explain: this log is cut off"* ]]
}

@test "several logs: the last one counts" {
	held_lock_6.12
	cp "$log" "$log.held"
	no_check_6.1
	cat "$log" >"$log.both"
	{ echo "prog 'x': -- BEGIN PROG LOAD LOG --"; cat "$log.held"; } >>"$log.both"
	mv "$log.both" "$log"
	explained 0
	[[ ${lines[-1]} == "Lesson 10, held_lock." ]]
}

@test "a log of ten megabytes takes seconds, not minutes" {
	need_real_time
	{
		yes "3: (79) r3 = *(u64 *)(r2 +0)          ; R2=map_value(map=a,ks=4,vs=8) R3=scalar()" |
			head -n 100000
		echo "BPF program is too large. Processed 1000001 insn"
		echo "processed 1000001 insns (limit 1000000)"
	} >"$log"
	run -0 timeout $((20 * patience)) "$explain" <"$log"
	[[ ${lines[-1]} == *"too_large." ]]
}

@test "an object that is none, or half of one: all but the line" {
	no_check_6.1
	size=$(stat -c %s no_check_kern.o)
	for length in 0 3 16 63 64 200 1000 $((size / 2)) $((size - 100)) $((size - 1)); do
		head -c "$length" no_check_kern.o >"$BATS_TEST_TMPDIR/half.o"
		explained 0 "$BATS_TEST_TMPDIR/half.o"
		[[ $output == *"It knows of 0 bytes"* ]]
	done
	explained 0 "$explain"
	explained 0 "$(command -v env)"
}

@test "a wrong command line: status 2" {
	no_check_6.1
	explained 2 no_such_file.o
	[ "$output" = "explain: no_such_file.o: No such file or directory" ]
	explained 2 a b
	explained 2 -Q
	run -0 "$explain" -h
	[[ $output == "usage: testenv/explain [-v] [OBJECT] <LOG"* ]]
}

# rejected_tree: a tree with one lesson, whose program is rejected, built.
rejected_tree()
{
	local top=$BATS_TEST_DIRNAME/..
	tree=$BATS_TEST_TMPDIR/tree
	loader=$tree/lessons/02-copy/exercises/1-x/xdp_tcp_filter_user
	mkdir -p "$tree/testenv" "${loader%/*}"
	cp "$explain" "$tree/testenv"
	sed 's/xdp_unchecked/xdp_tcp_filter/' "$top/lessons/02-tcp-filter/xdp_unchecked_kern.c" \
		>"${loader%_user}_kern.c"
	clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
		-c "${loader%_user}_kern.c" -o "${loader%_user}_kern.o"
	bpftool gen skeleton "${loader%_user}_kern.o" name xdp_tcp_filter_kern \
		>"${loader%_user}_kern.skel.h"
	# A copy: a source looks for a skeleton beside itself first.
	cp "$top/lessons/02-tcp-filter/xdp_tcp_filter_user.c" "$loader.c"
	cc -D_GNU_SOURCE -I "$top/common" -o "$loader" "$loader.c" "$top/common/xdp_user.c" -lbpf
}

# load_it OPTION...: run the loader where it would harm nothing, should it attach.
load_it()
{
	unshare --net timeout $((5 * patience)) "$loader" "$@" lo
}

@test "a loader that is rejected explains it, also that of an exercise; -v: and shows the log" {
	need_root
	rejected_tree
	run -1 load_it
	echo "$output"
	[[ ${lines[0]} == *"/xdp_tcp_filter_kern.c:16: if (eth->h_proto == bpf_htons(ETH_P_IP))" ]]
	[[ ${lines[4]} == *"lesson 10, no_check." ]]
	[[ ${lines[5]} == "xdp_tcp_filter_user: load xdp_tcp_filter: Permission denied"* ]]
	[ "${#lines[@]}" = 6 ]
	run -1 load_it -v
	[[ $output == *"-- BEGIN PROG LOAD LOG --"*"processed 2 insns"*"It knows of 0 bytes"* ]]
	# It says so on standard error, as all errors.
	load_it -S 2>/dev/null >"$BATS_TEST_TMPDIR/out" || :
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
}

@test "a loader without explain, or with one that fails: the end of the log" {
	need_root
	rejected_tree
	for explain in '' '#!/nowhere' $'#!/bin/sh\nexit 3' $'#!/bin/sh\nkill -KILL $$'; do
		rm -f "$tree/testenv/explain"
		if [ -n "$explain" ]; then
			printf '%s\n' "$explain" >"$tree/testenv/explain"
			chmod +x "$tree/testenv/explain"
		fi
		run -1 load_it
		echo "$output"
		[[ $output == *"invalid access to packet, off=12"*"processed 2 insns"* ]]
		[[ ${lines[-1]} == "xdp_tcp_filter_user: load xdp_tcp_filter: Permission denied"* ]]
		run -1 load_it -v
		[ "$(grep -c '^processed 2 insns' <<<"$output")" = 1 ]
	done
}
