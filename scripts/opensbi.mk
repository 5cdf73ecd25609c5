# SPDX-License-Identifier: GPL-2.0-or-later
#
# OpenSBI, the firmware of a flash image.
#
# Built once, with a dummy payload 2 MiB behind its start; `bulkhead flash` puts ours in its place. It copies the device
# tree to RAM: to this offset (FLASH_FDT_OFFSET in tools/tool.h), which `bulkhead flash` replaces by the end of our
# image.

FIRMWARE	:= $(B)/opensbi/platform/generic/firmware
OPENSBI_SETTINGS := FW_PAYLOAD_FDT_OFFSET=0x21a5000
# Its hundreds of files are the longest step: on all cores, unless -j says how many.
JOBS		= $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
# A line with $(MAKE) in it would run even if make was only asked to print (-n), and remove what is built.
OPENSBI_MAKE	= $(MAKE)
recursive	= $(if $(strip $(foreach f,n q t,$(findstring $(f),$(firstword -$(MAKEFLAGS))))),,+)
$(FIRMWARE)/fw_payload.bin: $(FETCHED) $(B)/.opensbi-list
	$(call say,OPENSBI $@)
	$(Q)rm -rf $(B)/opensbi; mkdir -p $(B)/opensbi $(B)/logs
	$(recursive)$(Q)rm -f $(B)/logs/opensbi.log; scripts/long-step $(B)/logs/opensbi.log \
		$(OPENSBI_MAKE) $(JOBS) -C $(THIRD)/opensbi O=$(abspath $(B)/opensbi) PLATFORM=generic \
		CROSS_COMPILE=$(CROSS_COMPILE) $(OPENSBI_SETTINGS) || \
	{ tail -n 20 $(B)/logs/opensbi.log >&2; \
	  echo 'OpenSBI did not build; all its output: $(B)/logs/opensbi.log' >&2; exit 1; }
	$(Q)touch $@

$(B)/.opensbi-list: list = $(CROSS_COMPILE) $(OPENSBI_SETTINGS)
$(B)/.opensbi-list: FORCE
	$(WRITE_LIST)
