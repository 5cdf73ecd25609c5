# SPDX-License-Identifier: GPL-2.0-or-later
#
# The build of Bulkhead. `make help` lists what can be asked for. All results go to build/.
# There are no options to configure: what the firmware does comes from the device trees.

# make takes a space for the end of a name, and the shells and tools below have their own signs: said before all else.
BAD_SIGNS	:= : \# $$ % ; & | * ? ' " ` \ < >
BAD_IN_PATH	:= $(if $(filter 1,$(words $(CURDIR))),,a space) $(foreach c,$(BAD_SIGNS),$(findstring $(c),$(CURDIR)))
ifneq ($(strip $(BAD_IN_PATH)),)
$(error The path of this directory, $(CURDIR), has in it what make cannot handle: $(strip $(BAD_IN_PATH)). Move the directory, \
for example to $$HOME/bulkhead, and type make again)
endif

CONFIG		?= virt/linux-rt
DESTDIR		?=
PREFIX		?= /usr/local
VERSION		= $(shell sed -n 's/^.define VERSION_M[A-Z]*OR[[:space:]]*//p' hyp/base/version.h | paste -sd.)
B		:= build
V		?= 0

CROSS_COMPILE	?= riscv64-linux-gnu-
HOSTCC		?= gcc
FUZZCC		?= clang
QEMU		?= qemu-system-riscv64
PYTHON		?= $(or $(wildcard /usr/bin/python3),python3)
export CROSS_COMPILE HOSTCC FUZZCC QEMU PYTHON
export PATH	:= $(PATH):/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE := 1
# What people bring themselves instead of having it fetched; see docs/testing.md.
export OPENSBI_SRC LIBFDT_SRC LINUX_IMAGE LINUX_MODULES BUSYBOX UBOOT GRUB_EFI QEMU_10 QEMU_11

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

.PHONY: all image demo test unit fuzz run debug clean distclean help setup fetch everything install uninstall dist FORCE
all: image

help:
	@echo 'make              the flash image of CONFIG: $(B)/CONFIG/fw_payload.bin'
	@echo 'make demo         boot Debian Linux and a real-time guest side by side, judge what they show'
	@echo 'make test         build everything, run every test'
	@echo 'make test-all     the same with the long suites: every guest on every CPU, hours of stress (docs/testing.md)'
	@echo 'make unit         only the unit tests, on this host'
	@echo 'make bench        what exits and interrupts cost, in instructions; RECORD=1 keeps the figures'
	@echo 'make bench-linux  Linux in a partition against Linux alone: boot, CPU, system calls, disk; RECORD=1 likewise'
	@echo 'make census       why Linux leaves its partition: exits by cause and second; RECORD=1 likewise'
	@echo 'make prove        the model of the interrupt protocol, by Spin'
	@echo 'make fuzz         every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make mutants      puts MUTANTS=$(MUTANTS) small faults into the code and counts those that the tests find'
	@echo 'make coverage     what the corpora of fuzzing reach, by file; it wants the package llvm'
	@echo 'make run          boot CONFIG interactively; Ctrl-A x leaves. SMP=8 MEM=4G: harts and RAM; QEMU_ARGS=: more for QEMU'
	@echo 'make debug        the same, waiting for gdb'
	@echo 'make check        only check CONFIG against its machine; make map draws it: $(B)/CONFIG/map.svg'
	@echo 'make clean        remove what was built; distclean also what was fetched'
	@echo 'make install      the command bulkhead, its manual page and completion, below DESTDIR and PREFIX=$(PREFIX); uninstall likewise'
	@echo 'make dist         a tarball of what is committed: $(B)/bulkhead-$(VERSION).tar.gz'
	@echo
	@echo 'CONFIG=$(CONFIG); there are: $(CONFIGS)'
	@echo 'HOST_DTB=FILE checks CONFIG against that machine, HOST_DTB=none not at all.'
	@echo 'V=1 shows the commands.'

# ---- what is on the host, and what is fetched ---------------------------------------------------

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

# Changes only when these names do.
$(FETCHES:$(B)/.fetched-%=$(B)/.given-%): $(B)/.given-%: FORCE
	$(Q)mkdir -p $(B); \
	[ -e $@ ] && [ "$$(cat $@)" = '$(GIVEN_$*)' ] || printf '%s\n' '$(GIVEN_$*)' > $@

$(FETCHES): $(B)/.fetched-%: scripts/fetch scripts/aptroot.py scripts/opensbi_mends.py scripts/versions $(B)/.given-% | $(SETUP)
	$(Q)$(PYTHON) scripts/fetch $(PARTS_$*)
	$(Q)touch $@

