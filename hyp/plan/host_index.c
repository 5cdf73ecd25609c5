/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of the host's device tree: one walk that notes for each node where it is and where its
 * interesting properties are (Devicetree Specification 0.4, chapter 2). What they mean is left to
 * host_dt.c. This is the longest loop of the boot; it touches each property once.
 */
#include "hyp/plan/control.h"
#include "hyp/plan/host_int.h"

static uint8_t prop_cells(const struct dt_prop *p)
{
	uint32_t cells = p->size == 4 ? dt_u32(p->data) : 0xff;

	return cells < 0xff ? cells : 0xff;
}

enum kind {
	KIND_OTHER, KIND_REG, KIND_RANGES, KIND_COMPATIBLE, KIND_INTERRUPTS,
	KIND_INTERRUPTS_EXTENDED, KIND_INTERRUPT_CONTROLLER, KIND_INTERRUPT_MAP, KIND_INTERRUPT_PARENT,
	KIND_ADDRESS_CELLS,
	KIND_SIZE_CELLS, KIND_INTERRUPT_CELLS, KIND_PHANDLE, KIND_OLD_PHANDLE, KIND_STATUS,
	KIND_DEVICE_TYPE, KIND_CONTROL,
};

static enum kind name_kind(const char *name)
{
	static const char *const names[] = {
		[KIND_REG] = "reg",
		[KIND_RANGES] = "ranges",
		[KIND_COMPATIBLE] = "compatible",
		[KIND_INTERRUPTS] = "interrupts",
		[KIND_INTERRUPTS_EXTENDED] = "interrupts-extended",
		[KIND_INTERRUPT_CONTROLLER] = "interrupt-controller",
		[KIND_INTERRUPT_MAP] = "interrupt-map",
		[KIND_INTERRUPT_PARENT] = "interrupt-parent",
		[KIND_ADDRESS_CELLS] = "#address-cells",
		[KIND_SIZE_CELLS] = "#size-cells",
		[KIND_INTERRUPT_CELLS] = "#interrupt-cells",
		[KIND_PHANDLE] = "phandle",
		[KIND_OLD_PHANDLE] = "linux,phandle",
		[KIND_STATUS] = "status",
		[KIND_DEVICE_TYPE] = "device_type",
	};

	for (uint32_t i = 1; i < ARRAY_LEN(names); i++) {
		if (names[i][0] == name[0] && !strcmp(names[i], name))
			return i;
	}
	return control_name(name) ? KIND_CONTROL : KIND_OTHER;
}

/* A tree has few names and many properties: the kind of a name is cached by its offset in the strings block. */
static enum kind prop_kind(struct host *host, const struct dt_prop *p)
{
	struct host_name *known = &host->names[p->name_offset % HOST_NAMES];

	if (known->offset != p->name_offset)
		*known = (struct host_name){ p->name_offset, name_kind(p->name) };
	return known->kind;
}

static void read_device_type(struct host_node *node, const struct dt_prop *p)
{
	if (prop_is(p, "cpu"))
		node->flags |= NODE_CPU;
	else if (prop_is(p, "memory"))
		node->flags |= NODE_MEMORY;
	else if (prop_is(p, "pci"))
		node->flags |= NODE_PCI;
}

/* Stores the part of a property that the index holds. */
static void index_prop(struct host *host, struct host_node *node, const struct dt_prop *p)
{
	uint32_t token = p->data - host->dt.blob - 12;

	switch (prop_kind(host, p)) {
	case KIND_OTHER:
		break;
	case KIND_REG:
		node->reg = token;
		break;
	case KIND_RANGES:
		node->ranges = token;
		break;
	case KIND_COMPATIBLE:
		node->compatible = token;
		break;
	case KIND_INTERRUPTS:
		node->interrupts = token;
		break;
	case KIND_INTERRUPTS_EXTENDED:
		node->interrupts_extended = token;
		break;
	case KIND_INTERRUPT_CONTROLLER:
		node->flags |= NODE_INTC;
		break;
	case KIND_INTERRUPT_MAP:
		node->flags |= NODE_NEXUS;
		break;
	case KIND_INTERRUPT_PARENT:
		node->interrupt_parent = prop_u32(p);
		node->flags &= ~NODE_UP_INTC;
		break;
	case KIND_ADDRESS_CELLS:
		node->address_cells = prop_cells(p);
		break;
	case KIND_SIZE_CELLS:
		node->size_cells = prop_cells(p);
		break;
	case KIND_INTERRUPT_CELLS:
		node->interrupt_cells = prop_cells(p);
		break;
	case KIND_PHANDLE:
		node->phandle = prop_u32(p);
		break;
	case KIND_OLD_PHANDLE:
		node->phandle = node->phandle ? node->phandle : prop_u32(p);
		break;
	case KIND_STATUS:
		if (!prop_is(p, "okay") && !prop_is(p, "ok"))
			node->flags |= NODE_DISABLED;
		break;
	case KIND_CONTROL:
		node->flags |= NODE_CONTROL;
		break;
	case KIND_DEVICE_TYPE:
		read_device_type(node, p);
		break;
	}
}

