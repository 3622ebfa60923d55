/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user sides share from lesson 2 on: the options, attaching, waiting,
 * what a rejection means, output that cannot be written, and adding up per-CPU
 * counters. Lesson 1 shows the same steps in full.
 *
 * Functions return a value >= 0 on success and -errno on failure. Only the
 * xdp_option*() functions exit, with 0 after -h and EXIT_USAGE after a mistake, and
 * xdp_stay_on_cpu().
 */
#ifndef XDP_USER_H
#define XDP_USER_H

#include <stdbool.h>
#include <net/if.h>
#include <bpf/libbpf.h>

#define EXIT_USAGE 2 /* exit status after a wrong command line */

/* For getopt(): the letters that all loaders take. */
#define XDP_OPTIONS "SNFvh"

#define XDP_OPTIONS_HELP                                                        \
	"  -S  generic mode: in the kernel's core, for any driver\n"            \
	"  -N  native mode only: in the driver, or not at all\n"                \
	"  -F  force: even if IFACE holds the default route, and in place of\n" \
	"      an XDP program that was attached through netlink (ip link):\n"   \
	"      that one does not come back, even if a later step fails\n"       \
	"  -v  show what libbpf says\n"                                         \
	"  -h  show this help\n"

struct xdp_opts {
	char ifname[IFNAMSIZ];
	int ifindex; /* of ifname, in this network namespace */
	__u32 flags; /* XDP_FLAGS_*_MODE; 0: native if the driver can */
	bool force;
	bool verbose;
};

/**
 * xdp_option() - Take one letter of XDP_OPTIONS.
 * @opts: where it is noted. Start with all zero.
 * @letter: what getopt() returned.
 * @usage: the help text, printed after -h.
 *
 * Exits after -h, after a letter that is none, and after both -S and -N.
 */
void xdp_option(struct xdp_opts *opts, int letter, const char *usage);

/**
 * xdp_option_number() - Read the number behind an option.
 * @what: its name in the message, such as "port".
 * @arg: as typed: decimal digits only.
 * @min: smallest value that is allowed.
 * @max: greatest value that is allowed.
 *
 * Exits if @arg is anything else.
 *
 * Return: the number.
 */
unsigned long xdp_option_number(const char *what, const char *arg,
				unsigned long min, unsigned long max);

/**
 * xdp_option_iface() - Take the interface, the last step before loading.
 * @opts: all letters noted.
 * @ifname: as typed: a name, or an alternative name.
 *
 * Also decides what becomes of libbpf's messages: with -v all are shown,
 * without it only what a rejection means: see xdp_explain(). Exits if there is no such
 * interface, or if it holds the default route and -F was not given.
 */
void xdp_option_iface(struct xdp_opts *opts, const char *ifname);

/**
 * xdp_explain() - Have testenv/explain say why a program was rejected.
 * @log: the verifier's log, as the kernel or libbpf wrote it.
 * @object: path of the object file that it is about, or NULL if not known.
 * @out: file descriptor to print to.
 *
 * A log whose message is not known there is printed as it is, its end.
 *
 * Return: false if nothing was printed: this program is not in a folder of
 * lessons/, or the tool did not run.
 */
bool xdp_explain(const char *log, const char *object, int out);

/**
 * xdp_reason() - Say what an error means, and what mends it.
 * @error: an errno, either sign.
 *
 * Return: a text, in memory of this function, until its next call.
 */
const char *xdp_reason(int error);

/**
 * xdp_attach() - Attach a loaded XDP program to an interface.
 * @prog: the program.
 * @opts: which interface, which mode, by force or not.
 *
 * The attachment lives as long as the file descriptor is open. The kernel
 * closes it when the process ends, in whichever way. What force has detached stays
 * detached, even if this fails: that it would fail, the kernel says only after that.
 *
 * Return: file descriptor of the link, or -errno: -EBUSY, a program is attached
 * already, or -EEXIST, in another mode; -EOPNOTSUPP, -N and the driver has no
 * native XDP; -ERANGE, the MTU is too large for a program without
 * SEC("xdp.frags"); -EPERM, no privilege.
 */
int xdp_attach(const struct bpf_program *prog, const struct xdp_opts *opts);

/**
 * xdp_stop_signals() - Keep Ctrl-C, kill and a broken pipe for xdp_wait().
 *
 * To be called before attaching: from then on SIGINT, SIGTERM, SIGHUP and SIGPIPE no
 * longer end the process at once, so nothing is left half done.
 */
void xdp_stop_signals(void);

/**
 * xdp_wait() - Sleep, unless the user wants to stop.
 * @seconds: how long; 0: until a signal of xdp_stop_signals().
 *
 * What was printed so far is flushed first. If nobody reads it any more, that is such
 * a signal, too, and xdp_flush() says so.
 *
 * Return: true when the time is over, false after such a signal.
 */
bool xdp_wait(unsigned int seconds);

/**
 * xdp_flush() - Write what was printed, before the program ends.
 *
 * Prints the reason if that, or something before it, could not be written.
 *
 * Return: 0, or -errno: -ENOSPC, the disk is full; -EPIPE, nobody reads the pipe any
 * more; -EIO, something before failed.
 */
int xdp_flush(void);

/**
 * xdp_sum_percpu() - Add up the copies of one entry of a per-CPU map.
 * @map: its values are @count numbers of type __u64 each.
 * @key: the entry, for maps with keys of 32 bits.
 * @sums: where the @count sums go.
 * @count: how many numbers a value holds.
 *
 * Return: 0, or -errno: -ENOENT, no such entry; -ENOMEM.
 */
int xdp_sum_percpu(const struct bpf_map *map, __u32 key, __u64 *sums,
		   unsigned int count);

/**
 * xdp_stay_on_cpu() - Run on the CPU that this thread is on, and on no other.
 *
 * Exits if that cannot be.
 */
void xdp_stay_on_cpu(void);

/**
 * xdp_read_mac() - Read a MAC address.
 * @text: six bytes, as in 02:00:00:00:01:01.
 * @mac: room for ETH_ALEN bytes.
 *
 * Return: 0, or -EINVAL if @text is anything else.
 */
int xdp_read_mac(const char *text, __u8 *mac);

/**
 * xdp_read_station() - Read the MAC address of one host.
 * @text: six bytes, as in 02:00:00:00:01:01.
 * @mac: room for ETH_ALEN bytes.
 *
 * Return: 0, or -EINVAL if @text is anything else, also that of a group, or all zero.
 */
int xdp_read_station(const char *text, __u8 *mac);

/**
 * xdp_seconds() - Read the clock that never jumps.
 *
 * Return: seconds since some moment in the past (CLOCK_MONOTONIC).
 */
double xdp_seconds(void);

#endif /* XDP_USER_H */
