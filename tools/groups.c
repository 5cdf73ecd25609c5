/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices of a machine that belong together, for `bulkhead new`: what one cannot be given without, as the controller
 * that its interrupts go to and what has the same registers; and what it refers to that has no stand-in
 * (docs/providers.md).
 */
#include <string.h>

#include "hyp/plan/plan_int.h"
#include "hyp/plan/refs.h"
#include "tools/tool.h"

/* The device that the node is, or is a part of: the outermost node with registers that the CPU reaches; NO_NODE:
 * none. */
static uint16_t device_of(uint16_t node)
{
	uint16_t found = NO_NODE;
	struct range reg;

	for (; node != NO_NODE && node; node = tool_host.nodes[node].parent) {
		if (!host_node_reg(&tool_host, node, 0, &reg))
			found = node;
	}
	return found;
}

static void add(struct group *g, uint16_t node)
{
	uint16_t device = node == NO_NODE ? NO_NODE : device_of(node);
	uint32_t i;

	for (i = 0; i < g->count && g->nodes[i] != device; i++)
		;
	if (device != NO_NODE && i == g->count && g->count < MAX_GROUP)
		g->nodes[g->count++] = device;
}

static void add_controllers(struct group *g, uint16_t node)
{
	struct host_irq_cursor cursor = { 0 };
	struct host_irq irq;

	while (!host_next_irq(&tool_host, node, &cursor, &irq)) {
		if (irq.parent != NO_NODE && host_find_plic_node(&tool_host, irq.parent) < 0)
			add(g, irq.parent);
	}
}

/* What has some of the same registers. What has others in the same page need not come along: plan_pages.c. */
static void add_overlaps(struct group *g, uint16_t node)
{
	const struct host_reg *end = tool_host.regs + tool_host.nr_regs;

	for (const struct host_reg *a = tool_host.regs; a < end; a++) {
		for (const struct host_reg *b = tool_host.regs; a->node == node && b < end; b++) {
			if (range_overlaps(a->range, b->range))
				add(g, b->node);
		}
	}
}

/* Kinds of providers whose users seldom work without. */
static bool has_no_standin(const struct reference *ref, const char *name)
{
	static const char *const names[] = { "dmas", "phys", "power-domains", "mboxes", "io-channels" };

	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return ref->effect == REF_REGISTERS;
}

static void add_providers(struct group *g, uint16_t node)
{
	uint32_t at = tool_host.nodes[node].props, kind;
	struct reference ref;
	struct ref_entry e;
	struct dt_prop p;

	while (dt_next_prop(&tool_host.dt, &at, &p)) {
		kind = refs_find(p.name);
		if (kind == NO_REFERENCE)
			continue;
		ref = refs_kind(kind);
		e = (struct ref_entry){ 0 };
		while (has_no_standin(&ref, p.name) && refs_next(&tool_host, &ref, &p, &e)) {
			if (!e.empty && e.target != NO_NODE)
				add(g, e.target);
		}
	}
}

void group_find(struct group *g, uint16_t device, bool with_providers)
{
	g->count = 1;
	g->nodes[0] = device;
	for (uint32_t i = 0; i < g->count; i++) {
		for (uint32_t node = g->nodes[i]; node < tool_host.nodes[g->nodes[i]].end; node++) {
			add_controllers(g, node);
			add_overlaps(g, node);
			if (with_providers && !i)
				add_providers(g, node);
		}
	}
}
