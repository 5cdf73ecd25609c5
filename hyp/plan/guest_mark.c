/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which nodes of the host's tree a guest has: its devices, and providers without registers that these refer to, as a
 * fixed clock. What makes sense only as a whole comes along or stays away as a whole (docs/providers.md).
 */
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"

static void mark_around(struct guest_tree *t, uint16_t node)
{
	while ((node = t->host->nodes[node].parent) != NO_NODE) {
		if (t->mark[node] != MARK_NONE)
			return;
		t->mark[node] = MARK_BUS;
	}
}

/* Each node is put on the list once, so the list has room for all. */
static void mark_node(struct guest_tree *t, uint16_t node, enum mark mark)
{
	if (t->mark[node] >= MARK_DATA)
		return;
	if (t->mark[node] == MARK_NONE)
		mark_around(t, node);
	t->mark[node] = mark;
	t->todo[t->nr_todo++] = node;
}

static void mark_subtree(struct guest_tree *t, uint16_t top, enum mark mark)
{
	for (uint32_t node = top; node < t->host->nodes[top].end; node++)
		mark_node(t, node, mark);
}

/* Something that no registers stand behind, nor behind anything around it: it is only data. */
static bool is_plain_provider(const struct host *host, uint16_t node)
{
	if (!node || host_is_disabled(host, node) ||
	    (host->cpus != NO_NODE && host_is_within(host, node, host->cpus)) ||
	    (host->reserved_memory != NO_NODE && host_is_within(host, node, host->reserved_memory)))
		return false;
	for (; node; node = host->nodes[node].parent) {
		if (host->nodes[node].reg || host->nodes[node].flags & NODE_INTC)
			return false;
	}
	return true;
}

/* What a provider's node is a part of: the nearest node around it that says what it is. */
static uint16_t unit_of(const struct host *host, uint16_t node)
{
	for (uint16_t top = node; top; top = host->nodes[top].parent) {
		if (host->nodes[top].compatible)
			return top;
	}
	return node;
}

/* A bus is no provider: of what stands on it, only what is referred to comes along. */
static uint16_t provider(const struct host *host, uint16_t node)
{
	uint16_t unit = unit_of(host, node);

	return host_is_compatible(host, unit, "simple-bus") ? node : unit;
}

static bool is_endpoint(const struct host *host, uint16_t node)
{
	return !strncmp(host_name(host, node), "endpoint", 8);
}

/* The next property from offset on that is a reference in the guest's tree, and of which kind. False: there is none. */
static bool next_reference(struct guest_tree *t, uint32_t *offset, struct dt_prop *p, struct reference *ref)
{
	while (dt_next_prop(&t->host->dt, offset, p)) {
		uint32_t kind = guest_kind(t, p);

		if (kind != NO_REFERENCE) {
			*ref = refs_kind(kind);
			return true;
		}
	}
	return false;
}

static void follow(struct guest_tree *t, uint16_t node)
{
	uint32_t offset = t->host->nodes[node].props;
	struct reference ref;
	struct ref_entry e;
	struct dt_prop p;

	while (next_reference(t, &offset, &p, &ref)) {
		e = (struct ref_entry){ 0 };
		while (refs_next(t->host, &ref, &p, &e)) {
			if (e.target != NO_NODE && is_plain_provider(t->host, e.target))
				mark_subtree(t, provider(t->host, e.target), MARK_DATA);
		}
	}
}

/* It works without its GPIO, which then stays as it is. */
static bool works_without_gpio(const struct host *host, uint16_t node)
{
	return host_is_compatible(host, node, "regulator-fixed") || host_is_compatible(host, node, "mmc-pwrseq-simple");
}

/* True if a provider without registers cannot do what it is for, if it loses that reference. */
static bool needs(const struct host *host, uint16_t node, const struct reference *ref, const struct dt_prop *p)
{
	if (ref->effect == REF_PASSIVE || ref->match == PINCTRL || !strcmp(p->name, "clocks") ||
	    !strncmp(p->name, "assigned-clock", 14))
		return false;
	if (ref->match == SUFFIX && !ref->cells)
		return false;		/* a supply */
	return !(ref->cells && !strcmp(ref->cells, "#gpio-cells") && works_without_gpio(host, node));
}

static bool is_useless(struct guest_tree *t, uint16_t node)
{
	uint32_t offset = t->host->nodes[node].props;
	struct reference ref;
	struct ref_entry e;
	struct dt_prop p;

	while (next_reference(t, &offset, &p, &ref)) {
		e = (struct ref_entry){ 0 };
		while (needs(t->host, node, &ref, &p) && refs_next(t->host, &ref, &p, &e)) {
			if (!e.empty && !guest_has(t, e.target))
				return true;
		}
	}
	return false;
}

static bool has_no_other_side(const struct guest_tree *t, uint16_t node)
{
	struct dt_prop p;

	return is_endpoint(t->host, node) && host_find_prop(t->host, node, "remote-endpoint", &p) &&
	       (p.size != 4 || !guest_has(t, host_find_phandle(t->host, dt_u32(p.data))));
}

/* Takes away one provider that has lost what it needs, or one endpoint without its other side; false: there is none. */
static bool unmark_one(struct guest_tree *t)
{
	uint32_t top;

	for (uint32_t node = 0; node < t->host->nr_nodes; node++) {
		if (t->mark[node] < MARK_DATA)
			continue;
		if (has_no_other_side(t, node))
			top = node;
		else if (t->mark[node] == MARK_DATA && is_useless(t, node))
			top = provider(t->host, node);
		else
			continue;
		for (uint32_t end = t->host->nodes[top].end; top < end; top++)
			t->mark[top] = MARK_NONE;
		return true;
	}
	return false;
}

void guest_mark(struct guest_tree *t)
{
	const struct plan_vm *v = t->vm;

	memset(t->names, 0xff, sizeof(t->names));	/* no name lies there */
	memset(t->mark, MARK_NONE, t->host->nr_nodes);
	t->nr_todo = 0;
	t->mark[0] = MARK_BUS;
	for (uint32_t i = 0; i < v->nr_devices; i++)
		mark_subtree(t, v->devices[i].node, MARK_FULL);
	while (t->nr_todo)
		follow(t, t->todo[--t->nr_todo]);
	for (uint32_t i = 0; i < v->nr_vplics; i++)
		mark_node(t, t->host->plics[v->vplics[i].plic].node, MARK_FULL);
	if (v->files)
		mark_node(t, t->host->imsic.node, MARK_FULL);
	while (unmark_one(t))
		;
}
