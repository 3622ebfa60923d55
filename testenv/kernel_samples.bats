#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bats file_tags=same-on-every-kernel
# kernel_samples.sh, tried on a folder that looks like the source of a kernel: what it
# asks for, what it changes, what is left after an interruption at any moment. (That a real
# kernel's build system builds the lessons is tried by hand: "make kernel-samples".)

load testenv_bats

setup_file()
{
	# A kernel whose "make M=samples/bpf/xdp-lessons" makes lesson 4's packet tests, which
	# say who runs them. What stands in the file "hold" is done before.
	local fake=$BATS_FILE_TMPDIR/fake
	export FAKE=$fake
	mkdir -p "$fake"/{samples/bpf,tools/lib/bpf,tools/bpf/bpftool} \
		"$fake"/{include/config,scripts/mod,usr/include/linux}
	cat >"$fake/Makefile" <<-'END'
		# SPDX-License-Identifier: GPL-2.0
		VERSION = 6
		PATCHLEVEL = 12
		.RECIPEPREFIX = >
		all:
		> @grep -qx 'subdir-y += xdp-lessons' samples/bpf/Makefile
		> @echo "user $$(id -u) builds $(M)"
		> @[ ! -e hold ] || . ./hold
		> @printf '#!/bin/sh\necho "user $$(id -u) tests"; exit %s\n' '$(STATUS)' \
		> >$(M)/lessons/04-protocol-counter/test_packets
		> @chmod +x $(M)/lessons/04-protocol-counter/test_packets
	END
	cat >"$fake/samples/bpf/Makefile" <<-'END'
		# SPDX-License-Identifier: GPL-2.0

		tprogs-y := sockex1
		# xdp-lessons
		always-y := $(tprogs-y)
	END
	echo "its own" >"$fake/samples/bpf/xdp2skb_meta_kern.c"
	touch "$fake"/{.config,include/config/auto.conf,usr/include/linux/bpf.h} \
		"$fake"/tools/{lib/bpf,bpf/bpftool}/Makefile
	install /dev/null "$fake/scripts/mod/modpost"

	# Two lessons are enough.
	local top=$BATS_TEST_DIRNAME/..
	export TREE=$BATS_FILE_TMPDIR/tree
	mkdir -p "$TREE"/{lessons,testenv}
	cp -r "$top"/{headers,common} "$TREE"
	cp -r "$top"/lessons/0[45]-* "$TREE/lessons"
	cp -r "$top"/testenv/kernel_samples{,.sh} "$TREE/testenv"
	chmod -R a+rX "$TREE"
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/file "$BATS_FILE_TMPDIR"
}

setup()
{
	need_root
	unset MAKEFLAGS MFLAGS MAKELEVEL V CLANG STATUS
	KERNEL=$BATS_TEST_TMPDIR/kernel
	cp -a "$FAKE" "$KERNEL"
	list=$KERNEL/samples/bpf/Makefile
	folder=$KERNEL/samples/bpf/xdp-lessons
}

kernel_samples()
{
	"$TREE/testenv/kernel_samples.sh" "$@" 3>&-
}

# untouched: the kernel is byte for byte what it was, and so are modes and owners.
untouched()
{
	diff -r "$FAKE" "$KERNEL" &&
		diff <(cd "$FAKE" && find . -printf '%M %u %p\n' | sort) \
			<(cd "$KERNEL" && find . -printf '%M %u %p\n' | sort)
}

