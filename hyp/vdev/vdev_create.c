/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual devices of a VM: their creation at boot, from the plan, and their reset; see vdev.h. */
#include "hyp/vdev/vdev.h"

#include "drivers/aplic.h"
#include "drivers/plic.h"
#include "hyp/base/panic.h"
#include "hyp/base/plic_map.h"
#include "hyp/base/str.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/work.h"

#define LINE		64u	/* of a cache */

_Static_assert(sizeof(struct vnet) <= WORK_CARD, "what the plan counts");

/* The host's page of the context that this vcpu has of a PLIC. False: it cannot be mapped; no page: it has none. */
static __boot bool context_page(const struct plan *plan, const struct vdevs *d, uint32_t plic, uint32_t vcpu,
				hpa_t *page)
{
	int16_t context = plan->harts[d->plan->vcpu_hart[vcpu]].plic_context[plic];

	*page = hpa(0);
	return context == NO_CONTEXT || plic_context_page(plic, (uint32_t)context, page);
}

static __boot bool can_pass(const struct plan *plan, const struct vdevs *d, uint32_t plic)
{
	hpa_t page;

	for (uint32_t i = 0; i < d->plan->nr_vcpus; i++)
		if (!context_page(plan, d, plic, i, &page))
			return false;
	return true;
}

/* Maps the page of each context of one PLIC. A vcpu without one stays emulated: nothing physical ever pends there. */
static __boot void pass_contexts(const struct plan *plan, struct vdevs *d, uint32_t plic, struct gstage *g)
{
	const struct plan_vplic *w = &d->plan->vplics[plic];
	unsigned rights = d->plic_mode == PLIC_MAPPED ? RIGHT_R | RIGHT_W : RIGHT_R;
	hpa_t page;

	vplic_set_passed(&d->vintcs[plic].plic, d->plic_mode);
	for (uint32_t i = 0; i < d->plan->nr_vcpus; i++) {
		gpa_t at = gpa(w->base.v + PLIC_CONTEXT_BASE + PLIC_CONTEXT_STRIDE * (2 * i + 1));
		uint64_t *entry;

		context_page(plan, d, w->plic, i, &page);
		if (!page.v)
			continue;
		ASSERT(gstage_map(g, at, page, PAGE_SIZE, rights) == OK);
		entry = paging_entry(&g->tables, at.v, 0);
		vplic_set_page(&d->vintcs[plic].plic, i, entry, *entry);
	}
}

/* The PLICs that the VM sees. Their contexts are passed to it if the plan says so and that is possible for all of
 * them. */
static __boot void create_vplics(const struct plan *plan, struct vdevs *d, uint32_t vm, struct gstage *g)
{
	d->plic_mode = d->plan->nr_vplics ? d->plan->policy.plic_mode : PLIC_EMULATED;
	for (uint32_t i = 0; i < d->plan->nr_vplics; i++) {
		if (plan->intcs[d->plan->vplics[i].plic].kind == INTC_APLIC) {
			memset(&d->vintcs[i], 0, sizeof(d->vintcs[i].aplic));
			vaplic_create(&d->vintcs[i].aplic, plan, vm, i);
			d->intcs[i] = (struct vintc){ &vaplic_ops, &d->vintcs[i].aplic };
			d->plic_mode = PLIC_EMULATED;
			continue;
		}
		vplic_create(&d->vintcs[i].plic, plan, vm, i);
		d->intcs[i] = (struct vintc){ &vplic_ops, &d->vintcs[i].plic };
		if (!can_pass(plan, d, d->plan->vplics[i].plic))
			d->plic_mode = PLIC_EMULATED;
	}
	for (uint32_t i = 0; i < d->plan->nr_vplics && vdevs_pass(d); i++)
		pass_contexts(plan, d, i, g);
}