static void start_node(struct host *host, uint16_t parent, uint32_t name, uint32_t props)
{
	struct host_node *n = &host->nodes[host->nr_nodes];

	memset(n, 0, sizeof(*n));
	n->name = name;
	n->props = props;
	n->parent = parent;
	n->address_cells = 2;
	n->size_cells = 1;
	if (parent != NO_NODE) {
		const struct host_node *p = &host->nodes[parent];

		n->interrupt_parent = p->interrupt_cells ? 0 : p->interrupt_parent;
		n->flags = p->interrupt_cells ? NODE_UP_INTC : p->flags & NODE_UP_INTC;
	}
}

_Static_assert(DT_MAX_DEPTH == 32 && HOST_MAX_NODES == 2048, "as the texts say");

/* The name, without the address of the unit. */
static bool is_named(const char *name, const char *base)
{
	size_t n = strlen(base);

	return !strncmp(name, base, n) && (!name[n] || name[n] == '@');
}

/* Linux drives a bridge without a device_type, too, by its compatible and its name (drivers/of/address.c). */
static bool is_pci_bus(const struct host *host, uint16_t node)
{
	return host->nodes[node].address_cells == PCI_ADDRESS_CELLS &&
	       (is_named(host_name(host, node), "pci") || is_named(host_name(host, node), "pcie") ||
		host_is_compatible(host, node, "pci-host-ecam-generic") ||
		host_is_compatible(host, node, "pci-host-cam-generic"));
}

enum err host_index(struct host *host, const char **why)
{
	uint32_t at = host->dt.structure, depth = 0;
	uint16_t node = NO_NODE, last = NO_NODE;
	struct dt_item item;

	for (;;) {
		switch (dt_next(&host->dt, &at, &item)) {
		case DT_BEGIN_NODE:
			*why = "nodes are nested more than 32 deep; this build has room for no more";
			if (depth == DT_MAX_DEPTH)
				return ERR_INVALID;
			*why = "the tree is broken: it has two roots";
			if (!depth && host->nr_nodes)
				return ERR_INVALID;
			*why = "the tree has more than 2048 nodes; this build has room for no more";
			if (host->nr_nodes == HOST_MAX_NODES)
				return ERR_NOSPACE;
			start_node(host, node, (const uint8_t *)item.name - host->dt.blob, at);
			node = last = host->nr_nodes++;
			depth++;
			break;
		case DT_PROP:
			*why = "the tree is broken: a property stands outside of a node, or behind a subnode";
			if (!depth || node != last)
				return ERR_INVALID;
			index_prop(host, &host->nodes[node], &item.prop);
			break;
		case DT_END_NODE:
			*why = "the tree is broken: a node ends that did not begin";
			if (!depth)
				return ERR_INVALID;
			host->nodes[node].end = host->nr_nodes;
			if (is_pci_bus(host, node))
				host->nodes[node].flags |= NODE_PCI;
			node = host->nodes[node].parent;
			depth--;
			break;
		case DT_END:
			*why = "the tree is broken: it ends in the middle of a node";
			return depth || !host->nr_nodes ? ERR_INVALID : OK;
		case DT_BROKEN:
			*why = "the tree is broken: its structure block has what is no token, or is cut off";
			return ERR_INVALID;
		}
	}
}
