/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files that make a guest's device tree share: which nodes of the host the guest has, and
 * which properties refer to others.
 */
#ifndef HYP_PLAN_GUEST_INT_H
#define HYP_PLAN_GUEST_INT_H

#include "hyp/plan/host_dt.h"
#include "hyp/plan/plan.h"

enum mark {
	MARK_NONE,
	MARK_BUS,	/* around something that the guest has: only what a bus needs */
	MARK_FULL,	/* the guest's, or a provider without registers that it refers to */
};

struct guest_tree {
	const struct plan *plan;
	const struct plan_vm *vm;
	const struct host *host;
	struct reporter *r;
	struct dt_writer w;
	struct host_name names[HOST_NAMES];	/* kind: index of the reference, or -1 */
	uint32_t nr_todo;
	uint16_t todo[HOST_MAX_NODES];	/* fully marked, references not yet followed */
	uint8_t mark[HOST_MAX_NODES];
};

/* Marks the devices, the PLICs, what they refer to, and the buses around them. */
void guest_mark(struct guest_tree *t);

/*
 * Which kinds of references of a node lead to something that the guest does not have, as a bit mask
 * for guest_drops(); reports a note for each.
 */
uint32_t guest_dangling(struct guest_tree *t, uint16_t node);

/* True if a property of that name is one of the kinds in dangling, or goes with one. */
bool guest_drops(const char *name, uint32_t dangling);

/* True if the property, of the host's tree, refers to other nodes at all. */
bool guest_is_reference(struct guest_tree *t, const struct dt_prop *p);

#endif
