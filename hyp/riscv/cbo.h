/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory cleared by cache blocks: cbo.zero (Zicboz), where HS-mode may use it. */
#ifndef HYP_RISCV_CBO_H
#define HYP_RISCV_CBO_H

#include "hyp/base/types.h"

/*
 * Octets that cbo.zero clears on the calling hart, a power of two from 16 to 4096, found by clearing a page of our own; 0:
 * the hart has no such instruction, or M-mode does not let HS-mode have it (menvcfg.CBZE). Before any guest runs on it.
 */
uint32_t cbo_probe_zero(void);

/* Zeroes for size octets. block: what cbo_probe_zero() has found on this hart. */
void cbo_clear(void *at, uint64_t size, uint32_t block);

#endif
