/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated PLIC of a VM: its creation, and what becomes of its sources on the host's PLIC between two lives; see
 * vplic.h and vplic_int.h.
 */
#include "hyp/vdev/vplic_int.h"

#include "drivers/plic.h"
#include "hyp/base/plic_map.h"
#include "hyp/base/str.h"

/* Some source that has a physical twin; 0 if none has. */
static void choose_physical(struct vplic *v)
{
	v->some_physical = 0;
	for (uint32_t id = 1; id < MAX_IRQS && !v->some_physical; id++)
		if (test_id(v->physical, id))
			v->some_physical = id;
}

void vplic_create(struct vplic *v, const struct plan *plan, uint32_t vm, uint32_t index)
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

void vplic_set_passed(struct vplic *v, enum plic_mode mode)
{
	v->mode = (uint8_t)mode;
}

void vplic_set_page(struct vplic *v, uint32_t vcpu, uint64_t *entry, uint64_t leaf)
{
	v->entry[vcpu] = entry;
	v->leaf[vcpu] = leaf;
	if (v->mode == PLIC_GUARDED)
		v->guard[vcpu] = (v->window->base.v + PLIC_CONTEXT_BASE + PLIC_CONTEXT_STRIDE * (2 * vcpu + 1)) >> 2;
}

enum err vplic_add_virtual(struct vplic *v, uint32_t id)
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

/* The first vcpu whose hart has a context of this PLIC; nr_vcpus if none has. */
static uint32_t first_with_context(const struct vplic *v)
{
	uint32_t vcpu = 0;

	while (vcpu < v->nr_vcpus && v->context[vcpu] == NO_CONTEXT)
		vcpu++;
	return vcpu;
}

/* Completes what the guest has claimed and not completed. */
static void complete_taken(struct vplic *v, uint32_t w)
{
	uint32_t left = (v->pending[w] | v->claimed[w]) & v->physical[w];

	for (; left; left &= left - 1) {
		uint32_t id = 32 * w + (uint32_t)__builtin_ctz(left);

		plic_complete(v->plic, (uint32_t)v->context[v->taker[id]], id);
	}
}

/*
 * Where it claims in the hardware we do not know what that is, nor on which context: a PLIC may ask for the one
 * that claimed (Spike's does). To complete a source that is not in flight changes nothing.
 */
static void complete_all(struct vplic *v, uint32_t w)
{
	for (uint32_t vcpu = 0; vcpu < v->nr_vcpus; vcpu++)
		for (uint32_t left = v->physical[w]; left && v->context[vcpu] != NO_CONTEXT; left &= left - 1)
			plic_complete(v->plic, (uint32_t)v->context[vcpu], 32 * w + (uint32_t)__builtin_ctz(left));
}

/* Masks every physical source of the VM on every context of its own, and completes what is in flight. */
static void mask_host(struct vplic *v)
{
	for (uint32_t vcpu = 0; vcpu < v->nr_vcpus; vcpu++)
		if (v->context[vcpu] != NO_CONTEXT)
			plic_set_threshold(v->plic, (uint32_t)v->context[vcpu], 0);
	for (uint32_t w = 0; w < VPLIC_WORDS; w++) {
		if (!v->physical[w])
			continue;
		for (uint32_t vcpu = 0; vcpu < v->nr_vcpus; vcpu++)
			if (v->context[vcpu] != NO_CONTEXT)
				plic_set_enables(v->plic, (uint32_t)v->context[vcpu], w, v->physical[w], 0);
		if (v->mode == PLIC_EMULATED)
			complete_taken(v, w);
		else
			complete_all(v, w);
	}
}

/* Takes one request that the host's PLIC has latched for a masked source, and answers it. */
static void drain_source(struct vplic *v, uint32_t context, uint32_t id)
{
	uint32_t taken;

	plic_set_priority(v->plic, id, v->host.max_priority);
	plic_set_enable(v->plic, context, id, true);
	taken = plic_claim(v->plic, context);
	plic_set_enable(v->plic, context, id, false);
	plic_set_priority(v->plic, id, 0);
	if (taken && taken <= v->host_ndev)
		plic_complete(v->plic, context, taken);
}

/* All physical sources get priority 0 and lose what is latched; they must be masked already. */
static void silence_host(struct vplic *v)
{
	uint32_t first = first_with_context(v);

	for (uint32_t w = 0; w < VPLIC_WORDS; w++) {
		uint32_t left = v->physical[w];
		uint32_t latched = left ? plic_pending_word(v->plic, w) : 0;

		for (; left; left &= left - 1) {
			uint32_t id = 32 * w + (uint32_t)__builtin_ctz(left);

			plic_set_priority(v->plic, id, 0);
			if (latched & bit_of(id) && first < v->nr_vcpus)
				drain_source(v, (uint32_t)v->context[first], id);
		}
	}
}

void vplic_quiesce_host(struct vplic *v)
{
	mask_host(v);
	silence_host(v);
}
