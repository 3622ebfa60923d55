// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody pings through this interface: drop echo requests, pass the rest.
 *
 *	frame -> Ethernet -> 0 to 2 VLAN tags
 *	      -> IPv4 with options, then ICMP, type 8             drop
 *	      -> IPv6 with 0 to 6 extension headers,
 *	         then ICMPv6, type 128                            drop
 *	a later fragment, cut short, malformed, anything else     pass
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_TAGS_MAX 2 /* 802.1ad outer tag and 802.1Q inner tag */
#define EXT_MAX	      6 /* IPv6 extension headers */
#define EXT_UNIT      8 /* bytes: RFC 8200, section 4 */

#define IHL_MIN	   5	  /* words of 4 bytes: RFC 791, section 3.1 */
#define IP_OFFSET  0x1fff /* bits of frag_off that hold the offset: same */
#define IP6_OFFSET 0xfff8 /* those of IPv6: RFC 8200, section 4.5 */

#define ECHO_REQUEST	8   /* ICMP: RFC 792 */
#define ECHO_REQUEST_V6 128 /* ICMPv6: RFC 4443, section 4.1 */

/* An 802.1Q tag, which the UAPI headers lack. */
struct vlan_tag {
	__be16 tci;	  /* priority 3 bits, drop eligible 1, VLAN id 12 */
	__be16 ethertype; /* of what follows */
};

/* An IPv6 fragment header, which they lack as well: RFC 8200, section 4.5. */
struct frag_hdr {
	__u8 nexthdr;
	__u8 reserved;
	__be16 frag_off;
	__be32 identification;
};

static int filter_ipv4(struct iphdr *ip, void *end)
{
	if ((void *)(ip + 1) > end || ip->ihl < IHL_MIN)
		return XDP_PASS;

	/* TODO: drop echo requests, here and in filter_ipv6(). */
	return XDP_PASS;
}

static int filter_ipv6(struct ipv6hdr *ip6, void *end)
{
	void *pos = ip6 + 1;
	struct ipv6_opt_hdr *ext;
	struct frag_hdr *frag;
	__u8 nexthdr;
	int i;

	if (pos > end)
		return XDP_PASS;

	nexthdr = ip6->nexthdr;
	for (i = 0; i <= EXT_MAX; i++) {
		switch (nexthdr) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			ext = pos;
			if ((void *)(ext + 1) > end)
				return XDP_PASS;
			nexthdr = ext->nexthdr;
			pos += (1 + ext->hdrlen) * EXT_UNIT;
			break;
		case IPPROTO_FRAGMENT:
			frag = pos;
			if ((void *)(frag + 1) > end)
				return XDP_PASS;
			if (frag->frag_off & bpf_htons(IP6_OFFSET))
				return XDP_PASS;
			nexthdr = frag->nexthdr;
			pos = frag + 1;
			break;
		default:
			return XDP_PASS;
		}
	}
	return XDP_PASS;
}

SEC("xdp")
int xdp_drop_ping(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct vlan_tag *tag = (void *)(eth + 1);
	__be16 ethertype;
	int i;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;

	ethertype = eth->h_proto;
	for (i = 0; i < VLAN_TAGS_MAX; i++) {
		if (ethertype != bpf_htons(ETH_P_8021Q) &&
		    ethertype != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 1) > end)
			return XDP_PASS;
		ethertype = tag->ethertype;
		tag++;
	}

	switch (bpf_ntohs(ethertype)) {
	case ETH_P_IP:
		return filter_ipv4((void *)tag, end);
	case ETH_P_IPV6:
		return filter_ipv6((void *)tag, end);
	default:
		return XDP_PASS;
	}
}

char _license[] SEC("license") = "GPL";
