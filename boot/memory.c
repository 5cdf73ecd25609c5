/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own address space and stacks; see memory.h. Boot hart only.
 */
#include "boot/memory.h"

#include "boot/boot.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/work.h"
#include "hyp/riscv/sstage.h"

struct guarded_stack {
	uint8_t guard[PAGE_SIZE];	/* not mapped: an overflow traps */
	uint8_t stack[HART_STACK_SIZE];
};

_Static_assert(HART_STACK_SIZE % PAGE_SIZE == 0, "guards are whole pages");

_Static_assert(PLAN_HYP_END == SSTAGE_WINDOW_BASE, "the planner moves the image to where these tables reach");

_Static_assert(HART_STACK_SIZE == WORK_STACK, "what the plan counts");

static struct guarded_stack *stacks;	/* one behind the other, of the harts that run */
static uint32_t nr_stacks;
static uint8_t stack_of[MAX_HARTS];	/* index of a hart's stack, NO_STACK */
static uint64_t (*tables)[PAGING_ENTRIES];

#define NO_STACK	0xff

void memory_take(const struct plan *plan)
{
	nr_stacks = 0;
	for (uint32_t i = 0; i < plan->nr_harts; i++)
		stack_of[i] = plan_hart_runs(plan, i) ? nr_stacks++ : NO_STACK;
	stacks = work_take(nr_stacks * sizeof(*stacks), PAGE_SIZE);
	tables = work_take(plan->work.own_tables * PAGE_SIZE, PAGE_SIZE);
}

uint64_t memory_stack_top(uint32_t hart_index)
{
	uint8_t index = stack_of[hart_index];

	return index == NO_STACK ? 0 : (uintptr_t)stacks[index].stack + HART_STACK_SIZE;
}

static enum err map_between(const void *from, const void *to, unsigned rights)
{
	uint64_t base = (uintptr_t)from, end = (uintptr_t)to;

	return end > base ? sstage_map(base, end - base, rights) : OK;
}

/* Data and the rest of the image, and the stacks of harts that run, without their guard pages. */
static enum err map_data(const struct plan *plan)
{
	const void *end = (const void *)(plan->hyp.base + plan->hyp.size);
	enum err e = map_between(__rodata_end, stacks, RIGHT_R | RIGHT_W);

	for (uint32_t i = 0; i < nr_stacks && e == OK; i++)
		e = sstage_map((uintptr_t)stacks[i].stack, HART_STACK_SIZE, RIGHT_R | RIGHT_W);
	return e == OK ? map_between(stacks + nr_stacks, end, RIGHT_R | RIGHT_W) : e;
}

/* Without the images that guests use in place: these belong to the guests. */
static enum err map_package(const struct plan *plan)
{
	uint64_t at = plan->hyp.base, end = (uintptr_t)__image_start;
	struct range piece;
	enum err e = OK;

	for (; e == OK && plan_hyp_piece(plan, at, &piece) && piece.base < end; at = range_last(piece) + 1) {
		uint64_t size = range_last(piece) < end ? piece.size : end - piece.base;

		e = sstage_map(piece.base, size, RIGHT_R);
	}
	return e;
}

/* The pages with the registers by which harts are interrupted; several share one, and a page is mapped once. */
static enum err map_setssip(const struct plan *plan)
{
	enum err e = OK;

	for (uint32_t i = 0; i < plan->nr_harts && e == OK; i++) {
		uint64_t page = align_down(plan->harts[i].setssip.v, PAGE_SIZE);
		uint32_t first = 0;

		while (align_down(plan->harts[first].setssip.v, PAGE_SIZE) != page)
			first++;
		if (page && first == i)
			e = sstage_map(page, PAGE_SIZE, RIGHT_R | RIGHT_W);
	}
	return e;
}

/* Pages of devices that guests share: what a guest does there, the hypervisor does for it. */
static enum err map_window_pages(const struct plan_vm *v)
{
	enum err e = OK;

	for (uint32_t i = 0; i < v->nr_regions && e == OK; i++) {
		const struct plan_region *m = &v->regions[i];

		for (uint64_t at = 0; m->kind == REGION_WINDOWS && at < m->size && e == OK; at += PAGE_SIZE) {
			e = sstage_map(m->hpa.v + at, PAGE_SIZE, RIGHT_R | RIGHT_W);
			if (e == ERR_INVALID)	/* it has the hypervisor's own device, or another guest's */
				e = OK;
		}
	}
	return e;
}

static enum err map_devices(const struct plan *plan)
{
	enum err e = map_setssip(plan);

	for (uint32_t i = 0; i < plan->nr_intcs && e == OK; i++)
		e = sstage_map(plan->intcs[i].base.v, plan->intcs[i].size, RIGHT_R | RIGHT_W);
	for (uint32_t i = 0; i < plan->nr_iommus && e == OK; i++)
		e = sstage_map(plan->iommus[i].base.v, PAGE_SIZE, RIGHT_R | RIGHT_W);
	for (uint32_t i = 0; i < plan->nr_harts && e == OK; i++)	/* for virtual sources of their guests */
		if (plan->harts[i].vm != NO_OWNER && plan->harts[i].file.v)
			e = sstage_map(plan->harts[i].file.v, PAGE_SIZE, RIGHT_R | RIGHT_W);
	if (e == OK && plan->console.kind != CONSOLE_SBI)
		e = sstage_map(plan->console.base.v, plan->console.size, RIGHT_R | RIGHT_W);
	for (uint32_t i = 0; i < plan->nr_vms && e == OK; i++)
		e = map_window_pages(&plan->vms[i]);
	return e;
}

enum err memory_map_self(const struct plan *plan)
{
	enum err e = sstage_init(plan_sstage_levels(plan), tables, plan->work.own_tables);

	if (e == OK)
		e = map_between(__run_start, __text_end, RIGHT_R | RIGHT_X);
	if (e == OK)
		e = map_between(__text_end, __rodata_end, RIGHT_R);
	if (e == OK)
		e = map_data(plan);
	if (e == OK)
		e = map_package(plan);
	return e == OK ? map_devices(plan) : e;
}
