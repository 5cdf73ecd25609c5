/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks between guests (docs/links.md): a network is its name in "net" of guests. Each guest gets a virtual card of
 * it, with an address that depends on the two names alone, so that other guests of the configuration do not change it.
 */
#include "hyp/base/crc32.h"
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

#define MAC_FIRST	0x02u	/* locally administered, unicast */
#define MAC_SECOND	0x62u

/* The network of that name, a new one if there is none yet; NULL and a problem if there is no room. */
static struct plan_net *find_net(struct planner *pl, uint32_t vm, const char *name)
{
	struct plan *plan = pl->plan;
	struct plan_net *net;

	for (uint32_t i = 0; i < plan->nr_nets; i++) {
		if (!strcmp(plan->nets[i].name, name))
			return &plan->nets[i];
	}
	if (plan->nr_nets == MAX_NETS) {
		vm_problem(pl, vm, PROBLEM_LIMIT, "net", "\"%s\" is network number %u; this build has room for %u",
			   name, MAX_NETS + 1, MAX_NETS);
		return NULL;
	}
	net = &plan->nets[plan->nr_nets++];
	*net = (struct plan_net){ 0 };
	memcpy(net->name, name, sizeof(net->name));
	return net;
}

static bool mac_is_taken(const struct plan *plan, const struct plan_net *net, const uint8_t *mac)
{
	for (uint32_t i = 0; i < net->nr_ports; i++) {
		if (!memcmp(plan->vms[net->ports[i].vm].cards[net->ports[i].card].mac, mac, 6))
			return true;
	}
	return false;
}

static void choose_mac(const struct plan *plan, const struct plan_net *net, const struct plan_vm *v, uint8_t *mac)
{
	uint32_t sum = crc32_ieee(0, net->name, strlen(net->name) + 1);

	sum = crc32_ieee(sum, v->name, strlen(v->name));
	do {	/* at most once for each port */
		mac[0] = MAC_FIRST;
		mac[1] = MAC_SECOND;
		mac[2] = (uint8_t)(sum >> 24);
		mac[3] = (uint8_t)(sum >> 16);
		mac[4] = (uint8_t)(sum >> 8);
		mac[5] = (uint8_t)sum;
		sum++;
	} while (mac_is_taken(plan, net, mac));
}

static void add_card(struct planner *pl, uint32_t vm, const char *name)
{
	struct plan_net *net = find_net(pl, vm, name);
	struct plan_vm *v = &pl->plan->vms[vm];
	struct plan_card c = { 0 };

	if (!net)
		return;
	c.net = (uint8_t)(net - pl->plan->nets);
	c.port = (uint8_t)net->nr_ports;
	if (!plan_find_window(pl, v, &c.base)) {
		vm_problem(pl, vm, PROBLEM_ADDRESS_TOO_HIGH, "net",
			   "the guest's address space has no room for the card of \"%s\"; assign fewer devices", name);
		return;
	}
	if (!plan_virtual_irq(pl, v, &c.vplic, &c.irq)) {
		vm_problem(pl, vm, PROBLEM_IRQ_UNROUTABLE, "net",
			   "the card of \"%s\" has no interrupt: none of the guest's PLICs has a free one", name);
		return;
	}
	choose_mac(pl->plan, net, v, c.mac);
	net->ports[net->nr_ports].vm = (uint8_t)vm;
	net->ports[net->nr_ports++].card = (uint8_t)v->nr_cards;
	v->cards[v->nr_cards++] = c;
	/* The host's PLIC lacks this source: a completion of it must trap. */
	if (v->policy.plic_mode == PLIC_MAPPED)
		v->policy.plic_mode = PLIC_GUARDED;
}

void plan_nets(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		for (uint32_t i = 0; i < pl->config->vms[vm].nr_cards; i++)
			add_card(pl, vm, pl->config->vms[vm].cards[i].name);
	}
}
