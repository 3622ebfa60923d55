// SPDX-License-Identifier: GPL-2.0-only
/* Attach flow_counter, and print every interval which flows carried most bytes. */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "flow_counter.h"
#include "flow_counter_kern.skel.h"
#include "xdp_user.h"

#define INTERVAL_MAX 3600 /* seconds */
#define FLOWS_MAX    1000000
#define BATCH	     4096 /* flows that one system call reads, at first */

#define NS_PER_S 1000000000ULL

#define COLUMNS	 9
#define TEXT_MAX INET6_ADDRSTRLEN /* of a column; the longest are addresses */

static const char usage[] =
	"Usage: flow_counter_user [-S|-N] [-F] [-v] [-m FLOWS] [-l] [-n TOP] [-j]\n"
	"                         [-i SECONDS] IFACE\n"
	"Count the packets that IFACE receives, by flow. They all pass.\n"
	"\n"
	"  -m  room for how many flows, 1 to 1000000 (default 131072)\n"
	"  -l  when that is full, forget flows not seen lately, instead of new ones\n"
	"  -n  print those with most bytes only (default: all)\n"
	"  -j  print JSON, a line for each flow, and one for the rest of a report\n"
	"  -i  seconds from report to report, 1 to 3600 (default 1)\n" XDP_OPTIONS_HELP;

struct entry {
	struct flow_key key;
	struct flow flow;
};

/* What a report is about. */
struct report {
	struct flow_key *keys; /* as the kernel hands them over, */
	struct flow *flows;    /* with their values, */
	struct entry *entries; /* and in the order in which they are printed */
	size_t room;	       /* of each of the three */
	size_t count;
	struct counter counts[COUNTS];
	__u64 now_ns; /* when it was read */
};

/* How a report is printed. */
struct style {
	size_t top; /* print no more flows than that */
	bool json;
	bool forgets; /* the map makes room by itself */
	__u32 room;   /* flows in the map */
};

/* Make room for that many flows. Returns 0 or -ENOMEM. */
static int make_room(struct report *report, size_t room)
{
	void *keys, *flows, *entries;

	if (room <= report->room)
		return 0;

	keys = reallocarray(report->keys, room, sizeof(*report->keys));
	if (keys)
		report->keys = keys;
	flows = reallocarray(report->flows, room, sizeof(*report->flows));
	if (flows)
		report->flows = flows;
	entries = reallocarray(report->entries, room, sizeof(*report->entries));
	if (entries)
		report->entries = entries;
	if (!keys || !flows || !entries)
		return -ENOMEM;
	report->room = room;
	return 0;
}

/*
 * Read all flows, thousands with each system call. The kernel goes through the
 * map's buckets: one bucket's flows come together, or not yet. Returns 0 or -errno.
 */
static int read_flows(const struct bpf_map *map, struct report *report)
{
	__u32 position, count, batch = BATCH;
	void *start = NULL; /* at the first bucket; then: where a call ended */
	int err;

	report->count = 0;
	do {
		err = make_room(report, report->count + batch);
		if (err)
			return err;

		count = batch;
		err = bpf_map_lookup_batch(bpf_map__fd(map), start, &position,
					   report->keys + report->count,
					   report->flows + report->count,
					   &count, NULL);
		if (err == -ENOSPC) /* for the flows of one bucket */
			batch *= 2;
		else if (err && err != -ENOENT)
			return err;
		else
			report->count += count;
		start = &position;
	} while (err != -ENOENT);

	return 0;
}

/* Most bytes first. Flows of equal size have an order too, always the same. */
static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->flow.bytes != right->flow.bytes)
		return left->flow.bytes < right->flow.bytes ? 1 : -1;
	return memcmp(&left->key, &right->key, sizeof(left->key));
}

/* Read and sort everything. Returns 0 or -errno. */
static int read_report(const struct flow_counter_kern *skel,
		       struct report *report)
{
	struct timespec now;
	__u64 sums[2];
	__u32 slot;
	size_t i;
	int err;

	/* Before the flows: one that begins meanwhile must not look forgotten. */
	for (slot = 0; slot < COUNTS; slot++) {
		err = xdp_sum_percpu(skel->maps.counts, slot, sums, 2);
		if (err)
			return err;
		report->counts[slot].packets = sums[0];
		report->counts[slot].bytes = sums[1];
	}
	err = read_flows(skel->maps.flows, report);
	if (err)
		return err;

	for (i = 0; i < report->count; i++) {
		report->entries[i].key = report->keys[i];
		report->entries[i].flow = report->flows[i];
	}
	qsort(report->entries, report->count, sizeof(*report->entries),
	      compare);

