/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cbo.zero by its encoding, so that any assembler does. tests/unit/fake/hyp/riscv/cbo_insn.h takes its place on the host. */
#ifndef HYP_RISCV_CBO_INSN_H
#define HYP_RISCV_CBO_INSN_H

/* Zeroes for the block that p lies in. */
static inline void cbo_zero(void *p)
{
	__asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" : : "r"(p) : "memory");
}

#endif
