/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The face of the host's interrupt controllers: one constant table of functions for each kind (enum intc_kind). The
 * PLIC (plic.h) is the first kind. Sources of the hypervisor itself are routed, claimed and masked by this face, and
 * the sources of a VM are put to rest by it between two lives. For accesses of a running guest, the guest's controller
 * (hyp/vdev) uses the registers of its own kind of driver directly.
 *
 * intc: index into plan.intcs; hart: index into plan.harts; source: from 1 to plan.intcs[].ndev.
 */
#ifndef DRIVERS_INTC_H
#define DRIVERS_INTC_H

#include "hyp/plan/plan.h"

/* What a VM has of one controller of the host. */
struct intc_share {
	const uint32_t *sources;	/* MAX_IRQS bits; bit = source */
	const uint8_t *harts;		/* the VM's; no other hart takes these sources */
	uint32_t nr_harts;
};

struct intc_ops {
	/* Remembers where the controller is, and masks every source on every hart of the plan. Once, at boot. */
	void (*init)(const struct plan *plan, uint32_t intc);

	/* On that hart, which is in no guest: the source interrupts it from now on. flags: IRQ_* (plan.h), for an
	 * APLIC. Each controller has at most one source that is routed. */
	void (*route)(uint32_t intc, uint32_t hart, uint32_t source, uint32_t flags);

	/* On that hart: takes the source that interrupts it, 0 if there is none (or an id that cannot be). */
	uint32_t (*claim)(uint32_t intc, uint32_t hart);

	/* The source, taken by claim() on that hart, has been served. */
	void (*complete)(uint32_t intc, uint32_t hart, uint32_t source);

	/* The source does not interrupt that hart any more. What has been claimed stays claimed. The opposite of
	 * route(). */
	void (*mask)(uint32_t intc, uint32_t hart, uint32_t source);

	/*
	 * The sources of a VM, and its harts' part of the controller, as after init(): masked on each of these harts,
	 * not claimed, and without a latched request. A line that is still up is pending again. None of these harts
	 * is in the guest, and none takes external interrupts.
	 */
	void (*quiesce)(uint32_t intc, const struct intc_share *share);
};

/* All controllers of the plan. Once, at boot, before any of them is used. */
void intc_init(const struct plan *plan);

/* The functions of one controller, after intc_init(). */
const struct intc_ops *intc_ops(uint32_t intc);

#endif
