# SPDX-License-Identifier: GPL-2.0-or-later
#
# A configuration: the machine that it is checked against, what its image is made of, and how it is run.

# Each is checked before it is packed, against the tree of the machine that configs/BOARD is for: QEMU's as scripts/run
# starts it, or tests/hosts/BOARD.dts. HOST_DTB=FILE is another machine's; HOST_DTB=none packs without a check.
QEMU_BOARDS	:= virt test bench bad
HOST_DTB	?=
# Interrupt controllers (plic or aia), harts and RAM of that machine, if other than those of scripts/machine.py; further
# arguments for QEMU.
MACHINE		?=
SMP		?=
MEM		?=
QEMU_ARGS	?=
SIZE		= $(strip $(if $(MACHINE),--machine '$(MACHINE)') $(if $(SMP),--smp '$(SMP)') \
		  $(if $(MEM),--mem '$(MEM)'))
VIRT_DTB	:= $(B)/host/virt$(addprefix -,$(subst /,_,$(MACHINE) $(SMP) $(MEM))).dtb
VIRT_DTB	:= $(subst $() ,,$(VIRT_DTB))
host_of		= $(or $(HOST_DTB),$(if $(filter $(1),$(QEMU_BOARDS)),$(VIRT_DTB),$(wildcard tests/hosts/$(1).dts)))
# Its QEMU, if the host's is too old for it.
QEMU_MAJOR	= $(firstword $(subst ., ,$(word 4,$(shell $(QEMU) --version 2>/dev/null))))
QEMU_OF_MACHINE	:= $(if $(filter aia,$(MACHINE)),$(if $(filter 7 8 9,$(QEMU_MAJOR)),$(FETCHED_QEMUS)))
$(sort $(VIRT_DTB) $(B)/host/virt.dtb): scripts/host-dtb scripts/machine.py $(B)/.qemu-list \
		| $(SETUP) $(QEMU_OF_MACHINE)
	$(call say,HOSTDTB $@)
	$(Q)mkdir -p $(@D) && $(PYTHON) scripts/host-dtb $(if $(filter $(B)/host/virt.dtb,$@),,$(SIZE)) $@

# The files that its image is made of, with their times and sizes; changes only when they do. An image
# that goes, or is replaced by an older one, counts, too. What is in images/ is never made here.
INPUTS		:= $(patsubst %,$(B)/%/.inputs,$(sort $(CONFIGS) $(CONFIG)))
.SECONDEXPANSION:
inputs		= $(shell scripts/inputs configs/$(1).dts 2>/dev/null)
$(INPUTS): $(B)/%/.inputs: FORCE $$(filter $$(IMAGES),$$(call inputs,$$*))
	$(Q)mkdir -p $(@D); now=$$(scripts/inputs configs/$*.dts | \
		xargs -rd '\n' stat -Lc '%n %s %y' 2>/dev/null); \
	[ -e $@ ] && [ "$$(cat $@)" = "$$now" ] || printf '%s\n' "$$now" > $@

.PHONY: check map
check: $(B)/core.bin $(B)/bulkhead $(B)/$(CONFIG)/.inputs $(VIRT_DTB) | config-exists
	$(Q)scripts/check configs/$(CONFIG).dts "$(call host_of,$(patsubst %/,%,$(dir $(CONFIG))))"
map: $(B)/bulkhead $(VIRT_DTB) | config-exists
	$(Q)mkdir -p $(B)/$(CONFIG) && $(B)/bulkhead map --assume-h -o $(B)/$(CONFIG)/map.svg \
		"$(call host_of,$(patsubst %/,%,$(dir $(CONFIG))))" configs/$(CONFIG).dts

# The picture in README.md: of a machine whose tree is in the repository, so that it is the same everywhere.
docs/map.svg: configs/virt/linux-rt.dts tests/hosts/virt.dts $(TOOL_SRC) | $(B)/bulkhead
	$(Q)$(B)/bulkhead map -o $@ tests/hosts/virt.dts $<

$(B)/$(CONFIG)/fw_payload.bin $(B)/$(CONFIG)/.inputs: | config-exists
.PHONY: config-exists
config-exists:
	@[ -f configs/$(CONFIG).dts ] || { \
		echo 'There is no configs/$(CONFIG).dts; there are: $(CONFIGS)' >&2; exit 1; }
	$(if $(filter $(FOREIGN),$(CONFIG)),@scripts/foreign configs/$(CONFIG).dts)

# What there is now, and what to type next: also when there was nothing to do.
BOARD		= $(patsubst %/,%,$(dir $(CONFIG)))
NEXT		= $(if $(filter $(BOARD),$(QEMU_BOARDS)),Boot them: make run CONFIG=$(CONFIG),$(\
		  )For a board: docs/boards.md)
READY		= $(B)/$(CONFIG)/fw_payload.bin (for -bios or flash) and bulkhead.bin (for a boot loader) are there. \
		  $(NEXT)

# ---- running ----------------------------------------------------------------------------------------

.PHONY: demo run debug
demo: $(B)/virt/linux-rt/fw_payload.bin $(B)/linux-disk.img | $(QEMU_OF_MACHINE)
	@$(PYTHON) scripts/run --demo $(if $(MACHINE),--machine '$(MACHINE)') virt/linux-rt

run debug: image $(B)/linux-disk.img $(filter $(B)/$(CONFIG)/%,$(DISKS)) | $(QEMU_OF_MACHINE)
	@$(PYTHON) scripts/run $(if $(filter debug,$@),--debug) $(SIZE) $(CONFIG) -- $(QEMU_ARGS)

# Before anything is built for it.
ifneq ($(filter run debug,$(MAKECMDGOALS)),)
$(B)/$(CONFIG)/fw_payload.bin $(B)/$(CONFIG)/.inputs: | runs-in-qemu
endif
.PHONY: runs-in-qemu
runs-in-qemu: | config-exists
	@$(if $(filter $(BOARD),$(QEMU_BOARDS)),:,{ echo 'configs/$(CONFIG).dts is for a board, not for the \
machine of QEMU that make run starts (configs/virt). For its image: make CONFIG=$(CONFIG). \
To boot it there: docs/boards.md' >&2; exit 1; })

$(B)/.qemu-list: list = $(QEMU)
$(B)/.qemu-list: FORCE
	$(WRITE_LIST)
