/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties by which a node of a device tree refers to others (phandles), and what the targets mean for the node.
 */
#ifndef HYP_PLAN_REFS_H
#define HYP_PLAN_REFS_H

#include "hyp/plan/host_dt.h"

/* What a property of some name refers to. Kinds of references are numbered, so that each name is looked up once. */
struct reference {
	const char *name;	/* NULL: of the table of the bindings (phandles.def) */
	uint8_t size;		/* of name */
	enum { WHOLE, SUFFIX, PINCTRL, VENDOR } match;
	enum {
		REF_PASSIVE,	/* the node does not depend on the other's registers, or for DMA only */
		REF_ACTS,	/* the other's registers act on the node: its clock, reset, supply, pins and the like */
		REF_REGISTERS,	/* the node works by the other's registers */
	} effect;
	const char *goes_with;	/* a property with an entry for each of this one's; NULL: "clock-names" for "clocks" */
	const char *cells;	/* in the provider: cells behind the phandle; NULL: none is named */
	/* cells of an entry with the phandle; 0: by cells, or only the first one is a phandle */
	uint8_t width;
};

#define NO_REFERENCE	UINT32_MAX

/* The kind that a property of that name is of, or NO_REFERENCE. No errors. */
uint32_t refs_find(const char *name);

/* What a kind is that refs_find() has returned. */
struct reference refs_kind(uint32_t kind);

/* One entry of such a property. */
struct ref_entry {
	uint32_t at, end;	/* offsets in the property's value */
	uint16_t target;	/* NO_NODE: the phandle names no node, or it is 0 */
	bool empty;		/* the phandle is 0: the entry stands for nothing */
};

/*
 * The next entry of the property, behind *e; start with {0}. False at the end. Where the property is malformed, or
 * names no node, the entry reaches to the end of the value.
 */
bool refs_next(const struct host *host, const struct reference *ref, const struct dt_prop *p, struct ref_entry *e);

/* True if a property of the name other has an entry for each of the property name, which is of that kind. */
bool refs_go_together(const struct reference *ref, const char *name, const char *other);

#endif
