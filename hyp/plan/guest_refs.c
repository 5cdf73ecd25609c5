/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References between nodes (phandles) in what a guest gets of the host's tree. Something stands in for clocks and reset
 * lines that the guest does not have. Any other reference to what it does not have is left out, with the names that go
 * with it, so that no phandle dangles.
 */
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"
#include "hyp/plan/iommu_map.h"

/* Each name is searched for once; see host_name. */
uint32_t guest_kind(struct guest_tree *t, const struct dt_prop *p)
{
	struct host_name *known = &t->names[p->name_offset % HOST_NAMES];

	if (known->offset != p->name_offset)
		*known = (struct host_name){ p->name_offset, refs_find(p->name) };
	return known->kind;
}

static void note(struct guest_tree *t, uint16_t node, const char *prop, uint16_t target)
{
	char path[HOST_PATH_SIZE], other[HOST_PATH_SIZE];

	/* The hypervisor drives the IOMMU: the guest's bus addresses are its own, as they are without one. */
	if (target != NO_NODE && iommu_is_driven(t->host, target))
		return;
	problem_note(t->r, false, host_path(t->host, node, path, sizeof(path)), prop,
		     "left out for guest %s, which does not have %s", t->vm->name,
		     target == NO_NODE ? "what it refers to" :
		     host_path(t->host, target, other, sizeof(other)));
}

static bool is_assigned(const char *name)
{
	return !strncmp(name, "assigned-clock", 14);
}

static bool is_pins(const char *name)
{
	return !strncmp(name, "pinctrl-", 8);
}

/* Or something stands in for it. */
static bool stays(struct guest_tree *t, const struct dt_prop *p, const struct ref_entry *e)
{
	return e->empty || guest_has(t, e->target) || guest_standin_cells(t, p->name);
}

/* What of one property is lost; false if nothing is. */
static bool find_lost(struct guest_tree *t, const struct dt_prop *p, struct lost *l, uint16_t *target)
{
	struct ref_entry e = { 0 };
	bool found = false;

	l->kept = 0;
	l->any = false;
	for (uint32_t i = 0; refs_next(t->host, &l->ref, p, &e); i++) {
		if (stays(t, p, &e))
			l->kept |= i < 64 ? 1ull << i : 0;
		else if (!found)
			*target = e.target;
		found |= !stays(t, p, &e);
		l->any |= stays(t, p, &e) && !e.empty;
	}
	return found;
}

void guest_begin_refs(struct guest_tree *t, uint16_t node)
{
	uint32_t offset = t->host->nodes[node].props, kind;
	bool is_plic = host_find_plic_node(t->host, node) >= 0 || node == t->host->imsic.node;
	uint16_t target = NO_NODE;
	struct dt_prop p;
	struct lost l;

	t->nr_lost = 0;
	t->lost_pins = t->lost_assigned = false;
	while (dt_next_prop(&t->host->dt, &offset, &p)) {
		kind = guest_kind(t, &p);
		if (kind == NO_REFERENCE || (is_plic && !strcmp(p.name, "interrupts-extended")))
			continue;	/* that one is written anew */
		l.ref = refs_kind(kind);
		l.name = p.name;
		if (!find_lost(t, &p, &l, &target))
			continue;
		t->lost_pins |= is_pins(p.name);
		t->lost_assigned |= is_assigned(p.name);
		if (t->mark[node] >= MARK_DATA && strcmp(p.name, "interrupt-parent"))
			note(t, node, p.name, target);
		if (t->nr_lost < MAX_LOST)
			t->lost[t->nr_lost++] = l;
	}
}

static bool names_go_along(struct guest_tree *t, uint16_t node, const struct lost *l)
{
	uint32_t offset = t->host->nodes[node].props;
	struct dt_prop p;

	while (dt_next_prop(&t->host->dt, &offset, &p)) {
		if (refs_go_together(&l->ref, l->name, p.name))
			return true;
	}
	return false;
}

/* Without names, drivers count: what stands behind an entry that is lost would move to its place. */
static uint64_t kept_entries(struct guest_tree *t, uint16_t node, const struct lost *l)
{
	uint64_t lost = ~l->kept, before = (lost & -lost) - 1;	/* the first that is lost; those before it */

	return names_go_along(t, node, l) ? l->kept : l->kept & before;
}

static bool is_kept(uint64_t kept, uint32_t i)
{
	return i < 64 && kept & 1ull << i;
}

