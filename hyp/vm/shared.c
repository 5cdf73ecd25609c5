/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory at boot; see shared.h. No lock: one hart, before any guest runs. */
#include "hyp/vm/shared.h"

#include "hyp/riscv/hart.h"
#include "hyp/vm/guestmem.h"

void shared_clear(const struct plan *plan)
{
	uint32_t block = plan->harts[this_hart()->index].cbom_block;

	for (uint32_t i = 0; i < plan->nr_shared; i++) {
		const struct plan_shared *m = &plan->shared[i];

		guestmem_clear(m->hpa, m->size);
		if (block)	/* a guest that maps it uncached sees the zeroes, too */
			guestmem_clean(m->hpa, m->size, block);
	}
}
