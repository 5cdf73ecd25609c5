# SPDX-License-Identifier: GPL-2.0-or-later
#
# Measurements: what exits cost (bench), Linux in a partition (bench-linux), why it leaves it (census).

.PHONY: size
size: $(B)/core.bin $(B)/$(CONFIG)/fw_payload.bin
	@$(PYTHON) scripts/size $(CONFIG)

.PHONY: bench
bench: $(if $(filter aia,$(MACHINE)),newer-qemus) $(foreach c,one place two uart,$(B)/bench/$c/fw_payload.bin)
	@$(PYTHON) scripts/bench $(if $(MACHINE),--machine $(MACHINE)) $(if $(RECORD),--record) \
		$(if $(PROFILE),--profile $(PROFILE) --run $(or $(RUN),sstc))

# Linux alone, and Linux in a partition of one hart.
.PHONY: bench-linux census
LINUX_NEEDS	:= $(PACK_NEEDS) $(filter-out %/u-boot,$(IMAGES)) $(B)/linux-disk.img
bench-linux: $(LINUX_NEEDS)
	@$(PYTHON) scripts/bench-linux $(if $(RECORD),--record)
census: $(LINUX_NEEDS)
	@$(PYTHON) scripts/census $(if $(RECORD),--record) $(if $(SECONDS),--seconds $(SECONDS))
