# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the build needs of this host, and what it fetches; the programs that it calls; how it talks.

# make takes a space for the end of a name, and the shells and tools below have their own signs: said before all else.
BAD_SIGNS	:= : \# $$ % ; & | * ? ' " ` \ < >
BAD_IN_PATH	:= $(if $(filter 1,$(words $(CURDIR))),,a space) $(foreach c,$(BAD_SIGNS),$(findstring $(c),$(CURDIR)))
ifneq ($(strip $(BAD_IN_PATH)),)
$(error The path of this directory, $(CURDIR), has in it what make cannot handle: $(strip $(BAD_IN_PATH)). \
Move the directory, for example to $$HOME/bulkhead, and type make again)
endif

PYTHON		?= $(or $(wildcard /usr/bin/python3),python3)
export CROSS_COMPILE HOSTCC FUZZCC QEMU PYTHON
export PATH	:= $(PATH):/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE := 1
# What people bring themselves instead of having it fetched; see docs/testing.md.
export OPENSBI_SRC LIBFDT_SRC LINUX_IMAGE LINUX_MODULES BUSYBOX UBOOT GRUB_EFI QEMU_10 QEMU_11

V		?= 0
ifeq ($(V),1)
Q		:=
say		= @:
else
Q		:= @
MAKEFLAGS	+= --no-print-directory
say		= @printf '  %-7s %s\n' $(1)
endif
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS	+= -rR
.PHONY: setup fetch FORCE

# The recipe of a file that has the text $(list), and is written only when that has changed: what depends on it is made
# again then. For what make does not see in the times of files: a compiler, flags, a list of sources.
define WRITE_LIST
	$(Q)mkdir -p $(@D); now='$(list)'; [ -e $@ ] && [ "$$(cat $@)" = "$$now" ] || printf '%s\n' "$$now" > $@
endef

THIRD		:= $(B)/third
LIBFDT		:= $(THIRD)/libfdt
SETUP		:= $(B)/.setup

# What is fetched at a time, when something is built that needs it, and the local files given instead.
PARTS_base	:= opensbi libfdt
GIVEN_base	:= $(OPENSBI_SRC)|$(LIBFDT_SRC)
PARTS_linux	:= linux busybox
GIVEN_linux	:= $(LINUX_IMAGE)|$(LINUX_MODULES)|$(BUSYBOX)
PARTS_u-boot	:= u-boot
GIVEN_u-boot	:= $(UBOOT)
PARTS_grub	:= grub
GIVEN_grub	:= $(GRUB_EFI)
# Beside the host's QEMU; only tests start them.
PARTS_qemus	:= qemu-10 qemu-11
GIVEN_qemus	:= $(QEMU_10)|$(QEMU_11)
FETCHED		:= $(B)/.fetched-base
FETCHED_LINUX	:= $(B)/.fetched-linux
FETCHED_UBOOT	:= $(B)/.fetched-u-boot
FETCHED_GRUB	:= $(B)/.fetched-grub
FETCHED_QEMUS	:= $(B)/.fetched-qemus
FETCHES		:= $(FETCHED) $(FETCHED_LINUX) $(FETCHED_UBOOT) $(FETCHED_GRUB) $(FETCHED_QEMUS)

setup: $(SETUP)
fetch: $(FETCHES)

$(SETUP): scripts/setup
	$(Q)scripts/setup
	$(Q)mkdir -p $(B) && touch $@

$(FETCHES:$(B)/.fetched-%=$(B)/.given-%): list = $(GIVEN_$(@:$(B)/.given-%=%))
$(FETCHES:$(B)/.fetched-%=$(B)/.given-%): FORCE
	$(WRITE_LIST)

$(FETCHES): $(B)/.fetched-%: scripts/fetch scripts/aptroot.py scripts/opensbi_mends.py \
		scripts/versions $(B)/.given-% | $(SETUP)
	$(Q)$(PYTHON) scripts/fetch $(PARTS_$*)
	$(Q)touch $@
