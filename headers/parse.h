/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step through the headers of a packet, one bounds check a header.
 *
 * For kernel sides. Each function takes the cursor where the header before left
 * it, checks that its own header lies within the packet, and moves the cursor
 * behind it. If the header is cut short the cursor stays where it was.
 */
#ifndef PARSE_H
#define PARSE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_TAGS_MAX 2 /* 802.1ad outer tag and 802.1Q inner tag */
#define IPV6_EXT_MAX  6 /* extension headers */

#define IPV4_IHL_MIN 5 /* words of 4 bytes: RFC 791, section 3.1 */
#define IPV4_OFFSET \
	0x1fff /* bits of frag_off that hold the offset: RFC 791, section 3.1 */
#define IPV6_EXT_UNIT 8 /* bytes: RFC 8200, section 4 */

struct cursor {
	void *pos; /* next byte to parse */
	void *end; /* one past the last byte */
};

/* An 802.1Q tag, which the UAPI headers lack. */
struct vlan_tag {
	__be16 tci;	  /* priority 3 bits, drop eligible 1, VLAN id 12 */
	__be16 ethertype; /* of what follows */
};

/* An IPv6 fragment header, which they lack as well: RFC 8200, section 4.5. */
struct ipv6_frag_hdr {
	__u8 nexthdr;
	__u8 reserved;
	__be16 frag_off; /* offset 13 bits, reserved 2, more fragments 1 */
	__be32 identification;
};

/**
 * parse_eth() - Step over the Ethernet header and its VLAN tags.
 * @cur: at the first byte of the frame.
 *
 * Return: EtherType of what follows, in host byte order, or -1 if the frame
 * ends first. Behind more than VLAN_TAGS_MAX tags it is that of a tag.
 */
static __always_inline int parse_eth(struct cursor *cur)
{
	struct ethhdr *eth = cur->pos;
	struct vlan_tag *tag = (void *)(eth + 1);
	__be16 ethertype;
	int i;

	if ((void *)(eth + 1) > cur->end)
		return -1;

	ethertype = eth->h_proto;
	for (i = 0; i < VLAN_TAGS_MAX; i++) {
		if (ethertype != bpf_htons(ETH_P_8021Q) &&
		    ethertype != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 1) > cur->end)
			return -1;
		ethertype = tag->ethertype;
		tag++;
	}

	cur->pos = tag;
	return bpf_ntohs(ethertype);
}

/**
 * parse_ipv4() - Step over an IPv4 header and its options.
 * @cur: at the first byte of the header.
 *
 * Return: the header, or NULL if the packet ends first or the header's length
 * field is below its minimum of 20 bytes.
 */
static __always_inline struct iphdr *parse_ipv4(struct cursor *cur)
{
	struct iphdr *ip = cur->pos;
	__u32 bytes;

	if ((void *)(ip + 1) > cur->end)
		return NULL;

	bytes = ip->ihl * 4;
	if (ip->ihl < IPV4_IHL_MIN || cur->pos + bytes > cur->end)
		return NULL;

	cur->pos += bytes;
	return ip;
}

/**
 * parse_ipv6() - Step over the 40 bytes of an IPv6 header.
 * @cur: at the first byte of the header.
 *
 * Extension headers stay ahead: see parse_ipv6_ext().
 *
 * Return: the header, or NULL if the packet ends first.
 */
static __always_inline struct ipv6hdr *parse_ipv6(struct cursor *cur)
{
	struct ipv6hdr *ip6 = cur->pos;

	if ((void *)(ip6 + 1) > cur->end)
		return NULL;

	cur->pos = ip6 + 1;
	return ip6;
}

/**
 * parse_ipv6_ext() - Step over IPv6 extension headers to the transport header.
 * @cur: behind the IPv6 header.
 * @nexthdr: what that header says comes first.
 *
 * Knows hop-by-hop options, routing, destination options and fragment headers.
 * Behind the header of a later fragment there is data, so the walk ends there.
 *
 * Return: the transport protocol's number, or -1 if the packet ends first or
 * there are more than IPV6_EXT_MAX extension headers.
 */
static __always_inline int parse_ipv6_ext(struct cursor *cur, __u8 nexthdr)
{
	struct ipv6_frag_hdr *frag;
	struct ipv6_opt_hdr *ext;
	void *pos = cur->pos;
	int i;

	for (i = 0; i <= IPV6_EXT_MAX; i++) {
		switch (nexthdr) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			ext = pos;
			if ((void *)(ext + 1) > cur->end)
				return -1;
			nexthdr = ext->nexthdr;
			pos += (1 + ext->hdrlen) * IPV6_EXT_UNIT;
			break;
		case IPPROTO_FRAGMENT:
			frag = pos;
			if ((void *)(frag + 1) > cur->end)
				return -1;
			nexthdr = frag->nexthdr;
			pos = frag + 1;
			if (bpf_ntohs(frag->frag_off) >> 3)
				goto done;
			break;
		default:
			goto done;
		}
	}
	return -1;

done:
	if (pos > cur->end)
		return -1;
	cur->pos = pos;
	return nexthdr;
}

#endif /* PARSE_H */
