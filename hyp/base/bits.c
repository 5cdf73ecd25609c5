/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions that the compiler calls for __builtin_ctz and __builtin_clz on a base ISA without Zbb: the image
 * links no compiler library. By de Bruijn multiplication: a few instructions.
 */
#include "hyp/base/types.h"

int __ctzdi2(unsigned long v);
int __clzdi2(unsigned long v);

#define DE_BRUIJN 0x03f79d71b4cb0a89ul

/* position[(2^n * DE_BRUIJN) >> 58] = n */
static const uint8_t position[64] = {
	 0,  1, 48,  2, 57, 49, 28,  3, 61, 58, 50, 42, 38, 29, 17,  4,
	62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12,  5,
	63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
	46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19,  9, 13,  8,  7,  6,
};

/* v is not 0 in either, as for the builtins. */
int __ctzdi2(unsigned long v)
{
	return position[((v & -v) * DE_BRUIJN) >> 58];
}

int __clzdi2(unsigned long v)
{
	for (unsigned shift = 1; shift < 64; shift *= 2)
		v |= v >> shift;
	return 63 - position[((v - (v >> 1)) * DE_BRUIJN) >> 58];
}
