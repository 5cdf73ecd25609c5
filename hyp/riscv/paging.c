/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building page tables; see paging.h.
 */
#include "hyp/riscv/paging.h"

#include "hyp/base/str.h"

#define PTE_V	(1ul << 0)
#define PTE_R	(1ul << 1)
#define PTE_W	(1ul << 2)
#define PTE_X	(1ul << 3)
#define PTE_U	(1ul << 4)
#define PTE_A	(1ul << 6)	/* A and D are preset: a hart without Svadu would fault */
#define PTE_D	(1ul << 7)
#define PTE_LEAF	(PTE_R | PTE_W | PTE_X)
#define PTE_PPN_SHIFT	10

/* Where the index of a level begins in an address; level 0 is the last table's. */
static unsigned level_shift(unsigned level)
{
	return 12 + 9 * level;
}

__boot void paging_init(struct paging *p, uint64_t *root, uint32_t root_entries,
		 uint64_t (*pool)[PAGING_ENTRIES], uint32_t pool_size, uint32_t levels)
{
	*p = (struct paging){ root, pool, root_entries, pool_size, 0, levels };
	memset(root, 0, root_entries * sizeof(*root));
}

static __boot uint64_t *next_table(struct paging *p, uint64_t *pte)
{
	uint64_t *table;

	if (*pte & PTE_V)
		return *pte & PTE_LEAF ? NULL : (uint64_t *)(uintptr_t)(*pte >> PTE_PPN_SHIFT << 12);
	if (p->pool_used == p->pool_size)
		return NULL;
	table = p->pool[p->pool_used++];
	memset(table, 0, sizeof(p->pool[0]));
	*pte = ((uintptr_t)table >> 12) << PTE_PPN_SHIFT | PTE_V;
	return table;
}

__boot uint64_t *paging_entry(struct paging *p, uint64_t from, unsigned level)
{
	unsigned at = p->levels - 1;
	uint64_t *pte = &p->root[(from >> level_shift(at)) % p->root_entries];

	while (at > level) {
		uint64_t *table = next_table(p, pte);

		if (!table)
			return NULL;
		at--;
		pte = &table[(from >> level_shift(at)) % PAGING_ENTRIES];
	}
	return pte;
}

uint64_t paging_leaf(hpa_t to, unsigned rights)
{
	uint64_t flags = PTE_V | PTE_A | PTE_D;

	flags |= rights & RIGHT_R ? PTE_R : 0;
	flags |= rights & RIGHT_W ? PTE_W : 0;
	flags |= rights & RIGHT_X ? PTE_X : 0;
	flags |= rights & RIGHT_U ? PTE_U : 0;
	return (to.v >> 12) << PTE_PPN_SHIFT | flags;
}

/* The largest level whose leaf fits at this place; leaves of 512 GiB are not used. */
static __boot unsigned leaf_level(uint64_t from, uint64_t to, uint64_t left)
{
	for (unsigned level = 2; level; level--) {
		uint64_t size = 1ull << level_shift(level);

		if (left >= size && !((from | to) & (size - 1)))
			return level;
	}
	return 0;
}

/*
 * Leaves of one size, in one table. *done: bytes, moves on. A larger leaf would begin where the next table does.
 */
static __boot enum err map_run(uint64_t *pte, unsigned level, uint64_t from, uint64_t to, uint64_t size,
			uint64_t *done, unsigned rights)
{
	uint64_t step = 1ull << level_shift(level), leaf = paging_leaf(hpa(to + *done), rights);
	unsigned left = PAGING_ENTRIES - ((from + *done) >> level_shift(level)) % PAGING_ENTRIES;

	do {
		if (*pte & PTE_V)
			return ERR_INVALID;
		*pte++ = leaf;
		leaf += step >> 12 << PTE_PPN_SHIFT;
		*done += step;
	} while (--left && size - *done >= step);
	return OK;
}

__boot enum err paging_map(struct paging *p, uint64_t from, hpa_t to, uint64_t size, unsigned rights)
{
	enum err err = OK;

	for (uint64_t done = 0; done < size && err == OK; ) {
		unsigned level = leaf_level(from + done, to.v + done, size - done);
		uint64_t *pte = paging_entry(p, from + done, level);

		if (!pte)
			return ERR_NOSPACE;
		err = map_run(pte, level, from, to.v, size, &done, rights);
	}
	return err;
}
