// SPDX-License-Identifier: GPL-2.0-only
/* A verdict of XDP, returned by a program of another type. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ALLOW 1

SEC("cgroup/connect4")
int broken(struct bpf_sock_addr *ctx)
{
	return XDP_PASS;
}

SEC("cgroup/connect4")
int mended(struct bpf_sock_addr *ctx)
{
	return ALLOW;
}

char _license[] SEC("license") = "GPL";
