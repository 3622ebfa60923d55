#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Install what the lessons and their tests need and this machine lacks, from the
# distribution's packages: Debian and Ubuntu by apt, Fedora by dnf.
#
#	testenv/deps.sh		say what is missing, and install it
#	testenv/deps.sh --vm	also what vm/ needs, to run the lessons in a virtual machine
#	testenv/deps.sh --list	only print what it wants on Debian, one name a line
#
# Uses sudo where it is not run by root. Does nothing where nothing is missing.
# Exit status: 0 all there, 1 an installation failed, 2 wrong usage, 4 cannot install
# here.
set -eu

# To build: compilers, libbpf, bpftool. To run: the lab's tools and a web server.
# To test: cmocka, bats, prove; exercises: patch, and what sees that a file is saved.
# To check the style: clang-format, shellcheck.
debian='
	gcc make libc6-dev linux-libc-dev clang llvm libbpf-dev bpftool
	iproute2 ethtool iputils-ping tcpdump nftables iptables nginx curl netbase procps
	kmod util-linux mount python3
	libcmocka-dev bats perl patch git inotify-tools gnuplot-nox
	clang-format shellcheck'
fedora='
	gcc make glibc-devel kernel-headers clang llvm libbpf-devel bpftool
	iproute iproute-tc ethtool iputils tcpdump nftables iptables-nft nginx curl setup
	procps-ng kmod util-linux python3
	libcmocka-devel bats perl-Test-Harness patch git inotify-tools gnuplot-minimal
	clang-tools-extra ShellCheck'

# For vm/: an emulator, what makes root file systems without root, and disks.
debian_vm='
	qemu-system-x86 qemu-utils ovmf mmdebstrap debian-archive-keyring uidmap
	genext2fs e2fsprogs fdisk mtools dosfstools grub-common grub-pc-bin
	busybox-static cpio xz-utils zstd openssh-client socat git arch-test'
fedora_vm='
	qemu-system-x86-core qemu-img edk2-ovmf mmdebstrap debian-keyring shadow-utils
	genext2fs e2fsprogs util-linux mtools dosfstools grub2-tools-extra grub2-pc-modules
	busybox cpio xz zstd openssh-clients socat git apt dpkg'

die()
{
	echo "deps.sh: $*" >&2
	exit 4
}

# as_root COMMAND...
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root to install, and there is no sudo: run it as root"
	fi
}

# On Debian a web server starts as soon as it is installed, on the machine's own
# port 80. The lessons start theirs in the lab: this one is kept from starting,
# now and at the next boot.
install_debian()
{
	policy=/usr/sbin/policy-rc.d
	mine=
	if ! [ -e $policy ]; then
		mine=$policy
		as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy &&
			chmod 755 $policy"
	fi
	status=0
	as_root apt-get update -qq || status=1
	# shellcheck disable=SC2086
	[ $status != 0 ] || as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends $1 || status=1
	[ -z "$mine" ] || as_root rm -f "$mine"
	[ $status = 0 ] || exit 1
	case " $1 " in
	*" nginx "*)
		if command -v systemctl >/dev/null; then
			as_root systemctl --quiet disable nginx 2>/dev/null || :
		fi
		;;
	esac
}

install_fedora()
{
	# shellcheck disable=SC2086
	as_root dnf install -y --setopt=install_weak_deps=False $1 || exit 1
}

has_debian()
{
	[ "$(dpkg-query -Wf '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_fedora()
{
	rpm -q --quiet --whatprovides "$1"
}

vm=no
case ${1-} in
'') ;;
--vm) vm=yes ;;
--list)
	# shellcheck disable=SC2086 # one word, one package
	printf '%s\n' $debian
	exit
	;;
*)
	echo "deps.sh: unknown argument \"$1\": --vm, --list or none" >&2
	exit 2
	;;
esac

# Fedora may have apt, too: mmdebstrap uses it.
if [ -e /etc/debian_version ]; then
	family=debian
	wanted=$debian
	[ $vm = no ] || wanted="$debian $debian_vm"
	# GRUB for BIOS is of PCs only.
	[ "$(dpkg --print-architecture)" = amd64 ] || wanted=$(echo "$wanted" | sed 's/ grub-pc-bin//')
	# Ubuntu has bpftool in the packages of its kernels' tools.
	if grep -qs '^ID=ubuntu' /etc/os-release; then
		wanted=$(echo "$wanted" | sed "s/ bpftool/ linux-tools-common linux-tools-$(uname -r)/")
	fi
elif command -v dnf >/dev/null; then
	family=fedora
	wanted=$fedora
	[ $vm = no ] || wanted="$fedora $fedora_vm"
else
	die "knows apt and dnf only; install by hand:$(echo "$debian" | tr -s '\n\t' ' ')"
fi

missing=
for package in $wanted; do
	"has_$family" "$package" || missing="$missing $package"
done
missing=${missing# }

if [ -z "$missing" ]; then
	echo "All packages are installed."
	exit 0
fi
echo "Installing: $missing"
"install_$family" "$missing"
