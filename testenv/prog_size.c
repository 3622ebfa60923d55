// SPDX-License-Identifier: GPL-2.0-only
/*
 * How large the programs of object files are, and what the verifier has to do for them.
 * Each is loaded alone, and nothing is attached. No map is pinned.
 */
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "xdp_user.h"

#define INSN_SIZE 8 /* bytes, in the kernel's own count of a program */
#define LOG_STATS \
	4 /* log level: only how much was done; linux/bpf_verifier.h */
#define LOG_SIZE 65536

static const char usage[] =
	"Usage: prog_size OBJECT...\n"
	"Load each program of the object files, and print a line for each, with tabs:\n"
	"object, program, its tag, instructions in the file, instructions after the\n"
	"verifier, bytes of machine code, instructions that the verifier looked at,\n"
	"microseconds that it took, bytes of the object's maps. A program that the verifier\n"
	"rejects has \"-\" there.\n"
	"\n"
	"  -h  show this help\n";

static char first_message[512]; /* of libbpf's, without its end of line */

/* The first one is the cause, unless libbpf tries again; what follows are consequences. */
static int keep_first(enum libbpf_print_level level, const char *format,
		      va_list args)
{
	char text[sizeof(first_message)];

	if (level != LIBBPF_WARN || *first_message)
		return 0;
	vsnprintf(text, sizeof(text), format, args);
	if (strstr(text, "Retrying"))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	strcpy(first_message, text + (strncmp(text, "libbpf: ", 8) ? 0 : 8));
	return 0;
}

/* The number behind a word of the verifier's statistics; 0 if it is not there. */
static unsigned long behind(const char *log, const char *word)
{
	const char *found = strstr(log, word);

	return found ? strtoul(found + strlen(word), NULL, 10) : 0;
}

/* Bytes of all maps, as the kernel accounts for them: exact since Linux 6.4. */
static unsigned long map_bytes(const struct bpf_object *object)
{
	unsigned long bytes, sum = 0;
	struct bpf_map *map;
	char path[64], line[256];
	FILE *file;

	bpf_object__for_each_map(map, object)
	{
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
			 bpf_map__fd(map));
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "memlock: %lu", &bytes) == 1)
				sum += bytes;
		if (file)
			fclose(file);
	}
	return sum;
}

static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *map;
	char reason[128];

	if (!object) {
		/* It has errors of its own, such as "not an object file". */
		libbpf_strerror(errno, reason, sizeof(reason));
		errx(EXIT_FAILURE, "open %s: %s", path, reason);
	}
	bpf_object__for_each_map(map, object) bpf_map__set_pin_path(map, NULL);
	return object;
}

/* The line for program number wanted of the file. */
static void measure(const char *path, int wanted)
{
	struct bpf_object *object = open_object(path);
	struct bpf_program *prog, *chosen = NULL;
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	static char log[LOG_SIZE];
	int i = 0;

	bpf_object__for_each_program(prog, object)
	{
		bpf_program__set_autoload(prog, i == wanted);
		if (i++ == wanted)
			chosen = prog;
	}
	log[0] = '\0';
	first_message[0] = '\0';
	bpf_program__set_log_level(chosen, LOG_STATS);
	bpf_program__set_log_buf(chosen, log, sizeof(log));
	if (bpf_object__load(object)) {
		if (errno == EPERM || errno == ENOMEM)
			errx(EXIT_FAILURE, "load %s: %s", path,
			     xdp_reason(errno));
		/* The verifier has not seen it. */
		if (!log[0])
			errx(EXIT_FAILURE, "load %s: %s", path,
			     *first_message ? first_message :
					      xdp_reason(errno));
		printf("%s\t%s\t", path, bpf_program__name(chosen));
		printf("-\t-\t-\t-\t-\t-\t-\n");
	} else {
		if (bpf_obj_get_info_by_fd(bpf_program__fd(chosen), &info,
					   &len))
			err(EXIT_FAILURE, "ask for %s", path);
		printf("%s\t%s\t", path, bpf_program__name(chosen));
		/* libbpf has put the functions that it calls behind it. */
		printf("%016llx\t%zu\t%u\t%u\t%lu\t%lu\t%lu\n",
		       (unsigned long long)be64toh(*(__u64 *)info.tag),
		       bpf_program__insn_cnt(chosen),
		       info.xlated_prog_len / INSN_SIZE, info.jited_prog_len,
		       behind(log, "processed "),
		       behind(log, "verification time "), map_bytes(object));
	}
	bpf_object__close(object);
}

int main(int argc, char **argv)
{
	struct xdp_opts opts = {};
	struct bpf_program *prog;
	struct bpf_object *object;
	int count, i, opt;

	while ((opt = getopt(argc, argv, "h")) != -1)
		xdp_option(&opts, opt, usage);
	if (optind == argc)
		errx(EXIT_USAGE, "an object file, please: -h shows the usage");
	libbpf_set_print(keep_first);

	for (; optind < argc; optind++) {
		count = 0;
		object = open_object(argv[optind]);
		bpf_object__for_each_program(prog, object) count++;
		bpf_object__close(object);
		if (!count)
			errx(EXIT_FAILURE, "%s: there is no program in it",
			     argv[optind]);
		for (i = 0; i < count; i++)
			measure(argv[optind], i);
	}
	return EXIT_SUCCESS;
}
