/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory behind the hypervisor's image, for what depends on the configuration. It is taken at boot, by the boot hart,
 * and never freed. No lock.
 */
#ifndef HYP_RISCV_WORK_H
#define HYP_RISCV_WORK_H

#include "hyp/base/types.h"

/* There are size bytes at base, which is a multiple of 4 KiB; what was taken before is forgotten. */
void work_give(void *base, uint64_t size);

/*
 * Takes size bytes, not zeroed, at the next multiple of align, a power of two. Panics if there are not as many: the
 * plan has counted.
 */
void *work_take(uint64_t size, uint64_t align);

/* What is left, at the next multiple of 8, and how much, in bytes. It is not taken. */
void *work_rest(uint64_t *size);

#endif
