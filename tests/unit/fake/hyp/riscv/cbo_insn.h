/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for hyp/riscv/cbo_insn.h in host builds: machine.c, which ends the test if harts do not have it. */
#ifndef HYP_RISCV_CBO_INSN_H
#define HYP_RISCV_CBO_INSN_H

void cbo_zero(void *p);

#endif
