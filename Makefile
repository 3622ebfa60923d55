# SPDX-License-Identifier: GPL-2.0-only
#
# The only Makefile. Type "make help".
#
# Nothing is listed here: a lesson is a folder lessons/NN-name/, and what is
# built follows from the names of the files in it.
#
#	NAME_kern.c     -> NAME_kern.o, NAME_kern.skel.h   runs in the kernel
#	NAME_user.c     -> NAME_user                       loads it
#	test_NAME.c     -> test_NAME                       tests it with packets
#
# Results stand next to their sources. A source may include headers of its own
# folder, of headers/ (kernel sides) and of common/ (user sides and tests).

CLANG ?= clang
CC    ?= cc
CFLAGS     ?= -O2 -g -Wall -Wextra -Werror
# A program receives its context whether it looks at it or not. UAPI headers
# include <asm/...>, which Debian keeps in a folder per architecture.
BPF_CFLAGS ?= -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	      -idirafter /usr/include/$(shell $(CC) -print-multiarch)

# bpftool, ip and tc are in a folder that not every user's PATH holds.
export PATH := $(PATH):/usr/sbin:/sbin

KERN_C  := $(sort $(wildcard lessons/*/*_kern.c))
USER_C  := $(sort $(wildcard lessons/*/*_user.c))
TEST_C  := $(sort $(wildcard lessons/*/test_*.c))
LAB_C   := $(filter-out %_kern.c,$(sort $(wildcard testenv/*.c)))
LAB_KERN_C := $(sort $(wildcard testenv/*_kern.c))
COMMON  := $(sort $(wildcard common/*.c))
# Exercises: their checks, and the answers to build: solutions, and the folder ANSWER.
CHECK_C := $(sort $(wildcard lessons/*/exercises/*/check.c))
ANSWER_KERN_C := $(sort $(wildcard lessons/*/exercises/*/solution/*_kern.c $(ANSWER:=/*_kern.c)))
ANSWER_USER_C := $(sort $(wildcard lessons/*/exercises/*/solution/*_user.c $(ANSWER:=/*_user.c)))
CHECK_OBJS := common/exercise.o common/packet_test.o
DIRS    := $(sort $(dir $(KERN_C)))

SKEL    := $(KERN_C:.c=.skel.h) $(LAB_KERN_C:.c=.skel.h) $(ANSWER_KERN_C:.c=.skel.h)
LAB_BUILT := $(LAB_C:.c=)
BUILT   := $(KERN_C:.c=.skel.h) $(USER_C:.c=) $(TEST_C:.c=) $(LAB_BUILT)

# 01 of lessons/01-drop-world/ is lesson 1.
number   = $(patsubst 0%,%,$(firstword $(subst -, ,$(notdir $(patsubst %/,%,$1)))))
LESSONS := $(foreach d,$(DIRS),lesson$(call number,$d))

Q        := $(if $(V),,@)
say       = $(if $(V),,@printf '  %-5s %s\n' $1 $@)
# $(call need,NAME,PROGRAM OR FILE): one clear line instead of a compiler's page of
# errors. (What is exported reaches $(shell) only since make 4.4.)
need      = $(if $(shell PATH='$(PATH)'; command -v $2 || ls $2 2>/dev/null),,\
	    $(error $1 is missing: run "make deps"))
# The lab needs root; sudo drops the environment, so the lab's part is handed on.
sudo      = $(if $(shell command -v sudo),sudo,\
	    $(error the lab needs root, and there is no sudo: run make as root))
handed_on = $(foreach v,LAB NO_COLOR V $1,$(if $($v),$v='$($v)'))
as_root   = $(if $(filter-out 0,$(shell id -u)),$(sudo)) env $(call handed_on,TAP_DIR)

# Where lessons and tests run. IN=host: here. IN=vm: in a throw-away virtual machine.
# auto: here if this machine can, else there. KERNEL=... is for a virtual machine.
IN       ?= auto

# All processors, unless -j says otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
# "make deps lesson1": whatever is built waits for the installation.
DEPS     := $(filter deps,$(MAKECMDGOALS))

# The goals that need root and the kernel.
LAB_GOALS := $(filter $(LESSONS) lessons test,$(MAKECMDGOALS))
ifneq ($(LAB_GOALS),)
WHERE    := $(if $(filter auto,$(IN)),$(if $(KERNEL),vm,$(shell vm/where)),$(filter host vm,$(IN)))
$(if $(WHERE),,$(error IN is "host", "vm" or "auto", not "$(IN)"))
$(if $(filter host,$(WHERE)),$(if $(KERNEL),$(error KERNEL=$(KERNEL) is for a virtual machine: leave IN=host out)))
endif

all: $(BUILT)

%_kern.o: %_kern.c | $(DEPS)
	$(call need,clang,$(CLANG))
	$(call need,libbpf,/usr/include/bpf/bpf_helpers.h)
	$(call say,BPF)
	$(Q)$(CLANG) -target bpf $(BPF_CFLAGS) -Iheaders -MMD -MP -c $< -o $@

# Exercises may use atomic operations that return a value: instructions since Linux 5.12.
# A draft may have variables that it does not use yet.
$(ANSWER_KERN_C:.c=.o): BPF_CFLAGS += -mcpu=v3 -Wno-error=unused -Wno-error=unused-but-set-variable
$(ANSWER_USER_C:.c=): CFLAGS += -Wno-error=unused -Wno-error=unused-but-set-variable

%.skel.h: %.o
	$(call need,bpftool,bpftool)
	$(call say,SKEL)
	$(Q)bpftool gen skeleton $< name $(*F) >$@

common/%.o: common/%.c | $(DEPS)
	$(call need,the C compiler,$(CC))
	$(call need,libbpf,/usr/include/bpf/libbpf.h)
	$(call say,CC)
	$(Q)$(CC) -D_GNU_SOURCE $(CFLAGS) -MMD -MP -c $< -o $@

# common/NAME.o for each "NAME.h" that a source includes, if there is such a file.
common_of = $(filter $(COMMON:.c=.o),\
	    $(patsubst "%.h",common/%.o,$(shell grep -ho '"[^"]*"' $1)))

# A user side may include any skeleton of its folder: all are made before it is
# compiled, and from then on its .d file knows which it did include.
.SECONDEXPANSION:
skels_in  = $(foreach s,$(filter $1/%,$(SKEL)),$(if $(filter $1/,$(dir $s)),$s))
compile   = $(CC) -D_GNU_SOURCE $(CFLAGS) -Icommon -MMD -MP -MF $@.d $(filter %.c %.o,$^) -lbpf \
	    $(if $(filter common/packet_test.o,$^),-lcmocka)

$(USER_C:.c=) $(ANSWER_USER_C:.c=) $(LAB_C:.c=): %: %.c $$(call common_of,$$@.c) | $$(call skels_in,$$(@D)) $(DEPS)
	$(call say,CC)
	$(Q)$(compile) -o $@

$(TEST_C:.c=): %: %.c $$(call common_of,$$@.c) | $$(call skels_in,$$(@D))
	$(call need,cmocka,/usr/include/cmocka.h)
	$(call say,CC)
	$(Q)$(compile) -o $@

$(CHECK_C:.c=): %: %.c $(CHECK_OBJS)
	$(call need,cmocka,/usr/include/cmocka.h)
	$(call say,CC)
	$(Q)$(compile) -o $@

# What the tests of all exercises need.
exercises: $(CHECK_C:.c=) $(ANSWER_KERN_C:.c=.o) $(ANSWER_USER_C:.c=)

# For testenv/exercise.sh: the answer in the folder ANSWER.
answer: $(patsubst %.c,%.o,$(filter $(ANSWER)/%,$(ANSWER_KERN_C))) \
	$(patsubst %.c,%,$(filter $(ANSWER)/%,$(ANSWER_USER_C)))

deps:
	$(Q)testenv/deps.sh $(if $(KERNEL)$(filter vm,$(IN)),--vm)

# What this machine can build for a guest, it builds: emulated, a compiler takes ten
# times as long. A guest takes it only from the Debian that it is, too (see vm/run).
can_build = $(filter 4,$(words $(shell PATH='$(PATH)'; \
	    grep -qsx VERSION_CODENAME=bookworm /etc/os-release && \
	    command -v $(CLANG) && command -v bpftool && \
	    ls /usr/include/bpf/libbpf.h /usr/include/cmocka.h 2>/dev/null)))

ifeq ($(WHERE),vm)

# The same goals in the guest. All tests take hours: no hour's limit for them.
$(LAB_GOALS): in-vm
in-vm: $(if $(can_build),all $(if $(filter test,$(LAB_GOALS)),exercises)) | $(DEPS)
	$(Q)vm/run $(if $(KERNEL),-k '$(KERNEL)') $(if $(filter test,$(LAB_GOALS)),-t 14400) -- \
		make -s IN=host $(call handed_on,LESSON) $(LAB_GOALS) \
		$(if $(filter-out $(LESSONS),$(LAB_GOALS)),,|| [ $$? = 130 ]) # left by ^C

else

# lessonN: build the lesson, then play its page in the lab.
define lesson_rule
$2: $(filter $1%,$(BUILT)) $(LAB_BUILT) | $(DEPS)
	$$(Q)$$(as_root) testenv/follow $1 || [ $$$$? = 130 ] # left by ^C
endef
$(foreach d,$(DIRS),$(eval $(call lesson_rule,$d,lesson$(call number,$d))))

lessons: all | $(DEPS)
	$(Q)for dir in $(DIRS); do $(as_root) testenv/follow --yes $$dir || exit; done

test: all exercises | $(DEPS)
	$(Q)$(as_root) testenv/run_tests.sh $(LESSON)

endif

# Exercises: testenv/exercise.sh says what each does.
exercise = @IN='$(IN)' KERNEL='$(KERNEL)' V='$(V)' TAP='$(TAP)' GIVEUP='$(GIVEUP)' \
	   testenv/exercise.sh
check: | $(DEPS)
	$(exercise) check
progress:
	$(exercise) progress
check%: | $(DEPS)
	$(exercise) check '$*'
watch%: | $(DEPS)
	$(exercise) watch '$*'
hint%:
	$(exercise) hint '$*'
show%: | $(DEPS)
	$(exercise) show '$*' '$(PACKET)'
reset%:
	$(exercise) reset '$*'
solution%:
	$(exercise) solution '$*'

# Without a number: a % does not match nothing, but make's own rules would.
watch lesson:
	$(error which one? "make $@1")
hint show reset solution:
	$(error which one? "make $@1.2")

lesson%:
	@echo "There is no lesson $*. There are:" >&2
	@printf '  make lesson%s\n' \
		$(foreach d,$(DIRS),'$(call number,$d)   $(patsubst lessons/%/,%,$d)') >&2
	@exit 2

# The lessons inside a kernel's source: testenv/kernel_samples.sh says what is done there.
kernel-samples: | $(DEPS)
	$(Q)V='$(V)' testenv/kernel_samples.sh add '$(KSRC)'

kernel-samples-remove:
	$(Q)testenv/kernel_samples.sh remove '$(KSRC)'

# What a packet costs. QUICK=1, PART=drop, JSON=FILE; BASE=git-rev compares programs.
bench: all | $(DEPS)
	$(Q)$(as_root) $(wildcard lessons/*/measure) $(if $(QUICK),--quick) \
		$(if $(BASE),--base '$(BASE)') $(if $(JSON),--json '$(JSON)') $(PART)

test-kernels: $(if $(can_build),all exercises) | $(DEPS)
	$(Q)vm/test-kernels $(KERNEL)

vm: | $(DEPS)
	$(Q)vm/classroom/build $(ARCH)

vm-run:
	$(Q)vm/classroom/run start

vm-ssh:
	$(Q)vm/classroom/run ssh

test-vm: all | $(DEPS)
	$(Q)prove --jobs 2 --timer --comments --exec 'bats --formatter tap' \
		vm/run.bats $(filter-out vm/run.bats,$(wildcard vm/*.bats)) # the longest first

# An image of its own: who made one with "make vm" keeps it.
test-classroom: export XDP_VM_OUT := $(CURDIR)/vm/out/test
test-classroom: | $(DEPS)
	$(Q)vm/classroom/build
	$(Q)prove --timer --comments --exec 'bats --formatter tap' vm/classroom/*.bats

# What people keep: a user side that has a completion for the shell, as NAME.
PREFIX   ?= /usr/local
TOOLS    := $(patsubst %.bash-completion,%,$(wildcard lessons/*/*.bash-completion))
SBIN      = $(DESTDIR)$(PREFIX)/sbin
COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
install: $(TOOLS:=_user) | $(DEPS)
	$(Q)install -d '$(SBIN)' '$(COMPLETIONS)'
	$(Q)$(foreach tool,$(TOOLS),install -m 755 $(tool)_user '$(SBIN)/$(notdir $(tool))' && \
		install -m 644 $(tool).bash-completion '$(COMPLETIONS)/$(notdir $(tool))' && \
		echo '$(SBIN)/$(notdir $(tool))' &&) true

uninstall:
	$(Q)rm -f $(foreach tool,$(notdir $(TOOLS)),'$(SBIN)/$(tool)' '$(COMPLETIONS)/$(tool)')

lint: | $(DEPS)
	$(Q)testenv/lint.sh

clean:
	$(Q)rm -f lessons/*/*.o lessons/*/*.d lessons/*/*.skel.h testenv/*.[od] \
		testenv/*.skel.h common/*.[od] $(USER_C:.c=) $(TEST_C:.c=) $(LAB_C:.c=)
	$(Q)rm -f $(foreach in,exercises/* exercises/*/*,lessons/*/$(in)/*.[od] \
		lessons/*/$(in)/*.skel.h) $(CHECK_C:.c=) \
		$(patsubst %.c,%,$(wildcard $(foreach in,exercises/* exercises/*/*,lessons/*/$(in)/*_user.c)))

help:
	@echo "make              build all lessons"
	@echo "make deps         install what is missing, from the distribution's packages"
	@echo "make lesson1      build lesson 1 and be taken through it"
	@echo "                  There are $(foreach d,$(DIRS),$(call number,$d))."
	@echo "make lessons      all of them, one after the other, without stopping"
	@echo "make test         run every test; LESSON=3: those of lesson 3"
	@echo "make check        check your answers to all exercises"
	@echo "make check1       check your answers to the exercises of lesson 1; check1.2: to one"
	@echo "make watch1       check them again whenever you save a file"
	@echo "make hint1.2      the next of three hints to exercise 1.2"
	@echo "make show1.2 PACKET=3   the packet of the third check, decoded"
	@echo "make reset1.2     the starter again; what you wrote is kept as .bak, .2.bak ..."
	@echo "make solution1.2  once you solved it, or with GIVEUP=1"
	@echo "make progress     what you have solved"
	@echo "                  Lessons, tests and checks take IN=vm: in a throw-away virtual machine, without"
	@echo "                  root; KERNEL=6.1: on another kernel. \"make deps IN=vm\" first."
	@echo "make bench        measure what a packet costs here: 3 minutes; QUICK=1: half of one"
	@echo "                  BASE=HEAD~3: are the programs slower than in that revision?"
	@echo "make test-kernels what a kernel can change, on every kernel of vm/kernels.txt"
	@echo "make vm           the classroom machine, a disk image (ARCH=arm64: for ARM)"
	@echo "make vm-run       boot it here; make vm-ssh: a shell in it"
	@echo "make test-vm      what runs the virtual machines, tested"
	@echo "make test-classroom   the classroom machine, booted in every way: half an hour"
	@echo "make kernel-samples KSRC=DIR   the lessons among a kernel's own samples, built and tested"
	@echo "make kernel-samples-remove KSRC=DIR   taken out of there again"
	@echo "make install      xdp_blocklist, lesson 9's tool, under PREFIX=/usr/local; make uninstall"
	@echo "make lint         check the style of C and shell"
	@echo "make clean        remove what was built"
	@echo "V=1 shows each command, NO_COLOR=1 turns colours off, LAB=name names the lab."

.PHONY: all answer bench exercises check progress watch lesson hint show reset solution deps \
	$(LESSONS) lessons test in-vm test-kernels vm vm-run vm-ssh test-vm test-classroom \
	kernel-samples kernel-samples-remove install uninstall lint clean help
.SECONDARY:
.DELETE_ON_ERROR:
-include $(wildcard lessons/*/*.d testenv/*.d common/*.d lessons/*/exercises/*/*.d \
	lessons/*/exercises/*/solution/*.d $(ANSWER:=/*.d))
