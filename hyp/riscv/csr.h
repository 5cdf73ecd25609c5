/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSR numbers, fields and accessors, spelled as in the privileged ISA (version 1.13, with the
 * hypervisor extension, Sstc and Smstateen). Numbers, not names: old assemblers lack some names.
 * Host builds use tests/unit/fake/hyp/riscv/csr.h instead.
 */
#ifndef HYP_RISCV_CSR_H
#define HYP_RISCV_CSR_H

#include "hyp/riscv/csr_defs.h"

#define csr_read(csr) ({							\
	unsigned long v_;							\
	__asm__ volatile("csrr %0, %1" : "=r"(v_) : "i"(csr) : "memory");	\
	v_; })
#define csr_write(csr, val) ({							\
	unsigned long v_ = (val);						\
	__asm__ volatile("csrw %0, %1" : : "i"(csr), "rK"(v_) : "memory"); })
#define csr_swap(csr, val) ({							\
	unsigned long v_ = (val), o_;						\
	__asm__ volatile("csrrw %0, %1, %2" : "=r"(o_) : "i"(csr), "r"(v_) : "memory"); \
	o_; })
#define csr_set(csr, val) ({							\
	unsigned long v_ = (val);						\
	__asm__ volatile("csrs %0, %1" : : "i"(csr), "rK"(v_) : "memory"); })
#define csr_clear(csr, val) ({							\
	unsigned long v_ = (val);						\
	__asm__ volatile("csrc %0, %1" : : "i"(csr), "rK"(v_) : "memory"); })

/* tp: the hart (hart.h). */
static inline void *thread_pointer(void)
{
	void *tp;

	__asm__("mv %0, tp" : "=r"(tp));
	return tp;
}

static inline void wait_for_interrupt(void) { __asm__ volatile("wfi" : : : "memory"); }

#endif
