// SPDX-License-Identifier: GPL-2.0-only
/* Checks of exercises: see exercise.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "exercise.h"

#define EXIT_USAGE	  2
#define EXIT_CANNOT_RUN	  4 /* kselftest's skip */
#define LINKTYPE_ETHERNET 1 /* https://www.tcpdump.org/linktypes.html */
#define PCAP_MAGIC	  0xa1b2c3d4
#define FIRST_CASE	  3 /* 1 and 2 are that it compiles, and can be loaded */

static const struct exercise *wanted;
static char object_path[PATH_MAX];
static struct bpf_object *loaded; /* what the cases run on */

/* The verifier's log is kept. All else that libbpf says is about us, or is said
 * again in the log.
 */
static int keep_log(enum libbpf_print_level level, const char *format,
		    va_list args)
{
	const char *path = getenv("EXERCISE_LOG");
	FILE *file;

	(void)level;
	if (!path || !strstr(format, "PROG LOAD LOG"))
		return 0;
	file = fopen(path, "w");
	if (!file)
		return 0;
	vfprintf(file, format, args);
	fclose(file);
	return 0;
}

/* Open, prepare, load. NULL: errno says why it could not be loaded. */
static struct bpf_object *try_load(void)
{
	struct bpf_object *obj = bpf_object__open_file(object_path, NULL);
	int ret;

	if (!obj)
		fail_msg("%s: %s", wanted->object, strerror(errno));
	exercise_program(obj, wanted->program);
	if (wanted->prepare)
		wanted->prepare(obj);
	ret = bpf_object__load(obj);
	if (ret) {
		bpf_object__close(obj);
		errno = -ret;
		return NULL;
	}
	return obj;
}

struct bpf_object *exercise_load(void)
{
	struct bpf_object *obj = try_load();

	if (!obj)
		fail_msg("%s cannot be loaded: %s", wanted->object,
			 strerror(errno));
	return obj;
}

struct bpf_program *exercise_program(const struct bpf_object *obj,
				     const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);

	if (!prog)
		fail_msg(
			"%s has no program %s: keep its name, this check asks for it",
			wanted->object, name);
	if (bpf_program__type(prog) == BPF_PROG_TYPE_UNSPEC)
		fail_msg(
			"%s is in section %s, which is that of no type of program: is SEC(...) in front of it, and right?",
			name, bpf_program__section_name(prog));
	return prog;
}

/* libbpf calls the map of a section "xdp_pas.bss": only the end is known. */
static struct bpf_map *find_map(const struct bpf_object *obj, const char *name)
{
	struct bpf_map *map;
	size_t skip;

	if (name[0] != '.')
		return bpf_object__find_map_by_name(obj, name);
	bpf_object__for_each_map(map, obj)
	{
		skip = strcspn(bpf_map__name(map), ".");
		if (!strcmp(bpf_map__name(map) + skip, name))
			return map;
	}
	return NULL;
}

struct bpf_map *exercise_map(const struct bpf_object *obj, const char *name,
			     size_t value_size)
{
	struct bpf_map *map = find_map(obj, name);

	if (!map)
		fail_msg(
			"%s has no map %s: keep its name, this check asks for it",
			wanted->object, name);
	if (value_size && bpf_map__value_size(map) != value_size)
		fail_msg("map %s: its values have %u bytes, right are %zu",
			 name, bpf_map__value_size(map), value_size);
	return map;
}

void exercise_rodata(struct bpf_object *obj, const char *name,
		     const void *value, size_t size)
{
	struct bpf_map *map = find_map(obj, ".rodata");
	const struct btf *btf = bpf_object__btf(obj);
	const struct btf_var_secinfo *info;
	const struct btf_type *section, *var;
	size_t bytes;
	char *data;
	int i, id;

	id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	section = map && id > 0 ? btf__type_by_id(btf, id) : NULL;
	for (i = 0; section && i < btf_vlen(section); i++) {
		info = btf_var_secinfos(section) + i;
		var = btf__type_by_id(btf, info->type);
		if (strcmp(btf__name_by_offset(btf, var->name_off), name) ||
		    info->size != size)
			continue;
		bytes = bpf_map__value_size(map);
		data = malloc(bytes);
		memcpy(data, bpf_map__initial_value(map, &bytes), bytes);
		memcpy(data + info->offset, value, size);
		bpf_map__set_initial_value(map, data, bytes);
		free(data);
		return;
	}
	fail_msg(
		"%s has no \"const volatile\" variable %s of %zu bytes: keep it, this check sets it",
		wanted->object, name, size);
}

static void is_loaded(void **state)
{
	(void)state;
	loaded = try_load();
	if (!loaded)
		fail_msg("the kernel does not load %s: %s", wanted->object,
			 strerror(errno));
}

static void case_verdict(void **state)
{
	const struct exercise_case *row = *state;
	struct packet_result result;

	if (!loaded)
		fail_msg("it is not loaded");
	packet_run(exercise_program(loaded, wanted->program), &row->packet,
		   &result);
	if (result.verdict != row->verdict)
		fail_msg("%s says %s, right is %s", wanted->program,
			 packet_verdict_name(result.verdict),
			 packet_verdict_name(row->verdict));
}

