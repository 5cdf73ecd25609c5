# SPDX-License-Identifier: GPL-2.0-or-later
# The page tables are made at boot, and when a VM starts.
COLD	+= $(addprefix hyp/riscv/,paging.c gstage.c sstage.c)

# What switch_plic.inc calls while most registers are still the guest's does not use those (context.h). The functions
# that are called are in FEW, too. tests/tool/test_registers.py checks the machine code.
FEW_CFLAGS	:= -ffixed-t2 -ffixed-a6 -ffixed-a7 -ffixed-t3 -ffixed-t4 -ffixed-t5 -ffixed-t6
