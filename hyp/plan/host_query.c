/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries of the index that host_dt.c makes of the host's device tree: names and paths, phandles,
 * registers through the ranges of buses, interrupts through inherited parents (Devicetree
 * Specification 0.4, 2.3.6, 2.3.8 and 2.4.1). Loops are bounded by the tree's size and depth.
 */
#include "hyp/plan/host_int.h"

struct dt_prop host_prop(const struct host *host, uint32_t offset)
{
	return dt_prop_at(&host->dt, offset);
}

bool host_find_prop(const struct host *host, uint16_t node, const char *name, struct dt_prop *prop)
{
	return dt_find_prop(&host->dt, host->nodes[node].props, name, prop);
}

uint32_t host_prop_u32(const struct host *host, uint16_t node, const char *name, uint32_t none)
{
	struct dt_prop p;

	return node != NO_NODE && host_find_prop(host, node, name, &p) && p.size == 4 ? dt_u32(p.data) : none;
}

bool host_is_compatible(const struct host *host, uint16_t node, const char *compatible)
{
	struct dt_prop p;

	if (!host->nodes[node].compatible)
		return false;
	p = host_prop(host, host->nodes[node].compatible);
	return dt_has_string(&p, compatible);
}

const char *host_name(const struct host *host, uint16_t node)
{
	return (const char *)host->dt.blob + host->nodes[node].name;
}

const char *host_path(const struct host *host, uint16_t node, char *buf, size_t size)
{
	uint16_t chain[DT_MAX_DEPTH];
	uint32_t depth = 0;
	size_t at = 0, n;

	for (; node != NO_NODE && node; node = host->nodes[node].parent)
		chain[depth++] = node;
	if (!depth && at + 1 < size)
		buf[at++] = '/';
	while (depth) {
		const char *name = host_name(host, chain[--depth]);

		n = strlen(name);
		if (n + 2 > size - at) {
			at = at + 4 > size ? size - 4 : at;
			memcpy(buf + at, "...", 3);
			at += 3;
			break;
		}
		buf[at++] = '/';
		memcpy(buf + at, name, n);
		at += n;
	}
	buf[at] = 0;
	return buf;
}

static uint16_t find_child(const struct host *host, uint16_t node, const char *name, size_t size)
{
	for (uint16_t i = node + 1; i < host->nodes[node].end; i = host->nodes[i].end) {
		const char *n = host_name(host, i);

		if (!strncmp(n, name, size) && !n[size])
			return i;
	}
	return NO_NODE;
}

static size_t component(const char *path, size_t size)
{
	size_t n = 0;

	while (n < size && path[n] != '/')
		n++;
	return n;
}

/* Descends as far as names match; *rest: the offset of the part of the path that does not. */
static uint16_t descend(const struct host *host, const char *path, size_t size, size_t *rest)
{
	uint16_t node = 0, child;
	size_t at = 0, n;

	for (;;) {
		while (at < size && path[at] == '/')
			at++;
		*rest = at;
		if (at == size)
			return node;
		n = component(path + at, size - at);
		child = find_child(host, node, path + at, n);
		if (child == NO_NODE)
			return node;
		node = child;
		at += n;
	}
}

static uint16_t find_path(const struct host *host, const char *path, size_t size)
{
	size_t rest;
	uint16_t node = descend(host, path, size, &rest);

	return rest == size ? node : NO_NODE;
}

static bool alias_path(const struct host *host, const char *name, size_t size, struct dt_prop *p)
{
	uint32_t at;

	if (host->aliases == NO_NODE)
		return false;
	at = host->nodes[host->aliases].props;
	while (dt_next_prop(&host->dt, &at, p)) {
		if (!strncmp(p->name, name, size) && !p->name[size])
			return dt_is_strings(p) && p->data[0] == '/';
	}
	return false;
}

uint16_t host_find(const struct host *host, const char *path, size_t size)
{
	struct dt_prop p;
	uint16_t node;
	size_t n;

	if (size && path[0] == '/')
		return find_path(host, path, size);
	n = component(path, size);
	if (!n || !alias_path(host, path, n, &p))
		return NO_NODE;
	node = find_path(host, (const char *)p.data, strlen((const char *)p.data));
	while (node != NO_NODE && n < size) {
		while (n < size && path[n] == '/')
			n++;
		if (n < size)
			node = find_child(host, node, path + n, component(path + n, size - n));
		n += component(path + n, size - n);
	}
	return node;
}

