/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The random guest: what its parts share. Each hart has its own generator and does one thing after the
 * other: a block of random instructions, a CSR access, or an SBI call.
 */
#ifndef GUESTS_RANDOM_RANDOM_H
#define GUESTS_RANDOM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>
#include "guests/lib/cpu.h"

struct counts {
	volatile uint64_t blocks, instructions, csrs, calls, traps, timeouts;
};

extern struct counts counts[MAX_CPUS];

uint64_t rnd(void);
/* One of n. */
static inline uint64_t rnd_below(uint64_t n)
{
	return rnd() % n;
}

static inline bool one_in(uint64_t n)
{
	return rnd_below(n) == 0;
}

/* A number that is likely to hit something: addresses of all kinds, edges, noise. */
uint64_t rnd_value(void);

/* 64 KiB of this hart's for code and data, far from the image. */
uint64_t sandbox(void);
#define SANDBOX_SIZE 65536UL

/* Run from epc of `in` until an exception or half a millisecond has passed, and mend what was changed. */
const struct tf *run_bounded(const struct tf *in, bool user, bool paged);

void random_block(void);
void random_csr(void);
void random_call(void);

#endif
