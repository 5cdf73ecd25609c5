/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of references; see refs.h. Sources: the common properties of dt-schema (schemas/), with what they do, and
 * their shapes, as "-gpios"; vendors' names of system registers; and all other names that bindings give the type of a
 * phandle (phandles.def, which scripts/bindings-table writes).
 */
#include "hyp/plan/refs.h"

#include <stddef.h>

#include "hyp/base/fmt.h"
#include "hyp/base/str.h"

#define NAME(text)	text, sizeof(text) - 1

#define NR_LONGER	5	/* the first ones: kinds whose names are longer than this */

static const struct reference table[] = {
	{ NAME("-gpios"), SUFFIX, REF_ACTS, NULL, "#gpio-cells", 0 },
	{ NAME("-gpio"), SUFFIX, REF_ACTS, NULL, "#gpio-cells", 0 },
	{ NAME("-supply"), SUFFIX, REF_ACTS, NULL, NULL, 1 },
	{ NAME("pinctrl-"), PINCTRL, REF_ACTS, "pinctrl-names", NULL, 1 },
	{ NAME(","), VENDOR, REF_REGISTERS, NULL, NULL, 0 },
	{ NAME("clocks"), WHOLE, REF_ACTS, NULL, "#clock-cells", 0 },
	{ NAME("assigned-clocks"), WHOLE, REF_ACTS, "assigned-clock-rates", "#clock-cells", 0 },
	{ NAME("assigned-clock-parents"), WHOLE, REF_ACTS, NULL, "#clock-cells", 0 },
	{ NAME("resets"), WHOLE, REF_ACTS, NULL, "#reset-cells", 0 },
	{ NAME("power-domains"), WHOLE, REF_ACTS, NULL, "#power-domain-cells", 0 },
	{ NAME("dmas"), WHOLE, REF_PASSIVE, NULL, "#dma-cells", 0 },
	{ NAME("iommus"), WHOLE, REF_PASSIVE, NULL, "#iommu-cells", 0 },
	{ NAME("phys"), WHOLE, REF_PASSIVE, NULL, "#phy-cells", 0 },
	{ NAME("mboxes"), WHOLE, REF_ACTS, "mbox-names", "#mbox-cells", 0 },
	{ NAME("interconnects"), WHOLE, REF_ACTS, NULL, "#interconnect-cells", 0 },
	{ NAME("pwms"), WHOLE, REF_ACTS, NULL, "#pwm-cells", 0 },
	{ NAME("io-channels"), WHOLE, REF_PASSIVE, NULL, "#io-channel-cells", 0 },
	{ NAME("nvmem-cells"), WHOLE, REF_ACTS, NULL, "#nvmem-cell-cells", 0 },
	{ NAME("nvmem"), WHOLE, REF_ACTS, NULL, NULL, 1 },
	{ NAME("hwlocks"), WHOLE, REF_ACTS, NULL, "#hwlock-cells", 0 },
	{ NAME("msi-parent"), WHOLE, REF_PASSIVE, NULL, "#msi-cells", 0 },
	{ NAME("memory-region"), WHOLE, REF_PASSIVE, NULL, NULL, 1 },
	{ NAME("gpios"), WHOLE, REF_ACTS, NULL, "#gpio-cells", 0 },
	{ NAME("gpio"), WHOLE, REF_ACTS, NULL, "#gpio-cells", 0 },
	{ NAME("gpio-ranges"), WHOLE, REF_PASSIVE, "gpio-ranges-group-names", NULL, 4 },
	{ NAME("phy-handle"), WHOLE, REF_PASSIVE, NULL, NULL, 1 },
	{ NAME("regmap"), WHOLE, REF_REGISTERS, NULL, NULL, 0 },
	{ NAME("syscon"), WHOLE, REF_REGISTERS, NULL, NULL, 0 },
	{ NAME("mmc-pwrseq"), WHOLE, REF_ACTS, NULL, NULL, 1 },
	{ NAME("next-level-cache"), WHOLE, REF_ACTS, NULL, NULL, 1 },
	{ NAME("operating-points-v2"), WHOLE, REF_PASSIVE, NULL, NULL, 1 },
	{ NAME("cooling-device"), WHOLE, REF_PASSIVE, NULL, "#cooling-cells", 0 },
	{ NAME("interrupts-extended"), WHOLE, REF_PASSIVE, "interrupt-names", "#interrupt-cells", 0 },
	{ NAME("interrupt-parent"), WHOLE, REF_PASSIVE, NULL, NULL, 1 },
};

/* The names of phandles.def one behind the other, and where each of them begins: no pointers, which a boot would
 * relocate. */
#define JOIN(a, b)	JOIN2(a, b)
#define JOIN2(a, b)	a ## b

struct names {
#define PHANDLE(name, width)	char JOIN(at, __LINE__)[sizeof(name)];
#include "hyp/plan/phandles.def"
#undef PHANDLE
};

static const struct names names = {
#define PHANDLE(name, width)	name,
#include "hyp/plan/phandles.def"
#undef PHANDLE
};

static const struct {
	uint16_t at;
	uint8_t width;
} phandles[] = {
#define PHANDLE(name, width)	{ offsetof(struct names, JOIN(at, __LINE__)), width },
#include "hyp/plan/phandles.def"
#undef PHANDLE
};

