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
	/* Read, add and write in one step that no other processor can divide. What
	 * comes back is the number before this packet.
	 */
	__u64 before = __sync_fetch_and_add(&packets, 1);

	return before % 2 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
