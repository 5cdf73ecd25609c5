/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true of every plan, checked by comparing each thing with each other thing, and
 * written without a look at how the planner does it. Used by unit tests and fuzz targets.
 */
#include <string.h>

#include "tests/unit/lib/oracle_int.h"

char oracle_why[300];

static const char *check_harts(const struct host *host, const struct config *config,
			       const struct plan *plan)
{
	for (unsigned vm = 0; vm < plan->nr_vms; vm++) {
		const struct plan_vm *v = &plan->vms[vm];

		FAIL_IF(!v->nr_vcpus || v->nr_vcpus != config->vms[vm].nr_harts, "%s: vcpus", v->name);
		for (unsigned i = 0; i < v->nr_vcpus; i++) {
			const struct plan_hart *h = &plan->harts[v->vcpu_hart[i]];

			FAIL_IF(v->vcpu_hart[i] >= host->nr_harts, "%s: no such hart", v->name);
			FAIL_IF(h->id != config->vms[vm].harts[i], "%s: hart %u is another", v->name, i);
			FAIL_IF(h->vm != vm || h->vcpu != i, "%s: hart %u has another owner", v->name, i);
			FAIL_IF(!(h->features & HART_H), "%s: hart %u without H", v->name, i);
			FAIL_IF(v->sstc && !(h->features & HART_SSTC), "%s: Sstc", v->name);
		}
		for (unsigned other = 0; other < vm; other++)
			for (unsigned i = 0; i < v->nr_vcpus; i++)
				for (unsigned j = 0; j < plan->vms[other].nr_vcpus; j++)
					FAIL_IF(v->vcpu_hart[i] == plan->vms[other].vcpu_hart[j],
						"%s: shares a hart", v->name);
	}
	return NULL;
}

/* An image in place: at its own address, with no other image of any guest in its pages, nor the package's header. */
static bool in_package(const struct plan *plan, const struct plan_vm *v, const struct plan_region *m)
{
	const struct plan_image *own = NULL;

	for (unsigned role = 0; role < NR_IMAGE_ROLES; role++)
		if (v->images[role].name[0] && v->images[role].source.v == m->hpa.v)
			own = &v->images[role];
	if (!v->policy.in_place || !own || m->gpa.v != m->hpa.v || own->size > m->size ||
	    m->hpa.v <= plan->hyp.base || m->hpa.v + m->size > plan->hyp.base + plan->hyp.size)
		return false;
	for (unsigned i = 0; i < plan->nr_vms; i++)
		for (unsigned role = 0; role < NR_IMAGE_ROLES; role++) {
			const struct plan_image *o = &plan->vms[i].images[role];

			if (o != own && o->name[0] && meet(m->hpa.v, m->size, o->source.v, o->size))
				return false;
		}
	return true;
}

/*
 * Below where the image was loaded nothing is a guest's: it is reserved, or may be the firmware's. Unless a person has
 * said what the firmware has; then that has no owner.
 */
bool oracle_has_firmware(const struct config *config, const struct plan *plan, uint64_t base, uint64_t size)
{
	for (unsigned i = 0; i < config->nr_firmware; i++)
		if (meet(base, size, config->firmware[i].base, config->firmware[i].size))
			return true;
	return !config->has_firmware && base < plan->loaded.base;
}

static const char *check_ram(const struct host *host, const struct config *config, const struct plan *plan,
			     const struct plan_vm *v, const struct plan_region *m)
{
	bool inside = false;

	for (unsigned i = 0; i < host->nr_ram; i++)
		inside |= m->hpa.v >= host->ram[i].base &&
			  m->hpa.v + (m->size - 1) <= host->ram[i].base + (host->ram[i].size - 1);
	FAIL_IF(!inside, "%s: 0x%lx is not RAM", v->name, m->hpa.v);
	FAIL_IF(m->rights != (RIGHT_R | RIGHT_W | RIGHT_X), "%s: rights of RAM", v->name);
	FAIL_IF(meet(m->hpa.v, m->size, plan->hyp.base, plan->hyp.size) && !in_package(plan, v, m),
		"%s: has the hypervisor", v->name);
	FAIL_IF(oracle_has_firmware(config, plan, m->hpa.v, m->size) && !in_package(plan, v, m), "%s: has the firmware",
		v->name);
	for (unsigned i = 0; i < host->nr_reserved; i++)
		FAIL_IF(meet(m->hpa.v, m->size, host->reserved[i].range.base,
			     host->reserved[i].range.size), "%s: has reserved memory", v->name);
	for (unsigned i = 0; i < plan->nr_vms; i++)
		for (unsigned j = 0; j < plan->vms[i].nr_regions; j++) {
			const struct plan_region *o = &plan->vms[i].regions[j];

			FAIL_IF(o != m && meet(m->hpa.v, m->size, o->hpa.v, o->size),
				"%s: shares RAM 0x%lx", v->name, m->hpa.v);
		}
	for (unsigned i = 0; i < plan->nr_free; i++)
		FAIL_IF(meet(m->hpa.v, m->size, plan->free[i].base, plan->free[i].size),
			"%s: has RAM that counts as free", v->name);
	return NULL;
}

