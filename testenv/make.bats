#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bats file_tags=same-on-every-kernel
# The Makefile's promises, tried on a copy of the tree.

bats_require_minimum_version 1.5.0

setup_file()
{
	local top=$BATS_TEST_DIRNAME/..
	export TREE=$BATS_FILE_TMPDIR/tree
	unset MAKEFLAGS MAKELEVEL LAB V KERNEL
	# Where lessons run is tested in vm/run.bats.
	export IN=host
	mkdir "$TREE"
	cp -r "$top"/{Makefile,README.md,lessons,headers,common,testenv} "$TREE"
	make -s -C "$TREE" clean
	make -C "$TREE" >"$BATS_FILE_TMPDIR/first" 2>&1
}

# built: what "make" builds now, a name a line.
built()
{
	make -C "$TREE" | sed -n 's/^  [A-Z]* *//p' | sort
}

@test "make builds everything, without a warning" {
	run grep -iE 'warning|error' "$BATS_FILE_TMPDIR/first"
	[ -z "$output" ]
	for source in "$TREE"/lessons/*/*_user.c "$TREE"/lessons/*/test_*.c; do
		[ -x "${source%.c}" ]
	done
}

@test "a second make does nothing" {
	run -0 make -C "$TREE"
	[[ $output == *"Nothing to be done"* ]]
}