	/* The clock that bpf_ktime_get_ns() reads. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	report->now_ns = now.tv_sec * NS_PER_S + now.tv_nsec;
	return 0;
}

/* Flows that were in the map, and are no longer; at least so many. */
static __u64 forgotten(const struct report *report)
{
	__u64 began = report->counts[COUNT_NEW].packets;

	/* The flows are read a moment after the counts. */
	return began > report->count ? began - report->count : 0;
}

static bool is_icmp(const struct flow_key *key)
{
	return key->protocol == IPPROTO_ICMP || key->protocol == IPPROTO_ICMPV6;
}

static void print_address(char *text, const struct flow_key *key,
			  const __be32 *address)
{
	inet_ntop(key->version == 4 ? AF_INET : AF_INET6, address, text,
		  INET6_ADDRSTRLEN);
}

static void print_protocol(char *text, __u8 protocol)
{
	static char names[256][TEXT_MAX]; /* looking one up takes long */
	struct protoent *found;

	if (!*names[protocol]) {
		found = getprotobynumber(protocol);
		if (found)
			snprintf(names[protocol], TEXT_MAX, "%s",
				 found->p_name);
		else
			snprintf(names[protocol], TEXT_MAX, "%u", protocol);
	}
	strcpy(text, names[protocol]);
}

/* The two ports, or type/code. "-" is a port that is not, "?" one not known. */
static void print_ports(char *source, char *dest, const struct flow_key *key)
{
	__u16 source_port = ntohs(key->source_port);
	__u16 dest_port = ntohs(key->dest_port);

	strcpy(source, "-");
	strcpy(dest, "-");
	if (key->ports_unknown) {
		strcpy(dest, "?");
		if (!is_icmp(key))
			strcpy(source, "?");
	} else if (is_icmp(key)) {
		snprintf(dest, TEXT_MAX, "%u/%u", dest_port >> 8,
			 dest_port & 0xff);
	} else if (source_port || dest_port) {
		snprintf(source, TEXT_MAX, "%u", source_port);
		snprintf(dest, TEXT_MAX, "%u", dest_port);
	}
}

static void print_age(char *text, __u64 now_ns, __u64 then_ns)
{
	/* A packet may have come since the clock was read. */
	__u64 ns = now_ns > then_ns ? now_ns - then_ns : 0;
	unsigned long seconds = ns / NS_PER_S, minutes = seconds / 60,
		      hours = minutes / 60;

	if (!minutes)
		snprintf(text, TEXT_MAX, "%.1fs ago", ns / (double)NS_PER_S);
	else if (!hours)
		snprintf(text, TEXT_MAX, "%lum%02lus ago", minutes,
			 seconds % 60);
	else if (hours < 24)
		snprintf(text, TEXT_MAX, "%luh%02lum ago", hours, minutes % 60);
	else
		snprintf(text, TEXT_MAX, "%lud%02luh ago", hours / 24,
			 hours % 24);
}

static void print_row(char row[COLUMNS][TEXT_MAX], const struct entry *entry,
		      __u64 now_ns)
{
	const struct flow_key *key = &entry->key;

	print_protocol(row[0], key->protocol);
	print_address(row[1], key, key->source);
	print_ports(row[2], row[4], key);
	print_address(row[3], key, key->dest);
	snprintf(row[5], TEXT_MAX, "%llu", entry->flow.packets);
	snprintf(row[6], TEXT_MAX, "%llu", entry->flow.bytes);
	print_age(row[7], now_ns, entry->flow.first_ns);
	print_age(row[8], now_ns, entry->flow.last_ns);
}

/* Each column as wide as its longest text. Addresses at the left, numbers at the right. */
static void print_flows(const struct report *report, size_t shown)
{
	static const char titles[COLUMNS][TEXT_MAX] = {
		"protocol", "source", "port",	    "destination", "port",
		"packets",  "bytes",  "first seen", "last seen"
	};
	static const bool at_left[COLUMNS] = { true, true, false, true };
	char row[COLUMNS][TEXT_MAX];
	int width[COLUMNS], column, length;
	size_t i;

	for (column = 0; column < COLUMNS; column++)
		width[column] = strlen(titles[column]);
	for (i = 0; i < shown; i++) {
		print_row(row, &report->entries[i], report->now_ns);
		for (column = 0; column < COLUMNS; column++) {
			length = strlen(row[column]);
			if (width[column] < length)
				width[column] = length;
		}
	}

	memcpy(row, titles, sizeof(row));
	for (i = 0; i <= shown; i++) {
		for (column = 0; column < COLUMNS; column++)
			printf("%s%*s", column ? "  " : "",
			       at_left[column] ? -width[column] : width[column],
			       row[column]);
		putchar('\n');
		if (i < shown)
			print_row(row, &report->entries[i], report->now_ns);
	}
}

static void print_counter(const struct counter *counter, const char *reason)
{
	if (counter->packets)
		printf("in no flow: %llu packets, %llu bytes: %s\n",
		       counter->packets, counter->bytes, reason);
}

static void print_table(const struct report *report, const struct style *style,
			size_t shown)
{
	const struct counter *counts = report->counts;

	if (shown)
		print_flows(report, shown);
	printf("%zu flows, %zu shown, room for %u\n", report->count, shown,
	       style->room);
	print_counter(&counts[COUNT_FULL], "the map is full");
	print_counter(&counts[COUNT_FAILED], "the map took no entry");
	print_counter(&counts[COUNT_NOT_IP],
		      "not IP, or IP headers cut short or too many");
	if (style->forgets && forgotten(report))
		printf("forgotten: %llu flows\n", forgotten(report));
	printf("\n");
}

static void print_json_flow(const struct entry *entry)
{
	const struct flow_key *key = &entry->key;
	char source[TEXT_MAX], dest[TEXT_MAX];
	__u16 port = ntohs(key->dest_port);

	print_address(source, key, key->source);
	print_address(dest, key, key->dest);
	printf("{\"protocol\":%u,\"source\":\"%s\",\"destination\":\"%s\",",
	       key->protocol, source, dest);
	if (key->ports_unknown)
		printf("\"ports_unknown\":true,");
	else if (is_icmp(key))
		printf("\"type\":%u,\"code\":%u,", port >> 8, port & 0xff);
	else
		printf("\"source_port\":%u,\"destination_port\":%u,",
		       ntohs(key->source_port), port);
	printf("\"packets\":%llu,\"bytes\":%llu,\"first_ns\":%llu,\"last_ns\":%llu}\n",
	       entry->flow.packets, entry->flow.bytes, entry->flow.first_ns,
	       entry->flow.last_ns);
}

static void print_json(const struct report *report, const struct style *style,
		       size_t shown)
{
	static const char *const names[COUNTS] = { NULL, "full", "failed",
						   "not_ip" };
	const struct counter *counts = report->counts;
	size_t i;

	for (i = 0; i < shown; i++)
		print_json_flow(&report->entries[i]);
	printf("{\"now_ns\":%llu,\"flows\":%zu,\"shown\":%zu,\"room\":%u,\"forgotten\":%llu",
	       report->now_ns, report->count, shown, style->room,
	       style->forgets ? forgotten(report) : 0);
	for (i = 0; i < COUNTS; i++)
		if (names[i])
			printf(",\"%s\":{\"packets\":%llu,\"bytes\":%llu}",
			       names[i], counts[i].packets, counts[i].bytes);
	printf("}\n");
}

/* Print a report every interval, and a last one. Returns 0 or -errno. */
static int report_flows(const struct flow_counter_kern *skel,
			const struct style *style, unsigned int interval)
{
	struct report report = {};
	size_t shown;
	bool again;
	int err;

	do {
		again = xdp_wait(interval);
		err = read_report(skel, &report);
		if (err)
			break;
		shown = report.count < style->top ? report.count : style->top;
		if (style->json)
			print_json(&report, style, shown);
		else
			print_table(&report, style, shown);
	} while (again);

	free(report.keys);
	free(report.flows);
	free(report.entries);
	return err;
}

int main(int argc, char **argv)
{
	struct style style = { .top = SIZE_MAX };
	struct flow_counter_kern *skel;
	struct xdp_opts opts = {};
	unsigned int interval = 1;
	__u32 room = 0;
	int err, link, opt;

	while ((opt = getopt(argc, argv, XDP_OPTIONS "m:ln:ji:")) != -1) {
		switch (opt) {
		case 'm':
			room = xdp_option_number("room", optarg, 1, FLOWS_MAX);
			break;
		case 'l':
			style.forgets = true;
			break;
		case 'n':
			style.top =
				xdp_option_number("top", optarg, 1, FLOWS_MAX);
			break;
		case 'j':
			style.json = true;
			break;
		case 'i':
			interval = xdp_option_number("interval", optarg, 1,
						     INTERVAL_MAX);
			break;
		default:
			xdp_option(&opts, opt, usage);
		}
	}
	if (optind != argc - 1)
		errx(EXIT_USAGE, "one interface, please: -h shows the options");
	xdp_option_iface(&opts, argv[optind]);
	xdp_stop_signals();

	skel = flow_counter_kern__open();
	if (!skel)
		errx(EXIT_FAILURE, "open flow_counter: %s", xdp_reason(errno));
	err = room ? bpf_map__set_max_entries(skel->maps.flows, room) : 0;
	if (!err && style.forgets)
		err = bpf_map__set_type(skel->maps.flows,
					BPF_MAP_TYPE_LRU_HASH);
	if (err)
		errx(EXIT_FAILURE, "set up the map: %s", xdp_reason(err));
	style.room = bpf_map__max_entries(skel->maps.flows);
	if (flow_counter_kern__load(skel))
		errx(EXIT_FAILURE, "load flow_counter: %s", xdp_reason(errno));

	link = xdp_attach(skel->progs.flow_counter, &opts);
	if (link < 0)
		errx(EXIT_FAILURE, "attach to %s: %s", opts.ifname,
		     xdp_reason(link));

	err = report_flows(skel, &style, interval);
	if (err)
		errx(EXIT_FAILURE, "read the flows: %s", xdp_reason(err));
	if (xdp_flush())
		return EXIT_FAILURE;

	close(link);
	flow_counter_kern__destroy(skel);
	return EXIT_SUCCESS;
}
