/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory cleared by cache blocks: cbo.zero (Zicboz), where HS-mode may use it. */
#ifndef HYP_RISCV_CBO_H
#define HYP_RISCV_CBO_H

#include "hyp/base/types.h"

/*
 * Measures how many octets cbo.zero clears on the calling hart: a power of two from 16 to 4096. 0: the hart has no such
 * instruction, or M-mode disables it for HS-mode (menvcfg.CBZE). Call it before any guest runs on the hart.
 */
uint32_t cbo_probe_zero(void);

/* Clears size octets. block: the result of cbo_probe_zero() on this hart. */
void cbo_clear(void *at, uint64_t size, uint32_t block);

#endif