/* To out, if it is not NULL; returns the size. Lists of GPIOs have 0 where there is none. */
static uint32_t filter(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct lost *l, uint8_t *out)
{
	bool gpios = l->ref.cells && !strcmp(l->ref.cells, "#gpio-cells");
	uint64_t kept = gpios ? l->kept : kept_entries(t, node, l);
	struct ref_entry e = { 0 };
	uint32_t size = 0;

	for (uint32_t i = 0; refs_next(t->host, &l->ref, p, &e); i++) {
		if (is_kept(kept, i)) {
			if (out)
				memcpy(out + size, p->data + e.at, e.end - e.at);
			size += e.end - e.at;
		} else if (gpios) {
			if (out)
				memset(out + size, 0, 4);
			size += 4;
		}
	}
	return size;
}

static void copy_filtered(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct lost *l)
{
	uint32_t size = l->any ? filter(t, node, p, l, NULL) : 0;
	uint8_t *out;

	if (!size)
		return;
	out = dt_write_room(&t->w, p->name, size);
	if (out)
		filter(t, node, p, l, out);
}

/* The strings of a "-names" property, or the cells of another, that belong to entries that stay. */
static uint32_t filter_names(const struct dt_prop *p, uint64_t kept, uint8_t *out)
{
	bool strings = dt_is_strings(p);
	uint32_t at = 0, from, size = 0;

	for (uint32_t i = 0; at < p->size; i++) {
		from = at;
		if (strings)
			dt_string(p, &at);
		else
			at += p->size - at < 4 ? p->size - at : 4;
		if (!is_kept(kept, i))
			continue;
		if (out)
			memcpy(out + size, p->data + from, at - from);
		size += at - from;
	}
	return size;
}

static void copy_names(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct lost *l)
{
	uint64_t kept = kept_entries(t, node, l);
	uint32_t size = filter_names(p, kept, NULL);
	uint8_t *out = size ? dt_write_room(&t->w, p->name, size) : NULL;

	if (out)
		filter_names(p, kept, out);
}

/* To out if it is not NULL; returns the size. What the guest does not have is a stand-in. */
static uint32_t put_standins(struct guest_tree *t, uint16_t node, const struct dt_prop *p, uint8_t *out)
{
	struct reference ref = refs_kind(guest_kind(t, p));
	uint32_t size = 0, n;
	struct ref_entry e = { 0 };
	bool same;

	for (uint32_t i = 0; refs_next(t->host, &ref, p, &e); i++) {
		same = e.empty || guest_has(t, e.target);
		n = same ? e.end - e.at : 4 * guest_standin_cells(t, p->name);
		if (out && same)
			memcpy(out + size, p->data + e.at, n);
		else if (out)
			guest_standin(t, node, p, &e, i, out + size);
		size += n;
	}
	return size;
}

static void copy_with_standins(struct guest_tree *t, uint16_t node, const struct dt_prop *p)
{
	uint8_t *out = dt_write_room(&t->w, p->name, put_standins(t, node, p, NULL));

	if (out)
		put_standins(t, node, p, out);
}

/* A provider without registers interrupts nothing: the source is not one that the plan has given to the guest. */
static bool goes_anyway(const struct guest_tree *t, uint16_t node, const char *name)
{
	return (t->lost_pins && is_pins(name)) || (t->lost_assigned && is_assigned(name)) ||
	       (t->mark[node] == MARK_DATA && !strncmp(name, "interrupt", 9));
}

/*
 * "msi-map" and "iommu-map" of a PCI bus: entries of an id, a phandle, and two numbers. Without all of its controllers
 * a map goes: then the devices have interrupts by wire, and DMA as it is.
 */
static bool is_lost_map(struct guest_tree *t, uint16_t node, const struct dt_prop *p)
{
	uint16_t target;

	if (strcmp(p->name, "msi-map") && strcmp(p->name, "iommu-map"))
		return false;
	for (uint32_t at = 0; p->size - at >= 16; at += 16) {
		target = host_find_phandle(t->host, dt_u32(p->data + at + 4));
		if (guest_has(t, target))
			continue;
		note(t, node, p->name, target);
		return true;
	}
	return p->size % 16;
}

void guest_copy(struct guest_tree *t, uint16_t node, const struct dt_prop *p)
{
	if (goes_anyway(t, node, p->name) || is_lost_map(t, node, p))
		return;
	if (guest_standin_cells(t, p->name)) {
		copy_with_standins(t, node, p);
		return;
	}
	for (uint32_t i = 0; i < t->nr_lost; i++) {
		if (!strcmp(t->lost[i].name, p->name)) {
			copy_filtered(t, node, p, &t->lost[i]);
			return;
		}
		if (refs_go_together(&t->lost[i].ref, t->lost[i].name, p->name)) {
			copy_names(t, node, p, &t->lost[i]);
			return;
		}
	}
	dt_write_prop(&t->w, p->name, p->data, p->size);
}