# ---- compilers ----------------------------------------------------------------------------------

WARNINGS	:= -Wall -Wextra -Werror -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla
CROSSCC		:= $(CROSS_COMPILE)gcc
CROSS_ARCH	:= -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -msmall-data-limit=0
CROSS_CFLAGS	:= -std=gnu11 -O2 -g $(CROSS_ARCH) -ffreestanding -fno-common -fpie -fvisibility=hidden \
		   -ffunction-sections -fdata-sections -fno-stack-protector \
		   -fno-asynchronous-unwind-tables \
		   -nostdinc -isystem `$(CROSSCC) -print-file-name=include`
CROSS_LDFLAGS	:= $(CROSS_ARCH) -nostdlib -static -Wl,-pie -Wl,--no-dynamic-linker -Wl,-z,text -Wl,--gc-sections \
		   -Wl,-z,max-page-size=4096 -Wl,-z,norelro -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,--fatal-warnings
HOST_CFLAGS	:= -std=gnu11 -O2 -g $(WARNINGS) -I. -I$(LIBFDT)
UNIT_CFLAGS	:= -std=gnu11 -O1 -g $(WARNINGS) -fno-omit-frame-pointer \
		   -fsanitize=address,undefined -fno-sanitize-recover=all \
		   -Itests/unit/fake -I. -I$(LIBFDT)
DEPS		= -MMD -MP

# libfdt as it comes: its warnings and its aliasing are its own. What it need not ask again at each step (its
# FDT_ASSUME_MASK, the same wherever it is built) is asked once, by dt_open() in hyp/base/fdt.c: 4, that the tree is of
# version 17; 2, in the files that pass tokens and write, that its blocks lie within it. That a token and what
# belongs to it lie within the structure block is asked each time.
LIBFDT_NAMES	:= fdt fdt_ro fdt_wip fdt_sw fdt_rw fdt_addresses fdt_strerror
LIBFDT_CFLAGS	= -w -fno-strict-aliasing -DFDT_ASSUME_MASK=$(ASSUME) -I$(LIBFDT)
ASSUME		= $(if $(filter fdt.o fdt_sw.o,$(@F)),6,4)

# $(1) C files, $(2) directory: the objects of these files there.
objects		= $(patsubst %,$(B)/$(2)/%.o,$(basename $(1)))

# $(1) directory below build, $(2) compiler, $(3) flags: how its objects are made.
define COMPILE
$(B)/$(1)/%.o: %.c Makefile $(FETCHED) | $(SETUP)
	$$(call say,CC $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) $$(SIZE_CFLAGS) $$(DEPS) -c -o $$@ $$<
$(B)/$(1)/%.o: %.S Makefile $(FETCHED) | $(SETUP)
	$$(call say,AS $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) $$(SIZE_CFLAGS) $$(DEPS) -c -o $$@ $$<
