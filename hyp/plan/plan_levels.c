/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which page tables the hypervisor's own address space needs. */
#include "hyp/plan/plan.h"

uint32_t plan_sstage_levels(const struct plan *plan)
{
	uint64_t last = range_last(plan->hyp);

	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		if (plan->harts[i].mmu_levels < 4)
			return 3;
	}
	for (uint32_t i = 0; i < plan->nr_intcs; i++)
		last = plan->intcs[i].base.v > last ? plan->intcs[i].base.v : last;
	for (uint32_t i = 0; i < plan->nr_iommus; i++)
		last = plan->iommus[i].base.v > last ? plan->iommus[i].base.v : last;
	for (uint32_t i = 0; i < plan->nr_harts; i++)
		last = plan->harts[i].setssip.v > last ? plan->harts[i].setssip.v : last;
	for (uint32_t i = 0; i < plan->nr_harts; i++)
		last = plan->harts[i].file.v > last ? plan->harts[i].file.v : last;
	if (plan->console.kind != CONSOLE_SBI && plan->console.base.v > last)
		last = plan->console.base.v;
	return last >> 37 ? 4 : 3;
}
