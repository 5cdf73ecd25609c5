/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for hyp/riscv/csr.h in host builds: the same names, each access becomes a call of
 * tests/unit/fake/csr.c, which has a file of CSRs for each hart.
 */
#ifndef HYP_RISCV_CSR_H
#define HYP_RISCV_CSR_H

#include <stdint.h>

#include "hyp/riscv/csr_defs.h"

/* Of the hart that is running. A CSR that it does not have ends the test, as the trap would end the machine. */
uint64_t fake_csr_read(unsigned csr);
void fake_csr_write(unsigned csr, uint64_t value);
void *fake_thread_pointer(void);
void fake_wait_for_interrupt(void);

#define csr_read(csr)		((unsigned long)fake_csr_read(csr))
#define csr_write(csr, val)	fake_csr_write((csr), (val))
#define csr_swap(csr, val)	((unsigned long)fake_csr_swap((csr), (val)))
#define csr_set(csr, val)	fake_csr_set((csr), (val))
#define csr_clear(csr, val)	fake_csr_clear((csr), (val))

/* csrs and csrc change the bits of their operand only, of those that software can change (hvip, not sip). */
void fake_csr_set(unsigned csr, uint64_t bits);
uint64_t fake_csr_swap(unsigned csr, uint64_t value);
void fake_csr_clear(unsigned csr, uint64_t bits);

static inline void *thread_pointer(void) { return fake_thread_pointer(); }
static inline void wait_for_interrupt(void) { fake_wait_for_interrupt(); }

#endif
