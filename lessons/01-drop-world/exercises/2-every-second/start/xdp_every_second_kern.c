// SPDX-License-Identifier: GPL-2.0-only
/* Let every second packet pass, drop the others. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* How many packets there were. A global variable: it keeps its value from packet
 * to packet, and all processors share it.
 */
__u64 packets;

SEC("xdp")
int xdp_every_second(struct xdp_md *ctx)
{
	/* TODO: count the packet. Pass the first, drop the second, and so on. */
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