/* A virtual source of one of the VM's controllers; 0: none. The plan has checked that there is such a source. */
static __boot void add_virtual(struct vdevs *d, uint32_t intc, uint32_t source)
{
	if (!source)
		return;
	if (d->intcs[intc].ops == &vaplic_ops)
		ASSERT(vaplic_add_virtual(&d->vintcs[intc].aplic, source) == OK);
	else
		ASSERT(d->plic_mode != PLIC_MAPPED && vplic_add_virtual(&d->vintcs[intc].plic, source) == OK);
}

static __boot void create_vuart(struct vdevs *d, uint32_t vm)
{
	const struct plan_vuart *u = &d->plan->vuart;

	if (!u->size)
		return;
	add_virtual(d, u->vplic, u->irq);
	vuart_create(&d->vuart, u, vm, &d->intcs[u->vplic]);
}

static __boot void create_doorbells(const struct plan *plan, struct vdevs *d, uint32_t vm)
{
	struct hart *first = hart_get(d->plan->vcpu_hart[0]);

	for (uint32_t i = 0; i < d->plan->nr_shares; i++) {
		const struct plan_share *s = &d->plan->shares[i];

		add_virtual(d, s->vplic, s->irq);
		doorbell_create(&d->doorbells[i], plan, vm, i, &d->intcs[s->vplic], first);
	}
}

static __boot void create_cards(const struct plan *plan, struct vdevs *d, uint32_t vm)
{
	struct hart *first = hart_get(d->plan->vcpu_hart[0]);

	d->cards = work_take(d->plan->nr_cards * sizeof(*d->cards), LINE);
	for (uint32_t i = 0; i < d->plan->nr_cards; i++) {
		const struct plan_card *c = &d->plan->cards[i];

		add_virtual(d, c->vplic, c->irq);
		vnet_create(&d->cards[i], plan, vm, i, &d->intcs[c->vplic], first);
	}
}

/* The page of setipnum_le and setipnum_be, by which the guest ends levels, where the plan says so. */
static __boot void map_setipnum(const struct plan *plan, const struct vdevs *d, struct gstage *g)
{
	for (uint32_t i = 0; i < d->plan->nr_vplics; i++) {
		const struct plan_vplic *w = &d->plan->vplics[i];
		uint64_t host = plan->intcs[w->plic].base.v;

		if (w->setipnum)
			ASSERT(gstage_map(g, gpa(w->base.v + APLIC_SETIPNUM_LE), hpa(host + APLIC_SETIPNUM_LE),
					  PAGE_SIZE, RIGHT_R | RIGHT_W) == OK);
	}
}

__boot void vdevs_create(struct vdevs *d, const struct plan *plan, uint32_t vm, struct gstage *g)
{
	d->plan = &plan->vms[vm];
	d->nr_intcs = d->plan->nr_vplics;
	create_vplics(plan, d, vm, g);
	create_vuart(d, vm);
	create_doorbells(plan, d, vm);
	create_cards(plan, d, vm);
	map_setipnum(plan, d, g);
	vdev_list(d);
}

void vdevs_start(struct vdevs *d)
{
	for (uint32_t i = 0; i < d->plan->nr_shares; i++)
		doorbell_start(&d->doorbells[i]);
	for (uint32_t i = 0; i < d->plan->nr_cards; i++)
		vnet_start(&d->cards[i]);
}

uint64_t vdevs_poke_links(struct vdevs *d)
{
	uint64_t changed = 0;

	for (uint32_t i = 0; i < d->plan->nr_shares; i++)
		changed |= doorbell_poke(&d->doorbells[i]);
	for (uint32_t i = 0; i < d->plan->nr_cards; i++)
		changed |= vnet_poke(&d->cards[i]);
	return changed;
}

void vdevs_reset(struct vdevs *d)
{
	for (uint32_t i = 0; i < d->plan->nr_shares; i++)
		doorbell_reset(&d->doorbells[i]);
	for (uint32_t i = 0; i < d->plan->nr_cards; i++)
		vnet_reset(&d->cards[i]);
	/* The UART first: silent, it cannot raise its line any more, even if something is typed right now. */
	vuart_reset(&d->vuart);
	for (uint32_t i = 0; i < d->nr_intcs; i++)
		d->intcs[i].ops->reset(d->intcs[i].state);
}
