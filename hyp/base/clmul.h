/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step of a CRC by products without carries of polynomials over GF(2): the instructions clmul and clmulh of Zbc, only
 * where the hart has them (hart_probe()). The host has others: there, bit by bit, for tests.
 */
#ifndef HYP_BASE_CLMUL_H
#define HYP_BASE_CLMUL_H

#include "hyp/base/types.h"

/*
 * *a = low(*a * ka) ^ low(*b * kb) ^ next[0]; *b = high(..) ^ high(..) ^ next[1], where next is at base + at, two
 * words, a multiple of 8, and at is a constant. One piece of assembly, as these ten instructions are all that it takes.
 * With copy, a constant, too, next[] is also copied to to + at.
 */
#define CLMUL_INLINE	static inline __attribute__((always_inline))

#ifdef __riscv
#define CLMUL_PRODUCTS						\
	".insn r 0x33, 1, 5, %[low], %[a], %[ka]\n\t"		\
	".insn r 0x33, 3, 5, %[high], %[a], %[ka]\n\t"		\
	".insn r 0x33, 1, 5, %[low2], %[b], %[kb]\n\t"		\
	".insn r 0x33, 3, 5, %[high2], %[b], %[kb]\n\t"		\
	"ld	%[a], %[at](%[base])\n\t"			\
	"ld	%[b], %[at]+8(%[base])\n\t"
#define CLMUL_SUMS						\
	"xor	%[a], %[a], %[low]\n\t"				\
	"xor	%[b], %[b], %[high]\n\t"			\
	"xor	%[a], %[a], %[low2]\n\t"			\
	"xor	%[b], %[b], %[high2]"

CLMUL_INLINE void clmul_fold(uint64_t *a, uint64_t *b, uint64_t ka, uint64_t kb, const uint8_t *base, unsigned at,
			     bool copy, uint8_t *to)
{
	uint64_t low, high, low2, high2;

	if (copy)
		__asm__ volatile(CLMUL_PRODUCTS
			"sd	%[a], %[at](%[to])\n\t"
			"sd	%[b], %[at]+8(%[to])\n\t"
			CLMUL_SUMS
			: [a] "+&r"(*a), [b] "+&r"(*b), [low] "=&r"(low), [high] "=&r"(high),
			  [low2] "=&r"(low2), [high2] "=&r"(high2)
			: [ka] "r"(ka), [kb] "r"(kb), [base] "r"(base), [at] "i"(at), [to] "r"(to) : "memory");
	else
		__asm__(CLMUL_PRODUCTS CLMUL_SUMS
			: [a] "+&r"(*a), [b] "+&r"(*b), [low] "=&r"(low), [high] "=&r"(high),
			  [low2] "=&r"(low2), [high2] "=&r"(high2)
			: [ka] "r"(ka), [kb] "r"(kb), [base] "r"(base), [at] "i"(at),
			  "m"(*(const uint8_t (*)[16])(base + at)));
}
#else
CLMUL_INLINE void clmul_fold(uint64_t *a, uint64_t *b, uint64_t ka, uint64_t kb, const uint8_t *base, unsigned at,
			     bool copy, uint8_t *to)
{
	uint64_t low, high;

	__builtin_memcpy(&low, base + at, 8);
	__builtin_memcpy(&high, base + at + 8, 8);
	if (copy)
		__builtin_memcpy(to + at, base + at, 16);
	for (unsigned i = 0; i < 64; i++) {
		low ^= (ka >> i & 1 ? *a << i : 0) ^ (kb >> i & 1 ? *b << i : 0);
		high ^= i && ka >> i & 1 ? *a >> (64 - i) : 0;
		high ^= i && kb >> i & 1 ? *b >> (64 - i) : 0;
	}
	*a = low;
	*b = high;
}
#endif

#endif
