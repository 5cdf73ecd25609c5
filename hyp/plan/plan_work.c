/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory the hypervisor needs: as long as it boots, for any machine, which the image's header asks for; and
 * while guests run, which is known once all else is planned. hyp/riscv/work.h hands it out.
 */
#include "hyp/plan/plan_int.h"

#define TABLE		PAGE_SIZE
#define SMALL_ALIGN	64u
#define ROOT_SIZE	(4 * PAGE_SIZE)	/* of an x4 table, at a multiple of its size */
#define MARGIN		(ROOT_SIZE + PAGE_SIZE)	/* free before the first stack and the first root: alignment */
#define PLAN_TEXT	1024u	/* of a guest, and of the machine, usually; there is room for more, */
#define PLAN_TEXT_MAX	16384u
#define STACK_SIZE	(WORK_STACK + PAGE_SIZE)	/* with the guard page */

uint64_t plan_scratch_size(void)
{
	return align_up(sizeof(struct host) + sizeof(struct config) + BOOT_DTB_MAX + PAGE_SIZE, PAGE_SIZE);
}

uint64_t plan_boot_memory(const struct config *config)
{
	uint64_t harts = 1, vms = config->nr_vms;	/* the console may have a hart of its own */
	uint64_t vm = ROOT_SIZE + GSTAGE_TABLES_MAX * TABLE + WORK_VM + MAX_INTCS * WORK_VPLIC + WORK_CONSOLE +
		      MAX_CARDS * WORK_CARD + PLAN_TEXT_MAX + GUEST_DTB_MAX + 5 * SMALL_ALIGN;

	for (uint32_t i = 0; i < config->nr_vms; i++)
		harts += config->vms[i].nr_harts;
	harts *= STACK_SIZE + WORK_VCPU + SMALL_ALIGN;
	return align_up(MARGIN + PLAN_TEXT + (IOMMU_TABLES + 2 * MAX_IOMMUS) * TABLE + ROOT_SIZE + vms * vm +
			SSTAGE_TABLES_MAX * TABLE + harts, PAGE_SIZE) +
	       plan_scratch_size();
}

/* The page tables that a range needs at most if its ends are anywhere, but for those with leaves of 512 GiB. */
static uint32_t tables_of(struct range r, uint32_t levels)
{
	uint32_t blocks = (uint32_t)((range_last(r) >> 21) - (r.base >> 21) + 1);

	return (uint32_t)((range_last(r) >> 30) - (r.base >> 30) + 1) + (blocks < 2 ? blocks : 2) + (levels > 3);
}

/* For the pages of devices that guests share. */
static uint32_t window_tables(const struct plan_vm *v, uint32_t levels)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->nr_regions; i++) {
		if (v->regions[i].kind == REGION_WINDOWS)
			n += tables_of((struct range){ v->regions[i].hpa.v, v->regions[i].size }, levels);
	}
	return n;
}

/* Of the hypervisor's own page tables, below the root: for its image, piece by piece, its work space, and devices. */
static uint32_t own_tables(const struct plan *plan, uint64_t core_size)
{
	uint32_t levels = plan_sstage_levels(plan), n = 1 + (levels > 3);	/* the windows to guests' memory */
	uint64_t at = plan->hyp.base, page, last = 0;
	struct range piece;

	for (; plan_hyp_piece(plan, at, &piece); at = range_last(piece) + 1)
		n += tables_of(piece, levels);
	n += (uint32_t)(core_size >> 21) + 1;	/* parts of it have rights, and thus leaves, of their own */
	for (uint32_t i = 0; i < plan->nr_intcs; i++)
		n += tables_of((struct range){ plan->intcs[i].base.v, plan->intcs[i].size }, levels);
	for (uint32_t i = 0; i < plan->nr_iommus; i++)
		n += tables_of((struct range){ plan->iommus[i].base.v, PAGE_SIZE }, levels);
	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		page = align_down(plan->harts[i].setssip.v, PAGE_SIZE);
		if (page && page != last)
			n += tables_of((struct range){ page, PAGE_SIZE }, levels);
		last = page;
	}
	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		page = plan->harts[i].vm == NO_OWNER ? 0 : plan->harts[i].file.v;
		if (page && page >> 21 != last >> 21)
			n += tables_of((struct range){ page, PAGE_SIZE }, levels);
		last = page ? page : last;
	}
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		n += window_tables(&plan->vms[i], levels);
	if (plan->console.kind != CONSOLE_SBI)
		n += tables_of(range_pages((struct range){ plan->console.base.v, plan->console.size }), levels);
	return n < SSTAGE_TABLES_MAX ? n : SSTAGE_TABLES_MAX;
}

/* What a guest's device tree usually has; a larger one grows into the memory behind, which is free while this boots. */
static uint64_t usual_tree(const struct plan_vm *v)
{
	return GUEST_DTB_SLACK + 3 * KIB + v->nr_vcpus * 384u + v->nr_devices * 512u;
}

static uint64_t total(const struct plan_work *w)
{
	return align_up(w->tables + w->stacks + w->guests + w->consoles + w->trees, PAGE_SIZE);
}

void plan_work(struct planner *pl)
{
	struct plan *plan = pl->plan;
	uint64_t image = pl->package->image, core;
	struct plan_work *w = &plan->work;

	*w = (struct plan_work){ .image = image, .tables = MARGIN, .consoles = PLAN_TEXT };
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		w->tables += ROOT_SIZE + plan_gstage_tables(&plan->vms[i]) * TABLE;
		w->guests += align_up(WORK_VM + plan->vms[i].nr_vplics * WORK_VPLIC, SMALL_ALIGN) +
			     plan->vms[i].nr_vcpus * align_up(WORK_VCPU, SMALL_ALIGN) +
			     align_up(plan->vms[i].nr_cards * WORK_CARD, SMALL_ALIGN);
		w->consoles += align_up(WORK_CONSOLE, SMALL_ALIGN) + PLAN_TEXT;
		w->trees += usual_tree(&plan->vms[i]);
	}
	if (plan->nr_iommus)	/* directories, and two queues each; what follows them is aligned to a root */
		w->tables += (IOMMU_TABLES + 2 * plan->nr_iommus) * TABLE + ROOT_SIZE;
	for (uint32_t i = 0; i < plan->nr_harts; i++)
		w->stacks += plan_hart_runs(plan, i) ? STACK_SIZE : 0;
	if (!image)
		return;
	core = image - (pl->package->header ? pl->package->header->total_size : 0) + total(w);
	w->own_tables = own_tables(plan, core);
	w->tables += w->own_tables * TABLE;
	plan->hyp.size = image + total(w);
}
