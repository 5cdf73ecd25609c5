# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests, and what they boot from: build/images and disks.
#
# Each directory with sources is one guest: build/images/NAME. It is linked with guests/lib, or, if it has a link.ld of
# its own, by that and with nothing else.

GUEST_DIRS	:= $(sort $(patsubst guests/%/,%,$(dir $(wildcard guests/*/*.c guests/*/*.S))))
GUESTS		:= $(filter-out lib,$(GUEST_DIRS))
GUEST_CFLAGS	:= $(CROSS_CFLAGS) $(WARNINGS) -I. -I$(B)/guest -Iguests/lib -Ihyp/base/libc -I$(LIBFDT)
GUEST_LIB_OBJ	:= $(call objects,$(call linked,$(wildcard guests/lib/*.S guests/lib/*.c)),guest) \
		   $(call libfdt_objects,guest)
$(eval $(call COMPILE,guest,$(CROSSCC),$(GUEST_CFLAGS)))

define GUEST
OBJ_$(1)	:= $(call objects,$(call linked,$(wildcard guests/$(1)/*.S guests/$(1)/*.c)),guest)
LD_$(1)		:= $(or $(wildcard guests/$(1)/link.ld),linker/guest.ld)
LIB_$(1)	:= $(if $(wildcard guests/$(1)/link.ld),,$(GUEST_LIB_OBJ))
$(B)/guest/$(1).elf: $$(OBJ_$(1)) $$(LIB_$(1)) $$(LD_$(1)) $(B)/.cross-link
	$$(call say,LD $$@)
	$$(Q)$(CROSSCC) $(CROSS_LDFLAGS) -T $$(LD_$(1)) -o $$@ $$(OBJ_$(1)) $$(LIB_$(1))
$(B)/images/$(1): $(B)/guest/$(1).elf
	$$(Q)mkdir -p $$(@D) && $(CROSS_COMPILE)objcopy -O binary $$< $$@
endef
$(foreach g,$(GUESTS),$(eval $(call GUEST,$(g))))

# Linux as Debian ships it, our initramfs for it, and its disk (which is not part of the image). Further modules are
# named on make's command line, after these.
LINUX_MODULES_WANTED := virtio_mmio virtio_blk ext4 virtio_net
$(B)/images/linux: $(FETCHED_LINUX)
	$(Q)mkdir -p $(@D) && cp $(THIRD)/linux/Image $@
$(B)/images/u-boot: $(FETCHED_UBOOT)
	$(Q)mkdir -p $(@D) && cp $(THIRD)/u-boot.bin $@
LINUX_PROGRAMS	:= $(patsubst guests/linux/user/%.S,$(B)/guest/linux/%,$(wildcard guests/linux/user/*.S))
$(LINUX_PROGRAMS): $(B)/guest/linux/%: guests/linux/user/%.S $(B)/guest/.flags scripts/guests.mk | $(SETUP)
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
$(B)/virt/u-boot-disk/disk.img: guests/boot-disk/mkdisk $(B)/images/linux $(B)/images/linux-initrd \
		$(FETCHED_GRUB) | $(SETUP)
	$(call say,DISK $@)
	$(Q)mkdir -p $(@D) && $(PYTHON) $< --kernel $(B)/images/linux --initrd $(B)/images/linux-initrd \
		--grub $(THIRD)/grubriscv64.efi --out $@
DISKS		:= $(B)/linux-disk.img $(B)/virt/u-boot-disk/disk.img

IMAGES		:= $(patsubst %,$(B)/images/%,$(GUESTS) linux linux-initrd u-boot)

$(B)/.modules-list: list = $(LINUX_MODULES_WANTED)
$(B)/.modules-list: FORCE
	$(WRITE_LIST)
