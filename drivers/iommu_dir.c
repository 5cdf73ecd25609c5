/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device directories; see iommu_dir.h. */
#include "drivers/iommu_dir.h"

#include "hyp/base/panic.h"
#include "hyp/base/str.h"
#include "hyp/riscv/work.h"

#define ENTRIES		512u	/* of 8 bytes, of a page */
#define ENTRY_V		1ull
#define ENTRY_PPN	10	/* also of ddtp */

/* Doublewords of a context, and bits of the first. */
#define DC_TC		0
#define DC_IOHGATP	1
#define TC_V		1ull
#define TC_DTF		(1ull << 4)
#define GSCID_SHIFT	44

struct directory {
	uint64_t *root;
	uint32_t levels;	/* 1 to 3, as the mode in ddtp is 2 to 4 */
	uint32_t leaf_bits;	/* of an id: index in a page of contexts */
	uint32_t dc_words;	/* doublewords of a context */
};

static uint64_t (*tables)[ENTRIES];	/* IOMMU_TABLES of them */
static uint8_t leaf_of[IOMMU_TABLES];	/* of a page of contexts: the IOMMU + 1; 0: it is none */
static uint32_t nr_tables;
static struct directory directories[MAX_IOMMUS];

__boot void iommu_dir_init(void)
{
	tables = work_take(IOMMU_TABLES * PAGE_SIZE, PAGE_SIZE);
	nr_tables = 0;
	memset(leaf_of, 0, sizeof(leaf_of));
}

uint64_t iommu_dir_end(void)
{
	return (uintptr_t)&tables[IOMMU_TABLES];
}

static uint64_t *new_table(void)
{
	ASSERT(nr_tables < IOMMU_TABLES);
	memset(tables[nr_tables], 0, sizeof(tables[0]));
	return tables[nr_tables++];
}

static __boot uint64_t *new_leaf(uint32_t iommu)
{
	uint64_t *table = new_table();

	leaf_of[nr_tables - 1] = (uint8_t)(iommu + 1);
	return table;
}

static uint64_t entry_of(const uint64_t *table)
{
	return (uint64_t)(uintptr_t)table >> 12 << ENTRY_PPN | ENTRY_V;
}

static uint64_t *table_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry >> ENTRY_PPN << 12);
}

/* The entry that names the page of contexts of that block of ids. NULL: the table with it is not there, and create is
 * false. Not with one level. */
static uint64_t *block_entry(const struct directory *d, uint32_t block, bool create)
{
	uint64_t *entry;

	if (d->levels == 2)
		return &d->root[block];
	entry = &d->root[block / ENTRIES];
	if (!(*entry & ENTRY_V) && create)
		*entry = entry_of(new_table());
	return *entry & ENTRY_V ? &table_of(*entry)[block % ENTRIES] : NULL;
}

/* The contexts from first to last of a page are that VM's, and blocked. */
static __boot void own(const struct directory *d, uint64_t *leaf, uint32_t first, uint32_t last, uint32_t vm)
{
	for (uint32_t i = first; i <= last; i++)
		leaf[i * d->dc_words + DC_IOHGATP] = (uint64_t)iommu_gscid((uint8_t)vm) << GSCID_SHIFT;
}

/* A range of ids of a VM. *shared: the page for blocks that are all the VM's, once there is one. */
static __boot void own_range(uint32_t iommu, const struct plan_dma_ids *ids, uint32_t vm, uint64_t **shared)
{
	const struct directory *d = &directories[iommu];
	uint32_t size = 1u << d->leaf_bits, last = ids->first + ids->count - 1;

	for (uint32_t block = ids->first / size; block <= last / size; block++) {
		uint32_t from = block == ids->first / size ? ids->first % size : 0;
		uint32_t to = block == last / size ? last % size : size - 1;
		bool whole = d->levels > 1 && !from && to == size - 1;
		uint64_t *entry = d->levels > 1 ? block_entry(d, block, true) : NULL;

		if (!entry) {
			own(d, d->root, from, to, vm);
			continue;
		}
		if (!*entry && whole && *shared) {
			*entry = entry_of(*shared);
			continue;
		}
		if (!*entry)
			*entry = entry_of(new_leaf(iommu));
		if (whole && !*shared)
			*shared = table_of(*entry);
		own(d, table_of(*entry), from, to, vm);
	}
}

