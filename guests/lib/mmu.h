/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One Sv39 address space for tests: the first 252 GiB mapped 1:1 by 1 GiB leaves, and a window
 * of 512 pages at MMU_WINDOW whose entries the tests set themselves.
 */
#ifndef GUESTS_LIB_MMU_H
#define GUESTS_LIB_MMU_H

#include <stdint.h>

#define PTE_V	0x01ULL
#define PTE_R	0x02ULL
#define PTE_W	0x04ULL
#define PTE_X	0x08ULL
#define PTE_U	0x10ULL
#define PTE_A	0x40ULL
#define PTE_D	0x80ULL
#define PTE_RW	(PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define PTE_RWX	(PTE_RW | PTE_X)
#define PTE_XONLY (PTE_V | PTE_X | PTE_A)

#define PAGE_SIZE	4096UL
#define MMU_WINDOW	(252ULL << 30)
#define MMU_PAGE(i)	(MMU_WINDOW + (uint64_t)(i) * PAGE_SIZE)

void mmu_build(void);
/* This hart's translation on (with an ASID; hardware keeps the bits it has) or off. */
void mmu_on(uint64_t asid);
void mmu_off(void);
/* Window page i: pa with flags; flags 0: unmapped. No fence. */
void mmu_set(unsigned int i, uint64_t pa, uint64_t flags);
/* The entry itself, for code that writes it. */
uint64_t *mmu_entry(unsigned int i);
/* Second entry of the window's middle table, for MMU_WINDOW + 2 MiB: any raw entry. */
void mmu_set_middle(uint64_t raw);

static inline void mmu_fence(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}

#endif