/* The first guest file of one of the VM's own harts, behind the page of S-level, and of no other VM's. */
static const char *check_file(const struct host *host, const struct plan *plan, const struct plan_vm *v,
			      const struct plan_region *m)
{
	unsigned found = 0;

	FAIL_IF(m->gpa.v != m->hpa.v || m->size != PAGE_SIZE, "%s: a file is remapped", v->name);
	FAIL_IF(m->rights != (RIGHT_R | RIGHT_W), "%s: rights of a file", v->name);
	FAIL_IF(!v->files, "%s: a file of a guest without files", v->name);
	for (unsigned i = 0; i < host->nr_harts; i++) {
		if (!host->imsic.file[i] || host->imsic.file[i] + PAGE_SIZE != m->hpa.v)
			continue;
		found++;
		FAIL_IF(plan->harts[i].vm != v - plan->vms || plan->harts[i].vcpu != m->device,
			"%s: the file of another's hart", v->name);
	}
	FAIL_IF(found != 1, "%s: the file of %u harts", v->name, found);
	for (unsigned i = 0; i < host->nr_regs; i++)
		FAIL_IF(owns(host, v, host->regs[i].node) &&
			meet(m->hpa.v, m->size, host->regs[i].range.base, host->regs[i].range.size),
			"%s: a file in a device", v->name);
	return NULL;
}

/* The guest's own address space. */
static const char *check_space(const struct plan_vm *v)
{
	uint64_t limit = v->gstage_levels == 4 ? 1ull << 50 : 1ull << 41;

	for (unsigned i = 0; i < v->nr_regions; i++) {
		const struct plan_region *m = &v->regions[i];

		FAIL_IF(!m->size || (m->gpa.v | m->hpa.v | m->size) % PAGE_SIZE, "%s: alignment", v->name);
		FAIL_IF(m->gpa.v + (m->size - 1) >= limit, "%s: too high", v->name);
		FAIL_IF(i && m[-1].gpa.v >= m->gpa.v, "%s: not sorted", v->name);
		for (unsigned j = 0; j < i; j++)
			FAIL_IF(meet(m->gpa.v, m->size, v->regions[j].gpa.v, v->regions[j].size),
				"%s: guest addresses overlap", v->name);
		for (unsigned j = 0; j < v->nr_vplics; j++)
			FAIL_IF(meet(m->gpa.v, m->size, v->vplics[j].base.v, v->vplics[j].size),
				"%s: something lies in the PLIC", v->name);
	}
	FAIL_IF(plan_gstage_tables(v) > GSTAGE_TABLES_MAX, "%s: page tables", v->name);
	return NULL;
}

static bool in_ram(const struct plan_vm *v, uint64_t base, uint64_t size)
{
	for (unsigned i = 0; i < v->nr_regions; i++) {
		const struct plan_region *m = &v->regions[i];

		if (m->kind == REGION_RAM && base >= m->gpa.v && size <= m->size &&
		    base - m->gpa.v <= m->size - size)
			return true;
	}
	return false;
}

static const char *check_images(const struct config *config, const struct plan_vm *v, unsigned vm)
{
	const struct plan_image *k = &v->images[IMAGE_KERNEL], *i = &v->images[IMAGE_INITRD];

	FAIL_IF(strcmp(k->name, config->vms[vm].images[IMAGE_KERNEL]), "%s: another kernel", v->name);
	FAIL_IF(v->entry.v != k->target.v, "%s: entry", v->name);
	FAIL_IF(v->policy.in_place && (k->target.v != k->source.v || (i->name[0] && i->target.v != i->source.v)),
		"%s: not in place", v->name);
	FAIL_IF(v->policy.in_place && v->policy.on_crash == ON_CRASH_RESTART, "%s: restarts in place", v->name);
	FAIL_IF(config->vms[vm].has_entry && v->entry.v != config->vms[vm].entry, "%s: entry", v->name);
	FAIL_IF(!in_ram(v, k->target.v, k->size ? k->size : 1), "%s: kernel not in RAM", v->name);
	FAIL_IF(!in_ram(v, v->dtb.v, GUEST_DTB_MAX), "%s: device tree not in RAM", v->name);
	FAIL_IF(v->dtb.v % 8, "%s: device tree not aligned", v->name);
	FAIL_IF(meet(k->target.v, k->size, v->dtb.v, GUEST_DTB_MAX), "%s: kernel and tree", v->name);
	if (!i->name[0])
		return NULL;
	FAIL_IF(i->size && !in_ram(v, i->target.v, i->size), "%s: initrd not in RAM", v->name);
	FAIL_IF(meet(i->target.v, i->size, v->dtb.v, GUEST_DTB_MAX), "%s: initrd and tree", v->name);
	FAIL_IF(meet(i->target.v, i->size, k->target.v, k->size), "%s: initrd and kernel", v->name);
	return NULL;
}

