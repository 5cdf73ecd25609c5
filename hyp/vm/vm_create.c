/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VM is made of, from the plan alone; see vm_create.h. Everything here runs once, at boot, on one hart, but the
 * questions at the end.
 */
#include "hyp/vm/vm_create.h"

#include <libfdt.h>

#include "drivers/plic.h"
#include "hyp/base/crc32.h"
#include "hyp/base/panic.h"
#include "hyp/base/str.h"
#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/gstage.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/vm/entropy.h"
#include "hyp/vm/complain.h"
#include "hyp/vm/vm_life.h"
#include "hyp/vm/vm_stuck.h"

static struct vm vms[MAX_VMS] __attribute__((section(".noinit")));
static struct vcpu vcpus[MAX_HARTS] __attribute__((section(".noinit")));	/* by hart index; those in use are zeroed */
static struct gstage gstages[MAX_VMS] __attribute__((section(".noinit")));
static uint32_t nr_vms;			/* constant after vm_create_all() */
static uint8_t dtbs[MAX_VMS][GUEST_DTB_MAX] __attribute__((section(".noinit"), aligned(8)));

/* What the harts have and what the guest's device tree therefore says (hyp/plan/isa.c keeps both alike). */
static uint64_t envcfg_of(const struct plan_vm *p, const struct plan *plan)
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

static enum err create_gstage(struct vm *vm, struct gstage *g)
{
	gstage_init(g, vm->plan->gstage_levels);
	for (uint32_t i = 0; i < vm->plan->nr_regions; i++) {
		const struct plan_region *r = &vm->plan->regions[i];
		enum err e = gstage_map(g, r->gpa, r->hpa, r->size, r->rights);

		if (e != OK)
			return e;
	}
	vm->hgatp = gstage_hgatp(g, vm->index + 1);
	return OK;
}

/* The host's page of the context that this vcpu has of a PLIC. False: it cannot be mapped; no page: it has none. */
static bool context_page(const struct plan *plan, const struct vm *vm, uint32_t plic, uint32_t vcpu, hpa_t *page)
{
	int16_t context = plan->harts[vm->plan->vcpu_hart[vcpu]].plic_context[plic];

	*page = hpa(0);
	return context == NO_CONTEXT || plic_context_page(plic, (uint32_t)context, page);
}

static bool can_pass(const struct plan *plan, const struct vm *vm, uint32_t plic)
{
	hpa_t page;

	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++)
		if (!context_page(plan, vm, plic, i, &page))
			return false;
	return true;
}

/* Maps the page of each context of one PLIC. A vcpu without one stays emulated: nothing physical ever pends there. */
static void pass_contexts(const struct plan *plan, struct vm *vm, uint32_t plic, struct gstage *g)
{
	const struct plan_vplic *w = &vm->plan->vplics[plic];
	unsigned rights = vm->plic_mode == PLIC_MAPPED ? RIGHT_R | RIGHT_W : RIGHT_R;
	hpa_t page;

	vplic_set_passed(&vm->vplics[plic], vm->plic_mode);
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		gpa_t at = gpa(w->base.v + PLIC_CONTEXT_BASE + PLIC_CONTEXT_STRIDE * (2 * i + 1));
		uint64_t *entry;

		context_page(plan, vm, w->plic, i, &page);
		if (!page.v)
			continue;
		ASSERT(gstage_map(g, at, page, PAGE_SIZE, rights) == OK);
		entry = paging_entry(&g->tables, at.v, 0);
		vplic_set_page(&vm->vplics[plic], i, entry, *entry);
	}
}

