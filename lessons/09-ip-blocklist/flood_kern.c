// SPDX-License-Identifier: GPL-2.0-only
/* Frames for bench-nft.sh: from one address after the other, out of one interface. */
#include "parse.h"

const volatile __u32 first_source; /* host byte order */
const volatile __u32 nr_sources;
const volatile __u32 step; /* from source to source; coprime to nr_sources */
const volatile __u32 out_ifindex;

__u32 turn; /* one CPU sends */

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	struct cursor cur = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	struct iphdr *ip;

	if (parse_eth(&cur) != ETH_P_IP)
		return XDP_ABORTED;
	ip = parse_ipv4(&cur);
	if (!ip)
		return XDP_ABORTED;

	/* The checksum is wrong then. Nobody looks at it before the packet is dropped. */
	turn += step;
	if (turn >= nr_sources)
		turn -= nr_sources;
	ip->saddr = bpf_htonl(first_source + turn);
	return bpf_redirect(out_ifindex, 0);
}

char _license[] SEC("license") = "GPL";