/* How much of the two names agrees at the start, 0 if less than the letters before '@'. */
static size_t similarity(const char *a, const char *b, size_t size)
{
	size_t n = 0;

	while (n < size && a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The child, at any depth, whose name begins most like the component that was not found. */
uint16_t host_suggest(const struct host *host, const char *path)
{
	size_t rest, size = strlen(path), best = 2, n, last = 0;
	uint16_t found = NO_NODE, top;

	top = descend(host, path, size, &rest);
	for (n = rest; n < size; n++) {
		if (path[n] == '/')
			last = n + 1;
	}
	if (last < rest)
		last = rest;
	for (uint16_t node = top + 1; node < host->nodes[top].end; node++) {
		n = similarity(host_name(host, node), path + last, size - last);
		if (n > best) {
			best = n;
			found = node;
		}
	}
	return found;
}

uint16_t host_find_phandle(const struct host *host, uint32_t phandle)
{
	for (uint32_t i = 0; phandle && i < host->nr_nodes; i++) {
		if (host->nodes[i].phandle == phandle)
			return i;
	}
	return NO_NODE;
}

int host_find_hart(const struct host *host, uint64_t id)
{
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		if (host->harts[i].id == id)
			return i;
	}
	return -1;
}

int host_find_plic(const struct host *host, uint32_t phandle)
{
	for (uint32_t i = 0; i < host->nr_plics; i++) {
		if (host->plics[i].phandle == phandle)
			return i;
	}
	return -1;
}

int host_find_plic_node(const struct host *host, uint16_t node)
{
	for (uint32_t i = 0; i < host->nr_plics; i++) {
		if (host->plics[i].node == node)
			return i;
	}
	return -1;
}

bool host_meets_plic(const struct host *host, struct range range)
{
	for (uint32_t i = 0; i < host->nr_plics; i++) {
		if (range_overlaps(range_pages(host->plics[i].range), range))
			return true;
	}
	return false;
}

bool host_has_ram(const struct host *host, struct range range)
{
	for (uint32_t i = 0; i < host->nr_ram; i++) {
		if (range_contains(host->ram[i], range.base, range.size))
			return true;
	}
	return false;
}

bool host_meets_ram(const struct host *host, struct range range)
{
	for (uint32_t i = 0; i < host->nr_ram; i++) {
		if (range_overlaps(host->ram[i], range))
			return true;
	}
	return false;
}

bool host_is_disabled(const struct host *host, uint16_t node)
{
	for (; node != NO_NODE; node = host->nodes[node].parent) {
		if (host->nodes[node].flags & NODE_DISABLED)
			return true;
	}
	return false;
}

/* One step up: from the addresses of a bus's children to those of its own parent; ERR_RANGE: "ranges" lacks it. */
static enum err translate(const struct host *host, uint16_t bus, struct range *range)
{
	const struct host_node *n = &host->nodes[bus], *up = &host->nodes[n->parent];
	uint32_t child = n->address_cells, parent = up->address_cells, size = n->size_cells;
	uint32_t entry = 4 * (child + parent + size);
	struct range window;
	struct dt_prop p;
	uint64_t target;

	if (!n->ranges || !child || child > 2 || !parent || parent > 2 || !size || size > 2)
		return ERR_NOTFOUND;
	p = host_prop(host, n->ranges);
	if (!p.size)
		return OK;
	for (uint32_t at = 0; p.size - at >= entry; at += entry) {
		window.base = dt_cells(p.data + at, child);
		target = dt_cells(p.data + at + 4 * child, parent);
		window.size = dt_cells(p.data + at + 4 * (child + parent), size);
		if (!range_contains(window, range->base, range->size))
			continue;
		range->base = range->base - window.base + target;
		return range_valid(*range) ? OK : ERR_UNSUPPORTED;
	}
	return ERR_RANGE;
}

enum err host_bus_reg(const struct host *host, uint16_t node, uint32_t index, struct range *range)
{
	const struct host_node *n = &host->nodes[node];
	uint32_t address, size, entry;
	struct dt_prop p;

	if (!n->reg || n->parent == NO_NODE)
		return ERR_NOTFOUND;
	address = host->nodes[n->parent].address_cells;
	size = host->nodes[n->parent].size_cells;
	if (!address || address > 2 || !size || size > 2)
		return ERR_NOTFOUND;
	p = host_prop(host, n->reg);
	entry = 4 * (address + size);
	if (index >= (p.size + entry - 1) / entry)
		return ERR_NOTFOUND;
	if (p.size % entry)
		return ERR_INVALID;
	range->base = dt_cells(p.data + index * entry, address);
	range->size = dt_cells(p.data + index * entry + 4 * address, size);
	if (!range->size)
		return ERR_NOSPACE;
	return range_valid(*range) ? OK : ERR_UNSUPPORTED;
}

enum err host_node_reg(const struct host *host, uint16_t node, uint32_t index, struct range *range)
{
	enum err e = host_bus_reg(host, node, index, range);

	return e ? e : host_bus_to_cpu(host, host->nodes[node].parent, range);
}

enum err host_bus_to_cpu(const struct host *host, uint16_t bus, struct range *range)
{
	enum err e = OK;

	for (; e == OK && bus; bus = host->nodes[bus].parent)
		e = translate(host, bus, range);
	return e;
}

const char *host_reg_fault(enum err e)
{
	switch (e) {
	case ERR_NOTFOUND:
		return "is missing, or is no address of the CPU";
	case ERR_NOSPACE:
		return "has a size of 0";
	case ERR_RANGE:
		return "lies outside of the \"ranges\" of a bus above it";
	case ERR_UNSUPPORTED:
		return "wraps around the end of the address space";
	default:
		return "is cut off: its length does not fit #address-cells and #size-cells of the parent node";
	}
}

/* The controller of a node's interrupts property; without interrupt-parent it is the next controller above. */
static uint16_t irq_parent(const struct host *host, uint16_t node)
{
	if (!(host->nodes[node].flags & NODE_UP_INTC))
		return host_find_phandle(host, host->nodes[node].interrupt_parent);
	do {
		node = host->nodes[node].parent;
	} while (node != NO_NODE && !host->nodes[node].interrupt_cells);
	return node;
}

static enum err take_irq(const struct host *host, const struct dt_prop *p, uint32_t *at,
			 struct host_irq *irq)
{
	uint32_t cells = irq->parent == NO_NODE ? 0 : host->nodes[irq->parent].interrupt_cells;

	if (cells == 0xff || p->size - *at < 4 * cells || irq->parent == NO_NODE) {
		*at = p->size;
		return irq->parent == NO_NODE ? ERR_RANGE : ERR_INVALID;
	}
	irq->id = cells ? dt_u32(p->data + *at) : 0;
	irq->flags = cells > 1 ? dt_u32(p->data + *at + 4) : 0;
	*at += 4 * cells;
	return OK;
}

static enum err next_own_irq(const struct host *host, uint16_t node, struct host_irq_cursor *cursor,
			     struct host_irq *irq)
{
	const struct host_node *n = &host->nodes[node];
	struct dt_prop p;
	enum err e;

	if (!n->interrupts_extended && !n->interrupts)
		return ERR_NOTFOUND;
	p = host_prop(host, n->interrupts_extended ? n->interrupts_extended : n->interrupts);
	if (cursor->at >= p.size)
		return ERR_NOTFOUND;
	if (n->interrupts_extended) {
		if (p.size - cursor->at < 4) {
			cursor->at = p.size;
			return ERR_INVALID;
		}
		irq->parent_phandle = dt_u32(p.data + cursor->at);
		irq->parent = host_find_phandle(host, irq->parent_phandle);
		cursor->at += 4;
		return take_irq(host, &p, &cursor->at, irq);
	}
	irq->parent = irq_parent(host, node);
	irq->parent_phandle = irq->parent == NO_NODE ? n->interrupt_parent :
			      host->nodes[irq->parent].phandle;
	e = take_irq(host, &p, &cursor->at, irq);
	if (e == OK && !host->nodes[irq->parent].interrupt_cells)
		cursor->at = p.size;	/* would never end */
	return e;
}

enum err host_next_irq(const struct host *host, uint16_t node, struct host_irq_cursor *cursor,
		       struct host_irq *irq)
{
	enum err e = next_own_irq(host, node, cursor, irq);

	if (e == ERR_NOTFOUND && host->nodes[node].flags & NODE_NEXUS)
		return host_next_mapped_irq(host, node, cursor, irq);
	return e;
}