$(B)/$(1)/libfdt/%.o: Makefile $(FETCHED) | $(SETUP)
	$$(call say,CC $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(filter-out $(WARNINGS),$(3)) $$(LIBFDT_CFLAGS) $$(SIZE_CFLAGS) -c -o $$@ $(LIBFDT)/$$*.c
# What assembly needs of structures: DIRECTORY/asm_offsets.c, compiled to assembly only (hyp/base/asm_define.h).
$(B)/$(1)/%/asm_offsets.h: %/asm_offsets.c Makefile $(FETCHED) | $(SETUP)
	$$(call say,OFFSETS $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) -g0 $$(DEPS) -MT $$@ -S -o $$(@:.h=.s) $$<
	$$(Q)sed -n 's/^[[:space:]]*\.ascii "->\([A-Z0-9_]*\) \(-\{0,1\}[0-9]*\)"$$$$/#define \1 \2/p' $$(@:.h=.s) > $$@
endef
# $(1) directories with an asm_offsets.c, $(2) directory below build: their headers there.
offsets		= $(patsubst %,$(B)/$(2)/%/asm_offsets.h,$(1))
# $(1) C and assembly files: those that are linked.
linked		= $(filter-out %/asm_offsets.c,$(1))
libfdt_objects	= $(patsubst %,$(B)/$(1)/libfdt/%.o,$(LIBFDT_NAMES))

# ---- the firmware's own image ---------------------------------------------------------------------

CORE_SRC	:= $(wildcard boot/*.S boot/*.c hyp/base/*.c hyp/base/*.S hyp/riscv/*.c hyp/riscv/*.S hyp/plan/*.c \
		     hyp/console/*.c hyp/vdev/*.c hyp/vm/*.c hyp/vsbi/*.c hyp/terminal/*.c drivers/*.c)
CORE_OBJ	:= $(call objects,$(CORE_SRC),core) $(call libfdt_objects,core)
CORE_CFLAGS	:= $(CROSS_CFLAGS) $(WARNINGS) -I. -I$(B)/core -Ihyp/base/libc -I$(LIBFDT)
$(eval $(call COMPILE,core,$(CROSSCC),$(CORE_CFLAGS)))
CORE_OFFSETS	:= $(call offsets,hyp,core)
$(call objects,$(filter %.S,$(CORE_SRC)),core): | $(CORE_OFFSETS)

# What runs at boot, or when a VM starts, ends or prints, is small rather than fast; what an exit runs is not here.
COLD		:= $(wildcard boot/*.c hyp/plan/*.c) $(addprefix hyp/base/,fdt.c fmt.c) \
		   $(addprefix hyp/riscv/,paging.c gstage.c sstage.c) \
		   $(wildcard hyp/console/*.c hyp/terminal/*.c) hyp/vdev/vplic_create.c \
		   $(addprefix hyp/vm/,vm.c vm_create.c vm_load.c vm_stuck.c dump.c) \
		   $(addprefix drivers/,console.c ns16550.c virtio_console.c)
# Of these, what a boot calls a thousand times keeps its own saves of registers.
OFTEN		:= hyp/base/fdt.c hyp/base/fmt.c hyp/plan/host_index.c hyp/plan/refs.c drivers/virtio_console.c
$(call objects,$(COLD),core) $(B)/core/libfdt/%.o: SIZE_CFLAGS := -Os -msave-restore -fno-move-loop-invariants -fno-caller-saves
$(call objects,$(OFTEN),core): SIZE_CFLAGS := -Os
# libfdt asks for each byte of a name by a call: inlined, that is a few instructions.
$(B)/core/libfdt/fdt_sw.o: SIZE_CFLAGS := -O2
$(B)/core/libfdt/fdt.o: SIZE_CFLAGS := -O2 -finline-functions --param max-inline-insns-auto=200

# What switch.S calls with most registers still the guest's keeps off those (context.h); tests/tool/test_registers.py.
FEW		:= -ffixed-t2 -ffixed-a6 -ffixed-a7 -ffixed-t3 -ffixed-t4 -ffixed-t5 -ffixed-t6
$(B)/core/hyp/vdev/vplic.o $(B)/core/hyp/vdev/vplic_passed.o $(B)/core/drivers/plic.o $(B)/core/hyp/base/bits.o: SIZE_CFLAGS := $(FEW)

$(B)/bulkhead.elf: $(CORE_OBJ) linker/bulkhead.ld
	$(call say,LD $@)
	$(Q)$(CROSSCC) $(CROSS_LDFLAGS) -T linker/bulkhead.ld -o $@ $(CORE_OBJ)

$(B)/core.bin: $(B)/bulkhead.elf
	$(Q)$(CROSS_COMPILE)objcopy -O binary $< $@

# ---- guests ---------------------------------------------------------------------------------------
# Each directory with sources is one guest: build/images/NAME. It is linked with guests/lib, or, if it has a link.ld of
# its own, by that and with nothing else.

GUEST_DIRS	:= $(sort $(patsubst guests/%/,%,$(dir $(wildcard guests/*/*.c guests/*/*.S))))
GUESTS		:= $(filter-out lib,$(GUEST_DIRS))
GUEST_CFLAGS	:= $(CROSS_CFLAGS) $(WARNINGS) -I. -I$(B)/guest -Iguests/lib -Ihyp/base/libc -I$(LIBFDT)
GUEST_LIB_OBJ	:= $(call objects,$(call linked,$(wildcard guests/lib/*.S guests/lib/*.c)),guest) \
		   $(call libfdt_objects,guest)
$(eval $(call COMPILE,guest,$(CROSSCC),$(GUEST_CFLAGS)))
GUEST_OFFSETS	:= $(call offsets,$(patsubst %/asm_offsets.c,%,$(wildcard guests/*/asm_offsets.c)),guest)
$(call objects,$(wildcard guests/*/*.S),guest): | $(GUEST_OFFSETS)

define GUEST
OBJ_$(1)	:= $(call objects,$(call linked,$(wildcard guests/$(1)/*.S guests/$(1)/*.c)),guest)
LD_$(1)		:= $(or $(wildcard guests/$(1)/link.ld),linker/guest.ld)
LIB_$(1)	:= $(if $(wildcard guests/$(1)/link.ld),,$(GUEST_LIB_OBJ))
$(B)/guest/$(1).elf: $$(OBJ_$(1)) $$(LIB_$(1)) $$(LD_$(1))
	$$(call say,LD $$@)
	$$(Q)$(CROSSCC) $(CROSS_LDFLAGS) -T $$(LD_$(1)) -o $$@ $$(OBJ_$(1)) $$(LIB_$(1))
$(B)/images/$(1): $(B)/guest/$(1).elf
	$$(Q)mkdir -p $$(@D) && $(CROSS_COMPILE)objcopy -O binary $$< $$@
endef
$(foreach g,$(GUESTS),$(eval $(call GUEST,$(g))))

# Linux as Debian ships it, our initramfs for it, and its disk (which is not part of the image). Further modules are named
# on make's command line, after these.
LINUX_MODULES_WANTED := virtio_mmio virtio_blk ext4
$(B)/images/linux: $(FETCHED_LINUX)
	$(Q)mkdir -p $(@D) && cp $(THIRD)/linux/Image $@
$(B)/images/u-boot: $(FETCHED_UBOOT)
	$(Q)mkdir -p $(@D) && cp $(THIRD)/u-boot.bin $@
LINUX_PROGRAMS	:= $(patsubst guests/linux/user/%.S,$(B)/guest/linux/%,$(wildcard guests/linux/user/*.S))
$(LINUX_PROGRAMS): $(B)/guest/linux/%: guests/linux/user/%.S Makefile | $(SETUP)
	$(call say,LD $@)
	$(Q)mkdir -p $(@D) && $(CROSSCC) -nostdlib -static -Wl,--build-id=none -o $@ $<
$(B)/images/linux-initrd: guests/linux/mkinitrd guests/linux/init $(LINUX_PROGRAMS) $(FETCHED_LINUX) $(B)/.modules-list
	$(call say,INITRD $@)
	$(Q)mkdir -p $(@D) && $(PYTHON) guests/linux/mkinitrd --modules $(THIRD)/linux/modules \
		--busybox $(THIRD)/busybox --init guests/linux/init $(addprefix --program ,$(LINUX_PROGRAMS)) \
		--out $@ $(LINUX_MODULES_WANTED)
$(B)/linux-disk.img: guests/linux/mkdisk | $(SETUP)
	$(call say,DISK $@)
	$(Q)mkdir -p $(@D) && guests/linux/mkdisk $@

# The disk of a configuration, where it is not linux-disk.img: disk.img beside its image.
$(B)/virt/u-boot-disk/disk.img: guests/boot-disk/mkdisk $(B)/images/linux $(B)/images/linux-initrd $(FETCHED_GRUB) | $(SETUP)
	$(call say,DISK $@)
	$(Q)mkdir -p $(@D) && $(PYTHON) $< --kernel $(B)/images/linux --initrd $(B)/images/linux-initrd \
		--grub $(THIRD)/grubriscv64.efi --out $@
DISKS		:= $(B)/linux-disk.img $(B)/virt/u-boot-disk/disk.img

IMAGES		:= $(patsubst %,$(B)/images/%,$(GUESTS) linux linux-initrd u-boot)

# ---- the host command -----------------------------------------------------------------------------

TOOL_SRC	:= $(wildcard tools/*.c hyp/plan/*.c) $(filter-out hyp/base/str.c,$(wildcard hyp/base/*.c))
TOOL_OBJ	:= $(call objects,$(TOOL_SRC),host) $(call libfdt_objects,host)
$(eval $(call COMPILE,host,$(HOSTCC),$(HOST_CFLAGS)))

$(B)/bulkhead: $(TOOL_OBJ)
	$(call say,HOSTLD $@)
	$(Q)$(HOSTCC) -o $@ $(TOOL_OBJ) -lm -lz

# The same with sanitizers, for tests.
TOOL_UNIT_OBJ	:= $(call objects,$(TOOL_SRC),unit) $(call libfdt_objects,unit)
$(B)/unit/bulkhead: $(TOOL_UNIT_OBJ)
	$(call say,HOSTLD $@)
	$(Q)$(HOSTCC) -fsanitize=address,undefined -o $@ $(TOOL_UNIT_OBJ) -lm -lz

# ---- OpenSBI --------------------------------------------------------------------------------------
# Built once, with a dummy payload 2 MiB behind its start; `bulkhead flash` puts ours in its place. It copies the device
# tree to RAM: to this offset (FLASH_FDT_OFFSET in tools/tool.h), which `bulkhead flash` replaces by the end of our image.

FIRMWARE	:= $(B)/opensbi/platform/generic/firmware
OPENSBI_SETTINGS := FW_PAYLOAD_FDT_OFFSET=0x21a5000
# Its hundreds of files are the longest step: on all cores, unless make was told how many.
JOBS		= $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
$(FIRMWARE)/fw_payload.bin: $(FETCHED) $(B)/.opensbi-list
	$(call say,OPENSBI $@)
	$(Q)rm -rf $(B)/opensbi; mkdir -p $(B)/opensbi $(B)/logs
	$(Q)rm -f $(B)/logs/opensbi.log; scripts/long-step $(B)/logs/opensbi.log \
		$(MAKE) $(JOBS) -C $(THIRD)/opensbi O=$(abspath $(B)/opensbi) PLATFORM=generic \
		CROSS_COMPILE=$(CROSS_COMPILE) $(OPENSBI_SETTINGS) || \
	{ tail -n 20 $(B)/logs/opensbi.log >&2; \
	  echo 'OpenSBI did not build; all its output: $(B)/logs/opensbi.log' >&2; exit 1; }
	$(Q)touch $@

# ---- the flash image of a configuration -------------------------------------------------------------

CONFIGS		:= $(patsubst configs/%.dts,%,$(filter-out configs/bad/%,$(wildcard configs/*/*.dts)))
PACK_NEEDS	:= scripts/pack scripts/inputs $(B)/core.bin $(B)/bulkhead \
		   $(FIRMWARE)/fw_payload.bin

