/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a node of the host's tree passes on for the devices below it: interrupts by "interrupt-map" (Devicetree
 * Specification 0.4, 2.4.3), and the windows of a PCI host bridge (PCI Bus Binding to Open Firmware 2.1, 4.1.1 and 12).
 * Loops are bounded by the size of the properties.
 */
#include "hyp/plan/host_int.h"

#define PCI_SPACE	0x03000000u	/* of the first cell: 0 is configuration space */
#define NO_CELLS	0xffu	/* the property of cells is malformed, as prop_cells() of host_index.c says */

/* #address-cells of a nexus: its own, or that of the nearest node above, as old trees rely on. */
static uint32_t nexus_address_cells(const struct host *host, uint16_t node)
{
	uint32_t cells = UINT32_MAX;

	for (; node != NO_NODE && cells == UINT32_MAX; node = host->nodes[node].parent)
		cells = host_prop_u32(host, node, "#address-cells", UINT32_MAX);
	return cells == UINT32_MAX ? 2 : cells;
}

/* Octets of an entry's part in front of the phandle, or behind it; 0: the cells make no sense. */
static uint32_t part_size(uint32_t address_cells, uint32_t interrupt_cells)
{
	return address_cells >= NO_CELLS || interrupt_cells >= NO_CELLS ? 0 : 4 * (address_cells + interrupt_cells);
}

enum err host_next_mapped_irq(const struct host *host, uint16_t node, struct host_irq_cursor *cursor,
			      struct host_irq *irq)
{
	uint32_t child, parent, at = cursor->map_at, address;
	struct dt_prop p;

	if (!host_find_prop(host, node, "interrupt-map", &p) || at >= p.size)
		return ERR_NOTFOUND;
	cursor->map_at = p.size;	/* the walk ends at an error */
	child = part_size(nexus_address_cells(host, node), host->nodes[node].interrupt_cells);
	if (!child || p.size - at < child + 4)
		return ERR_INVALID;
	at += child;
	irq->parent_phandle = dt_u32(p.data + at);
	irq->parent = host_find_phandle(host, irq->parent_phandle);
	if (irq->parent == NO_NODE)
		return ERR_RANGE;
	at += 4;
	address = host_prop_u32(host, irq->parent, "#address-cells", 0);
	parent = part_size(address, host->nodes[irq->parent].interrupt_cells);
	if (!host->nodes[irq->parent].interrupt_cells || !parent || p.size - at < parent)
		return ERR_INVALID;
	irq->id = dt_u32(p.data + at + 4 * address);
	irq->flags = host->nodes[irq->parent].interrupt_cells > 1 ? dt_u32(p.data + at + 4 * address + 4) : 0;
	cursor->map_at = at + parent;
	return OK;
}

/* Octets of an entry of "ranges" of a bridge; 0: its cells, or those of the node above, make no sense. */
static uint32_t window_size(const struct host *host, const struct host_node *bridge)
{
	uint32_t parent = bridge->parent == NO_NODE ? 0 : host->nodes[bridge->parent].address_cells;

	if (bridge->address_cells != PCI_ADDRESS_CELLS || !parent || parent > 2 || !bridge->size_cells ||
	    bridge->size_cells > 2)
		return 0;
	return 4 * (PCI_ADDRESS_CELLS + parent + bridge->size_cells);
}

bool host_pci_has_config_window(const struct host *host, uint16_t node)
{
	const struct host_node *n = &host->nodes[node];
	uint32_t entry = window_size(host, n);
	struct dt_prop p;

	if (!n->ranges || !entry)
		return false;
	p = host_prop(host, n->ranges);
	for (uint32_t at = 0; p.size - at >= entry; at += entry)
		if (!(dt_u32(p.data + at) & PCI_SPACE))
			return true;
	return false;
}

enum err host_pci_window(const struct host *host, uint16_t node, uint32_t index, struct range *range)
{
	const struct host_node *n = &host->nodes[node];
	uint32_t parent, entry = window_size(host, n);
	struct dt_prop p;

	if (!n->ranges || n->parent == NO_NODE || !host_is_pci_bridge(host, node))
		return ERR_NOTFOUND;
	p = host_prop(host, n->ranges);
	if (!entry)
		return ERR_INVALID;
	parent = host->nodes[n->parent].address_cells;
	if (index >= (p.size + entry - 1) / entry)
		return ERR_NOTFOUND;
	if (p.size % entry)
		return ERR_INVALID;
	range->base = dt_cells(p.data + index * entry + 4 * PCI_ADDRESS_CELLS, parent);
	range->size = dt_cells(p.data + index * entry + 4 * (PCI_ADDRESS_CELLS + parent), n->size_cells);
	if (!range->size)
		return ERR_NOSPACE;
	return range_valid(*range) ? host_bus_to_cpu(host, n->parent, range) : ERR_UNSUPPORTED;
}
