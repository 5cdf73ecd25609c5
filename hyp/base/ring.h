/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded ring of bytes with one writer and one reader, which may be on different harts and never wait for each
 * other: only the writer changes head, only the reader tail. "One" may be several that take turns under a lock.
 * The store of head releases the bytes behind it; the store of tail releases their place.
 */
#ifndef HYP_BASE_RING_H
#define HYP_BASE_RING_H

#include "hyp/base/str.h"
#include "hyp/base/types.h"

struct ring {
	uint8_t *data;
	uint32_t size;	/* a power of two */
	uint32_t head;	/* bytes ever written; atomic, wraps */
	uint32_t tail;	/* bytes ever read; atomic, wraps */
};

/* n bytes, at most size, into a buffer of size (a power of two) bytes that wraps, and out of it, from place at on. */
static inline void ring_copy_in(void *ring, uint32_t size, uint32_t at, const void *from, uint32_t n)
{
	uint32_t first = size - at % size;

	first = n < first ? n : first;
	memcpy((uint8_t *)ring + at % size, from, first);
	memcpy(ring, (const uint8_t *)from + first, n - first);
}

static inline void ring_copy_out(void *to, const void *ring, uint32_t size, uint32_t at, uint32_t n)
{
	uint32_t first = size - at % size;

	first = n < first ? n : first;
	memcpy(to, (const uint8_t *)ring + at % size, first);
	memcpy((uint8_t *)to + first, ring, n - first);
}

/* Pending bytes. For the reader a lower bound, for the writer an upper bound, as the other side may move. */
static inline uint32_t ring_used(const struct ring *r)
{
	return __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) - __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
}

/* The writer: as many of n bytes as there is room for; returns how many. */
static inline uint32_t ring_put(struct ring *r, const void *from, uint32_t n)
{
	uint32_t head = r->head, room = r->size - ring_used(r);

	n = n < room ? n : room;
	ring_copy_in(r->data, r->size, head, from, n);
	__atomic_store_n(&r->head, head + n, __ATOMIC_RELEASE);
	return n;
}

/* The reader: up to n bytes; returns how many. */
static inline uint32_t ring_get(struct ring *r, void *to, uint32_t n)
{
	uint32_t tail = r->tail, used = ring_used(r);

	n = n < used ? n : used;
	ring_copy_out(to, r->data, r->size, tail, n);
	__atomic_store_n(&r->tail, tail + n, __ATOMIC_RELEASE);
	return n;
}

/* The reader: drops all pending bytes. */
static inline void ring_clear(struct ring *r)
{
	__atomic_store_n(&r->tail, __atomic_load_n(&r->head, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
}

#endif
