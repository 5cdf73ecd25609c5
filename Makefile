# SPDX-License-Identifier: GPL-2.0-or-later
#
# The build of Bulkhead. `make help` lists what can be asked for. All results go to build/. There are no options to
# configure: what the firmware does comes from the device trees. Here are the rules of an image; all else is in
# scripts/*.mk.

CONFIG		?= virt/linux-rt
CROSS_COMPILE	?= riscv64-linux-gnu-
HOSTCC		?= gcc
FUZZCC		?= clang
QEMU		?= qemu-system-riscv64
B		:= build

.PHONY: all image everything
all: image

include scripts/setup.mk scripts/compile.mk

# The hypervisor, build/core.bin.
CORE_SRC	:= $(wildcard boot/*.S boot/*.c hyp/base/*.c hyp/base/*.S hyp/riscv/*.c hyp/riscv/*.S hyp/plan/*.c \
		     hyp/console/*.c hyp/vdev/*.c hyp/vm/*.c hyp/vsbi/*.c hyp/terminal/*.c drivers/*.c)
CORE_OBJ	:= $(call objects,$(CORE_SRC),core) $(call libfdt_objects,core)
CORE_CFLAGS	:= $(CROSS_CFLAGS) $(WARNINGS) -I. -I$(B)/core -Ihyp/base/libc -I$(LIBFDT)
$(eval $(call COMPILE,core,$(CROSSCC),$(CORE_CFLAGS)))

$(B)/bulkhead.elf: $(CORE_OBJ) linker/bulkhead.ld $(B)/.core-list $(B)/.cross-link
	$(call say,LD $@)
	$(Q)$(CROSSCC) $(CROSS_LDFLAGS) -T linker/bulkhead.ld -o $@ $(CORE_OBJ)

$(B)/core.bin: $(B)/bulkhead.elf
	$(Q)$(CROSS_COMPILE)objcopy -O binary $< $@

# The flash image of a configuration, build/CONFIG/fw_payload.bin: OpenSBI, the hypervisor, the configuration and
# images.
CONFIGS		:= $(patsubst configs/%.dts,%,$(filter-out configs/bad/%,$(wildcard configs/*/*.dts)))
# Those whose guest a person builds: each names its page, and its image is in images/ only.
FOREIGN		:= $(patsubst configs/%.dts,%,$(shell grep -l 'docs/guests/' configs/virt/*.dts))
PACK_NEEDS	= scripts/pack scripts/inputs $(B)/core.bin $(B)/bulkhead \
		   $(FIRMWARE)/fw_payload.bin

include scripts/opensbi.mk scripts/tool.mk scripts/guests.mk scripts/config.mk

$(B)/%/fw_payload.bin: configs/%.dts $(B)/%/.inputs $(PACK_NEEDS) $(VIRT_DTB) \
		$(wildcard tests/hosts/*.dts)
	$(call say,CHECK $<)
	$(Q)rm -f $@; scripts/check $< "$(call host_of,$(patsubst %/,%,$(dir $*)))"
	$(call say,PACK $@)
	$(Q)scripts/pack $< $(@D)

$(B)/.core-list: list = $(CORE_OBJ)
$(B)/.core-list: FORCE
	$(WRITE_LIST)

image: $(B)/$(CONFIG)/fw_payload.bin
	$(if $(filter-out all image,$(MAKECMDGOALS)),@:,@echo '$(READY)')
everything: $(patsubst %,$(B)/%/fw_payload.bin,$(filter-out $(FOREIGN),$(CONFIGS))) $(PACK_NEEDS) $(IMAGES) \
		$(DISKS)

include scripts/tests.mk scripts/measure.mk

.PHONY: help clean distclean
help:
	@echo 'make              the flash image of CONFIG: $(B)/CONFIG/fw_payload.bin'
	@echo 'make demo         boot Debian Linux and a real-time guest side by side, judge what they show'
	@echo 'make test         build everything, run every test'
	@echo 'make boards       vendors'"'"' device trees, each device alone and in groups; make bindings writes their tables again'
	@echo 'make test-all     the same with the long suites: every guest on every CPU, hours of stress (docs/testing.md)'
	@echo 'make unit         only the unit tests, on this host'
	@echo 'make bench        what exits and interrupts cost, in instructions; RECORD=1 keeps the figures; MACHINE=aia'
	@echo 'make bench-linux  Linux in a partition against Linux alone: boot, CPU, system calls, disk; RECORD=1 likewise'
	@echo 'make census       why Linux leaves its partition: exits by cause and second; RECORD=1 likewise'
	@echo 'make size         bytes of code by room, and how much of it can run while guests run'
	@echo 'make prove        the model of the interrupt protocol, by Spin'
	@echo 'make fuzz         every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make mutants      puts MUTANTS=$(MUTANTS) small faults into the code and counts those that the tests find'
	@echo 'make coverage     what the corpora of fuzzing reach, by file; it wants the package llvm'
	@echo 'make run          boot CONFIG interactively; Ctrl-A x leaves. SMP=8 MEM=4G: harts and RAM; QEMU_ARGS=: more for QEMU'
	@echo '                  MACHINE=aia: with APLIC and IMSIC, also for make demo and make check'
	@echo 'make debug        the same, waiting for gdb'
	@echo 'make check        only check CONFIG against its machine; make map draws it: $(B)/CONFIG/map.svg'
	@echo 'make clean        remove what was built; distclean also what was fetched'
	@echo 'make install      the command bulkhead, its manual page and completion, below DESTDIR and PREFIX=$(PREFIX); uninstall likewise'
	@echo 'make dist         a tarball of what is committed: $(B)/bulkhead-$(VERSION).tar.gz'
	@echo
	@echo 'CONFIG=$(CONFIG); there are: $(CONFIGS)'
	@echo 'HOST_DTB=FILE checks CONFIG against that machine, HOST_DTB=none not at all.'
	@echo 'V=1 shows the commands.'

clean:
	$(Q)rm -rf $(filter-out $(B)/apt $(B)/cache $(B)/third $(B)/.setup \
		$(B)/.given-% $(B)/.fetched-%,$(wildcard $(B)/* $(B)/.[a-z]*))

distclean:
	$(Q)rm -rf $(B)

-include $(patsubst %.o,%.d,$(CORE_OBJ) $(TOOL_OBJ) $(TOOL_UNIT_OBJ) $(UNIT_LIB_OBJ) $(FUZZ_LIB_OBJ) \
	   $(COVER_LIB_OBJ) $(GUEST_LIB_OBJ) \
	   $(patsubst $(B)/fuzz/%,$(B)/fuzz/tests/fuzz/%.o,$(FUZZ_TARGETS)) \
	   $(patsubst $(B)/coverage/%,$(B)/coverage/tests/fuzz/%.o,$(COVER_TARGETS)) \
	   $(OFFSETS_core:.h=.d) $(OFFSETS_guest:.h=.d) \
	   $(foreach g,$(GUESTS),$(OBJ_$(g))) $(patsubst $(B)/unit/%,$(B)/unit/tests/unit/%.o,$(UNIT_TESTS)))