@test "touching a header rebuilds what includes it, and nothing else" {
	for header in headers/parse.h common/xdp_user.h common/packet_test.h; do
		touch "$TREE/$header"
		built >"$BATS_TEST_TMPDIR/built"
		# Sources that include it, directly or by what they include. The
		# exercises' harness is not built by "make" alone.
		grep -l "\"${header##*/}\"" "$TREE"/{lessons/*,common,testenv}/*.c |
			grep -v common/exercise.c |
			sed "s|$TREE/||; s|_kern\.c$|_kern.o|; s|common/\(.*\)\.c|common/\1.o|; s|\.c$||" |
			sort >"$BATS_TEST_TMPDIR/includes"
		run comm -13 "$BATS_TEST_TMPDIR/built" "$BATS_TEST_TMPDIR/includes"
		[ -z "$output" ]
		# Besides them only what is made of a kernel side that was rebuilt.
		while read -r name; do
			dir=${name%/*}
			grep -qx "$name" "$BATS_TEST_TMPDIR/includes" ||
				grep -q "^$dir/.*_kern.o" "$BATS_TEST_TMPDIR/includes" ||
				grep -qs "\"${header##*/}\"" "$TREE/$dir"/*.h
		done <"$BATS_TEST_TMPDIR/built"
	done
}

@test "a new lesson is a new folder" {
	cp -r "$TREE/lessons/01-drop-world" "$TREE/lessons/77-copy"
	rm -f "$TREE"/lessons/77-copy/{*.o,*.d,*_user,test_packets,*.skel.h}
	run -0 make -C "$TREE"
	[ -x "$TREE/lessons/77-copy/xdp_drop_user" ]
	run -0 make -n -C "$TREE" lesson77
	[[ $output == *"testenv/follow lessons/77-copy/"* ]]
	rm -r "$TREE/lessons/77-copy"
}

@test "a lesson that is not there: which there are, and nothing is built" {
	run -2 make -C "$TREE" lesson99
	[[ $output == *"There is no lesson 99. There are:"* ]]
	[[ $output == *"make lesson1   01-drop-world"* ]]
	[ "$(grep -c '  make lesson' <<<"$output")" = "$(find "$TREE/lessons" -mindepth 1 -maxdepth 1 | wc -l)" ]
}

@test "a command without its number: one line that says what to type" {
	for goal in watch lesson hint show reset solution; do
		run -2 make --no-print-directory -C "$TREE" $goal
		echo "$output"
		[[ ${#lines[@]} == 1 && $output == *"which one? \"make ${goal}1"*'"'* ]]
	done
}

@test "a tool that is missing: one line that says what to do" {
	touch "$TREE/lessons/01-drop-world/xdp_drop_kern.c"
	run -2 make -C "$TREE" CLANG=no-such-clang lessons/01-drop-world/xdp_drop_kern.o
	[[ $output == *'clang is missing: run "make deps"'* ]]
	make -s -C "$TREE"
}

@test "what a page says to type along with it works where its lesson is not built" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export LAB=t$$-along
	for page in "$TREE"/lessons/*/README.md; do
		dir=${page%/*}
		# The first block of kind "text" with a prompt. Others are in lesson 20.
		awk '/^```text/ { text = 1; next }
			/^```/ { if (found) exit; text = 0 }
			text && sub(/^host\$ /, "") { found = 1; print }' "$page" >"$BATS_TEST_TMPDIR/along"
		# What the page goes on with has to be there then.
		grep -oE '(^| )(\./[a-z0-9_]+_user|[a-z0-9_]+_kern\.o)\b' "$page" |
			sort -u >"$BATS_TEST_TMPDIR/used"
		rm -f "$dir"/*.o "$dir"/*.skel.h "$dir"/*_user
		status=0
		# Nobody types in the shells that are entered.
		(cd "$TREE" && bash -e -c 'sudo() { "$@"; }
			. "$1"
			ls $(cat "$2")' bash "$BATS_TEST_TMPDIR"/{along,used}) </dev/null 3>&- || status=$?
		"$TREE/testenv/testenv.sh" teardown
		echo "$page: $status"
		[ "$status" = 0 ]
	done
}

@test "help names every target, the README every command" {
	run -0 make -C "$TREE" help
	for target in deps lesson1 lessons check check1 watch1 hint1.2 show1.2 reset1.2 solution1.2 \
		progress kernel-samples kernel-samples-remove \
		install test test-kernels test-vm test-classroom vm vm-run lint clean; do
		grep -q "^make $target " <<<"$output"
		grep -q "\`make $target\`" "$TREE/README.md"
	done
}

@test "install: tools and their completion under PREFIX, uninstall takes them away" {
	make -s -C "$TREE" install DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/opt/x
	installed=$(cd "$BATS_TEST_TMPDIR/root" && find . -type f | sort)
	[ "$installed" = "./opt/x/sbin/xdp_blocklist
./opt/x/share/bash-completion/completions/xdp_blocklist" ]
	run -0 "$BATS_TEST_TMPDIR/root/opt/x/sbin/xdp_blocklist" -h
	[[ $output == "Usage: xdp_blocklist [-S|-N]"* ]]
	bash -n "$BATS_TEST_TMPDIR/root/opt/x/share/bash-completion/completions/xdp_blocklist"
	make -s -C "$TREE" uninstall DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/opt/x
	[ -z "$(find "$BATS_TEST_TMPDIR/root" -type f)" ]
}

@test "install and uninstall: a PREFIX with a space is one word" {
	export DESTDIR=$BATS_TEST_TMPDIR/root
	mkdir "$DESTDIR"
	echo mine >"$DESTDIR/a"
	run -0 make -s -C "$TREE" install PREFIX="/a b"
	[ "$output" = "$DESTDIR/a b/sbin/xdp_blocklist" ]
	[ -x "$output" ]
	make -s -C "$TREE" uninstall PREFIX="/a b"
	[ "$(cd "$DESTDIR" && find . -type f)" = ./a ]
}

@test "clean removes all that was built" {
	make -s -C "$TREE" clean
	run find "$TREE" -name '*.o' -o -name '*.d' -o -name '*.skel.h' -o -name '*.a'
	[ -z "$output" ]
	run -0 find "$TREE/lessons" "$TREE/testenv" -type f -perm -u+x -size +15k
	run grep -L '^#!' $output
	[ -z "$output" ]
	make -s -C "$TREE"
}
