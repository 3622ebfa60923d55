// SPDX-License-Identifier: GPL-2.0-only
/* Attach the two programs, one to XDP and one to TC ingress, until Ctrl-C. */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "xdp2skb_meta_kern.skel.h"
#include "xdp_user.h"

#define MARK_DEFAULT 42

/* The filter's place on the ingress hook: one that "tc filter show" prints. */
#define TC_HANDLE   1
#define TC_PRIORITY 1

static const char usage[] =
	"Usage: xdp2skb_meta_user [-S|-N] [-F] [-v] [-m MARK] [-t] IFACE\n"
	"Mark the packets that IFACE receives, until Ctrl-C: XDP writes the mark\n"
	"in front of the packet, TC moves it into skb->mark.\n"
	"\n"
	"  -m  the mark, 1 to 4294967295 (default 42)\n"
	"  -t  both programs write to the kernel's trace, packet by packet\n" XDP_OPTIONS_HELP;

/* The program of an earlier run that was killed, and so could not detach it? */
static bool is_ours(__u32 prog_id, const char *name)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd, ret;

	fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd < 0)
		return false;
	ret = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return !ret && !strcmp(info.name, name);
}

/*
 * Attach prog to the ingress hook of TC, in place of one that an earlier run
 * left there, and note its id. Returns 0 or -errno; -EEXIST: the place is taken.
 */
static int tc_attach(const struct bpf_tc_hook *hook,
		     const struct bpf_program *prog, __u32 *prog_id)
{
	LIBBPF_OPTS(bpf_tc_opts, present, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY, .prog_fd = bpf_program__fd(prog));
	int ret;

	if (!bpf_tc_query(hook, &present) &&
	    is_ours(present.prog_id, bpf_program__name(prog)))
		opts.flags = BPF_TC_F_REPLACE;
	ret = bpf_tc_attach(hook, &opts);
	*prog_id = opts.prog_id;
	return ret;
}

/*
 * Detach the program with this id. False: it is not there any more. Another
 * loader, or tc, may have replaced it: not ours to remove, nor is the hook.
 */
static bool tc_detach(const struct bpf_tc_hook *hook, __u32 prog_id)
{
	LIBBPF_OPTS(bpf_tc_opts, present, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);

	if (bpf_tc_query(hook, &present) || present.prog_id != prog_id)
		return false;
	bpf_tc_detach(hook, &opts);
	return true;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	struct xdp2skb_meta_kern *skel;
	__u32 mark = MARK_DEFAULT, prog_id;
	struct xdp_opts opts = {};
	int link, opt, ret, status = EXIT_FAILURE;
	bool made_hook, trace = false;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "m:t")) != -1) {
		switch (opt) {
		case 'm':
			mark = xdp_option_number("mark", optarg, 1, UINT32_MAX);
			break;
		case 't':
			trace = true;
			break;
		default:
			xdp_option(&opts, opt, usage);
		}
	}
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();

	skel = xdp2skb_meta_kern__open();
	if (!skel)
		errx(EXIT_FAILURE, "open xdp2skb_meta: %s", xdp_reason(errno));
	skel->rodata->mark = mark;
	skel->rodata->trace = trace;
	if (xdp2skb_meta_kern__load(skel))
		errx(EXIT_FAILURE, "load xdp2skb_meta: %s", xdp_reason(errno));

	/* First XDP: its link is exclusive. A second one of us ends here, before
	 * it touches the filter of the first.
	 */
	link = xdp_attach(skel->progs.xdp_write_mark, &opts);
	if (link < 0) {
		warnx("attach to %s: %s", opts.ifname, xdp_reason(link));
		goto destroy;
	}

	/* The hook is the qdisc clsact. If somebody has made it before us it is
	 * not ours to remove.
	 */
	hook.ifindex = opts.ifindex;
	ret = bpf_tc_hook_create(&hook);
	made_hook = !ret;
	if (ret && ret != -EEXIST) {
		warnx("create clsact at %s: %s", opts.ifname, xdp_reason(ret));
		goto detach_xdp;
	}

	ret = tc_attach(&hook, skel->progs.tc_read_mark, &prog_id);
	if (ret) {
		warnx("attach to TC ingress of %s: %s (see tc filter show dev %s ingress)",
		      opts.ifname, strerror(-ret), opts.ifname);
		goto destroy_hook;
	}

	xdp_wait(0);
	status = EXIT_SUCCESS;

	/* XDP's link is gone with the process, whatever happens to it. A filter
	 * of TC is not: it was attached through netlink.
	 */
	if (!tc_detach(&hook, prog_id))
		goto detach_xdp;
destroy_hook:
	if (made_hook) {
		/* Both directions: that is what removes the qdisc itself. */
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		bpf_tc_hook_destroy(&hook);
	}
detach_xdp:
	close(link);
destroy:
	xdp2skb_meta_kern__destroy(skel);
	return status;
}
