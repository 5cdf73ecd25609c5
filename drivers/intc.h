/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The face of the host's interrupt controllers: one constant table of functions for each kind (enum intc_kind). The
 * PLIC (plic.h) is the first kind. The twin of a guest's controller (hyp/vdev) uses its own driver directly; this face
 * is for sources of the hypervisor itself.
 *
 * intc: index into plan.intcs; hart: index into plan.harts; source: from 1, as the plan has it.
 */
#ifndef DRIVERS_INTC_H
#define DRIVERS_INTC_H

#include "hyp/plan/plan.h"

struct intc_ops {
	/* Remembers where the controller is, and masks every source on every hart of the plan. Once, at boot. */
	void (*init)(const struct plan *plan, uint32_t intc);

	/* Routes the source to that hart, where it interrupts from now on. */
	void (*route)(uint32_t intc, uint32_t hart, uint32_t source);

	/* On that hart: takes the source that interrupts it, 0 if there is none. */
	uint32_t (*claim)(uint32_t intc, uint32_t hart);

	/* The source, taken by claim() on that hart, has been served. */
	void (*complete)(uint32_t intc, uint32_t hart, uint32_t source);
};

/* All controllers of the plan. Once, at boot, before any of them is used. */
void intc_init(const struct plan *plan);

/* The functions of one controller, after intc_init(). */
const struct intc_ops *intc_ops(uint32_t intc);

#endif
