/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables, as both the G-stage of guests and the hypervisor's own S-stage use them: built from a
 * fixed pool, with the largest leaves that alignment allows. Source: privileged ISA, "Sv39: Page-Based
 * 39-bit Virtual-Memory System" and "Two-Stage Address Translation" (the root of an x4 table is two bits
 * wider). No lock: the boot hart builds.
 */
#ifndef HYP_RISCV_PAGING_H
#define HYP_RISCV_PAGING_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"

#define PAGING_ENTRIES	512

/* Rights of a leaf beside RIGHT_*. */
#define RIGHT_U		8u	/* the G-stage treats all accesses as U-mode accesses */

struct paging {
	uint64_t *root;
	uint64_t (*pool)[PAGING_ENTRIES];
	uint32_t root_entries;		/* 512, or 2048 for Sv39x4 and Sv48x4 */
	uint32_t pool_size, pool_used;	/* tables */
	uint32_t levels;		/* 3 = Sv39, 4 = Sv48 */
};

/* Clears the root; a table of the pool is cleared when it is allocated. */
void paging_init(struct paging *p, uint64_t *root, uint32_t root_entries,
		 uint64_t (*pool)[PAGING_ENTRIES], uint32_t pool_size, uint32_t levels);

/*
 * Maps size bytes at from to host memory; all three are multiples of 4 KiB. ERR_NOSPACE: the pool is empty;
 * ERR_INVALID: something is mapped there.
 */
enum err paging_map(struct paging *p, uint64_t from, hpa_t to, uint64_t size, unsigned rights) __must_check;

/* The entry of one page, for callers that change it often. Creates its tables. NULL: the pool is empty. */
uint64_t *paging_entry(struct paging *p, uint64_t from, unsigned level);

/* A leaf for an entry of paging_entry(). */
uint64_t paging_leaf(hpa_t to, unsigned rights);

#endif
