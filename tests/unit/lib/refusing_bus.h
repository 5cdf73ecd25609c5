/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guarded accesses of a test with devices of its own: those of fake_mmio_read() and fake_mmio_write(), or refused. */
#ifndef TESTS_UNIT_LIB_REFUSING_BUS_H
#define TESTS_UNIT_LIB_REFUSING_BUS_H

#include <string.h>

#include "hyp/riscv/fault.h"
#include "hyp/riscv/mmio.h"

static bool (*bus_refuses)(uint64_t addr);	/* NULL: nothing is refused */

enum err guard_device_read(hpa_t at, uint32_t size, uint64_t *value)
{
	uint64_t read;

	*value = 0xbadbadbadbadbadb;
	if (bus_refuses && bus_refuses(at.v))
		return ERR_FAULT;
	read = fake_mmio_read(at.v, size);
	memcpy(value, &read, size);	/* the rest means nothing */
	return OK;
}

enum err guard_device_write(hpa_t at, uint32_t size, uint64_t value)
{
	if (bus_refuses && bus_refuses(at.v))
		return ERR_FAULT;
	fake_mmio_write(at.v, size, value);
	return OK;
}

#endif
