/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be true of shared memories and networks of every plan; see oracle.c. */
#include "tests/unit/lib/oracle_int.h"

/* Memory of several guests: RAM that belongs to the guests that list it, to all of them and to nothing else. */
const char *oracle_shared(const struct host *host, const struct config *config, const struct plan *plan,
				unsigned index)
{
	const struct plan_shared *m = &plan->shared[index];
	bool inside = false;

	FAIL_IF(!m->size || (m->hpa.v | m->size) % PAGE_SIZE, "%s: alignment", m->name);
	for (unsigned i = 0; i < host->nr_ram; i++)
		inside |= m->hpa.v >= host->ram[i].base &&
			  m->hpa.v + (m->size - 1) <= host->ram[i].base + (host->ram[i].size - 1);
	FAIL_IF(!inside, "%s: not RAM", m->name);
	FAIL_IF(meet(m->hpa.v, m->size, plan->hyp.base, plan->hyp.size), "%s: has the hypervisor", m->name);
	FAIL_IF(oracle_has_firmware(config, plan, m->hpa.v, m->size), "%s: has the firmware", m->name);
	for (unsigned i = 0; i < host->nr_reserved; i++)
		FAIL_IF(meet(m->hpa.v, m->size, host->reserved[i].range.base, host->reserved[i].range.size),
			"%s: has reserved memory", m->name);
	for (unsigned i = 0; i < plan->nr_free; i++)
		FAIL_IF(meet(m->hpa.v, m->size, plan->free[i].base, plan->free[i].size), "%s: counts as free", m->name);
	for (unsigned i = 0; i < plan->nr_shared; i++)
		FAIL_IF(i != index && meet(m->hpa.v, m->size, plan->shared[i].hpa.v, plan->shared[i].size),
			"%s: overlaps another one", m->name);
	for (unsigned vm = 0; vm < plan->nr_vms; vm++) {
		const struct plan_vm *v = &plan->vms[vm];
		unsigned wanted = 0, mapped = 0, peers = 0;
		bool read_only = false;

		for (unsigned i = 0; i < config->vms[vm].nr_shares; i++)
			if (!strcmp(config->vms[vm].shares[i].name, m->name)) {
				wanted++;
				read_only = config->vms[vm].shares[i].read_only;
			}
		for (unsigned i = 0; i < m->nr_peers; i++)
			peers += m->peers[i] == vm;
		for (unsigned j = 0; j < v->nr_regions; j++) {
			const struct plan_region *r = &v->regions[j];

			if (!meet(m->hpa.v, m->size, r->hpa.v, r->size))
				continue;
			mapped++;
			FAIL_IF(r->kind != REGION_SHARED || r->hpa.v != m->hpa.v || r->size != m->size,
				"%s: %s has a part of it", m->name, v->name);
			FAIL_IF(r->rights != (read_only ? RIGHT_R : RIGHT_R | RIGHT_W), "%s: rights of %s", m->name,
				v->name);
		}
		FAIL_IF(wanted != mapped || wanted != peers, "%s: %s lists it %u times and has it %u times", m->name,
			v->name, wanted, mapped);
	}
	return NULL;
}

