/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * G-stage (guest-physical to host-physical) page tables, Sv39x4 and Sv48x4, with the largest leaves
 * that alignment allows. Built once at boot from the plan, read-only afterwards. Source: privileged
 * ISA, "Two-Stage Address Translation" and "Guest-Page Faults".
 */
#ifndef HYP_RISCV_GSTAGE_H
#define HYP_RISCV_GSTAGE_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"

#define GSTAGE_ROOT_ENTRIES	2048	/* 16 KiB: two bits wider than an ordinary table */
#define GSTAGE_ENTRIES		512

struct gstage {
	uint64_t root[GSTAGE_ROOT_ENTRIES] __attribute__((aligned(16384)));
	uint64_t tables[GSTAGE_TABLES_MAX][GSTAGE_ENTRIES] __attribute__((aligned(4096)));
	uint32_t tables_used;
	uint8_t levels;		/* 3 = Sv39x4, 4 = Sv48x4 */
};

/* Clears the root; tables are cleared as they are taken. levels: 3 or 4. */
void gstage_init(struct gstage *g, uint8_t levels);

/*
 * Maps size bytes; addresses and size are multiples of 4 KiB, rights RIGHT_*. ERR_NOSPACE (pool empty) and
 * ERR_INVALID (something is mapped there) are our bugs: the plan has excluded both.
 */
enum err gstage_map(struct gstage *g, gpa_t to, hpa_t from, uint64_t size, unsigned rights) __must_check;

/* The value of hgatp for this table and VMID (masked to what the hart implements). */
uint64_t gstage_hgatp(const struct gstage *g, uint32_t vmid);

#endif