# Each is checked before it is packed, against the tree of the machine that configs/BOARD is for: QEMU's as scripts/run
# starts it, or tests/hosts/BOARD.dts. HOST_DTB=FILE is another machine's; HOST_DTB=none packs without a check.
QEMU_BOARDS	:= virt test bench bad
HOST_DTB	?=
# Harts and RAM of that machine, if other than those of scripts/machine.py; further arguments for QEMU.
SMP		?=
MEM		?=
QEMU_ARGS	?=
MACHINE		= $(if $(SMP),--smp '$(SMP)') $(if $(MEM),--mem '$(MEM)')
VIRT_DTB	:= $(B)/host/virt$(addprefix -,$(subst /,_,$(SMP) $(MEM))).dtb
VIRT_DTB	:= $(subst $() ,,$(VIRT_DTB))
host_of		= $(or $(HOST_DTB),$(if $(filter $(1),$(QEMU_BOARDS)),$(VIRT_DTB),$(wildcard tests/hosts/$(1).dts)))
$(sort $(VIRT_DTB) $(B)/host/virt.dtb): scripts/host-dtb scripts/machine.py $(B)/.qemu-list | $(SETUP)
	$(call say,HOSTDTB $@)
	$(Q)mkdir -p $(@D) && $(PYTHON) scripts/host-dtb $(if $(filter $(B)/host/virt.dtb,$@),,$(MACHINE)) $@

