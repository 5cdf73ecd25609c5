/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is taken at boot; see work.h. */
#include "hyp/riscv/work.h"

#include "hyp/base/panic.h"
#include "hyp/base/range.h"

static struct {
	uint64_t from, to;	/* what is left */
} work;

__boot void work_give(void *base, uint64_t size)
{
	work.from = (uintptr_t)base;
	work.to = work.from + size;
}

__boot void *work_take(uint64_t size, uint64_t align)
{
	uint64_t at = align_up(work.from, align);

	ASSERT(at <= work.to && size <= work.to - at);
	work.from = at + size;
	return (void *)at;
}

__boot void *work_rest(uint64_t *size)
{
	uint64_t at = align_up(work.from, 8);

	ASSERT(at <= work.to);
	*size = work.to - at;
	return (void *)at;
}
