/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tests' address space; see mmu.h. Privileged specification, "Sv39". */
#include "guests/lib/cpu.h"
#include "guests/lib/mmu.h"

static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaves[512] __attribute__((aligned(4096)));

static uint64_t table(const void *p)
{
	return (uint64_t)p >> 12 << 10 | PTE_V;
}

void mmu_build(void)
{
	for (unsigned int i = 0; i < 252; i++)
		root[i] = (uint64_t)i << 28 | PTE_RWX;
	root[252] = table(middle);
	middle[0] = table(leaves);
	mb();
}

void mmu_on(uint64_t asid)
{
	csr_write(satp, 8ULL << 60 | asid << 44 | (uint64_t)root >> 12);
	mmu_fence();
}

void mmu_off(void)
{
	csr_write(satp, 0);
	mmu_fence();
}

void mmu_set(unsigned int i, uint64_t pa, uint64_t flags)
{
	WRITE_ONCE(leaves[i], flags ? pa >> 12 << 10 | flags : 0);
	mb();
}

uint64_t *mmu_entry(unsigned int i)
{
	return &leaves[i];
}

void mmu_set_middle(uint64_t raw)
{
	WRITE_ONCE(middle[1], raw);
	mb();
}