# The files that its image is made of, with their times and sizes; changes only when they do. An image
# that goes, or is replaced by an older one, counts, too. What is in images/ is never made here.
INPUTS		:= $(patsubst %,$(B)/%/.inputs,$(sort $(CONFIGS) $(CONFIG)))
.SECONDEXPANSION:
inputs		= $(shell scripts/inputs configs/$(1).dts 2>/dev/null)
$(INPUTS): $(B)/%/.inputs: FORCE $$(filter $$(IMAGES),$$(call inputs,$$*))
	$(Q)mkdir -p $(@D); now=$$(scripts/inputs configs/$*.dts | \
		xargs -rd '\n' stat -Lc '%n %s %y' 2>/dev/null); \
	[ -e $@ ] && [ "$$(cat $@)" = "$$now" ] || printf '%s\n' "$$now" > $@

$(B)/%/fw_payload.bin: configs/%.dts $(B)/%/.inputs $(PACK_NEEDS) $(VIRT_DTB) \
		$(wildcard tests/hosts/*.dts)
	$(call say,CHECK $<)
	$(Q)rm -f $@; scripts/check $< "$(call host_of,$(patsubst %/,%,$(dir $*)))"
	$(call say,PACK $@)
	$(Q)scripts/pack $< $(@D)

# What there is now, and what to type next: also when there was nothing to do.
READY		= $(B)/$(CONFIG)/fw_payload.bin (for -bios or flash) and bulkhead.bin (for a boot loader) are there. $(if \
		  $(filter $(patsubst %/,%,$(dir $(CONFIG))),$(QEMU_BOARDS)),Boot them: make run CONFIG=$(CONFIG),For a board: docs/boards.md)
image: $(B)/$(CONFIG)/fw_payload.bin
	$(if $(filter-out all image,$(MAKECMDGOALS)),@:,@echo '$(READY)')

.PHONY: check map
check: $(B)/core.bin $(B)/bulkhead $(B)/$(CONFIG)/.inputs $(VIRT_DTB) | config-exists
	$(Q)scripts/check configs/$(CONFIG).dts "$(call host_of,$(patsubst %/,%,$(dir $(CONFIG))))"
map: $(B)/bulkhead $(VIRT_DTB) | config-exists
	$(Q)mkdir -p $(B)/$(CONFIG) && $(B)/bulkhead map --assume-h -o $(B)/$(CONFIG)/map.svg \
		"$(call host_of,$(patsubst %/,%,$(dir $(CONFIG))))" configs/$(CONFIG).dts

# The picture in README.md: of a machine whose tree is in the repository, so that it is the same everywhere.
docs/map.svg: configs/virt/linux-rt.dts tests/hosts/virt.dts $(TOOL_SRC) | $(B)/bulkhead
	$(Q)$(B)/bulkhead map -o $@ tests/hosts/virt.dts $<
everything: $(patsubst %,$(B)/%/fw_payload.bin,$(CONFIGS)) $(PACK_NEEDS) $(IMAGES) \
		$(DISKS)

$(B)/$(CONFIG)/fw_payload.bin $(B)/$(CONFIG)/.inputs: | config-exists
.PHONY: config-exists
config-exists:
	@[ -f configs/$(CONFIG).dts ] || { echo 'There is no configs/$(CONFIG).dts; there are: $(CONFIGS)' >&2; exit 1; }

# ---- running ----------------------------------------------------------------------------------------

demo: $(B)/virt/linux-rt/fw_payload.bin $(B)/linux-disk.img
	@$(PYTHON) scripts/run --demo virt/linux-rt

run debug: image $(B)/linux-disk.img $(filter $(B)/$(CONFIG)/%,$(DISKS))
	@$(PYTHON) scripts/run $(if $(filter debug,$@),--debug) $(MACHINE) $(CONFIG) -- $(QEMU_ARGS)

# Before anything is built for it.
ifneq ($(filter run debug,$(MAKECMDGOALS)),)
$(B)/$(CONFIG)/fw_payload.bin $(B)/$(CONFIG)/.inputs: | runs-in-qemu
endif
.PHONY: runs-in-qemu
runs-in-qemu: | config-exists
	@$(if $(filter $(patsubst %/,%,$(dir $(CONFIG))),$(QEMU_BOARDS)),:,{ echo 'configs/$(CONFIG).dts is for a board, not for the \
machine of QEMU that make run starts (configs/virt). For its image: make CONFIG=$(CONFIG). To boot it there: docs/boards.md' >&2; exit 1; })

# ---- tests ------------------------------------------------------------------------------------------

UNIT_SRC	:= $(filter-out hyp/base/str.c,$(wildcard hyp/base/*.c)) \
		   $(wildcard hyp/plan/*.c drivers/*.c tests/unit/lib/*.c tests/unit/fake/*.c) \
		   $(filter-out hyp/riscv/sstage.c,$(wildcard hyp/riscv/*.c)) \
		   $(wildcard hyp/vdev/*.c hyp/vm/*.c hyp/vsbi/*.c hyp/terminal/*.c) \
		   $(filter-out hyp/console/panic.c,$(wildcard hyp/console/*.c))
UNIT_LIB_OBJ	:= $(call objects,$(UNIT_SRC),unit) $(call libfdt_objects,unit)
UNIT_TESTS	:= $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
$(eval $(call COMPILE,unit,$(HOSTCC),$(UNIT_CFLAGS)))

$(B)/unit/unit.a: $(UNIT_LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(UNIT_LIB_OBJ)
$(UNIT_TESTS): $(B)/unit/%: $(B)/unit/tests/unit/%.o $(B)/unit/unit.a
	$(call say,HOSTLD $@)
	$(Q)$(HOSTCC) -fsanitize=address,undefined -o $@ $^ -lcmocka

unit: $(UNIT_TESTS)
	@$(PYTHON) scripts/judge --unit $(UNIT_TESTS)

# Each tests/fuzz/fuzz_NAME.c is a target of libFuzzer; the other files there are linked to all of them. The corpus
# that a long run finds stays in build/fuzz/corpus/NAME; `make test` runs each target for FUZZ_SHORT seconds,
# from the same seed each time, so that what it says of a tree does not depend on luck; `make fuzz` goes new ways.
FUZZ_SECONDS	?= 600
FUZZ_SHORT	?= 20
FUZZ_SEED	?= 1
FUZZ_CFLAGS	:= $(filter-out -O1 $(WARNINGS),$(UNIT_CFLAGS)) -Wall -Wextra -Werror -O2 -fsanitize=fuzzer-no-link
FUZZ_LIB_OBJ	:= $(call objects,$(UNIT_SRC) $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c)),fuzz) \
		   $(call libfdt_objects,fuzz)
FUZZ_TARGETS	:= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
$(eval $(call COMPILE,fuzz,$(FUZZCC),$(FUZZ_CFLAGS)))

$(B)/fuzz/fuzz.a: $(FUZZ_LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(FUZZ_LIB_OBJ)
$(FUZZ_TARGETS): $(B)/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(B)/fuzz/fuzz.a
	$(call say,FUZZLD $@)
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined -o $@ $^

# What they start from: the device trees of this repository, compiled.
FUZZ_SEEDS	:= $(B)/fuzz/seeds/.made
$(FUZZ_SEEDS): tests/fuzz/seeds $(wildcard tests/hosts/*.dts tests/unit/dts/*.dts configs/*/*.dts) | $(SETUP)
	$(call say,SEEDS $(@D))
	$(Q)tests/fuzz/seeds $(@D) && touch $@

