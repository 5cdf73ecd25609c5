/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers for unit tests: xorshift64*. The same seed gives the same test on every machine;
 * TEST_SEED in the environment gives another one.
 */
#ifndef TESTS_UNIT_RNG_H
#define TESTS_UNIT_RNG_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t rng_state = 1;

static inline void rng_seed(uint64_t fallback)
{
	const char *s = getenv("TEST_SEED");

	rng_state = s ? strtoull(s, NULL, 0) : fallback;
	if (!rng_state)
		rng_state = 1;
	printf("seed %llu\n", (unsigned long long)rng_state);
}

static inline uint64_t rng(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dull;
}

/* 0 .. n - 1 */
static inline uint32_t rng_below(uint32_t n)
{
	return (uint32_t)((rng() >> 32) % n);
}

#endif
