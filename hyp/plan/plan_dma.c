/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which RAM the devices of a guest reach by DMA: "dma-ranges" of the nearest bus above that has one (Devicetree
 * Specification 0.4, 2.3.9). The buses above that one are taken to pass addresses on as they are.
 */
#include "hyp/plan/plan_int.h"

/* The bus that limits what a node reaches; NO_NODE: none does. */
static uint16_t limiting_bus(const struct host *host, uint16_t node, struct dt_prop *p)
{
	if (!host_is_pci_bridge(host, node))	/* which is the bus of its devices */
		node = host->nodes[node].parent;
	for (; node != NO_NODE && node; node = host->nodes[node].parent) {
		if (host_find_prop(host, node, "dma-ranges", p))
			return p->size ? node : NO_NODE;
	}
	return NO_NODE;
}

/* Through a bus's windows, in the CPU's addresses. Windows that are not understood limit nothing. */
static bool passes(const struct host *host, uint16_t bus, const struct dt_prop *p, struct range ram)
{
	uint32_t child = host->nodes[bus].address_cells, size = host->nodes[bus].size_cells;
	uint32_t parent = host->nodes[host->nodes[bus].parent].address_cells, entry = 4 * (child + parent + size);
	struct range window;

	if (!child || child > (host_is_pci_bridge(host, bus) ? 3 : 2) || !parent || parent > 2 || !size || size > 2 ||
	    p->size % entry)
		return true;
	for (uint32_t at = 0; at < p->size; at += entry) {
		window.base = dt_cells(p->data + at + 4 * child, parent);
		window.size = dt_cells(p->data + at + 4 * (child + parent), size);
		if (range_contains(window, ram.base, ram.size))
			return true;
	}
	return false;
}

uint16_t plan_dma_limit(const struct planner *pl, uint32_t vm, struct range ram)
{
	const struct plan_vm *v = &pl->plan->vms[vm];
	struct dt_prop p;
	uint16_t bus;

	for (uint32_t i = 0; i < v->nr_devices; i++) {
		if (!v->devices[i].dma)
			continue;
		for (uint32_t node = v->devices[i].node; node < pl->host->nodes[v->devices[i].node].end; node++) {
			if (!device_may_dma(pl->host, node))
				continue;
			bus = limiting_bus(pl->host, node, &p);
			if (bus != NO_NODE && !passes(pl->host, bus, &p, ram))
				return node;
		}
	}
	return NO_NODE;
}