__boot uint64_t iommu_dir_create(const struct plan *plan, uint32_t iommu, bool extended)
{
	struct directory *d = &directories[iommu];
	uint32_t last = plan->iommus[iommu].last_id;
	uint64_t *shared;

	d->leaf_bits = extended ? 6 : 7;
	d->dc_words = extended ? 8 : 4;
	d->levels = last >> d->leaf_bits ? last >> (d->leaf_bits + 9) ? 3 : 2 : 1;
	d->root = d->levels == 1 ? new_leaf(iommu) : new_table();
	for (uint32_t vm = 0; vm < plan->nr_vms; vm++) {
		shared = NULL;
		for (uint32_t i = 0; i < plan->vms[vm].nr_dma_ids; i++)
			if (plan->vms[vm].dma_ids[i].iommu == iommu)
				own_range(iommu, &plan->vms[vm].dma_ids[i], vm, &shared);
	}
	return (uint64_t)(uintptr_t)d->root >> 12 << ENTRY_PPN | (d->levels + 1);
}

/* Each context of the VM once; n counts from 0. NULL: there are no more. */
static uint64_t *next_context(uint32_t iommu, uint32_t vm, uint32_t *n)
{
	const struct directory *d = &directories[iommu];
	uint32_t size = 1u << d->leaf_bits;

	for (; *n < nr_tables * size; (*n)++) {
		uint64_t *dc = &tables[*n / size][*n % size * d->dc_words];

		if (leaf_of[*n / size] != iommu + 1) {
			*n += size - 1;
			continue;
		}
		if ((dc[DC_IOHGATP] >> GSCID_SHIFT & 0xffff) == iommu_gscid((uint8_t)vm)) {
			(*n)++;
			return dc;
		}
	}
	return NULL;
}

/* A context is valid only after all of it has been written, and is not changed while it is. */
void iommu_dir_open(uint32_t iommu, uint32_t vm, uint64_t iohgatp)
{
	uint64_t *dc;

	ASSERT((iohgatp >> GSCID_SHIFT & 0xffff) == iommu_gscid((uint8_t)vm));
	for (uint32_t n = 0; (dc = next_context(iommu, vm, &n)); ) {
		dc[DC_IOHGATP] = iohgatp;
		__atomic_store_n(&dc[DC_TC], TC_V, __ATOMIC_RELEASE);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void iommu_dir_close(uint32_t iommu, uint32_t vm)
{
	uint64_t *dc;

	for (uint32_t n = 0; (dc = next_context(iommu, vm, &n)); )
		__atomic_store_n(&dc[DC_TC], 0, __ATOMIC_RELEASE);
}

void iommu_dir_silence(uint32_t iommu, uint32_t vm)
{
	uint64_t *dc;

	for (uint32_t n = 0; (dc = next_context(iommu, vm, &n)); )
		if (dc[DC_TC] & TC_V)
			__atomic_store_n(&dc[DC_TC], TC_V | TC_DTF, __ATOMIC_RELEASE);
}

uint8_t iommu_dir_owner(uint32_t iommu, uint32_t id)
{
	const struct directory *d = &directories[iommu];
	uint32_t block = id >> d->leaf_bits, index = id & ((1u << d->leaf_bits) - 1);
	const uint64_t *entry, *leaf = d->root;
	uint64_t gscid;

	if (block >> (9 * (d->levels - 1)))
		return NO_OWNER;
	if (d->levels > 1) {
		entry = block_entry(d, block, false);
		if (!entry || !*entry)
			return NO_OWNER;
		leaf = table_of(*entry);
	}
	gscid = leaf[index * d->dc_words + DC_IOHGATP] >> GSCID_SHIFT & 0xffff;
	return gscid ? (uint8_t)(gscid - 1) : NO_OWNER;
}
