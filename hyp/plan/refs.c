/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of references; see refs.h. Source: the bindings of the device tree's common properties (dt-schema,
 * schemas/), and vendors' properties that name a block of system registers.
 */
#include "hyp/plan/refs.h"

#include "hyp/base/str.h"

#define NAME(text)	text, sizeof(text) - 1

#define NR_LONGER	5	/* the first ones: kinds whose names are longer than what they are told by */

const struct reference refs_table[NR_REFS] = {
	{ NAME("-gpios"), SUFFIX, REF_ACTS, NULL, "#gpio-cells" },
	{ NAME("-gpio"), SUFFIX, REF_ACTS, NULL, "#gpio-cells" },
	{ NAME("-supply"), SUFFIX, REF_ACTS, NULL, NULL },
	{ NAME("pinctrl-"), PINCTRL, REF_ACTS, "pinctrl-names", NULL },
	{ NAME(","), VENDOR, REF_REGISTERS, NULL, NULL },
	{ NAME("clocks"), WHOLE, REF_ACTS, "clock-names", "#clock-cells" },
	{ NAME("assigned-clocks"), WHOLE, REF_ACTS, "assigned-clock-rates", "#clock-cells" },
	{ NAME("assigned-clock-parents"), WHOLE, REF_ACTS, NULL, "#clock-cells" },
	{ NAME("resets"), WHOLE, REF_ACTS, "reset-names", "#reset-cells" },
	{ NAME("power-domains"), WHOLE, REF_ACTS, "power-domain-names", "#power-domain-cells" },
	{ NAME("dmas"), WHOLE, REF_PASSIVE, "dma-names", "#dma-cells" },
	{ NAME("iommus"), WHOLE, REF_PASSIVE, NULL, "#iommu-cells" },
	{ NAME("phys"), WHOLE, REF_PASSIVE, "phy-names", "#phy-cells" },
	{ NAME("mboxes"), WHOLE, REF_ACTS, "mbox-names", "#mbox-cells" },
	{ NAME("interconnects"), WHOLE, REF_ACTS, "interconnect-names", "#interconnect-cells" },
	{ NAME("pwms"), WHOLE, REF_ACTS, "pwm-names", "#pwm-cells" },
	{ NAME("io-channels"), WHOLE, REF_PASSIVE, "io-channel-names", "#io-channel-cells" },
	{ NAME("nvmem-cells"), WHOLE, REF_ACTS, "nvmem-cell-names", "#nvmem-cell-cells" },
	{ NAME("nvmem"), WHOLE, REF_ACTS, "nvmem-names", NULL },
	{ NAME("hwlocks"), WHOLE, REF_ACTS, "hwlock-names", "#hwlock-cells" },
	{ NAME("msi-parent"), WHOLE, REF_PASSIVE, NULL, "#msi-cells" },
	{ NAME("memory-region"), WHOLE, REF_PASSIVE, "memory-region-names", NULL },
	{ NAME("gpios"), WHOLE, REF_ACTS, NULL, "#gpio-cells" },
	{ NAME("gpio"), WHOLE, REF_ACTS, NULL, "#gpio-cells" },
	{ NAME("phy-handle"), FIRST, REF_PASSIVE, NULL, NULL },
	{ NAME("regmap"), FIRST, REF_REGISTERS, NULL, NULL },
	{ NAME("syscon"), FIRST, REF_REGISTERS, NULL, NULL },
	{ NAME("mmc-pwrseq"), FIRST, REF_ACTS, NULL, NULL },
	{ NAME("next-level-cache"), WHOLE, REF_ACTS, NULL, NULL },
	{ NAME("operating-points-v2"), WHOLE, REF_PASSIVE, NULL, NULL },
	{ NAME("cpu-idle-states"), WHOLE, REF_PASSIVE, NULL, NULL },
	{ NAME("interrupt-parent"), WHOLE, REF_PASSIVE, NULL, NULL },
};

/* A vendor's property, as "starfive,sys-syscon", that begins with the phandle of a block of system registers. */
static bool names_registers(const char *name, size_t size)
{
	static const char *const words[] = { "syscon", "sysctl", "sysreg", "_csr", "-csr", "crg" };
	size_t at, n, i;

	for (at = 1; at < size && name[at] != ','; at++)
		;
	for (; at < size; at++) {
		for (i = 0; i < ARRAY_LEN(words); i++) {
			n = strlen(words[i]);
			if (n <= size - at && !memcmp(name + at, words[i], n))
				return true;
		}
	}
	return false;
}

/* Of a name that is longer than the kind's. */
static bool matches_longer(const struct reference *ref, const char *name, size_t size)
{
	switch (ref->match) {
	case SUFFIX:
		return name[size - ref->size] == '-' && !memcmp(name + size - ref->size, ref->name, ref->size);
	case PINCTRL:
		return name[0] == 'p' && !memcmp(name, ref->name, ref->size) && name[ref->size] >= '0' &&
		       name[ref->size] <= '9';
	case VENDOR:
		return names_registers(name, size);
	default:
		return false;
	}
}

bool refs_match(const struct reference *ref, const char *name, size_t size)
{
	if (ref->match <= FIRST)
		return size == ref->size && !memcmp(name, ref->name, size);
	return size > ref->size && matches_longer(ref, name, size);
}

/* A boot asks for each name of a tree. Most differ in length from all that are here, which decides at once. */
uint32_t refs_find(const char *name)
{
	size_t size = strlen(name);
	uint32_t i;

	for (i = NR_LONGER; i < NR_REFS; i++) {
		if (refs_table[i].size == size && name[0] == refs_table[i].name[0] &&
		    !memcmp(name, refs_table[i].name, size))
			return i;
	}
	for (i = 0; i < NR_LONGER; i++) {
		if (size > refs_table[i].size && matches_longer(&refs_table[i], name, size))
			return i;
	}
	return NO_REFERENCE;
}

bool refs_next(const struct host *host, const struct reference *ref, const struct dt_prop *p, uint32_t *at,
	       uint16_t *target)
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
	if (*target == NO_NODE || ref->match == FIRST || ref->match == VENDOR || n > (p->size - *at) / 4)
		*at = p->size;
	else
		*at += 4 * n;
	return true;
}