const char *oracle_share(const struct plan *plan, const struct plan_vm *v, unsigned vm, unsigned index)
{
	const struct plan_share *s = &v->shares[index];

	FAIL_IF(s->shared >= plan->nr_shared || s->peer >= plan->shared[s->shared].nr_peers ||
		plan->shared[s->shared].peers[s->peer] != vm, "%s: its number as a peer", v->name);
	for (unsigned i = 0; i < v->nr_regions; i++) {
		const struct plan_region *r = &v->regions[i];

		FAIL_IF(meet(s->doorbell.v, PAGE_SIZE, r->gpa.v, r->size), "%s: a doorbell lies in something", v->name);
		FAIL_IF(r->kind == REGION_SHARED && r->device == index && r->gpa.v != s->base.v, "%s: base", v->name);
	}
	for (unsigned i = 0; i < v->nr_vplics; i++)
		FAIL_IF(meet(s->doorbell.v, PAGE_SIZE, v->vplics[i].base.v, v->vplics[i].size),
			"%s: a doorbell lies in the PLIC", v->name);
	FAIL_IF(v->vuart.size && s->doorbell.v / PAGE_SIZE == v->vuart.base.v / PAGE_SIZE,
		"%s: a doorbell lies at the UART", v->name);
	FAIL_IF(s->irq && (s->vplic >= v->nr_vplics || s->irq > v->vplics[s->vplic].ndev), "%s: irq", v->name);
	FAIL_IF(s->irq && v->policy.plic_mode == PLIC_MAPPED, "%s: completes a virtual source itself", v->name);
	for (unsigned i = 0; s->irq && i < v->nr_irqs; i++)
		FAIL_IF(v->irqs[i].id == s->irq && v->irqs[i].intc == v->vplics[s->vplic].plic,
			"%s: a doorbell has a device's interrupt", v->name);
	FAIL_IF(s->irq && v->vuart.irq == s->irq && v->vuart.vplic == s->vplic, "%s: the UART's interrupt", v->name);
	for (unsigned i = 0; i < index; i++) {
		FAIL_IF(v->shares[i].doorbell.v == s->doorbell.v, "%s: two doorbells in one place", v->name);
		FAIL_IF(s->irq && v->shares[i].irq == s->irq && v->shares[i].vplic == s->vplic,
			"%s: two doorbells have one interrupt", v->name);
	}
	return NULL;
}

/* A virtual network card: alone in its page, with an interrupt and an address of its own. */
const char *oracle_card(const struct config *config, const struct plan *plan, const struct plan_vm *v, unsigned vm,
			unsigned index)
{
	const struct plan_card *c = &v->cards[index];
	const struct plan_net *net = &plan->nets[c->net];

	FAIL_IF(c->net >= plan->nr_nets || c->port >= net->nr_ports || net->ports[c->port].vm != vm ||
		net->ports[c->port].card != index, "%s: a card is at no port", v->name);
	FAIL_IF(strcmp(net->name, config->vms[vm].cards[index].name), "%s: another network", v->name);
	for (unsigned i = 0; i < v->nr_regions; i++)
		FAIL_IF(meet(c->base.v, PAGE_SIZE, v->regions[i].gpa.v, v->regions[i].size),
			"%s: a card lies in something", v->name);
	for (unsigned i = 0; i < v->nr_vplics; i++)
		FAIL_IF(meet(c->base.v, PAGE_SIZE, v->vplics[i].base.v, v->vplics[i].size),
			"%s: a card lies in the PLIC", v->name);
	FAIL_IF(v->vuart.size && c->base.v / PAGE_SIZE == v->vuart.base.v / PAGE_SIZE, "%s: a card at the UART",
		v->name);
	for (unsigned i = 0; i < v->nr_shares; i++)
		FAIL_IF(v->shares[i].doorbell.v == c->base.v ||
			(v->shares[i].irq == c->irq && v->shares[i].vplic == c->vplic), "%s: a doorbell's", v->name);
	for (unsigned i = 0; i < index; i++)
		FAIL_IF(v->cards[i].base.v == c->base.v || v->cards[i].net == c->net ||
			(v->cards[i].irq == c->irq && v->cards[i].vplic == c->vplic), "%s: another card's", v->name);
	FAIL_IF(!c->irq || c->vplic >= v->nr_vplics || c->irq > v->vplics[c->vplic].ndev, "%s: irq", v->name);
	FAIL_IF(v->policy.plic_mode == PLIC_MAPPED, "%s: completes a virtual source itself", v->name);
	for (unsigned i = 0; i < v->nr_irqs; i++)
		FAIL_IF(v->irqs[i].id == c->irq && v->irqs[i].intc == v->vplics[c->vplic].plic,
			"%s: a card has a device's interrupt", v->name);
	FAIL_IF(v->vuart.irq == c->irq && v->vuart.vplic == c->vplic, "%s: the UART's interrupt", v->name);
	FAIL_IF((c->mac[0] & 3) != 2, "%s: not a local address", v->name);
	for (unsigned i = 0; i < net->nr_ports; i++)
		FAIL_IF(i != c->port && !memcmp(plan->vms[net->ports[i].vm].cards[net->ports[i].card].mac, c->mac, 6),
			"%s: an address twice", v->name);
	return NULL;
}
