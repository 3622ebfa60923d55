// SPDX-License-Identifier: GPL-2.0-only
/* Attaching to TC: see tc_user.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "tc_user.h"

/* The filter's place on its hook: one that "tc filter show" prints. */
#define TC_HANDLE   1
#define TC_PRIORITY 1

/* Of enum bpf_attach_type, which has them in headers since Linux 6.6. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS  ((enum bpf_attach_type)47)

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
	/* The kernel keeps that many bytes of a name, the last one 0. */
	return !ret && !strncmp(info.name, name, sizeof(info.name) - 1);
}

static void hook_remove(struct tc_filter *filter)
{
	if (!filter->made_hook)
		return;
	/* Both directions: that is what removes the qdisc itself. */
	filter->hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	bpf_tc_hook_destroy(&filter->hook);
}

/*
 * Is the filter at the ingress hook, though it was sent to egress? The older qdisc
 * "ingress" has the same place as clsact, and takes every filter for its only hook.
 */
static bool strayed(const struct tc_filter *filter)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);
	struct bpf_tc_hook hook = filter->hook;

	if (hook.attach_point == BPF_TC_INGRESS)
		return false;
	hook.attach_point = BPF_TC_INGRESS;
	return !bpf_tc_query(&hook, &opts) && opts.prog_id == filter->prog_id;
}

void tc_detach(struct tc_filter *filter)
{
	LIBBPF_OPTS(bpf_tc_opts, present, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);

	/* Another loader, or tc, may have replaced it: not ours to remove. */
	if (bpf_tc_query(&filter->hook, &present) ||
	    present.prog_id != filter->prog_id)
		return;
	bpf_tc_detach(&filter->hook, &opts);
	hook_remove(filter);
}

int tc_attach(struct tc_filter *filter, const struct bpf_program *prog,
	      int ifindex, enum bpf_tc_attach_point where)
{
	LIBBPF_OPTS(bpf_tc_opts, present, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY, .prog_fd = bpf_program__fd(prog));
	int ret;

	memset(filter, 0, sizeof(*filter));
	filter->hook.sz = sizeof(filter->hook);
	filter->hook.ifindex = ifindex;
	filter->hook.attach_point = where;

	/* Made by somebody else, it is not ours to remove. */
	ret = bpf_tc_hook_create(&filter->hook);
	filter->made_hook = !ret;
	if (ret && ret != -EEXIST)
		return ret;

	if (!bpf_tc_query(&filter->hook, &present) &&
	    is_ours(present.prog_id, bpf_program__name(prog)))
		opts.flags = BPF_TC_F_REPLACE;
	ret = bpf_tc_attach(&filter->hook, &opts);
	if (ret) {
		hook_remove(filter);
		return ret;
	}
	filter->prog_id = opts.prog_id;
	if (strayed(filter)) {
		tc_detach(filter);
		return -EBUSY;
	}
	return 0;
}

const char *tc_reason(int error)
{
	switch (error) {
	case -EBUSY:
		return "the qdisc \"ingress\" has its place";
	case -EEXIST:
		return "another filter has its handle and priority";
	case -ENOENT:
		return "this kernel has no clsact, or no BPF filters";
	default:
		return strerror(-error);
	}
}

int tcx_attach(const struct bpf_program *prog, int ifindex,
	       enum bpf_tc_attach_point where)
{
	return bpf_link_create(
		bpf_program__fd(prog), ifindex,
		where == BPF_TC_INGRESS ? TCX_INGRESS : TCX_EGRESS, NULL);
}

const char *tcx_reason(int error)
{
	return error == -EINVAL ? "not in this kernel, Linux 6.6 has it" :
				  strerror(-error);
}
