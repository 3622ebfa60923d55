/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prefixes as text, and arrays of them. For the user side, and for the tests of it.
 *
 * Functions return 0 or -errno, unless they say otherwise.
 */
#ifndef PREFIXES_H
#define PREFIXES_H

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "xdp_blocklist.h"

#define PREFIX_TEXT (INET6_ADDRSTRLEN + sizeof("/128"))
#define REASON_MAX  (PREFIX_TEXT + 80)

/* ::ffff:0:0/96, IPv4 addresses in IPv6's clothes: RFC 4291, section 2.5.5.2. */
#define MAPPED_BITS 96

/* An array of prefixes. Start with all zero; free(at) at the end. */
struct prefixes {
	struct prefix *at;
	size_t count;
	size_t room;
};

static inline unsigned int prefix_length(const struct prefix *prefix)
{
	return prefix->bits - FAMILY_BITS;
}

/**
 * prefix_print() - Write a prefix as people do.
 * @prefix: what.
 * @text: where to, PREFIX_TEXT bytes.
 *
 * Return: @text.
 */
static inline char *prefix_print(const struct prefix *prefix, char *text)
{
	bool ipv4 = prefix->family == htonl(FAMILY_IPV4);
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(ipv4 ? AF_INET : AF_INET6, prefix->addr, address,
		  sizeof(address));
	snprintf(text, PREFIX_TEXT, "%s/%u", address, prefix_length(prefix));
	return text;
}

/* Set the bits behind the length to 0. Returns whether there were others. */
static inline bool prefix_trim(struct prefix *prefix)
{
	unsigned int length = prefix_length(prefix), i;
	bool trimmed = false;
	__u8 keep;

	for (i = 0; i < sizeof(prefix->addr); i++) {
		keep = length >= 8 ? 0xff : (__u8)(0xff00 >> length);
		trimmed = trimmed || prefix->addr[i] & ~keep;
		prefix->addr[i] &= keep;
		length -= length >= 8 ? 8 : length;
	}
	return trimmed;
}

static inline bool prefix_is_mapped(const struct prefix *prefix)
{
	static const __u8 mapped[MAPPED_BITS / 8] = { [10] = 0xff, 0xff };

	return prefix->family == htonl(FAMILY_IPV6) &&
	       prefix_length(prefix) > MAPPED_BITS &&
	       !memcmp(prefix->addr, mapped, sizeof(mapped));
}

/* Digits, at most three, and no zero in front. -1 for anything else. */
static inline int prefix_read_length(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 3 || text[digits] ||
	    (digits > 1 && text[0] == '0'))
		return -1;
	return atoi(text);
}

/**
 * prefix_read() - Read a prefix, or an address, which is the longest prefix.
 * @text: such as 10.0.0.0/8 or fd00::1.
 * @prefix: where it goes.
 * @reason: REASON_MAX bytes: what is wrong, if something is.
 *
 * Return: 0 or -EINVAL.
 */
static inline int prefix_read(const char *text, struct prefix *prefix,
			      char *reason)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN], right[PREFIX_TEXT];
	int length, longest = 0;
	struct prefix ipv4;
	size_t bytes;

	memset(prefix, 0, sizeof(*prefix));
	bytes = slash ? (size_t)(slash - text) : strlen(text);
	if (bytes < sizeof(address)) {
		memcpy(address, text, bytes);
		address[bytes] = '\0';
		if (inet_pton(AF_INET, address, prefix->addr) == 1) {
			prefix->family = htonl(FAMILY_IPV4);
			longest = IPV4_BITS;
		} else if (inet_pton(AF_INET6, address, prefix->addr) == 1) {
			prefix->family = htonl(FAMILY_IPV6);
			longest = IPV6_BITS;
		}
	}
	if (!longest) {
		snprintf(reason, REASON_MAX,
			 "not a prefix, such as 10.0.0.0/8 or fd00::/8");
		return -EINVAL;
	}

	length = slash ? prefix_read_length(slash + 1) : longest;
	if (length < 0 || length > longest) {
		snprintf(reason, REASON_MAX, "the length is 0 to %d", longest);
		return -EINVAL;
	}
	prefix->bits = FAMILY_BITS + length;

	if (prefix_trim(prefix)) {
		snprintf(reason, REASON_MAX, "host bits are set, right is %s",
			 prefix_print(prefix, right));
		return -EINVAL;
	}
	if (prefix_is_mapped(prefix)) {
		ipv4 = (struct prefix){
			.bits = prefix->bits - MAPPED_BITS,
			.family = htonl(FAMILY_IPV4),
		};
		memcpy(ipv4.addr, prefix->addr + MAPPED_BITS / 8,
		       IPV4_BITS / 8);
		snprintf(reason, REASON_MAX,
			 "that is IPv4, and travels as IPv4: write %s",
			 prefix_print(&ipv4, right));
		return -EINVAL;
	}
	return 0;
}

/* For qsort() and bsearch(): IPv4 first, by address, the shorter prefix first. */
static inline int prefix_compare(const void *a, const void *b)
{
	const struct prefix *one = a, *other = b;
	int ret = memcmp(&one->family, &other->family,
			 sizeof(*one) - sizeof(one->bits));

	if (ret)
		return ret;
	return (one->bits > other->bits) - (one->bits < other->bits);
}

static inline bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/**
 * prefixes_add() - Append one.
 * @list: to what.
 * @prefix: what.
 *
 * Return: 0 or -ENOMEM.
 */
static inline int prefixes_add(struct prefixes *list,
			       const struct prefix *prefix)
{
	size_t room = list->room ? list->room * 2 : 64;
	struct prefix *at;

	if (list->count == list->room) {
		at = reallocarray(list->at, room, sizeof(*at));
		if (!at)
			return -ENOMEM;
		list->at = at;
		list->room = room;
	}
	list->at[list->count++] = *prefix;
	return 0;
}

static inline void prefixes_sort(struct prefixes *list)
{
	if (list->count)
		qsort(list->at, list->count, sizeof(*list->at), prefix_compare);
}

/* In a list that is sorted. */
static inline bool prefixes_have(const struct prefixes *sorted,
				 const struct prefix *prefix)
{
	return sorted->count && bsearch(prefix, sorted->at, sorted->count,
					sizeof(*sorted->at), prefix_compare);
}

/* The first one that a sorted list holds twice, or NULL. */
static inline const struct prefix *prefixes_twice(const struct prefixes *sorted)
{
	size_t i;

	for (i = 1; i < sorted->count; i++)
		if (prefix_equal(&sorted->at[i - 1], &sorted->at[i]))
			return &sorted->at[i];
	return NULL;
}

#endif /* PREFIXES_H */
