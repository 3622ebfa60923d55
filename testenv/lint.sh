#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Check the style of all C, shell and Python files of the tree.
#
#	testenv/lint.sh
#
# C: clang-format with .clang-format, and the kernel's checkpatch.pl where it is
# found: in $CHECKPATCH, in the PATH, or in a kernel source below /usr/src.
# Shell and bats: shellcheck. Python: that it compiles. Every file: a licence.
#
# Exit status: 0 clean, 1 not so, 4 a tool is missing.
set -u
cd "$(dirname "$0")/.." || exit 1

for tool in clang-format shellcheck python3; do
	command -v $tool >/dev/null && continue
	echo "lint.sh: $tool is missing: run \"make deps\"" >&2
	exit 4
done

status=0

# check NAME COMMAND...: one line, and the output of what is not clean.
check()
{
	local name=$1 log
	shift
	if log=$("$@" 2>&1); then
		echo "ok      $name"
	else
		echo "NOT OK  $name"
		printf '%s\n' "$log" | head -n 60
		status=1
	fi
}

# Sources in the tree, without what is built, and without what a learner wrote.
files()
{
	find common headers lessons testenv vm .ci -type f \
		! -name '*.skel.h' ! -path 'vm/out/*' \
		! \( -regex 'lessons/[^/]*/exercises/[^/]*/[^/]*\.[ch]' ! -name check.c \) "$@" | sort
}

mapfile -t c < <(files -name '*.[ch]')
mapfile -t shell < <(files -exec grep -Iql -m1 -E '^#!.*[/ ](ba)?sh$' {} \; -print |
	sort -u)
mapfile -t bats < <(files \( -name '*.bats' -o -name '*.bash' -o -name lib.sh \))
mapfile -t python < <(files -exec grep -Iql -m1 '^#!.*python3$' {} \; -print |
	sort -u)

# shellcheck disable=SC2317 # called through check()
no_licence()
{
	! grep -L -m1 'SPDX-License-Identifier: GPL-2.0-only' "${c[@]}" \
		"${shell[@]}" "${bats[@]}" "${python[@]}" Makefile | grep .
}

# shellcheck disable=SC2317 # the same
python_compiles()
{
	python3 -c 'import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name, encoding="utf-8").read(), name)' "$@"
}

checkpatch=${CHECKPATCH:-$(command -v checkpatch.pl ||
	find /usr/src -maxdepth 3 -name checkpatch.pl 2>/dev/null | sort | tail -n 1)}

check "${#c[@]} C files: clang-format" clang-format --dry-run -Werror "${c[@]}"
if [ -n "$checkpatch" ]; then
	# Not of use here: what the kernel's own types and macros are for, what
	# clang-format settles, and LIBBPF_OPTS(), a declaration that it takes
	# for a statement (LINE_SPACING).
	check "${#c[@]} C files: checkpatch" "$checkpatch" --no-tree --strict \
		--terse --show-types --max-line-length=100 \
		--ignore PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,CAMELCASE,MACRO_ARG_REUSE,COMPLEX_MACRO,SSCANF_TO_KSTRTO,PREFER_FALLTHROUGH,NEW_TYPEDEFS,VOLATILE,SPACING,LINE_SPACING \
		-f "${c[@]}"
else
	echo "skip    checkpatch: not found (it is in Debian's linux-source)"
fi
check "${#shell[@]} shell scripts: shellcheck" shellcheck -x "${shell[@]}"
check "${#bats[@]} bats files: shellcheck" shellcheck -x -e SC2016,SC2030,SC2031,SC2086,SC2143,SC2154,SC2164 "${bats[@]}"
check "${#python[@]} Python files: syntax" python_compiles "${python[@]}"
check "licence in every file" no_licence
exit $status