fuzz: $(FUZZ_TARGETS) $(FUZZ_SEEDS)
	@$(PYTHON) scripts/judge --fuzz $(FUZZ_SECONDS) 0 $(FUZZ_TARGETS)

# The same targets, made to count what their corpora reach.
.PHONY: coverage coverage-tools
COVER_CFLAGS	:= $(FUZZ_CFLAGS) -fprofile-instr-generate -fcoverage-mapping
COVER_LIB_OBJ	:= $(patsubst $(B)/fuzz/%,$(B)/coverage/%,$(FUZZ_LIB_OBJ))
COVER_TARGETS	:= $(patsubst $(B)/fuzz/%,$(B)/coverage/%,$(FUZZ_TARGETS))
$(eval $(call COMPILE,coverage,$(FUZZCC),$(COVER_CFLAGS)))

$(B)/coverage/fuzz.a: $(COVER_LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(COVER_LIB_OBJ)
$(COVER_TARGETS): $(B)/coverage/%: $(B)/coverage/tests/fuzz/%.o $(B)/coverage/fuzz.a
	$(call say,COVERLD $@)
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined -fprofile-instr-generate -o $@ $^

coverage-tools: | $(SETUP)
	@$(PYTHON) scripts/coverage --tools
coverage: coverage-tools $(COVER_TARGETS) $(FUZZ_SEEDS)
	@$(PYTHON) scripts/coverage $(COVER_TARGETS)

# Without network, tests on the other QEMUs fail and say so, and all others run.
.PHONY: newer-qemus
newer-qemus: | $(SETUP)
	$(Q)$(MAKE) $(FETCHED_QEMUS) || echo 'The tests on QEMU 10 and 11 cannot run: see above' >&2

test: $(UNIT_TESTS) $(FUZZ_TARGETS) $(FUZZ_SEEDS) $(B)/unit/bulkhead everything newer-qemus
	@$(PYTHON) scripts/judge --unit $(UNIT_TESTS) --fuzz $(FUZZ_SHORT) $(FUZZ_SEED) $(FUZZ_TARGETS) --boot $(TESTS)

# Small faults put into the code, and whether the tests find them; docs/testing.md.
.PHONY: mutants mutants-listed
MUTANTS		?= 240
LISTED		?= tests/mutants/listed
mutants mutants-listed: export UNIT_CC = $(HOSTCC) $(UNIT_CFLAGS)
mutants mutants-listed: export FUZZ_CC = $(FUZZCC) $(FUZZ_CFLAGS)
mutants: $(UNIT_TESTS) $(FUZZ_TARGETS) $(FUZZ_SEEDS) everything
	@$(PYTHON) scripts/mutants --number $(MUTANTS) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))
