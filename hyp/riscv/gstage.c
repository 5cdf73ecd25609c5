/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building G-stage page tables; see gstage.h. Tables come from a fixed pool of the VM, whose size the
 * plan has checked (plan_gstage_tables()). No lock: only the boot hart builds.
 */
#include "hyp/riscv/gstage.h"

#include "hyp/base/str.h"
#include "hyp/riscv/csr_defs.h"

#define PTE_V	(1ul << 0)
#define PTE_R	(1ul << 1)
#define PTE_W	(1ul << 2)
#define PTE_X	(1ul << 3)
#define PTE_U	(1ul << 4)	/* G-stage accesses count as user ones, so every leaf needs it */
#define PTE_A	(1ul << 6)
#define PTE_D	(1ul << 7)
#define PTE_LEAF	(PTE_R | PTE_W | PTE_X)
#define PTE_PPN_SHIFT	10

/* Bytes that one entry of a table covers; level 0 is the last one. */
static uint64_t level_size(unsigned level)
{
	return 1ull << (12 + 9 * level);
}

void gstage_init(struct gstage *g, uint8_t levels)
{
	memset(g->root, 0, sizeof(g->root));
	g->tables_used = 0;
	g->levels = levels;
}

static uint64_t *next_table(struct gstage *g, uint64_t *pte)
{
	uint64_t *table;

	if (*pte & PTE_V)
		return *pte & PTE_LEAF ? NULL : (uint64_t *)(uintptr_t)(*pte >> PTE_PPN_SHIFT << 12);
	if (g->tables_used == GSTAGE_TABLES_MAX)
		return NULL;
	table = g->tables[g->tables_used++];
	memset(table, 0, sizeof(g->tables[0]));
	*pte = ((uintptr_t)table >> 12) << PTE_PPN_SHIFT | PTE_V;
	return table;
}

/* The entry of gpa at that level, with the tables above it made as needed. */
static uint64_t *walk(struct gstage *g, uint64_t gpa, unsigned level)
{
	unsigned at = g->levels - 1u;
	uint64_t *pte = &g->root[(gpa >> (12 + 9 * at)) % GSTAGE_ROOT_ENTRIES];

	while (at > level) {
		uint64_t *table = next_table(g, pte);

		if (!table)
			return NULL;
		at--;
		pte = &table[(gpa >> (12 + 9 * at)) % GSTAGE_ENTRIES];
	}
	return pte;
}

/* The largest level whose leaf fits at this place; leaves of 512 GiB are not used. */
static unsigned leaf_level(uint64_t gpa, uint64_t hpa, uint64_t left)
{
	for (unsigned level = 2; level; level--) {
		uint64_t size = level_size(level);

		if (left >= size && !((gpa | hpa) & (size - 1)))
			return level;
	}
	return 0;
}

enum err gstage_map(struct gstage *g, gpa_t to, hpa_t from, uint64_t size, unsigned rights)
{
	uint64_t flags = PTE_V | PTE_U | PTE_A | PTE_D;
	uint64_t done = 0;

	flags |= rights & RIGHT_R ? PTE_R : 0;
	flags |= rights & RIGHT_W ? PTE_W : 0;
	flags |= rights & RIGHT_X ? PTE_X : 0;
	while (done < size) {
		uint64_t g_addr = to.v + done, h_addr = from.v + done;
		unsigned level = leaf_level(g_addr, h_addr, size - done);
		uint64_t *pte = walk(g, g_addr, level);

		if (!pte)
			return ERR_NOSPACE;
		if (*pte & PTE_V)
			return ERR_INVALID;
		*pte = (h_addr >> 12) << PTE_PPN_SHIFT | flags;
		done += level_size(level);
	}
	return OK;
}

uint64_t gstage_hgatp(const struct gstage *g, uint32_t vmid)
{
	uint64_t mode = g->levels == 4 ? HGATP_MODE_SV48X4 : HGATP_MODE_SV39X4;

	return mode << HGATP_MODE_SHIFT | ((uint64_t)vmid & HGATP_VMID_MASK) << HGATP_VMID_SHIFT |
	       (uintptr_t)g->root >> 12;
}
