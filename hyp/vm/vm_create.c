/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VM is made of, from the plan alone; see vm_create.h. Everything here runs once, at boot, on one hart, but the
 * questions at the end.
 */
#include "hyp/vm/vm_create.h"

#include <libfdt.h>

#include "hyp/base/crc32.h"
#include "hyp/base/panic.h"
#include "hyp/base/str.h"
#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/gstage.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/riscv/work.h"
#include "hyp/vm/entropy.h"
#include "hyp/vm/complain.h"
#include "hyp/vm/vm_life.h"
#include "hyp/vm/vm_stuck.h"

#define ROOT_SIZE	(GSTAGE_ROOT_ENTRIES * sizeof(uint64_t))
#define LINE		64u	/* of a cache: what harts write is apart */

_Static_assert(offsetof(struct vm, devs.vintcs) <= WORK_VM && sizeof(union vintc_state) <= WORK_VPLIC,
	       "what the plan counts");
_Static_assert(sizeof(struct vcpu) <= WORK_VCPU, "likewise");

static struct vm *vms[MAX_VMS];
static struct vcpu *vcpus[MAX_HARTS];	/* by hart index; NULL: a spare hart's */
static struct gstage gstages[MAX_VMS];
static uint32_t nr_vms;			/* constant after vm_create_all() */

/* The extensions that the harts have and that the guest's device tree therefore shows (hyp/plan/isa.c makes both
 * agree). */
static __boot uint64_t envcfg_of(const struct plan_vm *p, const struct plan *plan)
{
	uint32_t f = plan->harts[p->vcpu_hart[0]].features;
	uint64_t envcfg = 0;

	/* CBO.INVAL writes back: else it would uncover what memory held before the guest's RAM was cleared. */
	envcfg |= f & HART_ZICBOM ? ENVCFG_CBIE_FLUSH | ENVCFG_CBCFE : 0;
	envcfg |= f & HART_ZICBOZ ? ENVCFG_CBZE : 0;
	envcfg |= f & HART_SVADU ? ENVCFG_ADUE : 0;
	envcfg |= f & HART_SVPBMT ? ENVCFG_PBMTE : 0;
	return envcfg;
}

static __boot enum err create_gstage(struct vm *vm, struct gstage *g)
{
	for (uint32_t i = 0; i < vm->plan->nr_regions; i++) {
		const struct plan_region *r = &vm->plan->regions[i];
		enum err e = r->kind == REGION_WINDOWS ? OK : gstage_map(g, r->gpa, r->hpa, r->size, r->rights);

		if (e != OK)
			return e;
	}
	vm->hgatp = gstage_hgatp(g, vm->index + 1);
	return OK;
}

static __boot void create_vcpus(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		uint32_t hart = vm->plan->vcpu_hart[i];
		struct vcpu *v = vcpus[hart];

		memset(v, 0, sizeof(*v));
		v->vm = vm;
		v->index = i;
		v->hart = hart_get(hart);
		v->hart->vcpu = v;
		v->hsm = SBI_HSM_STATE_STOPPED;
		vm->vcpus[i] = v;
	}
}

/* All VMs' tables, pages, before what is smaller: each multiple is met once. */
static __boot void take_memory(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		gstages[i].root = work_take(ROOT_SIZE, ROOT_SIZE);
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		uint32_t tables = plan_gstage_tables(&plan->vms[i]);

		gstage_init(&gstages[i], plan->vms[i].gstage_levels, gstages[i].root,
			    work_take(tables * PAGE_SIZE, PAGE_SIZE), tables);
	}
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		uint64_t plics = plan->vms[i].nr_vplics * sizeof(union vintc_state);

		vms[i] = work_take(offsetof(struct vm, devs.vintcs) + plics, LINE);
	}
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		for (uint32_t v = 0; v < plan->vms[i].nr_vcpus; v++)
			vcpus[plan->vms[i].vcpu_hart[v]] = work_take(sizeof(struct vcpu), LINE);
}

/* The guest's device tree, behind all else: only now is it known how large it is. */
static __boot enum err create_tree(struct vm *vm, const struct plan *plan, const struct host *host, struct reporter *r)
{
	uint64_t room;
	void *dtb = work_rest(&room);
	enum err e = guest_dt_build(dtb, room < GUEST_DTB_MAX ? room : GUEST_DTB_MAX, plan, host, vm->index, r);

	if (e != OK)
		return e;
	vm->dtb = dtb;
	vm->dtb_size = fdt_totalsize(dtb);
	vm->rng_seed = guest_dt_chosen(dtb, "rng-seed", RNG_SEED_SIZE);
	vm->kaslr_seed = guest_dt_chosen(dtb, "kaslr-seed", KASLR_SEED_SIZE);
	work_take(vm->dtb_size, 8);
	return OK;
}

__boot enum err vm_create_all(const struct plan *plan, const struct host *host, struct reporter *r)
{
	vm_begin(plan);
	nr_vms = plan->nr_vms;
	memset(vcpus, 0, sizeof(vcpus));
	take_memory(plan);
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		struct vm *vm = vms[i];
		enum err e;

		memset(vm, 0, offsetof(struct vm, devs.vintcs));	/* vdevs_create() sets the rest */
		vm->plan = &plan->vms[i];
		if (!vm->plan->policy.in_place && !(plan->harts[vm->plan->vcpu_hart[0]].features & HART_ZBC))
			crc32_init();	/* see vm_load() */
		vm->index = i;
		vm->envcfg = envcfg_of(vm->plan, plan);
		vm->all = UINT64_MAX >> (64 - vm->plan->nr_vcpus);
		vm->fence.by_mail = true;
		for (uint32_t n = 0; n < vm->plan->nr_vcpus; n++)
			vm->fence.by_mail &= plan->harts[vm->plan->vcpu_hart[n]].setssip.v != 0;
		vm->clean_block = plan->harts[vm->plan->vcpu_hart[0]].cbom_block;
		rate_limit_init(&vm->complaints, COMPLAINTS_BURST, COMPLAINTS_SECONDS * plan->timebase_hz);
		rate_limit_init(&vm->lives, LIVES_BURST, LIVES_SECONDS * plan->timebase_hz);
		vm->log_life = true;
		vm->watchdog_ticks = vm->plan->policy.watchdog_ms * plan->timebase_hz / 1000;
		vm->file_ids = plan->file_ids;
		vm->ms_ticks = plan->timebase_hz / 1000 + 1;
		vm->check_ticks = plan->timebase_hz * STUCK_SECONDS / STUCK_CHECKS;
		ASSERT(create_gstage(vm, &gstages[i]) == OK);	/* the plan has counted the tables */
		create_vcpus(vm);
		vdevs_create(&vm->devs, plan, i, &gstages[i]);
		e = create_tree(vm, plan, host, r);
		if (e != OK)
			return e;
		entropy_create(vm);
		vm->state = VM_STARTING;
		vm->alive = true;
	}
	entropy_finish();
	return OK;
}

struct vm *vm_get(uint32_t index)
{
	return vms[index];
}

uint32_t vm_count(void)
{
	return nr_vms;
}

struct vcpu *vm_vcpu_of_hart(uint32_t hart_index)
{
	return vcpus[hart_index];
}
