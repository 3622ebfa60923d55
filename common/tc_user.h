/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching a program to TC, by clsact and by tcx. Lesson 5 shows the steps in full.
 *
 * Functions return a value >= 0 on success and -errno on failure.
 */
#ifndef TC_USER_H
#define TC_USER_H

#include <stdbool.h>
#include <bpf/libbpf.h>

/* A filter of clsact. */
struct tc_filter {
	struct bpf_tc_hook hook;
	bool made_hook; /* the qdisc is ours to remove */
	__u32 prog_id;	/* what tc_attach() attached */
};

/**
 * tc_attach() - Make a program a filter of the qdisc clsact.
 * @filter: for tc_detach(); what it holds before does not matter.
 * @prog: a loaded TC program.
 * @ifindex: the interface.
 * @where: BPF_TC_INGRESS or BPF_TC_EGRESS.
 *
 * The qdisc is made, unless there is one. A filter of a program of the same name at this
 * place is of an earlier run that was killed: it is replaced. A filter is attached through
 * netlink: it does not go with the process, so call tc_detach().
 *
 * Return: 0, or -errno, see tc_reason().
 */
int tc_attach(struct tc_filter *filter, const struct bpf_program *prog,
	      int ifindex, enum bpf_tc_attach_point where);

/**
 * tc_detach() - Take the filter away, and the qdisc, if tc_attach() made it.
 * @filter: as tc_attach() left it.
 *
 * If it is not in its place any more, what is there stays, and so does the qdisc.
 */
void tc_detach(struct tc_filter *filter);

/**
 * tc_reason() - Say what an error of tc_attach() means.
 * @error: what it returned.
 *
 * Return: a text.
 */
const char *tc_reason(int error);

/**
 * tcx_attach() - Attach a program by tcx, which Linux has since 6.6.
 * @prog: a loaded TC program.
 * @ifindex: the interface.
 * @where: BPF_TC_INGRESS or BPF_TC_EGRESS.
 *
 * Return: file descriptor of the link, which goes with the process; or -errno, see
 * tcx_reason().
 */
int tcx_attach(const struct bpf_program *prog, int ifindex,
	       enum bpf_tc_attach_point where);

/**
 * tcx_reason() - Say what an error of tcx_attach() means.
 * @error: what it returned.
 *
 * Return: a text.
 */
const char *tcx_reason(int error);

#endif /* TC_USER_H */
