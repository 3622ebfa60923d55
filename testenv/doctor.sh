#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2317 # most functions are run by check
#
# What this machine can do for the lessons, one line each:
#
#	ok    WHAT    why it matters
#	lack  WHAT    why it matters; mend: the command that mends it
#	--    WHAT    why it matters; not known without root
#
# Features of the kernel are tried out, in a namespace that is gone afterwards.
#
# Usage: doctor.sh [kernel]     "kernel": only what no package can mend
#
# Exit status: 0 nothing required lacks, 1 otherwise, 2 wrong usage.
set -uo pipefail

PATH=$PATH:/usr/sbin:/sbin
failed=0
optional=
case $* in
"" | kernel) ;;
*)
	echo "doctor.sh: \"kernel\", or nothing, not \"$*\"" >&2
	exit 2
	;;
esac

if [ -e /etc/debian_version ]; then
	install="apt-get install"
elif command -v dnf >/dev/null; then
	install="dnf install"
else
	install="install"
fi

green="" red="" plain=""
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

ok()
{
	printf '%sok%s    %-22s %s\n' "$green" "$plain" "$1" "$2"
}

# lack WHAT WHY MEND
lack()
{
	if [ -n "$optional" ]; then
		printf '%slack%s  %-22s %s (optional); mend: %s\n' "$red" "$plain" "$@"
	else
		printf '%slack%s  %-22s %s; mend: %s\n' "$red" "$plain" "$@"
		failed=1
	fi
}

unknown()
{
	printf -- '--    %-22s %s; not known without root\n' "$1" "$2"
}

# check WHAT WHY MEND COMMAND...: is COMMAND true?
check()
{
	local what=$1 why=$2 mend=$3
	shift 3
	if "$@" >/dev/null 2>&1; then
		ok "$what" "$why"
	else
		lack "$what" "$why" "$mend"
	fi
}

# root_check: as check, for what only root can find out.
root_check()
{
	if [ "$is_root" = yes ]; then
		check "$@"
	else
		unknown "$1" "$2"
	fi
}

# package APT DNF: the command that installs it here.
package()
{
	case $install in
	dnf*) echo "sudo dnf install $2" ;;
	*) echo "sudo $install $1" ;;
	esac
}

# tool WHY APT DNF COMMAND: is there such a command?
tool()
{
	check "$4" "$1" "$(package "$2" "$3")" command -v "$4"
}

