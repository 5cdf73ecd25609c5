/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to registers of devices. The device sees a write after all earlier writes to memory; a
 * read is done before all later reads of memory and devices. Accesses to one device stay in program
 * order without a fence, because devices lie in strongly ordered I/O regions (privileged ISA,
 * "Memory-Ordering PMAs"). Addresses must be naturally aligned.
 *
 * Host builds use tests/unit/fake/hyp/riscv/mmio.h instead.
 */
#ifndef HYP_RISCV_MMIO_H
#define HYP_RISCV_MMIO_H

#include "hyp/base/types.h"

#define MMIO_ACCESSORS(bits) \
	static inline uint##bits##_t mmio_read##bits(hpa_t addr) \
	{ \
		uint##bits##_t v = *(const volatile uint##bits##_t *)addr.v; \
		__asm__ volatile ("fence i, ir" : : : "memory"); \
		return v; \
	} \
	static inline void mmio_write##bits(hpa_t addr, uint##bits##_t v) \
	{ \
		__asm__ volatile ("fence w, o" : : : "memory"); \
		*(volatile uint##bits##_t *)addr.v = v; \
	}

MMIO_ACCESSORS(8)
MMIO_ACCESSORS(16)
MMIO_ACCESSORS(32)
MMIO_ACCESSORS(64)

#undef MMIO_ACCESSORS

/*
 * A read with a side effect, such as a PLIC's claim. Fences on both sides: it is made once, and after all earlier
 * accesses. A hart that reads ahead of an instruction that traps (CVA6 does) would lose the claimed interrupt.
 */
static inline uint32_t mmio_take32(hpa_t addr)
{
	__asm__ volatile ("fence iorw, i" : : : "memory");
	return mmio_read32(addr);
}

#endif
