/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files that make a guest's device tree share: which nodes of the host the guest has, and
 * which properties refer to others. docs/providers.md has the rules.
 */
#ifndef HYP_PLAN_GUEST_INT_H
#define HYP_PLAN_GUEST_INT_H

#include "hyp/plan/host_dt.h"
#include "hyp/plan/plan.h"
#include "hyp/plan/refs.h"

enum mark {
	MARK_NONE,
	MARK_BUS,	/* a parent of something that the guest has: copied as a bus only */
	MARK_DATA,	/* a provider without registers that something of the guest refers to */
	MARK_FULL,	/* the guest's */
};

/* properties of one node with entries that lead nowhere; more are removed without their names */
#define MAX_LOST	16
#define MAX_STANDINS	32	/* clock rates of one guest that differ */
#define MAX_RESETS	64	/* reset lines of one guest that have a stand-in */

/* A property of the node being written, with entries that the guest has no target for. */
struct lost {
	struct reference ref;
	const char *name;
	uint64_t kept;		/* bit i: entry i stays; of the first 64 */
	bool any;		/* one of those that stay leads somewhere */
};

/* A fixed-clock in the guest's tree. */
struct standin {
	uint32_t hz;		/* 0: not known */
	uint32_t phandle;
};

/* A reset line that the guest has no provider of: its number in the stand-in is its index. */
struct reset_line {
	const uint8_t *entry;	/* in the host's tree, phandle and cells */
	uint32_t size;
};

struct guest_tree {
	const struct plan *plan;
	const struct plan_vm *vm;
	const struct host *host;
	struct reporter *r;
	struct dt_writer w;
	uint32_t nr_lost;
	struct lost lost[MAX_LOST];
	bool lost_pins, lost_assigned;	/* pinctrl-N, assigned-clocks and what goes with them: all of them go */
	uint32_t next_phandle;
	uint32_t nr_standins;
	struct standin standins[MAX_STANDINS];
	uint32_t reset_phandle;		/* of the stand-in for resets; 0: there is none yet */
	uint32_t nr_resets;
	struct reset_line resets[MAX_RESETS];
	struct host_name names[HOST_NAMES];	/* kind: as refs_find() returns it */
	uint32_t nr_todo;
	uint16_t todo[HOST_MAX_NODES];	/* marked, references not yet followed */
	uint8_t mark[HOST_MAX_NODES];
};

static inline bool guest_has(const struct guest_tree *t, uint16_t node)
{
	return node != NO_NODE && t->mark[node] >= MARK_DATA;
}

/* guest_mark.c: marks the devices, the PLICs, what they refer to, and the buses around them. */
void guest_mark(struct guest_tree *t);

/* guest_refs.c: the kind of reference that the property, of the host's tree, is; NO_REFERENCE if it is none. */
uint32_t guest_kind(struct guest_tree *t, const struct dt_prop *p);

/* Finds what is lost of a node's references, before its properties are copied; reports a note for each. */
void guest_begin_refs(struct guest_tree *t, uint16_t node);

/* Copies a property of that node: whole, without the entries that are lost, or not at all. */
void guest_copy(struct guest_tree *t, uint16_t node, const struct dt_prop *p);

/* guest_standins.c: forgets those of the guest before. */
void guest_no_standins(struct guest_tree *t);

/* The cells of a stand-in for an entry of such a property; 0: the property has none. */
uint32_t guest_standin_cells(const struct guest_tree *t, const char *prop);

/*
 * A stand-in for entry number index of "clocks" or "resets", to so many cells at out. Where there is room for no more,
 * the entry is empty, and a note is reported.
 */
void guest_standin(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct ref_entry *e,
		   uint32_t index, uint8_t *out);

/* Writes the stand-ins that guest_standin() has given out, as children of the root. */
void guest_write_standins(struct guest_tree *t);


/* guest_chosen.c: "/serial@10000000", the virtual UART's node: at the root, whose addresses are the CPU's. */
void guest_vuart_path(const struct guest_tree *t, char *path, size_t size);


/* guest_dt.c: an address or a size in so many cells (1 or 2) at out; returns their number. */
uint32_t guest_put_cells(uint32_t *out, uint64_t value, uint32_t cells);

/* guest_dt.c: the interrupt of a virtual device. vplic: index into plan_vm.vplics. */
void guest_write_virtual_irq(struct guest_tree *t, uint32_t vplic, uint32_t irq);

/* guest_links.c: the nodes of shared memories and of virtual network cards. */
void guest_write_shares(struct guest_tree *t);
void guest_write_cards(struct guest_tree *t);

/* Write these nodes. */
void guest_write_chosen(struct guest_tree *t);
void guest_write_aliases(struct guest_tree *t);

#endif