# at_least A B: is version A at least B?
at_least()
{
	[ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

has_capabilities()
{
	local name value caps=0
	while read -r name value; do
		[ "$name" != CapEff: ] || caps=$((16#$value))
	done </proc/self/status
	# CAP_NET_ADMIN 12, CAP_SYS_ADMIN 21 (mounts, namespaces), CAP_BPF 39
	(( EUID == 0 && caps >> 12 & 1 && caps >> 21 & 1 && caps >> 39 & 1 ))
}

# in_namespace SCRIPT: in a network namespace that ends with it.
in_namespace()
{
	unshare --net sh -ec "$1"
}

# mounts TYPE [SCRIPT]: can it be mounted, and is SCRIPT true then? In a mount
# namespace that ends with it. In a chroot there may be none; then the kernel's list
# has to do.
mounts()
{
	if unshare --mount true; then
		unshare --mount sh -ec "mount -t $1 $1 /mnt; ${2-}"
	else
		grep -qw "$1" /proc/filesystems
	fi
}

veth="ip link add d0 type veth peer name d1"

# preprocess SOURCE: as the programs' user sides would be compiled.
preprocess()
{
	printf '%b\n' "$1" | cc -E -P - 2>/dev/null
}

libbpf_version()
{
	preprocess '#include <bpf/libbpf_version.h>\nLIBBPF_MAJOR_VERSION LIBBPF_MINOR_VERSION' |
		awk 'END { if (NF == 2) print $1 "." $2; else print 0 }'
}

clang_version()
{
	clang --version 2>/dev/null | sed -nE '1s/.*version ([0-9.]+).*/\1/p'
}

clang_bpf()
{
	echo 'int x;' | clang -target bpf -x c -c - -o /dev/null
}

# Headers that kernel sides include; Debian keeps asm/ per architecture.
kernel_headers()
{
	printf '#include <linux/bpf.h>\n#include <linux/if_ether.h>\n' |
		clang -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
			-x c -c - -o /dev/null
}

jit_on()
{
	local on
	read -r on </proc/sys/net/core/bpf_jit_enable && [ "$on" != 0 ]
}

not_locked_down()
{
	[ ! -r /sys/kernel/security/lockdown ] ||
		! grep -q '\[confidentiality\]' /sys/kernel/security/lockdown
}

two_cpus()
{
	[ "$(nproc)" -ge 2 ]
}

is_root=no
! has_capabilities || is_root=yes
mend_kernel="boot a distribution's kernel of 6.1 or newer"

if [ "$is_root" = yes ]; then
	ok root "the lab, and loading programs"
elif [ "$EUID" = 0 ]; then
	lack root "the lab, and loading programs" \
		"give this container CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_BPF, or use a virtual machine"
else
	lack root "the lab, and loading programs; the lines with -- need it" \
		"sudo testenv/testenv.sh doctor"
fi

kernel=$(uname -r)
check "kernel ${kernel%%-*}" "6.1 is the oldest that is tested" "$mend_kernel" \
	at_least "$kernel" 6.1
check BTF "names and types in bpftool's output" \
	"a kernel with CONFIG_DEBUG_INFO_BTF=y" test -r /sys/kernel/btf/vmlinux
root_check "bpf()" "loads programs" "a kernel with CONFIG_BPF_SYSCALL=y, and bpftool" \
	bpftool prog show
root_check "JIT" "programs run as machine code" \
	"sudo sysctl net.core.bpf_jit_enable=1" jit_on
check lockdown "programs may read the kernel's memory" \
	"boot without lockdown=confidentiality" not_locked_down
root_check "network namespaces" "the lab's three nodes" \
	"a kernel with CONFIG_NET_NS=y; in a container, CAP_SYS_ADMIN" in_namespace :
root_check veth "the lab's cables" "a kernel with CONFIG_VETH" in_namespace "$veth"
root_check clsact "programs behind XDP, in TC" \
	"a kernel with CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF" \
	in_namespace "$veth; tc qdisc add dev d0 clsact"
root_check bpffs "pins keep maps and programs" "a kernel with CONFIG_BPF_SYSCALL=y" \
	mounts bpf
mend_tracing="a kernel with CONFIG_BPF_EVENTS=y"
not_locked_down || mend_tracing="boot without lockdown=confidentiality"
root_check tracefs "bpf_printk and \"testenv.sh trace\"" "$mend_tracing" \
	mounts tracefs "test -d /mnt/events/xdp"
optional=yes
check IPv6 "half of the lab's addresses; without, IPv4 only" \
	"boot without ipv6.disable=1" test -d /proc/sys/net/ipv6
check tcx "TC programs by bpf link, from kernel 6.6 on" "a newer kernel" at_least "$kernel" 6.6
root_check VLAN "tagged traffic from VLAN interfaces" "a kernel with CONFIG_VLAN_8021Q" \
	in_namespace "$veth; ip link add link d0 name d2 type vlan id 2"
check AF_XDP "packets to a program past the stack" "a kernel with CONFIG_XDP_SOCKETS=y" \
	grep -q '^XDP ' /proc/net/protocols
check "2 CPUs" "per-CPU maps with more than one row" "give the virtual machine a second CPU" \
	two_cpus
optional=

[ $# = 0 ] || exit $failed

clang=$(clang_version)
check "clang ${clang:-14}" "compiles the kernel sides; 14 or newer" "$(package clang clang)" \
	at_least "${clang:-0}" 14
check "clang -target bpf" "makes BPF objects" "$(package clang clang)" clang_bpf
check "linux headers" "what kernel sides include" \
	"$(package "linux-libc-dev gcc" "kernel-headers gcc")" kernel_headers
tool "compiles the user sides" gcc gcc cc
tool "builds" make make make
libbpf=$(libbpf_version)
check "libbpf ${libbpf#0}" "loads and attaches; headers, 1.0 or newer" \
	"$(package libbpf-dev libbpf-devel)" at_least "$libbpf" 1.0
bpftool_package=bpftool
! grep -qs '^ID=ubuntu' /etc/os-release || bpftool_package="linux-tools-common linux-tools-generic"
tool "makes skeletons, shows programs" "$bpftool_package" bpftool bpftool
tool "shows an object's code" llvm llvm llvm-objdump
tool "makes the lab" iproute2 iproute ip
tool "attaches TC programs" iproute2 iproute-tc tc
tool "sets offloads, shows counters" ethtool ethtool ethtool
tool "makes traffic" iputils-ping iputils ping
tool "shows packets" tcpdump tcpdump tcpdump
tool "counts packets behind XDP" nftables nftables nft
tool "the web server in the lab" nginx-light nginx nginx
tool "the web client" curl curl curl
tool "plays the pages" python3 python3 python3
check cmocka "packet tests" "$(package libcmocka-dev libcmocka-devel)" \
	preprocess '#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <cmocka.h>'
tool "tests of the lab" bats bats bats
tool "sums the tests up" perl perl-Test-Harness prove
optional=yes
tool "checks the scripts" shellcheck ShellCheck shellcheck
optional=

exit $failed
