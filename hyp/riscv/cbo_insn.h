/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cbo.zero by its encoding: old assemblers lack it. Host builds use tests/unit/fake/hyp/riscv/cbo_insn.h instead. */
#ifndef HYP_RISCV_CBO_INSN_H
#define HYP_RISCV_CBO_INSN_H

/* Clears the cache block that contains p. */
static inline void cbo_zero(void *p)
{
	__asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" : : "r"(p) : "memory");
}

#endif
