/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties by which a node of a device tree refers to others (phandles): which they are, and what they lead to.
 */
#ifndef HYP_PLAN_REFS_H
#define HYP_PLAN_REFS_H

#include "hyp/plan/host_dt.h"

struct reference {
	const char *name;
	uint8_t size;		/* of name */
	enum { WHOLE, FIRST, SUFFIX, PINCTRL, VENDOR } match;	/* FIRST, VENDOR: only the first cell is a phandle */
	enum {
		REF_PASSIVE,	/* nothing that the node depends on is in the other's registers, or it is DMA's */
		REF_ACTS,	/* the other's registers act on the node: its clock, reset, supply, pins and the like */
		REF_REGISTERS,	/* the node is a use of the other's registers */
	} effect;
	const char *goes_with;	/* a property that makes no sense without; NULL: none */
	const char *cells;	/* in the provider: cells behind the phandle; NULL: none */
};

#define NR_REFS		32	/* no more: guest_dangling() has a bit for each */
#define NO_REFERENCE	UINT32_MAX

extern const struct reference refs_table[NR_REFS];

/* True if a property of that name is of that kind. size: of name, without the 0. No errors. */
bool refs_match(const struct reference *ref, const char *name, size_t size);

/* The index into refs_table of the kind that a property of that name is of, or NO_REFERENCE. No errors. */
uint32_t refs_find(const char *name);

/*
 * The next node that the property refers to, from *at on, a multiple of 4 that begins with 0; NO_NODE with *at behind
 * the value where it is malformed or names no node. False at the end. Empty entries (phandle 0) are passed over.
 */
bool refs_next(const struct host *host, const struct reference *ref, const struct dt_prop *p, uint32_t *at,
	       uint16_t *target);

#endif