# complete: all that add makes is there, once, and nothing else.
complete()
{
	[ "$(grep -c xdp-lessons "$list")" = 4 ] &&
		[ "$(ls -A "$KERNEL/samples/bpf")" = $'Makefile\nxdp-lessons\nxdp2skb_meta_kern.c' ] &&
		(cd "$TREE" && cmp testenv/kernel_samples/Makefile "$folder/Makefile" &&
			for file in lessons/*/*_{kern,user}.c common/*.[ch] headers/*.h; do
				cmp "$file" "$folder/$file" || exit
			done) &&
		[ ! -e "$folder/.building" ]
}

# refused STATUS TEXT: add says one line, with TEXT in it, and changes nothing.
refused()
{
	run -"$1" kernel_samples add "$KERNEL"
	echo "$output"
	[ ${#lines[@]} = 1 ]
	[[ $output = "kernel_samples.sh: "*"$2"* ]]
}

@test "usage" {
	run -2 kernel_samples
	[[ $output = "Usage: "*"add|remove DIR"* ]]
	run -2 kernel_samples add
	run -2 kernel_samples build "$KERNEL"
	run -2 kernel_samples add ""
	[ "$output" = "kernel_samples.sh: which kernel? KSRC=DIR names the folder of its source" ]
	run -2 kernel_samples remove /nowhere
	[ "$output" = "kernel_samples.sh: /nowhere: no such folder" ]
	untouched
}

@test "add: each lack is one line that says what to do, and nothing is changed" {
	mv "$KERNEL/.config" "$BATS_TEST_TMPDIR"
	refused 4 "is not configured: run \"make -C $KERNEL defconfig\""
	mv "$BATS_TEST_TMPDIR/.config" "$KERNEL"

	rm "$KERNEL/include/config/auto.conf"
	refused 4 "is not prepared: run \"make -C $KERNEL prepare\""
	touch "$KERNEL/include/config/auto.conf"

	rm "$KERNEL/scripts/mod/modpost"
	refused 4 "run \"make -C $KERNEL prepare\""
	install /dev/null "$KERNEL/scripts/mod/modpost"

	rm "$KERNEL/usr/include/linux/bpf.h"
	refused 4 "run \"make -C $KERNEL headers\""
	touch "$KERNEL/usr/include/linux/bpf.h"

	rm "$KERNEL/tools/lib/bpf/Makefile"
	refused 2 "has no tools/lib/bpf/Makefile: take the whole source"
	touch "$KERNEL/tools/lib/bpf/Makefile"

	untouched
}

@test "add: what is no kernel, an old one, one without samples" {
	sed -i 's/^VERSION = 6/VERSION = 5/' "$KERNEL/Makefile"
	refused 4 "is Linux 5.12, whose libbpf is too old"
	sed -i '/^VERSION/d' "$KERNEL/Makefile"
	refused 2 "is not the source of a kernel"
	rm "$KERNEL/Makefile"
	refused 2 "is not the source of a kernel"
	cp "$FAKE/Makefile" "$KERNEL"
	rm "$list"
	refused 2 "has no samples/bpf/Makefile"
	cp "$FAKE/samples/bpf/Makefile" "$list"
	untouched
	mv "$KERNEL" "$BATS_TEST_TMPDIR/two words"
	KERNEL="$BATS_TEST_TMPDIR/two words"
	refused 2 "no path with a space"
	untouched
}

@test "add: a tool that is missing" {
	CLANG=no-clang refused 4 "no-clang is missing: run \"make deps\""
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\n[ "$3" != cmocka.h ]\n' >"$BATS_TEST_TMPDIR/bin/gcc"
	chmod +x "$BATS_TEST_TMPDIR/bin/gcc"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH refused 4 "cmocka.h is missing: install libcmocka-dev"
	untouched
}

@test "add: a Makefile or a folder that is not ours to change" {
	mkdir "$folder"
	echo "somebody's" >"$folder/Makefile"
	refused 1 "is not of our making: move it away"
	run -1 kernel_samples remove "$KERNEL"
	[ "$(cat "$folder/Makefile")" = "somebody's" ]
	rm -r "$folder"
	ln -s /etc "$folder"
	refused 1 "is not of our making"
	run -1 kernel_samples remove "$KERNEL"
	rm "$folder"
	mv "$list" "$list.real"
	ln -s Makefile.real "$list"
	refused 4 "has to be a file of your own"
	run -4 kernel_samples remove "$KERNEL"
	mv "$list.real" "$list"
	untouched
}

@test "add: the copies, the lines once, the kernel's own build, the tests; remove: all gone" {
	run -0 kernel_samples add "$KERNEL"
	[[ $output = *"user 0 tests" ]]
	complete
	[ "$(sed -n 3p "$list")" = "subdir-y += xdp-lessons" ]
	[ "$(sed 2,4d "$list")" = "$(cat "$FAKE/samples/bpf/Makefile")" ]
	[ "$(cat "$KERNEL/samples/bpf/xdp2skb_meta_kern.c")" = "its own" ]
	[ -z "$(find "$folder" -name '*.skel.h' -o -path '*exercises*')" ]
	run -0 kernel_samples remove "$KERNEL"
	[ -z "$output" ]
	untouched
	run -0 kernel_samples remove "$KERNEL"
	[ -z "$output" ]
	untouched
}

@test "add twice: the copies are refreshed, and what did not change is left" {
	kernel_samples add "$KERNEL"
	local kern=$folder/lessons/04-protocol-counter/xdp1_kern.c before
	before=$(stat -c %y "$folder/headers/parse.h" "$list")
	chmod u+w "$kern"
	echo "old" >"$kern"
	mkdir "$folder/lessons/99-gone"
	touch "$folder"/lessons/99-gone/{x_kern.c,x_kern.o,x_kern.skel.h,x_user.c,x_user}
	kernel_samples add "$KERNEL"
	complete
	[ "$(stat -c %y "$folder/headers/parse.h" "$list")" = "$before" ]
	[ -z "$(ls "$folder/lessons/99-gone")" ]
	kernel_samples remove "$KERNEL"
	untouched
}

@test "remove: a Makefile without a newline at its end, and one that was changed meanwhile" {
	printf 'always-y += x' >>"$list"
	cp "$list" "$BATS_TEST_TMPDIR/want"
	kernel_samples add "$KERNEL"
	kernel_samples remove "$KERNEL"
	cmp "$BATS_TEST_TMPDIR/want" "$list"
	kernel_samples add "$KERNEL"
	sed -i '1i # above' "$list"
	printf '\n# below\n' >>"$list"
	kernel_samples remove "$KERNEL"
	[ "$(cat "$list")" = "# above"$'\n'"$(cat "$BATS_TEST_TMPDIR/want")"$'\n# below' ]
}

@test "remove: a mark that is gone, or there twice: nothing is cut out by guess" {
	kernel_samples add "$KERNEL"
	local mark
	for mark in 2d 4d 2p 4p '2{h;d};4G'; do
		cp "$list" "$BATS_TEST_TMPDIR/whole"
		sed -i "$mark" "$list"
		cp "$list" "$BATS_TEST_TMPDIR/damaged"
		run -1 kernel_samples remove "$KERNEL"
		[[ ${#lines[@]} = 1 && $output = *"put them right"* ]]
		refused 1 "put them right"
		cmp "$BATS_TEST_TMPDIR/damaged" "$list"
		cp "$BATS_TEST_TMPDIR/whole" "$list"
	done
	kernel_samples remove "$KERNEL"
	untouched
}

@test "remove: only the lines are left, or only the folder; the tree is unprepared by now" {
	kernel_samples add "$KERNEL"
	rm -r "$folder"
	kernel_samples remove "$KERNEL"
	untouched
	kernel_samples add "$KERNEL"
	cp "$FAKE/samples/bpf/Makefile" "$list"
	rm "$KERNEL"/{.config,include/config/auto.conf}
	kernel_samples remove "$KERNEL"
	touch "$KERNEL"/{.config,include/config/auto.conf}
	untouched
}

@test "a build that fails: 1, its end, where all of it is; then add and remove work" {
	echo 'echo "no such luck"; exit 1' >"$KERNEL/hold"
	run -1 kernel_samples add "$KERNEL"
	[[ $output = *"no such luck"*"build system failed"*"$folder/build.log" ]]
	rm "$KERNEL/hold"
	run -0 kernel_samples add "$KERNEL"
	complete
	kernel_samples remove "$KERNEL"
	untouched
}

@test "packet tests that fail: 1; that cannot run here: 4" {
	STATUS=1 run -1 kernel_samples add "$KERNEL"
	[[ $output = *"lesson 4's packet tests fail"* ]]
	STATUS=4 run -4 kernel_samples add "$KERNEL"
	[[ $output = *"cannot run its tests"* ]]
}

@test "sudo is for the packet tests only; without sudo: 4, and it says so" {
	local bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	chown -R nobody "$KERNEL"
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\necho "sudo $*"\n' >"$bin/sudo"
	chmod +x "$bin/sudo"
	PATH=$bin:$PATH V=1 run -0 as_nobody "$TREE/testenv/kernel_samples.sh" add "$KERNEL" 3>&-
	[[ $output = *"user 65534 builds samples/bpf/xdp-lessons"* ]]
	[ "$(grep '^sudo' <<<"$output")" = "sudo true"$'\n'"sudo $folder/lessons/04-protocol-counter/test_packets" ]
	printf '#!/bin/sh\nexit 1\n' >"$bin/sudo"
	PATH=$bin:$PATH run -4 as_nobody "$TREE/testenv/kernel_samples.sh" add "$KERNEL" 3>&-
	[[ $output = *"its tests need root, and sudo refuses: run $folder"* ]]
	rm "$bin/sudo"
	ln -s /usr/bin/* "$bin"
	rm -f "$bin/sudo"
	run -4 as_nobody /bin/bash -c 'PATH=$1; exec "$2" add "$3"' - \
		"$bin" "$TREE/testenv/kernel_samples.sh" "$KERNEL" 3>&-
	[[ $output = *"its tests need root, and there is no sudo: run $folder"* ]]
	as_nobody "$TREE/testenv/kernel_samples.sh" remove "$KERNEL" 3>&-
	diff -r "$FAKE" "$KERNEL"
	chown -R root "$KERNEL"
	chmod -w "$KERNEL/samples/bpf"
	run -4 as_nobody "$TREE/testenv/kernel_samples.sh" add "$KERNEL" 3>&-
	[[ $output = *"cannot be changed"* ]]
}

# killed_at STEP VERB: as if the machine had stopped before the STEPth program that changes
# files. False once there is no such step.
killed_at()
{
	local bin=$BATS_TEST_TMPDIR/killing program
	if [ ! -d "$bin" ]; then
		mkdir "$bin"
		for program in cp mv rm mkdir chmod make; do
			cat >"$bin/$program" <<-END
				#!/bin/sh
				echo >>$bin/steps
				[ \$(wc -l <$bin/steps) -lt \$KILL ] || { kill -9 \$(cat $bin/pid); exit 1; }
				exec $(command -v $program) "\$@"
			END
		done
		chmod +x "$bin"/*
	fi
	: >"$bin/steps"
	KILL=$1 PATH=$bin:$PATH bash -c 'echo $$ >'"$bin/pid"'; exec "$@"' - \
		"$TREE/testenv/kernel_samples.sh" "$2" "$KERNEL" 3>&- >/dev/null 2>&1 && return 1
	[ "$(wc -l <"$bin/steps")" -ge "$1" ]
	# The kernel's samples can be built at any moment.
	[ -e "$folder/Makefile" ] || ! grep -q subdir-y "$list" || fail "lines without a folder"
}

fail()
{
	echo "$*" >&2
	exit 1
}

@test "add, killed at any step: remove, and add, bring what they would have brought" {
	local step
	for ((step = 1; step < 100; step++)); do
		killed_at $step add || break
		kernel_samples remove "$KERNEL"
		untouched
		killed_at $step add
		kernel_samples add "$KERNEL"
		complete
		kernel_samples remove "$KERNEL"
	done
	[ $step -gt 8 ]
}

@test "a refresh, killed at any step: the same" {
	local step
	kernel_samples add "$KERNEL"
	for ((step = 1; step < 100; step++)); do
		chmod u+w "$folder/headers/parse.h"
		echo "old" >"$folder/headers/parse.h"
		killed_at $step add || break
		kernel_samples add "$KERNEL"
		complete
	done
	[ $step -gt 8 ]
	kernel_samples remove "$KERNEL"
	untouched
}

@test "remove, killed at any step: remove, and add, bring what they would have brought" {
	local step
	for ((step = 1; step < 100; step++)); do
		kernel_samples add "$KERNEL"
		killed_at $step remove || break
		kernel_samples remove "$KERNEL"
		untouched
		kernel_samples add "$KERNEL"
		killed_at $step remove
		kernel_samples add "$KERNEL"
		complete
	done
	[ $step -gt 3 ]
}

@test "SIGTERM during the build: the build ends with it, and the next add starts it anew" {
	# As a sub-make under a shell, which does not hear of it from make.
	echo 'sleep 1000 & echo $! >holds; wait' >"$KERNEL/hold"
	"$TREE/testenv/kernel_samples.sh" add "$KERNEL" 3>&- >/dev/null 2>&1 &
	local script=$! status=0
	wait_for test -s "$KERNEL/holds"
	kill "$script"
	wait "$script" || status=$?
	[ $status = 143 ]
	gone "$(cat "$KERNEL/holds")"
	rm "$KERNEL"/{hold,holds}
	touch "$folder/half"
	kernel_samples add "$KERNEL"
	complete
	[ ! -e "$folder/half" ]
	kernel_samples remove "$KERNEL"
	untouched
}

@test "two at once: the second waits for the first" {
	echo 'touch holds; while [ -e holds ]; do sleep 0.02; done' >"$KERNEL/hold"
	kernel_samples add "$KERNEL" >/dev/null 2>&1 &
	local first=$!
	wait_for test -e "$KERNEL/holds"
	rm "$KERNEL/hold"
	kernel_samples remove "$KERNEL" >"$BATS_TEST_TMPDIR/second" 2>&1 &
	local second=$!
	wait_for grep -q "another run is at work in $KERNEL: waiting" "$BATS_TEST_TMPDIR/second"
	rm "$KERNEL/holds"
	wait $first
	wait $second
	untouched
}