static int try_answer(void)
{
	size_t count = 1 + wanted->nr_cases + wanted->nr_more, i;
	struct CMUnitTest tests[count];
	int failed;

	memset(tests, 0, sizeof(tests));
	tests[0].name = "the kernel loads it";
	tests[0].test_func = is_loaded;
	for (i = 0; i < wanted->nr_cases; i++) {
		tests[1 + i].name = wanted->cases[i].packet.name;
		tests[1 + i].test_func = case_verdict;
		tests[1 + i].initial_state = (void *)&wanted->cases[i];
	}
	for (i = 0; i < wanted->nr_more; i++)
		tests[1 + wanted->nr_cases + i] = wanted->more[i];

	failed = _cmocka_run_group_tests("answer", tests, count, NULL, NULL);
	bpf_object__close(loaded);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int write_pcap(const char *name, const __u8 *frame, __u32 len)
{
	const char *dir = getenv("EXERCISE_PCAP");
	/* The format of libpcap: header of the file, header of the packet. */
	const struct {
		__u32 magic;
		__u16 major, minor;
		__u32 zone, precision, longest, linktype;
		__u32 seconds, microseconds, kept, sent;
	} head = { PCAP_MAGIC,	      2, 4, 0,	 0,  FRAME_MAX,
		   LINKTYPE_ETHERNET, 0, 0, len, len };
	char path[PATH_MAX];
	bool ok;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.pcap", dir ? dir : ".", name);
	file = fopen(path, "w");
	if (!file)
		return -errno;
	ok = fwrite(&head, sizeof(head), 1, file) == 1 &&
	     fwrite(frame, 1, len, file) == len;
	return fclose(file) || !ok ? -EIO : 0;
}

/*
 * What the kernel hands back begins with the metadata, if there is any: bytes in
 * front of a frame that is otherwise as it was. Returns how many.
 */
static __u32 print_metadata(const struct packet_result *result,
			    const __u8 *frame, __u32 len)
{
	__u32 bytes = result->len - len, i;

	if (result->len <= len || memcmp(result->frame + bytes, frame, len))
		return 0;
	printf("metadata");
	for (i = 0; i < bytes; i++)
		printf("%s%02x", i % 4 ? "" : " ", result->frame[i]);
	printf("\n");
	return bytes;
}

/* The packet of test number, for people to look at. */
static int show_packet(unsigned long number)
{
	const struct exercise_case *row;
	struct packet_result result;
	__u8 frame[FRAME_MAX], *out;
	__u32 len;

	if (number < FIRST_CASE || number >= FIRST_CASE + wanted->nr_cases) {
		fprintf(stderr,
			"there is no packet of check %lu to show: ", number);
		if (wanted->nr_cases)
			fprintf(stderr, "checks %d to %zu have one\n",
				FIRST_CASE, FIRST_CASE + wanted->nr_cases - 1);
		else
			fprintf(stderr,
				"no check here is about a single one\n");
		return EXIT_USAGE;
	}
	row = &wanted->cases[number - FIRST_CASE];
	loaded = try_load();
	if (!loaded) {
		fprintf(stderr, "the kernel does not load %s: %s\n",
			wanted->object, strerror(errno));
		return EXIT_FAILURE;
	}
	len = packet_build(&row->packet, frame);
	packet_run(exercise_program(loaded, wanted->program), &row->packet,
		   &result);
	printf("packet  %s\n", row->packet.name);
	printf("wanted  %s\n", packet_verdict_name(row->verdict));
	printf("came    %s\n", packet_verdict_name(result.verdict));
	bpf_object__close(loaded);
	out = result.frame + print_metadata(&result, frame, len);
	if (write_pcap("in", frame, len) ||
	    write_pcap("out", out, result.frame + result.len - out)) {
		fprintf(stderr, "cannot write the packet\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

/* The smallest program there is. What fails for it is not the answer's fault. */
static int bpf_works(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "nothing", "GPL", nothing,
			       ARRAY_SIZE(nothing), NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int exercise_main(int argc, char **argv, const struct exercise *exercise)
{
	const char *number = getenv("EXERCISE_PACKET");
	int ret;

	if (argc != 2) {
		fprintf(stderr, "Usage: %s DIR: see testenv/exercise.sh\n",
			argv[0]);
		return EXIT_USAGE;
	}
	wanted = exercise;
	snprintf(object_path, sizeof(object_path), "%s/%s", argv[1],
		 exercise->object);

	libbpf_set_print(keep_log);
	ret = bpf_works();
	if (ret) {
		fprintf(stderr, "this machine loads no BPF program: %s%s\n",
			strerror(-ret), geteuid() ? " (needs root)" : "");
		return EXIT_CANNOT_RUN;
	}

	/* Messages and results have to keep their order in one pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (number)
		return show_packet(strtoul(number, NULL, 10));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return try_answer();
}