static const char *phandle_name(uint32_t i)
{
	return (const char *)&names + phandles[i].at;
}

static uint32_t find_phandle(const char *name)
{
	uint32_t first = 0, end = ARRAY_LEN(phandles), middle;
	int order;

	while (first < end) {
		middle = (first + end) / 2;
		order = strcmp(name, phandle_name(middle));
		if (!order)
			return middle;
		if (order < 0)
			end = middle;
		else
			first = middle + 1;
	}
	return NO_REFERENCE;
}

/* As "starfive,sys-syscon": the name of a property that begins with the phandle of a block of system registers. */
static bool names_registers(const char *name, size_t size)
{
	static const struct { const char *word; size_t size; } words[] = {
		{ NAME("syscon") }, { NAME("sysctl") }, { NAME("sysreg") }, { NAME("_csr") }, { NAME("-csr") },
		{ NAME("crg") },
	};

	for (size_t at = 0; at < size; at++) {
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			if (words[i].size <= size - at && name[at] == words[i].word[0] &&
			    !memcmp(name + at, words[i].word, words[i].size))
				return true;
		}
	}
	return false;
}

static bool is_vendors(const char *name, size_t size)
{
	size_t at = 1;

	while (at < size && name[at] != ',')
		at++;
	return at < size && names_registers(name + at, size - at);
}

/* Whether a name that is longer than the kind's matches it. */
static bool matches_longer(const struct reference *ref, const char *name, size_t size)
{
	switch (ref->match) {
	case SUFFIX:
		return name[size - ref->size] == '-' && !memcmp(name + size - ref->size, ref->name, ref->size);
	case PINCTRL:
		return name[0] == 'p' && !memcmp(name, ref->name, ref->size) && name[ref->size] >= '0' &&
		       name[ref->size] <= '9';
	case VENDOR:
		return is_vendors(name, size);
	default:
		return false;
	}
}

/* A boot asks for each name of a tree. Most differ in length from all of the table, which decides at once. */
uint32_t refs_find(const char *name)
{
	size_t size = strlen(name);
	uint32_t i;

	for (i = NR_LONGER; i < ARRAY_LEN(table); i++) {
		if (table[i].size == size && name[0] == table[i].name[0] && !memcmp(name, table[i].name, size))
			return i;
	}
	i = find_phandle(name);
	if (i != NO_REFERENCE)
		return ARRAY_LEN(table) + i;
	for (i = 0; i < NR_LONGER; i++) {
		if (size > table[i].size && matches_longer(&table[i], name, size))
			return i;
	}
	return NO_REFERENCE;
}

struct reference refs_kind(uint32_t kind)
{
	uint32_t i = kind - ARRAY_LEN(table);
	const char *name;

	if (kind < ARRAY_LEN(table))
		return table[kind];
	name = phandle_name(i);
	return (struct reference){ .match = WHOLE, .width = phandles[i].width,
		.effect = names_registers(name, strlen(name)) ? REF_REGISTERS : REF_PASSIVE };
}

/* "thermal-sensors" has "#thermal-sensor-cells" in the provider, and goes with "thermal-sensor-names". */
static size_t one_of(const char *name)
{
	size_t size = strlen(name);

	return size && name[size - 1] == 's' ? size - 1 : size;
}

/* Cells behind the phandle, as the provider says; false if it says nothing. */
static bool provider_cells(const struct host *host, const struct reference *ref, const char *name, uint16_t target,
			   uint32_t *count)
{
	char cells[64];
	struct dt_prop p;

	if (!ref->cells)
		fmt_str(cells, sizeof(cells), "#%.*s-cells", (int)one_of(name), name);
	if (!host_find_prop(host, target, ref->cells ? ref->cells : cells, &p))
		return ref->cells;
	*count = p.size == 4 ? dt_u32(p.data) : 0;
	return true;
}

bool refs_next(const struct host *host, const struct reference *ref, const struct dt_prop *p, struct ref_entry *e)
{
	uint32_t n = 0, left;
	bool known = true;

	e->at = e->end;
	if (e->at + 4 > p->size)
		return false;
	e->target = host_find_phandle(host, dt_u32(p->data + e->at));
	e->empty = !dt_u32(p->data + e->at);
	e->end += 4;
	left = (p->size - e->end) / 4;
	if (e->empty)
		return true;
	if (ref->width)
		n = ref->width - 1;
	else if (e->target != NO_NODE && ref->match != VENDOR)
		known = provider_cells(host, ref, p->name, e->target, &n);
	if (e->target == NO_NODE || (!ref->width && ref->match == VENDOR) || !known || n > left)
		e->end = p->size;
	else
		e->end += 4 * n;
	return true;
}

bool refs_go_together(const struct reference *ref, const char *name, const char *other)
{
	size_t size = one_of(name);

	if (ref->goes_with)
		return !strcmp(ref->goes_with, other);
	if (ref->match != WHOLE || strncmp(other, name, size))
		return false;
	return !strcmp(other + size, "-names") || (name[size] && !strcmp(other + size, "s-names"));
}
