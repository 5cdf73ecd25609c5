/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References between nodes (phandles) in what a guest gets of the host's tree. A provider without
 * registers, as a fixed clock, comes along; a reference to anything else that the guest does not
 * have is left out, with the names that go with it, so that no phandle dangles.
 */
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"
#include "hyp/plan/refs.h"

/* Each name is searched for once; see host_name. */
static const struct reference *find_reference(struct guest_tree *t, const struct dt_prop *p)
{
	struct host_name *known = &t->names[p->name_offset % HOST_NAMES];

	if (known->offset != p->name_offset)
		*known = (struct host_name){ p->name_offset, refs_find(p->name) };
	return known->kind == NO_REFERENCE ? NULL : &refs_table[known->kind];
}

bool guest_is_reference(struct guest_tree *t, const struct dt_prop *p)
{
	return find_reference(t, p);
}

bool guest_drops(const char *name, uint32_t dangling)
{
	size_t size = strlen(name);
	uint32_t i;

	for (i = 0; dangling && i < NR_REFS; i++) {
		if (!(dangling & 1u << i))
			continue;
		if (refs_match(&refs_table[i], name, size) ||
		    (refs_table[i].goes_with && !strcmp(refs_table[i].goes_with, name)))
			return true;
	}
	return false;
}

static void mark_around(struct guest_tree *t, uint16_t node)
{
	while ((node = t->host->nodes[node].parent) != NO_NODE) {
		if (t->mark[node] != MARK_NONE)
			return;
		t->mark[node] = MARK_BUS;
	}
}

/* Each node is put on the list once, so the list has room for all. */
static void mark_full(struct guest_tree *t, uint16_t node)
{
	if (t->mark[node] == MARK_FULL)
		return;
	if (t->mark[node] == MARK_NONE)
		mark_around(t, node);
	t->mark[node] = MARK_FULL;
	t->todo[t->nr_todo++] = node;
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

static void follow(struct guest_tree *t, uint16_t node)
{
	uint32_t offset = t->host->nodes[node].props, at;
	const struct reference *ref;
	struct dt_prop p;
	uint16_t target;

	while (dt_next_prop(&t->host->dt, &offset, &p)) {
		ref = find_reference(t, &p);
		if (!ref)
			continue;
		at = 0;
		while (refs_next(t->host, ref, &p, &at, &target)) {
			if (target != NO_NODE && is_plain_provider(t->host, target))
				mark_full(t, target);
		}
	}
}

void guest_mark(struct guest_tree *t)
{
	const struct plan_vm *v = t->vm;
	uint32_t i, node, end;

	memset(t->names, 0xff, sizeof(t->names));	/* no name lies there */
	memset(t->mark, MARK_NONE, t->host->nr_nodes);
	t->nr_todo = 0;
	t->mark[0] = MARK_BUS;
	for (i = 0; i < v->nr_devices; i++) {
		end = t->host->nodes[v->devices[i].node].end;
		for (node = v->devices[i].node; node < end; node++)
			mark_full(t, node);
	}
	while (t->nr_todo)
		follow(t, t->todo[--t->nr_todo]);
	for (i = 0; i < v->nr_vplics; i++)
		mark_full(t, t->host->plics[v->vplics[i].plic].node);
}

static void note(struct guest_tree *t, uint16_t node, const char *prop, uint16_t target)
{
	char path[HOST_PATH_SIZE], other[HOST_PATH_SIZE];

	problem_note(t->r, false, host_path(t->host, node, path, sizeof(path)), prop,
		     "left out for guest %s, which does not have %s", t->vm->name,
		     target == NO_NODE ? "what it refers to" :
		     host_path(t->host, target, other, sizeof(other)));
}

uint32_t guest_dangling(struct guest_tree *t, uint16_t node)
{
	uint32_t offset = t->host->nodes[node].props, at, dangling = 0;
	const struct reference *ref;
	struct dt_prop p;
	uint16_t target;

	while (dt_next_prop(&t->host->dt, &offset, &p)) {
		ref = find_reference(t, &p);
		if (!ref)
			continue;
		at = 0;
		while (refs_next(t->host, ref, &p, &at, &target)) {
			if (target != NO_NODE && t->mark[target] == MARK_FULL)
				continue;
			if (t->mark[node] == MARK_FULL && strcmp(p.name, "interrupt-parent"))
				note(t, node, p.name, target);
			dangling |= 1u << (ref - refs_table);
			break;
		}
	}
	return dangling;
}
