// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write the machine code of a loaded BPF program to standard output, the bytes
 * as they are. For a disassembler:
 *
 *	testenv/jited ID >code && objdump -D -b binary -m i386:x86-64 code
 *
 * "bpftool prog dump jited" does both, but not Debian's: it is built without a
 * disassembler. Functions of a program follow one another.
 *
 * Exit status: 0 done, 1 no such program, no privilege or no JIT, 2 usage.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>

int main(int argc, char **argv)
{
	struct bpf_prog_info info = {};
	__u32 bytes, len = sizeof(info);
	void *code;
	char *end;
	__u32 id;
	int fd;

	if (argc != 2)
		errx(2, "the id of a program, please: see bpftool prog show");
	id = strtoul(argv[1], &end, 10);
	if (!id || *end)
		errx(2, "%s: not the id of a program", argv[1]);

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		err(EXIT_FAILURE, "program %u", id);

	/* Once for the length, once for the code. */
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err(EXIT_FAILURE, "read program %u", id);
	bytes = info.jited_prog_len;
	code = calloc(1, bytes + 1);
	if (!code)
		err(EXIT_FAILURE, "read program %u", id);
	info = (struct bpf_prog_info){
		.jited_prog_insns = (uintptr_t)code,
		.jited_prog_len = bytes,
	};
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err(EXIT_FAILURE, "read program %u", id);

	/* The kernel leaves the pointer out where it does not show the code. */
	if (!bytes || !info.jited_prog_insns)
		errx(EXIT_FAILURE,
		     "program %u: no machine code: needs root and net.core.bpf_jit_enable=1",
		     id);

	if (fwrite(code, 1, bytes, stdout) != bytes)
		err(EXIT_FAILURE, "write");
	free(code);
	close(fd);
	return EXIT_SUCCESS;
}
