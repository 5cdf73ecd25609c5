/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated PLIC of a VM: its creation; see vplic.h and vplic_int.h. */
#include "hyp/vdev/vplic_int.h"

#include "drivers/plic.h"
#include "hyp/base/plic_map.h"
#include "hyp/base/str.h"

/* Some source that has a physical twin; 0 if none has. */
static __boot void choose_physical(struct vplic *v)
{
	v->some_physical = 0;
	for (uint32_t id = 1; id < MAX_IRQS && !v->some_physical; id++)
		if (test_id(v->physical, id))
			v->some_physical = id;
}

__boot void vplic_create(struct vplic *v, const struct plan *plan, uint32_t vm, uint32_t index)
{
	const struct plan_vm *pv = &plan->vms[vm];
	const struct plan_vplic *window = &pv->vplics[index];
	const struct plan_intc *host = &plan->intcs[window->plic];

	memset(v, 0, sizeof(*v));
	v->plic = window->plic;
	v->host = plic_regs(window->plic);
	v->ndev = window->ndev < MAX_IRQS ? window->ndev : MAX_IRQS - 1;
	v->host_ndev = host->ndev < MAX_IRQS ? host->ndev : MAX_IRQS - 1;
	v->nr_vcpus = pv->nr_vcpus;
	v->vcpu_hart = pv->vcpu_hart;
	v->mode = PLIC_EMULATED;
	for (uint32_t i = 0; i < v->nr_vcpus; i++) {
		v->context[i] = plan->harts[pv->vcpu_hart[i]].plic_context[window->plic];
		if (v->context[i] >= 0 && (uint32_t)v->context[i] >= v->host.nr_contexts)
			v->context[i] = NO_CONTEXT;	/* its registers are not in the window */
	}
	for (uint32_t id = 1; id <= v->ndev && id <= v->host_ndev; id++) {
		if (host->source_owner[id] != vm)
			continue;
		v->physical[word_of(id)] |= bit_of(id);
		v->owned[word_of(id)] |= bit_of(id);
		v->nr_physical++;
	}
	choose_physical(v);
	for (uint32_t i = 0; i < MAX_HARTS; i++)
		v->guard[i] = CTX_GUARD_NONE;
	v->window = window;
}

__boot void vplic_set_passed(struct vplic *v, enum plic_mode mode)
{
	v->mode = (uint8_t)mode;
}

__boot void vplic_set_page(struct vplic *v, uint32_t vcpu, uint64_t *entry, uint64_t leaf)
{
	v->entry[vcpu] = entry;
	v->leaf[vcpu] = leaf;
	if (v->mode == PLIC_GUARDED)
		v->guard[vcpu] = (v->window->base.v + PLIC_CONTEXT_BASE + PLIC_CONTEXT_STRIDE * (2 * vcpu + 1)) >> 2;
}

__boot enum err vplic_add_virtual(struct vplic *v, uint32_t id)
{
	if (!id || id > v->ndev)
		return ERR_RANGE;
	if (is_physical(v, id)) {
		v->physical[word_of(id)] &= ~bit_of(id);
		v->nr_physical--;
		choose_physical(v);
	}
	v->owned[word_of(id)] |= bit_of(id);
	return OK;
}
