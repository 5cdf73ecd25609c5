/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The G-stage (guest-physical to host-physical) of one guest, Sv39x4 or Sv48x4. Built once at boot from
 * the plan, read-only afterwards. Source: privileged ISA, "Two-Stage Address Translation".
 */
#ifndef HYP_RISCV_GSTAGE_H
#define HYP_RISCV_GSTAGE_H

#include "hyp/riscv/paging.h"

#define GSTAGE_ROOT_ENTRIES	2048	/* 16 KiB */

struct gstage {
	uint64_t *root;
	struct paging tables;
};

/* levels: 3 or 4. root: GSTAGE_ROOT_ENTRIES entries, at a multiple of 16 KiB; pool: that many tables, each a page. */
void gstage_init(struct gstage *g, uint32_t levels, uint64_t *root, uint64_t (*pool)[PAGING_ENTRIES],
		 uint32_t pool_size);

/* As paging_map(). An error is a bug of the hypervisor: the plan has counted tables and excluded overlaps. */
enum err gstage_map(struct gstage *g, gpa_t from, hpa_t to, uint64_t size, unsigned rights) __must_check;

/* The value of hgatp for this table and VMID. The hart ignores VMID bits that it does not implement. */
uint64_t gstage_hgatp(const struct gstage *g, uint32_t vmid);

#endif