static const char *check_irqs(const struct plan *plan, const struct plan_vm *v, unsigned vm)
{
	unsigned owned = 0;

	for (unsigned i = 0; i < v->nr_irqs; i++) {
		const struct plan_irq *q = &v->irqs[i];
		bool served = false, seen = false;

		FAIL_IF(q->intc >= plan->nr_intcs || !q->id || q->id > plan->intcs[q->intc].ndev,
			"%s: an impossible interrupt", v->name);
		FAIL_IF(plan->intcs[q->intc].source_owner[q->id] != vm, "%s: interrupt %u has another owner",
			v->name, q->id);
		for (unsigned j = 0; j < v->nr_vcpus; j++)
			served |= plan->harts[v->vcpu_hart[j]].plic_context[q->intc] >= 0;
		FAIL_IF(!served, "%s: interrupt %u reaches no hart", v->name, q->id);
		for (unsigned j = 0; j < v->nr_vplics; j++)
			seen |= v->vplics[j].plic == q->intc;
		FAIL_IF(!seen, "%s: no PLIC for interrupt %u", v->name, q->id);
	}
	for (unsigned i = 0; i < plan->nr_intcs; i++)
		for (unsigned j = 0; j < MAX_IRQS; j++)
			owned += plan->intcs[i].source_owner[j] == vm;
	FAIL_IF(owned != v->nr_irqs, "%s: owns %u interrupts, lists %u", v->name, owned, v->nr_irqs);
	return NULL;
}

/* The hypervisor goes to RAM without an owner, beside what it is copied from. */
static const char *check_self(const struct host *host, const struct config *config, const struct plan *plan)
{
	const struct range *a = &plan->hyp, *b = &plan->loaded;
	bool inside = false;

	FAIL_IF(a->size > b->size, "the hypervisor grows");
	for (unsigned i = 0; i < host->nr_ram; i++)
		inside |= a->base >= host->ram[i].base &&
			  a->base + (a->size - 1) <= host->ram[i].base + (host->ram[i].size - 1);
	if (a->base == b->base)
		return NULL;
	FAIL_IF(!inside, "the hypervisor goes to 0x%lx, which is not RAM", a->base);
	FAIL_IF(meet(a->base, a->size, b->base, b->size), "the hypervisor's copy overlaps it");
	FAIL_IF(oracle_has_firmware(config, plan, a->base, a->size), "the hypervisor is in the firmware");
	FAIL_IF(meet(a->base, a->size, host->tree.base, host->tree.size), "the hypervisor is in the firmware's tree");
	for (unsigned i = 0; i < host->nr_reserved; i++)
		FAIL_IF(meet(a->base, a->size, host->reserved[i].range.base, host->reserved[i].range.size),
			"the hypervisor is in reserved memory");
	return NULL;
}

const char *oracle_check(const struct host *host, const struct config *config, const struct plan *plan)
{
	const char *wrong = check_harts(host, config, plan);

	FAIL_IF(plan->nr_vms != config->nr_vms, "guests are lost");
	for (unsigned i = 0; i < host->nr_reserved; i++)
		FAIL_IF(meet(plan->hyp.base, plan->hyp.size, host->reserved[i].range.base,
			     host->reserved[i].range.size), "the hypervisor lies in reserved memory");
	for (unsigned i = 0; i < plan->nr_free; i++)
		FAIL_IF(oracle_has_firmware(config, plan, plan->free[i].base, plan->free[i].size),
			"the firmware counts as free");
	wrong = wrong ? wrong : check_self(host, config, plan);
	for (unsigned i = 0; !wrong && i < plan->nr_shared; i++)
		wrong = oracle_shared(host, config, plan, i);
	for (unsigned vm = 0; !wrong && vm < plan->nr_vms; vm++) {
		const struct plan_vm *v = &plan->vms[vm];

		for (unsigned i = 0; !wrong && i < v->nr_regions; i++)
			switch (v->regions[i].kind) {
			case REGION_RAM: wrong = check_ram(host, config, plan, v, &v->regions[i]); break;
			case REGION_FILE: wrong = check_file(host, plan, v, &v->regions[i]); break;
			default: break;	/* oracle_shared(), oracle_check_devices() */
			}
		for (unsigned i = 0; !wrong && i < v->nr_shares; i++)
			wrong = oracle_share(plan, v, vm, i);
		FAIL_IF(v->nr_cards != config->vms[vm].nr_cards, "%s: cards are lost", v->name);
		for (unsigned i = 0; !wrong && i < v->nr_cards; i++)
			wrong = oracle_card(config, plan, v, vm, i);
		wrong = wrong ? wrong : check_space(v);
		wrong = wrong ? wrong : oracle_check_devices(host, plan, v);
		wrong = wrong ? wrong : oracle_check_dma(host, plan, v);
		wrong = wrong ? wrong : check_images(config, v, vm);
		wrong = wrong ? wrong : check_irqs(plan, v, vm);
		wrong = wrong ? wrong : oracle_check_control(host, v);
	}
	return wrong;
}
