/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As mmio.h, for registers of a device that a guest has or had. What the guest did, or a device tree that names the
 * wrong place, can make the bus refuse an access: then a read gives all ones, as PCI does, and a write has no effect.
 */
#ifndef HYP_RISCV_MMIO_TRY_H
#define HYP_RISCV_MMIO_TRY_H

#include "hyp/riscv/fault.h"
#include "hyp/riscv/fence.h"

/* size: bytes, 1, 2, 4 or 8; the value is zero-extended. */
static inline uint64_t mmio_try_read(hpa_t at, uint32_t size)
{
	uint64_t value;

	if (guard_device_read(at, size, &value) != OK)
		value = UINT64_MAX;
	fence_after_device_read();
	return value & UINT64_MAX >> (64 - 8 * size);
}

static inline void mmio_try_write(hpa_t at, uint32_t size, uint64_t value)
{
	fence_before_device_write();
	(void)!guard_device_write(at, size, value);
}

#endif
