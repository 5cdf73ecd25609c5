/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The G-stage of one guest; see gstage.h.
 */
#include "hyp/riscv/gstage.h"

#include "hyp/riscv/csr_defs.h"

__boot void gstage_init(struct gstage *g, uint32_t levels, uint64_t *root, uint64_t (*pool)[PAGING_ENTRIES],
			uint32_t pool_size)
{
	g->root = root;
	paging_init(&g->tables, root, GSTAGE_ROOT_ENTRIES, pool, pool_size, levels);
}

__boot enum err gstage_map(struct gstage *g, gpa_t from, hpa_t to, uint64_t size, unsigned rights)
{
	return paging_map(&g->tables, from.v, to, size, rights | RIGHT_U);
}

__boot uint64_t gstage_hgatp(const struct gstage *g, uint32_t vmid)
{
	uint64_t mode = g->tables.levels == 4 ? HGATP_MODE_SV48X4 : HGATP_MODE_SV39X4;

	return mode << HGATP_MODE_SHIFT | ((uint64_t)vmid & HGATP_VMID_MASK) << HGATP_VMID_SHIFT |
	       (uintptr_t)g->root >> 12;
}
