# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the lab's bats files share: their own labs, waiting, small programs.

bats_require_minimum_version 1.5.0
TESTENV=$BATS_TEST_DIRNAME/testenv.sh
PATH=$PATH:/usr/sbin:/sbin

# need_root: the rest of the file cannot run without.
need_root()
{
	[ "$EUID" = 0 ] || skip "needs root"
}

lab()
{
	"$TESTENV" "$@" 3>&-
}

# stub NAME BODY: a command that is found first, with $BATS_TEST_TMPDIR/bin in PATH.
stub()
{
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

# need_real_time: the rest of the test measures time.
need_real_time()
{
	! grep -qs 'QEMU TCG' /proc/cpuinfo || skip "the processor is emulated"
}

# as_nobody CMD...: without root and without capabilities.
as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}

# On a slow machine all limits of waiting are that many times longer, and so is the pause
# before one looks again: looking takes time from what one waits for.
patience=${XDP_LESSONS_PATIENCE:-1}
printf -v pause '%d.%02d' $((patience / 50)) $((patience % 50 * 2))

# wait_for CMD...: until CMD is true, at most 10 seconds.
wait_for()
{
	local i
	for ((i = 0; i < 500; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep "$pause"
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# gone PID
gone()
{
	! kill -0 "$1"
}

# runs PID NAME: PID has become the command NAME.
runs()
{
	[ "$(cat "/proc/$1/comm")" = "$2" ]
}

# nothing_left LAB: of what a lab consists of.
nothing_left()
{
	local left
	left=$(
		ls -d "/run/netns/$1"-{client,box,server} 2>/dev/null
		ls -d "${XDP_LESSONS_RUN:-/run/xdp-lessons}/$1" 2>/dev/null
		grep "/xdp-lessons/$1/" /proc/self/mounts
		grep -lx "${XDP_LESSONS_RUN:-/run/xdp-lessons}/$1" \
			/run/xdp-lessons/.slots/* 2>/dev/null
	) || :
	[ -z "$left" ] || {
		printf 'left of lab %s:\n%s\n' "$1" "$left" >&2
		return 1
	}
}

# works LAB: all of the lab works, seen from client.
works()
{
	LAB=$1 lab exec client -- ping -qc 1 -W 2 server
	[ ! -d /proc/sys/net/ipv6 ] ||
		LAB=$1 lab exec client -- ping -qc 1 -W 2 server6
}

# build_answers LESSON: the starter and the solution of each of its exercises, copied and
# built; the folders are in the array $answers.
build_answers()
{
	local from folder
	answers=()
	for from in "$1"/exercises/*/{start,solution}; do
		folder=$BATS_TEST_TMPDIR/$(basename "${from%/*}")-${from##*/}
		mkdir "$folder"
		find "$from" -name '*.[ch]' ! -name '*.skel.h' -exec cp -t "$folder" {} +
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
			make -s -C "$1/../.." answer ANSWER="$folder" 3>&-
		answers+=("$folder")
	done
}

# programs DIR: DIR/programs.o to load, DIR/attach to attach by a bpf link.
programs()
{
	cat >"$1/programs.c" <<-'END'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>

		SEC("xdp")
		int lab_pass(struct xdp_md *ctx)
		{
			return XDP_PASS;
		}

		SEC("xdp")
		int lab_abort(struct xdp_md *ctx)
		{
			bpf_printk("length %d", ctx->data_end - ctx->data);
			return XDP_ABORTED;
		}

		SEC("xdp")
		int lab_nowhere(struct xdp_md *ctx)
		{
			return bpf_redirect(987654, 0);
		}

		SEC("tc")
		int lab_tc(struct __sk_buff *skb)
		{
			return 0;
		}

		char _license[] SEC("license") = "GPL";
	END
	cat >"$1/attach.c" <<-'END'
		/* attach OBJ PROGRAM IFACE TYPE: until a signal; TYPE 37 is XDP, 46 tcx */
		#include <bpf/bpf.h>
		#include <bpf/libbpf.h>
		#include <net/if.h>
		#include <stdlib.h>
		#include <unistd.h>

		int main(int argc, char **argv)
		{
			struct bpf_object *obj = bpf_object__open_file(argv[1], NULL);
			struct bpf_program *prog;

			if (argc < 5 || !obj || bpf_object__load(obj))
				return 1;
			prog = bpf_object__find_program_by_name(obj, argv[2]);
			if (bpf_link_create(bpf_program__fd(prog), if_nametoindex(argv[3]),
					    atoi(argv[4]), NULL) < 0)
				return 1;
			pause();
			return 0;
		}
	END
	clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
		-c "$1/programs.c" -o "$1/programs.o"
	cc -o "$1/attach" "$1/attach.c" -lbpf
}