mutants-listed: $(UNIT_TESTS) $(FUZZ_TARGETS) $(FUZZ_SEEDS)
	@$(PYTHON) scripts/mutants --listed $(LISTED)

# The long suites: what `make test` has a short run or a part of. Each figure can be given by itself, too.
.PHONY: test-all
test-all:
	$(Q)BULKHEAD_LONG=1 BULKHEAD_RESTARTS=$(or $(BULKHEAD_RESTARTS),5000) BULKHEAD_LINUX_RESTARTS=$(or $(BULKHEAD_LINUX_RESTARTS),50) \
		BULKHEAD_RANDOM_SECONDS=$(or $(BULKHEAD_RANDOM_SECONDS),600) $(MAKE) test FUZZ_SHORT=$(FUZZ_SECONDS)

# ---- the benchmark ------------------------------------------------------------------------------------

.PHONY: bench
bench: $(foreach c,one place two,$(B)/bench/$c/fw_payload.bin)
	@$(PYTHON) scripts/bench $(if $(RECORD),--record) $(if $(PROFILE),--profile $(PROFILE) --run $(or $(RUN),sstc))

# Linux alone, and Linux in a partition of one hart.
.PHONY: bench-linux census
LINUX_NEEDS	:= $(PACK_NEEDS) $(filter-out %/u-boot,$(IMAGES)) $(B)/linux-disk.img
bench-linux: $(LINUX_NEEDS)
	@$(PYTHON) scripts/bench-linux $(if $(RECORD),--record)
