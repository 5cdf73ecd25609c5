/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of kinds of the host's interrupt controllers; see intc.h. */
#include "drivers/intc.h"

#include "drivers/aplic.h"
#include "drivers/plic.h"

static const struct intc_ops *const kinds[] = {
	[INTC_PLIC] = &plic_ops,
	[INTC_APLIC] = &aplic_ops,
};

static const struct intc_ops *controllers[MAX_INTCS];	/* constant after intc_init() */

__boot void intc_init(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_intcs; i++) {
		controllers[i] = kinds[plan->intcs[i].kind];
		controllers[i]->init(plan, i);
	}
}

const struct intc_ops *intc_ops(uint32_t intc)
{
	return controllers[intc];
}
