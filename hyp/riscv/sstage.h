/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own address space: its image by section, the package, the registers of the devices
 * that it drives, each at its physical address with the rights it needs, and nothing else. Guests' RAM is
 * not mapped; a hart that has to access it opens a window of 2 MiB for itself. Source: privileged ISA, "Sv39".
 */
#ifndef HYP_RISCV_SSTAGE_H
#define HYP_RISCV_SSTAGE_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/paging.h"

#define SSTAGE_WINDOW_SIZE	(2 * MIB)
/* windows lie in the last GiB that Sv39 can address in its lower half */
#define SSTAGE_WINDOW_BASE	0x3fc0000000ul

/* Creates the tables; nothing is mapped. Boot hart only. levels: 3 = Sv39 or 4 = Sv48, which all harts must have. pool:
 * that many pages. ERR_NOSPACE: the pool has no table for the windows. */
enum err sstage_init(uint32_t levels, uint64_t (*pool)[PAGING_ENTRIES], uint32_t pool_size) __must_check;

/* Maps the pages of [base, base + size) at their own address, rights RIGHT_R, RIGHT_W, RIGHT_X. ERR_INVALID: a page is
 * mapped already; ERR_RANGE: beyond what the mode can address, or where the windows are; ERR_NOSPACE: the pool has no
 * more tables. */
enum err sstage_map(uint64_t base, uint64_t size, unsigned rights) __must_check;

/* Turns translation on for the calling hart. False, with the reason, if the hart does not support the mode. */
bool sstage_enable(struct hart_refusal *r) __must_check;

/* Maps the 2 MiB block that holds address for the calling hart, read-write, until its next call or
 * sstage_close_window(). The result points at address itself; the block ends at the next multiple of
 * SSTAGE_WINDOW_SIZE. */
void *sstage_window(hpa_t address);

/* The same, and in *n how many of size bytes it shows. */
static inline void *sstage_window_of(hpa_t address, uint64_t size, uint64_t *n)
{
	uint64_t room = SSTAGE_WINDOW_SIZE - address.v % SSTAGE_WINDOW_SIZE;

	*n = size < room ? size : room;
	return sstage_window(address);
}

/* Unmaps the calling hart's window. A hart calls it before it returns to its guest or waits. */
void sstage_close_window(void);

#endif
