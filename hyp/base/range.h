/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Half-open address ranges [base, base + size). A range never wraps: constructors and parsers
 * check with range_valid() before anything else uses it.
 */
#ifndef HYP_BASE_RANGE_H
#define HYP_BASE_RANGE_H

#include "hyp/base/types.h"

struct range {
	uint64_t base;
	uint64_t size;
};

/* True if size > 0 and the last byte is not below the first. */
static inline bool range_valid(struct range r)
{
	return r.size && r.base + (r.size - 1) >= r.base;
}

static inline uint64_t range_last(struct range r) { return r.base + (r.size - 1); }

/* Both valid. */
static inline bool range_overlaps(struct range a, struct range b)
{
	return a.base <= range_last(b) && b.base <= range_last(a);
}

/* True if [base, base + size) lies wholly inside r; size 0 and wrapping are false. */
static inline bool range_contains(struct range r, uint64_t base, uint64_t size)
{
	return size && base >= r.base && size <= r.size && base - r.base <= r.size - size;
}

/* The pages that r, valid, lies in; not valid if that is all that a uint64_t can address. */
static inline struct range range_pages(struct range r)
{
	uint64_t base = r.base & ~(PAGE_SIZE - 1);

	return (struct range){ base, (range_last(r) | (PAGE_SIZE - 1)) - base + 1 };
}

/* Rounds; align is a power of two. align_up() of a value within align - 1 of 2^64 wraps to 0. */
static inline uint64_t align_down(uint64_t v, uint64_t align) { return v & ~(align - 1); }
static inline uint64_t align_up(uint64_t v, uint64_t align) { return (v + align - 1) & ~(align - 1); }

#endif
