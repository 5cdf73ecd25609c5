/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory cleared by cache blocks; see cbo.h. Source: base cache management operation ISA extensions, "Cache-Block Zero
 * Instructions". Lock: `lock`, for the test page: several harts probe at the same time.
 */
#include "hyp/riscv/cbo.h"

#include "hyp/base/str.h"
#include "hyp/riscv/cbo_insn.h"
#include "hyp/riscv/fault.h"
#include "hyp/riscv/lock.h"

#define MIN_BLOCK	16u
#define MAX_BLOCK	PAGE_SIZE
#define UNROLLED	16u

static struct lock lock;
static uint8_t page[MAX_BLOCK] __attribute__((section(".noinit"), aligned(4096)));	/* under the lock */

/* Blocks are aligned to their size: the one in the middle of the page ends at its end, or before. */
static __boot uint32_t measure(void)
{
	uint32_t first = 0, n = 0;

	memset(page, 0xff, sizeof(page));
	if (guard_cbo_zero(page + MAX_BLOCK / 2) != OK)
		return 0;
	while (first < MAX_BLOCK && page[first])
		first++;
	while (first + n < MAX_BLOCK && !page[first + n])
		n++;
	return n;
}

__boot uint32_t cbo_probe_zero(void)
{
	uint32_t n;

	lock_acquire(&lock);
	n = measure();
	lock_release(&lock);
	return n < MIN_BLOCK || n & (n - 1) ? 0 : n;
}

void cbo_clear(void *at, uint64_t size, uint32_t block)
{
	uint8_t *p = at, *end = p + size;
	uint64_t head = block ? -(uintptr_t)p & (block - 1) : size;

	if (!block || size < head + block) {
		memset(p, 0, size);
		return;
	}
	memset(p, 0, head);
	p += head;
	while ((uint64_t)(end - p) >= UNROLLED * block) {
#pragma GCC unroll 16
		for (uint32_t i = 0; i < UNROLLED; i++, p += block)
			cbo_zero(p);
	}
	for (; (uint64_t)(end - p) >= block; p += block)
		cbo_zero(p);
	memset(p, 0, (uint64_t)(end - p));
}
