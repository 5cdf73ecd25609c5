/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PLIC as its specification (1.0.0) describes it, written to be read and not to be fast: one bool for
 * each thing and a scan for each question. Unit tests use it twice: as the host's PLIC behind
 * fake_mmio_*(), and as what a guest must see. Some PLICs differ from the specification; each difference is a bool.
 */
#ifndef TESTS_UNIT_FAKE_NAIVE_PLIC_H
#define TESTS_UNIT_FAKE_NAIVE_PLIC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NAIVE_IDS	128
#define NAIVE_CONTEXTS	16

struct naive_plic {
	uint32_t nr_contexts;
	uint32_t priority_mask;			/* writable bits of priorities and thresholds */
	/* QEMU, rv_plic: a completion counts from any context, enabled there or not */
	bool any_completes;
	/* QEMU: a level that goes up is pending at once, in flight or not, and only then */
	bool latches;
	bool claimer_only;			/* Spike: a completion counts only from the context that has claimed */
	/* hyp/vdev/vplic.h: a context completes what it has claimed, enabled or not */
	bool claimer_completes;
	bool exists[NAIVE_IDS];			/* other sources: read 0, ignore writes */
	bool inert[NAIVE_CONTEXTS];		/* contexts that read 0 and ignore writes */
	bool level[NAIVE_IDS];			/* the wire */
	bool pending[NAIVE_IDS];		/* IP */
	bool claimed[NAIVE_IDS];		/* the gateway waits for a completion */
	bool again[NAIVE_IDS];			/* a test says so: a new request, made pending at the completion */
	uint32_t claimer[NAIVE_IDS];		/* context, if claimed */
	uint32_t priority[NAIVE_IDS];
	bool enable[NAIVE_CONTEXTS][NAIVE_IDS];
	uint32_t threshold[NAIVE_CONTEXTS];
};

/* The gateway of a level-triggered source. */
static inline void naive_gateway(struct naive_plic *n, uint32_t id)
{
	if (n->exists[id] && n->level[id] && (!n->claimed[id] || n->latches))
		n->pending[id] = true;
}

static inline void naive_set_level(struct naive_plic *n, uint32_t id, bool level)
{
	n->level[id] = level;
	naive_gateway(n, id);
}

static inline bool naive_candidate(const struct naive_plic *n, uint32_t context, uint32_t id)
{
	return n->pending[id] && n->enable[context][id] && n->priority[id] > 0 && !(n->latches && n->claimed[id]);
}

static inline bool naive_eip(const struct naive_plic *n, uint32_t context)
{
	for (uint32_t id = 1; id < NAIVE_IDS; id++)
		if (naive_candidate(n, context, id) && n->priority[id] > n->threshold[context])
			return true;
	return false;
}

static inline void naive_take(struct naive_plic *n, uint32_t id)
{
	n->pending[id] = false;
	n->claimed[id] = true;
}

static inline uint32_t naive_claim(struct naive_plic *n, uint32_t context)
{
	uint32_t best = 0;

	for (uint32_t id = 1; id < NAIVE_IDS; id++)
		if (naive_candidate(n, context, id) && (!best || n->priority[id] > n->priority[best]))
			best = id;
	if (best) {
		naive_take(n, best);
		n->claimer[best] = context;
	}
	return best;
}

static inline void naive_complete(struct naive_plic *n, uint32_t context, uint32_t id)
{
	if (id >= NAIVE_IDS || !n->claimed[id] || (n->claimer_only && n->claimer[id] != context))
		return;
	if (!n->enable[context][id] && !n->any_completes && !(n->claimer_completes && n->claimer[id] == context))
		return;
	n->claimed[id] = false;
	if (n->again[id])
		n->pending[id] = true;
	n->again[id] = false;
	if (!n->latches)
		naive_gateway(n, id);
}

static inline bool naive_context(const struct naive_plic *n, uint64_t context)
{
	return context < n->nr_contexts && !n->inert[context];
}

static inline uint32_t naive_word(const bool *bits, uint64_t word)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < 32; i++)
		if (word * 32 + i < NAIVE_IDS && bits[word * 32 + i])
			value |= 1u << i;
	return value;
}

static inline uint32_t naive_read(struct naive_plic *n, uint64_t offset)
{
	uint64_t context;

	if (offset < 0x1000)
		return offset / 4 < NAIVE_IDS ? n->priority[offset / 4] : 0;
	if (offset < 0x2000)
		return naive_word(n->pending, (offset - 0x1000) / 4);
	if (offset < 0x200000) {
		context = (offset - 0x2000) / 0x80;
		return naive_context(n, context) ? naive_word(n->enable[context], offset % 0x80 / 4) : 0;
	}
	context = (offset - 0x200000) / 0x1000;
	if (!naive_context(n, context))
		return 0;
	if (offset % 0x1000 == 0)
		return n->threshold[context];
	return offset % 0x1000 == 4 ? naive_claim(n, (uint32_t)context) : 0;
}

static inline void naive_write_enables(struct naive_plic *n, uint64_t context, uint64_t word,
				       uint32_t value)
{
	for (uint32_t i = 0; i < 32; i++)
		if (word * 32 + i < NAIVE_IDS && n->exists[word * 32 + i])
			n->enable[context][word * 32 + i] = value >> i & 1;
}

static inline void naive_write(struct naive_plic *n, uint64_t offset, uint32_t value)
{
	uint64_t context;

	if (offset < 0x1000) {
		if (offset / 4 < NAIVE_IDS && n->exists[offset / 4])
			n->priority[offset / 4] = value & n->priority_mask;
	} else if (offset >= 0x200000) {
		context = (offset - 0x200000) / 0x1000;
		if (naive_context(n, context) && offset % 0x1000 == 0)
			n->threshold[context] = value & n->priority_mask;
		else if (naive_context(n, context) && offset % 0x1000 == 4)
			naive_complete(n, (uint32_t)context, value);
	} else if (offset >= 0x2000) {
		context = (offset - 0x2000) / 0x80;
		if (naive_context(n, context))
			naive_write_enables(n, context, offset % 0x80 / 4, value);
	}
}

/* Power-on, with the wires as they are. */
static inline void naive_reset(struct naive_plic *n)
{
	memset(n->pending, 0, sizeof(n->pending));
	memset(n->claimed, 0, sizeof(n->claimed));
	memset(n->again, 0, sizeof(n->again));
	memset(n->priority, 0, sizeof(n->priority));
	memset(n->enable, 0, sizeof(n->enable));
	memset(n->threshold, 0, sizeof(n->threshold));
	for (uint32_t id = 1; id < NAIVE_IDS; id++)
		naive_gateway(n, id);
}

#endif
