/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References between nodes (phandles) in what a guest gets of the host's tree. A provider without
 * registers, as a fixed clock, comes along; a reference to anything else that the guest does not
 * have is left out, with the names that go with it, so that no phandle dangles. Table: the
 * bindings of the device tree's common properties (dt-schema, schemas/).
 */
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"

struct reference {
	const char *name;
	uint8_t size;		/* of name */
	const char *goes_with;	/* a property that makes no sense without; NULL: none */
	const char *cells;	/* in the provider: cells behind the phandle; NULL: none */
	enum { WHOLE, SUFFIX, PINCTRL, FIRST } match;	/* FIRST: only the first cell */
};

#define NAME(text)	text, sizeof(text) - 1

static const struct reference references[] = {
	{ NAME("-gpios"), NULL, "#gpio-cells", SUFFIX },
	{ NAME("-gpio"), NULL, "#gpio-cells", SUFFIX },
	{ NAME("-supply"), NULL, NULL, SUFFIX },
	{ NAME("pinctrl-"), "pinctrl-names", NULL, PINCTRL },
	{ NAME("clocks"), "clock-names", "#clock-cells", WHOLE },
	{ NAME("assigned-clocks"), "assigned-clock-rates", "#clock-cells", WHOLE },
	{ NAME("assigned-clock-parents"), NULL, "#clock-cells", WHOLE },
	{ NAME("resets"), "reset-names", "#reset-cells", WHOLE },
	{ NAME("power-domains"), "power-domain-names", "#power-domain-cells", WHOLE },
	{ NAME("dmas"), "dma-names", "#dma-cells", WHOLE },
	{ NAME("iommus"), NULL, "#iommu-cells", WHOLE },
	{ NAME("phys"), "phy-names", "#phy-cells", WHOLE },
	{ NAME("mboxes"), "mbox-names", "#mbox-cells", WHOLE },
	{ NAME("interconnects"), "interconnect-names", "#interconnect-cells", WHOLE },
	{ NAME("pwms"), "pwm-names", "#pwm-cells", WHOLE },
	{ NAME("io-channels"), "io-channel-names", "#io-channel-cells", WHOLE },
	{ NAME("nvmem-cells"), "nvmem-cell-names", "#nvmem-cell-cells", WHOLE },
	{ NAME("hwlocks"), "hwlock-names", "#hwlock-cells", WHOLE },
	{ NAME("msi-parent"), NULL, "#msi-cells", WHOLE },
	{ NAME("memory-region"), "memory-region-names", NULL, WHOLE },
	{ NAME("gpios"), NULL, "#gpio-cells", WHOLE },
	{ NAME("phy-handle"), NULL, NULL, FIRST },
	{ NAME("regmap"), NULL, NULL, FIRST },
	{ NAME("syscon"), NULL, NULL, FIRST },
	{ NAME("next-level-cache"), NULL, NULL, WHOLE },
	{ NAME("operating-points-v2"), NULL, NULL, WHOLE },
	{ NAME("cpu-idle-states"), NULL, NULL, WHOLE },
	{ NAME("interrupt-parent"), NULL, NULL, WHOLE },
};

#define NO_REFERENCE	UINT32_MAX

_Static_assert(ARRAY_LEN(references) <= 32, "one bit each");

/* size: of name. Most names differ in length, which decides at once. */
static bool matches(const struct reference *ref, const char *name, size_t size)
{
	if (size < ref->size)
		return false;
	if (size == ref->size)
		return (ref->match == WHOLE || ref->match == FIRST) &&
		       !memcmp(name, ref->name, size);
	switch (ref->match) {
	case WHOLE:
	case FIRST:
		return false;
	case SUFFIX:
		return name[size - ref->size] == '-' &&
		       !memcmp(name + size - ref->size, ref->name, ref->size);
	case PINCTRL:
		return name[0] == 'p' && !memcmp(name, ref->name, ref->size) &&
		       name[ref->size] >= '0' && name[ref->size] <= '9';
	}
	return false;
}

static uint32_t search_reference(const char *name)
{
	size_t size = strlen(name);
	uint32_t i;

	for (i = 0; i < ARRAY_LEN(references); i++) {
		if (matches(&references[i], name, size))
			return i;
	}
	return NO_REFERENCE;
}

/* Each name is searched for once; see host_name. */
static const struct reference *find_reference(struct guest_tree *t, const struct dt_prop *p)
{
	struct host_name *known = &t->names[p->name_offset % HOST_NAMES];

	if (known->offset != p->name_offset)
		*known = (struct host_name){ p->name_offset, search_reference(p->name) };
	return known->kind == NO_REFERENCE ? NULL : &references[known->kind];
}

bool guest_is_reference(struct guest_tree *t, const struct dt_prop *p)
{
	return find_reference(t, p);
}

bool guest_drops(const char *name, uint32_t dangling)
{
	size_t size = strlen(name);
	uint32_t i;

	for (i = 0; dangling && i < ARRAY_LEN(references); i++) {
		if (!(dangling & 1u << i))
			continue;
		if (matches(&references[i], name, size) ||
		    (references[i].goes_with && !strcmp(references[i].goes_with, name)))
			return true;
	}
	return false;
}

/*
 * The next node that the property refers to, from *at on; NO_NODE with *at behind the value where
 * it is malformed or names no node. False at the end. Empty entries (phandle 0) are passed over.
 */
static bool next_target(const struct host *host, const struct reference *ref,
			const struct dt_prop *p, uint32_t *at, uint16_t *target)
{
	struct dt_prop cells;
	uint32_t n = 0;

	while (*at + 4 <= p->size && !dt_u32(p->data + *at))
		*at += 4;
	if (*at + 4 > p->size)
		return false;
	*target = host_find_phandle(host, dt_u32(p->data + *at));
	*at += 4;
	if (*target != NO_NODE && ref->cells && host_find_prop(host, *target, ref->cells, &cells))
		n = cells.size == 4 ? dt_u32(cells.data) : 0;
	if (*target == NO_NODE || ref->match == FIRST || n > (p->size - *at) / 4)
		*at = p->size;
	else
		*at += 4 * n;
	return true;
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
		while (next_target(t->host, ref, &p, &at, &target)) {
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
		while (next_target(t->host, ref, &p, &at, &target)) {
			if (target != NO_NODE && t->mark[target] == MARK_FULL)
				continue;
			if (t->mark[node] == MARK_FULL && strcmp(p.name, "interrupt-parent"))
				note(t, node, p.name, target);
			dangling |= 1u << (ref - references);
			break;
		}
	}
	return dangling;
}
