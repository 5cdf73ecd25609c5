/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to guest memory, checked against the plan; see guestmem.h.
 */
#include "hyp/vm/guestmem.h"

#include "hyp/base/crc32.h"
#include "hyp/base/str.h"
#include "hyp/riscv/cbo.h"
#include "hyp/riscv/fault.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/sstage.h"

void guestmem_clear(hpa_t to, uint64_t size)
{
	const struct vcpu *v = this_hart()->vcpu;	/* NULL: a spare hart, at boot */
	uint32_t block = v ? v->features.zero_block : 0;

	for (uint64_t done = 0, n; done < size; done += n) {
		void *at = sstage_window_of(hpa(to.v + done), size - done, &n);

		cbo_clear(at, n, block);
	}
	sstage_close_window();
}

void guestmem_fill(hpa_t to, const void *from, uint64_t size)
{
	for (uint64_t done = 0, n; done < size; done += n) {
		void *at = sstage_window_of(hpa(to.v + done), size - done, &n);

		memcpy(at, (const uint8_t *)from + done, n);
	}
	sstage_close_window();
}

uint32_t guestmem_fill_and_sum(hpa_t to, const void *from, uint64_t size)
{
	bool clmul = this_hart()->vcpu->features.clmul;
	uint32_t crc = 0;

	if (!clmul) {
		guestmem_fill(to, from, size);
		return crc32_ieee(0, from, size);
	}
	for (uint64_t done = 0, n; done < size; done += n) {
		void *at = sstage_window_of(hpa(to.v + done), size - done, &n);

		crc = crc32_ieee_clmul_copy(crc, at, (const uint8_t *)from + done, n);
	}
	sstage_close_window();
	return crc;
}

void guestmem_clean(hpa_t at, uint64_t size, uint32_t block)
{
	for (uint64_t done = 0, n; done < size; done += n) {
		const uint8_t *from = sstage_window_of(hpa(at.v + done), size - done, &n);

		for (uint64_t i = 0; i < n; i += block)
			cache_clean(from + i);
	}
	fence_after_clean();
	sstage_close_window();
}

enum err guestmem_fetch(uint64_t pc, uint32_t *insn)
{
	uint64_t low, high = 0;

	if (guard_fetch16(&low, pc) != OK)
		return ERR_FAULT;
	/* The second half only if there is one: the first may be the last of a page. */
	if ((low & 3) == 3 && guard_fetch16(&high, pc + 2) != OK)
		return ERR_FAULT;
	*insn = (uint32_t)(low | high << 16);
	return OK;
}
