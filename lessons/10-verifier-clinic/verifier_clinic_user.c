// SPDX-License-Identifier: GPL-2.0-only
/* Load one program of one case, and say why the kernel rejects it. */
#include <err.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <bpf/libbpf.h>

#include "xdp_user.h"

#define LOG_SIZE   (16 << 20) /* bytes; the longest log of a case has 5 million */
#define MOST_STEPS 100000     /* of the verifier: a log of more is not read */

/* Log levels of the kernel: bpf_verifier.h calls them BPF_LOG_LEVEL1 and _STATS. */
#define LOG_EVERY_STEP 1
#define LOG_STATS      4

static const char usage[] =
	"Usage: verifier_clinic_user [-u] [-v] CASE broken|mended\n"
	"       verifier_clinic_user -l\n"
	"Load a program of CASE_kern.o, and explain why it is rejected.\n"
	"\n"
	"  -u  without CAP_PERFMON, as a service would be run\n"
	"  -v  show the verifier's log, in full\n"
	"  -l  list the cases\n"
	"  -h  show this help\n"
	"\n"
	"Exit status: 0 accepted, 1 rejected, 2 wrong usage.\n";

/* Write the folder of this program to path, which has PATH_MAX bytes. */
static void own_folder(char *path)
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (length < 0)
		err(EXIT_FAILURE, "read /proc/self/exe");
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
}

static void list_cases(void)
{
	char pattern[PATH_MAX + 16];
	glob_t found;
	size_t i;

	own_folder(pattern);
	strcat(pattern, "/*_kern.o");
	if (glob(pattern, 0, NULL, &found))
		errx(EXIT_FAILURE, "no case here: run \"make\"");
	for (i = 0; i < found.gl_pathc; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;

		printf("%.*s\n", (int)(strlen(name) - strlen("_kern.o")), name);
	}
	globfree(&found);
}

/* Keep CAP_BPF and CAP_NET_ADMIN, which loading an XDP program takes, only. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[2] = {};

	sets[0].permitted = 1U << CAP_NET_ADMIN;
	sets[1].permitted = 1U << (CAP_BPF - 32);
	sets[0].effective = sets[0].permitted;
	sets[1].effective = sets[1].permitted;
	if (syscall(SYS_capset, &header, sets))
		err(EXIT_FAILURE, "drop capabilities");
}

/*
 * Load one program of an object, with a log of this level. Returns 0 or -errno;
 * the log is empty if the verifier was not reached.
 */
static int load(const char *path, const char *name, int level, char *log)
{
	struct bpf_program *prog, *wanted;
	struct bpf_object *obj;
	int ret;

	*log = '\0';
	obj = bpf_object__open_file(path, NULL);
	if (!obj)
		return -errno;
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, false);
	wanted = bpf_object__find_program_by_name(obj, name);
	if (wanted) {
		bpf_program__set_autoload(wanted, true);
		bpf_program__set_log_level(wanted, level);
		bpf_program__set_log_buf(wanted, log, LOG_SIZE);
		ret = bpf_object__load(obj);
	} else {
		ret = -ENOENT;
	}
	bpf_object__close(obj);
	return ret;
}

/* How many instructions the verifier looked at, each as often as it did. */
static unsigned long steps(const char *log)
{
	const char *line = strstr(log, "\nprocessed ");

	return line ? strtoul(line + strlen("\nprocessed "), NULL, 10) : 0;
}

static void print_rejection(const char *name, const char *log,
			    const char *object, bool verbose)
{
	char *text;

	if (asprintf(&text,
		     "prog '%s': -- BEGIN PROG LOAD LOG --\n%s"
		     "-- END PROG LOAD LOG --\n",
		     name, log) < 0)
		err(EXIT_FAILURE, "print the log");
	if (verbose)
		fputs(log, stdout);
	if (!xdp_explain(text, object, STDOUT_FILENO) && !verbose)
		fputs(log, stdout);
	free(text);
}

int main(int argc, char **argv)
{
	bool unprivileged = false, verbose = false;
	const char *name, *program;
	char object[PATH_MAX + 128];
	char *log;
	int opt, ret;

	while ((opt = getopt(argc, argv, "uvlh")) != -1) {
		switch (opt) {
		case 'u':
			unprivileged = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'l':
			list_cases();
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			errx(EXIT_USAGE, "-h shows the options");
		}
	}
	if (optind != argc - 2)
		errx(EXIT_USAGE, "a case and a program, please: -h shows how");
	name = argv[optind];
	program = argv[optind + 1];
	if (strcmp(program, "broken") && strcmp(program, "mended"))
		errx(EXIT_USAGE,
		     "%s: a case has two programs, broken and mended", program);
	own_folder(object);
	snprintf(object + strlen(object), 128, "/%.100s_kern.o", name);
	if (strchr(name, '/') || access(object, R_OK))
		errx(EXIT_USAGE, "%s: no such case, -l lists them", name);

	log = malloc(LOG_SIZE);
	if (!log)
		err(EXIT_FAILURE, "memory for the log");
	libbpf_set_print(NULL);
	if (unprivileged)
		drop_capabilities();

	/* First the reason and the figures only. Each step is printed if there
	 * are not too many: where the walk is given up, there are a million.
	 */
	ret = load(object, program, LOG_STATS, log);
	if (ret && steps(log) && steps(log) < MOST_STEPS)
		ret = load(object, program, LOG_EVERY_STEP, log);
	if (ret && !*log)
		errx(EXIT_FAILURE, "load %s of %s: %s", program, name,
		     xdp_reason(ret));

	if (ret)
		print_rejection(program, log, object, verbose);
	else
		printf("%s of %s: accepted\n", program, name);
	free(log);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