/* Creates the PLICs that the VM sees; their contexts are passed to it, if that is wanted and possible for all of them. */
static void create_vplics(const struct plan *plan, struct vm *vm, struct gstage *g)
{
	vm->plic_mode = vm->plan->nr_vplics ? vm->plan->policy.plic_mode : PLIC_EMULATED;
	for (uint32_t i = 0; i < vm->plan->nr_vplics; i++) {
		vplic_create(&vm->vplics[i], plan, vm->index, i);
		if (!can_pass(plan, vm, vm->plan->vplics[i].plic))
			vm->plic_mode = PLIC_EMULATED;
	}
	for (uint32_t i = 0; i < vm->plan->nr_vplics && vm_passes(vm); i++)
		pass_contexts(plan, vm, i, g);
}

static void create_vuart(struct vm *vm)
{
	const struct plan_vuart *u = &vm->plan->vuart;

	if (!u->size)
		return;
	if (u->irq)	/* the plan has checked both */
		ASSERT(vm->plic_mode != PLIC_MAPPED && vplic_add_virtual(&vm->vplics[u->vplic], u->irq) == OK);
	vuart_create(&vm->vuart, u, vm->index, &vm->vplics[u->vplic]);
}

static void create_vcpus(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		uint32_t hart = vm->plan->vcpu_hart[i];
		struct vcpu *v = &vcpus[hart];

		memset(v, 0, sizeof(*v));
		v->vm = vm;
		v->index = i;
		v->hart = hart_get(hart);
		v->hart->vcpu = v;
		v->hsm = SBI_HSM_STATE_STOPPED;
		vm->vcpus[i] = v;
	}
}

enum err vm_create_all(const struct plan *plan, const struct host *host, struct reporter *r)
{
	vm_begin(plan);
	nr_vms = plan->nr_vms;
	for (uint32_t i = 0; i < MAX_HARTS; i++)
		vcpus[i].vm = NULL;	/* a spare hart's: see vm_vcpu_of_hart() */
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		struct vm *vm = &vms[i];
		enum err e;

		memset(vm, 0, offsetof(struct vm, vplics));	/* vplic_create() sets the rest */
		vm->plan = &plan->vms[i];
		if (!vm->plan->policy.in_place && !(plan->harts[vm->plan->vcpu_hart[0]].features & HART_ZBC))
			crc32_init();	/* see vm_load() */
		vm->index = i;
		vm->envcfg = envcfg_of(vm->plan, plan);
		vm->clean_block = plan->harts[vm->plan->vcpu_hart[0]].cbom_block;
		rate_limit_init(&vm->complaints, COMPLAINTS_BURST, COMPLAINTS_SECONDS * plan->timebase_hz);
		rate_limit_init(&vm->lives, LIVES_BURST, LIVES_SECONDS * plan->timebase_hz);
		vm->log_life = true;
		vm->watchdog_ticks = vm->plan->policy.watchdog_ms * plan->timebase_hz / 1000;
		vm->look_ticks = plan->timebase_hz * STUCK_SECONDS / STUCK_LOOKS;
		ASSERT(create_gstage(vm, &gstages[i]) == OK);	/* the plan has counted the tables */
		create_vcpus(vm);
		create_vplics(plan, vm, &gstages[i]);
		create_vuart(vm);
		e = guest_dt_build(dtbs[i], sizeof(dtbs[i]), plan, host, i, r);
		if (e != OK)
			return e;
		vm->dtb = dtbs[i];
		vm->dtb_size = fdt_totalsize(dtbs[i]);
		vm->rng_seed = guest_dt_chosen(dtbs[i], "rng-seed", RNG_SEED_SIZE);
		vm->kaslr_seed = guest_dt_chosen(dtbs[i], "kaslr-seed", KASLR_SEED_SIZE);
		entropy_create(vm);
		vm->state = VM_STARTING;
		vm->alive = true;
	}
	entropy_finish();
	return OK;
}

struct vm *vm_get(uint32_t index)
{
	return &vms[index];
}

uint32_t vm_count(void)
{
	return nr_vms;
}

struct vcpu *vm_vcpu_of_hart(uint32_t hart_index)
{
	return vcpus[hart_index].vm ? &vcpus[hart_index] : NULL;
}