census: $(LINUX_NEEDS)
	@$(PYTHON) scripts/census $(if $(RECORD),--record) $(if $(SECONDS),--seconds $(SECONDS))

# ---- proofs -------------------------------------------------------------------------------------------

.PHONY: prove
prove: | $(SETUP)
	@$(PYTHON) tests/proofs/prove

# ---- for other places -----------------------------------------------------------------------------------

INSTALLED	:= bin/bulkhead share/man/man1/bulkhead.1 share/bash-completion/completions/bulkhead
install: $(B)/bulkhead
	$(call say,INSTALL $(DESTDIR)$(PREFIX))
	$(Q)install -D -m 755 $(B)/bulkhead '$(DESTDIR)$(PREFIX)/bin/bulkhead'
	$(Q)install -D -m 644 docs/bulkhead.1 '$(DESTDIR)$(PREFIX)/share/man/man1/bulkhead.1'
	$(Q)install -D -m 644 scripts/completion/bulkhead.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/bulkhead'
uninstall:
	$(Q)rm -f $(INSTALLED:%='$(DESTDIR)$(PREFIX)/%')

# What is committed, and nothing else: the tarball builds as the repository does.
dist:
	@[ -z "$$(git status --porcelain -uno 2>/dev/null)" ] || echo 'make dist: what is not committed is left out' >&2
	$(call say,DIST $(B)/bulkhead-$(VERSION).tar.gz)
	$(Q)mkdir -p $(B) && git archive --format=tar.gz --prefix=bulkhead-$(VERSION)/ -o $(B)/bulkhead-$(VERSION).tar.gz HEAD

# ---- the rest ---------------------------------------------------------------------------------------

clean:
	$(Q)rm -rf $(filter-out $(B)/apt $(B)/cache $(B)/third $(B)/.setup \
		$(B)/.given-% $(B)/.fetched-%,$(wildcard $(B)/* $(B)/.[a-z]*))

distclean:
	$(Q)rm -rf $(B)

# A source that went away, or came, changes what is linked.
$(B)/bulkhead.elf: $(B)/.core-list
$(B)/bulkhead: $(B)/.tool-list
$(B)/unit/unit.a: $(B)/.unit-list
$(B)/fuzz/fuzz.a: $(B)/.fuzz-list
$(B)/coverage/fuzz.a: $(B)/.cover-list
$(B)/.opensbi-list: list = $(OPENSBI_SETTINGS)
$(B)/.modules-list: list = $(LINUX_MODULES_WANTED)
$(B)/.core-list: list = $(CORE_OBJ)
$(B)/.tool-list: list = $(TOOL_OBJ)
$(B)/.unit-list: list = $(UNIT_LIB_OBJ)
$(B)/.fuzz-list: list = $(FUZZ_LIB_OBJ)
$(B)/.cover-list: list = $(COVER_LIB_OBJ)
$(B)/.qemu-list: list = $(QEMU)
$(B)/.core-list $(B)/.tool-list $(B)/.unit-list $(B)/.fuzz-list $(B)/.cover-list $(B)/.opensbi-list $(B)/.qemu-list $(B)/.modules-list: FORCE
	$(Q)mkdir -p $(B); [ "$$(cat $@ 2>/dev/null)" = '$(list)' ] || printf '%s\n' '$(list)' > $@

-include $(patsubst %.o,%.d,$(CORE_OBJ) $(TOOL_OBJ) $(TOOL_UNIT_OBJ) $(UNIT_LIB_OBJ) $(FUZZ_LIB_OBJ) \
	   $(COVER_LIB_OBJ) $(GUEST_LIB_OBJ) \
	   $(patsubst $(B)/fuzz/%,$(B)/fuzz/tests/fuzz/%.o,$(FUZZ_TARGETS)) \
	   $(patsubst $(B)/coverage/%,$(B)/coverage/tests/fuzz/%.o,$(COVER_TARGETS)) \
	   $(CORE_OFFSETS:.h=.d) $(GUEST_OFFSETS:.h=.d) \
	   $(foreach g,$(GUESTS),$(OBJ_$(g))) $(patsubst $(B)/unit/%,$(B)/unit/tests/unit/%.o,$(UNIT_TESTS)))
