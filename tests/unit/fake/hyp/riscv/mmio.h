/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for hyp/riscv/mmio.h in host unit tests: the same names, but each access becomes a call of
 * two functions that the test defines, with the device that it models behind them.
 */
#ifndef HYP_RISCV_MMIO_H
#define HYP_RISCV_MMIO_H

#include "hyp/base/types.h"

/* Defined by the test. size: bytes, 1, 2, 4 or 8; value: zero-extended. */
uint64_t fake_mmio_read(uint64_t addr, unsigned size);
void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value);

#define MMIO_ACCESSORS(bits) \
	static inline uint##bits##_t mmio_read##bits(hpa_t addr) \
	{ \
		return (uint##bits##_t)fake_mmio_read(addr.v, bits / 8); \
	} \
	static inline void mmio_write##bits(hpa_t addr, uint##bits##_t v) \
	{ \
		fake_mmio_write(addr.v, bits / 8, v); \
	}

MMIO_ACCESSORS(8)
MMIO_ACCESSORS(16)
MMIO_ACCESSORS(32)
MMIO_ACCESSORS(64)

#undef MMIO_ACCESSORS

static inline uint32_t mmio_take32(hpa_t addr) { return mmio_read32(addr); }

#endif
