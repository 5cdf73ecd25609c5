# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compilers and flags, and how objects are made of C and assembly.

# Files of the hypervisor that are not compiled like the others; the flags.mk of each directory lists its own, with
# reasons.
# COLD: small rather than fast. OFTEN: of these, saves its registers itself. FEW: uses few registers.
COLD		:=
OFTEN		:=
FEW		:=
FLAGS		:= $(wildcard boot/flags.mk drivers/flags.mk hyp/*/flags.mk)
include $(FLAGS)
COLD_CFLAGS	:= -Os -msave-restore -fno-move-loop-invariants -fno-caller-saves
OFTEN_CFLAGS	:= -Os

WARNINGS	:= -Wall -Wextra -Werror -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla
CROSSCC		:= $(CROSS_COMPILE)gcc
# Further flags of a person, for what runs on RISC-V. Not taken from the environment, where they are meant for this
# host.
USER_CFLAGS	:= $(if $(filter command,$(firstword $(origin CFLAGS))),$(CFLAGS))
CROSS_ARCH	:= -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -msmall-data-limit=0
CROSS_CFLAGS	:= -std=gnu11 -O2 -g $(CROSS_ARCH) -ffreestanding -fno-common -fpie -fvisibility=hidden \
		   -ffunction-sections -fdata-sections -fno-stack-protector \
		   -fno-asynchronous-unwind-tables \
		   -nostdinc -isystem `$(CROSSCC) -print-file-name=include` $(USER_CFLAGS)
CROSS_LDFLAGS	:= $(CROSS_ARCH) -nostdlib -static -Wl,-pie -Wl,--no-dynamic-linker -Wl,-z,text -Wl,--gc-sections \
		   -Wl,-z,max-page-size=4096 -Wl,-z,norelro -Wl,--build-id=none \
		   -Wl,--no-warn-rwx-segments -Wl,--fatal-warnings
HOST_CFLAGS	:= -std=gnu11 -O2 -g $(WARNINGS) -I. -I$(LIBFDT)
UNIT_CFLAGS	:= -std=gnu11 -O1 -g $(WARNINGS) -fno-omit-frame-pointer \
		   -fsanitize=address,undefined -fno-sanitize-recover=all \
		   -Itests/unit/fake -I. -I$(LIBFDT)
DEPS		= -MMD -MP
# What says how objects are made, beside their compilers and flags.
RULES		:= scripts/compile.mk $(FLAGS)

# $(1) C files, $(2) directory: the objects of these files there.
objects		= $(patsubst %,$(B)/$(2)/%.o,$(basename $(1)))

# The headers that assembly includes (hyp/base/asm_define.h), by the directory below build.
OFFSETS_core	:= $(B)/core/hyp/asm_offsets.h
OFFSETS_guest	:= $(patsubst %.c,$(B)/guest/%.h,$(wildcard guests/*/asm_offsets.c))
.SECONDARY: $(OFFSETS_core) $(OFFSETS_guest)

# $(1) directory below build, $(2) compiler, $(3) flags: how its objects are made. They depend on both, and on the
# version of the compiler. FILE_CFLAGS: what flags.mk of a room says of a file.
define COMPILE
$(B)/$(1)/.flags: list = $(2) $$(shell $(2) --version 2>/dev/null | head -n 1): $(3)
$(B)/$(1)/.flags: FORCE | $(SETUP)
	$$(WRITE_LIST)
$(B)/$(1)/%.o: %.c $(B)/$(1)/.flags $(RULES) $(FETCHED) | $(SETUP)
	$$(call say,CC $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) $$(FILE_CFLAGS) $$(DEPS) -c -o $$@ $$<
$(B)/$(1)/%.o: %.S $(B)/$(1)/.flags $(RULES) $(FETCHED) | $(SETUP) $(OFFSETS_$(1))
	$$(call say,AS $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) $$(FILE_CFLAGS) $$(DEPS) -c -o $$@ $$<
$(B)/$(1)/libfdt/%.o: $(B)/$(1)/.flags $(RULES) $(FETCHED) | $(SETUP)
	$$(call say,CC $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(filter-out $(WARNINGS),$(3)) $$(LIBFDT_CFLAGS) $$(FILE_CFLAGS) \
		-c -o $$@ $(LIBFDT)/$$*.c
# What assembly needs of structures: DIRECTORY/asm_offsets.c, compiled to assembly only (hyp/base/asm_define.h).
$(B)/$(1)/%/asm_offsets.h: %/asm_offsets.c $(B)/$(1)/.flags $(RULES) $(FETCHED) | $(SETUP)
	$$(call say,OFFSETS $$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) -g0 $$(DEPS) -MT $$@ -S -o $$(@:.h=.s) $$<
	$$(Q)sed -n 's/^[[:space:]]*\.ascii "->\([A-Z0-9_]*\) \(-\{0,1\}[0-9]*\)"$$$$/#define \1 \2/p' $$(@:.h=.s) > $$@
endef
# $(1) C and assembly files: those that are linked.
linked		= $(filter-out %/asm_offsets.c,$(1))
$(call objects,$(COLD),core): FILE_CFLAGS := $(COLD_CFLAGS)
$(call objects,$(OFTEN),core): FILE_CFLAGS := $(OFTEN_CFLAGS)
$(call objects,$(FEW),core): FILE_CFLAGS := $(FEW_CFLAGS)
libfdt_objects	= $(patsubst %,$(B)/$(1)/libfdt/%.o,$(LIBFDT_NAMES))

# What objects for RISC-V are linked with, beside their linker script.
$(B)/.cross-link: list = $(CROSSCC) $(CROSS_LDFLAGS)
$(B)/.cross-link: FORCE
	$(WRITE_LIST)
