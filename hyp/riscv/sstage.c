/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own address space; see sstage.h. The tables are built by the boot hart and read-only
 * afterwards, except for one entry a hart: its window, which no other hart uses.
 */
#include "hyp/riscv/sstage.h"

#include "hyp/base/range.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/hart.h"

#define SATP_MODE_SV39	8ul
#define SATP_MODE_SV48	9ul
#define SATP_MODE_SHIFT	60

_Static_assert(MAX_HARTS <= PAGING_ENTRIES, "one window entry a hart");

static uint64_t root[PAGING_ENTRIES] __attribute__((section(".noinit"), aligned(4096)));
static struct paging tables;
static uint64_t *windows;	/* entries of SSTAGE_WINDOW_BASE, one a hart */

__boot enum err sstage_init(uint32_t levels, uint64_t (*pool)[PAGING_ENTRIES], uint32_t pool_size)
{
	paging_init(&tables, root, PAGING_ENTRIES, pool, pool_size, levels);
	windows = paging_entry(&tables, SSTAGE_WINDOW_BASE, 1);
	return windows ? OK : ERR_NOSPACE;
}

__boot enum err sstage_map(uint64_t base, uint64_t size, unsigned rights)
{
	uint64_t end = align_up(base + size, PAGE_SIZE);
	uint64_t limit = tables.levels == 4 ? 1ul << 47 : SSTAGE_WINDOW_BASE;

	base = align_down(base, PAGE_SIZE);
	if (end <= base || end > limit || (base < SSTAGE_WINDOW_BASE + GIB && end > SSTAGE_WINDOW_BASE))
		return ERR_RANGE;
	return paging_map(&tables, base, hpa(base), end - base, rights);
}

bool sstage_enable(struct hart_refusal *r)
{
	uint64_t mode = tables.levels == 4 ? SATP_MODE_SV48 : SATP_MODE_SV39;
	uint64_t satp = mode << SATP_MODE_SHIFT | (uintptr_t)root >> 12;

	sfence_vma_all();
	csr_write(CSR_SATP, satp);
	sfence_vma_all();
	if (csr_read(CSR_SATP) == satp)
		return true;
	/* satp.MODE is WARL: a write with a mode that the hart lacks has no effect, and translation stays off. */
	*r = (struct hart_refusal){ "the hypervisor needs page tables of its own: the hart lacks this mode, or an MMU",
				    "satp", satp, csr_read(CSR_SATP) };
	return false;
}

/* Writes the leaf of the calling hart's window, or closes it (0). Returns the window's address. */
static uint64_t set_window(uint64_t leaf)
{
	uint32_t index = this_hart()->index;
	uint64_t va = SSTAGE_WINDOW_BASE + index * SSTAGE_WINDOW_SIZE;

	windows[index] = leaf;
	sfence_vma_va(va);
	return va;
}

void *sstage_window(hpa_t address)
{
	hpa_t block = hpa(align_down(address.v, SSTAGE_WINDOW_SIZE));

	return (void *)(set_window(paging_leaf(block, RIGHT_R | RIGHT_W)) + (address.v - block.v));
}

void sstage_close_window(void)
{
	set_window(0);
}
