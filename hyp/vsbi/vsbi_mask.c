/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder of hart masks; see vsbi.h. Source: SBI 3.0, "Hart list parameter". */
#include "hyp/vsbi/vsbi.h"

long vsbi_hart_mask(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *vcpus)
{
	uint32_t n = vm->plan->nr_vcpus;
	uint64_t all = n == 64 ? UINT64_MAX : (1ull << n) - 1;

	if (base == UINT64_MAX) {
		*vcpus = all;
		return SBI_SUCCESS;
	}
	*vcpus = 0;
	if (!mask)
		return SBI_SUCCESS;
	if (base >= n || (mask & ~(all >> base)))
		return SBI_ERR_INVALID_PARAM;
	*vcpus = mask << base;
	return SBI_SUCCESS;
}
