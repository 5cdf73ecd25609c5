/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write and compare all floating-point and vector registers (fpregs.S). Callers set sstatus.FS or
 * VS first. A value of register i is base + i; the result of a comparison has a bit for each register
 * that is different, and bit 32 for the control registers.
 */
#ifndef GUESTS_LIB_FPREGS_H
#define GUESTS_LIB_FPREGS_H

#include <stdint.h>

void fp_write(uint64_t base);
uint64_t fp_wrong(uint64_t base);
/* All bits of all f registers and fcsr, or'ed. */
uint64_t fp_bits(void);

/* buf holds one vector register. */
void vec_write(uint64_t base);
uint64_t vec_wrong(uint64_t base, uint64_t *buf);

#endif
