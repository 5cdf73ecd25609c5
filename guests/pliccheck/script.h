/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random steps on the registers of a PLIC with two level-triggered devices behind it, and two harts; the same
 * seed gives the same steps everywhere. The including file defines how a step is made (a guest: real accesses; the
 * model of the unit tests: calls). A model goes along to know which steps have no single right answer on the PLIC of
 * QEMU 7.2, which differs from the specification (1.0.0) in these, and only these:
 *  - claim-threshold: a claim returns 0 at or below the threshold. No such claim is made.
 *  - enable-late: a write to the enables alone does not change the lines. The priorities of both sources
 *    are written after it, to another value and back.
 *  - level-again: a level that is still up at the completion does not pend again. The device raises it
 *    once more after such a completion.
 *  - raise-latches: a device that raises its level while it is claimed, or again while it is up, sets the pending
 *    bit, and it stays. Devices raise their level when it is down and they are not claimed.
 *  - complete-disabled: a completion of a source that the context has not enabled completes it. None is made.
 * Priorities and thresholds are 0 to 7, and only the two sources are touched: a guest has no others.
 */
#ifndef GUESTS_PLICCHECK_SCRIPT_H
#define GUESTS_PLICCHECK_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/fake/naive_plic.h"

#define SCRIPT_DEVICES	2
#define SCRIPT_HARTS	2

struct script_ops {
	uint32_t (*read)(uint64_t offset);	/* as of naive_plic.h: context h is hart h's */
	void (*write)(uint64_t offset, uint32_t value);
	void (*set_level)(unsigned int device, bool up);	/* up: raises it again if it is up */
	uint32_t (*eip)(void);			/* bit = hart */
};

struct script {
	const struct script_ops *ops;
	uint32_t source[SCRIPT_DEVICES];
	uint64_t random;
	struct naive_plic model;
	uint32_t skipped;	/* steps that were left out, for one of the reasons above */
};

#define AT_PRIORITY(id)		(4u * (id))
#define AT_PENDING(id)		(0x1000u + (id) / 32 * 4)
#define AT_ENABLE(hart, id)	(0x2000u + 0x80u * (hart) + (id) / 32 * 4)
#define AT_THRESHOLD(hart)	(0x200000u + 0x1000u * (hart))
#define AT_CLAIM(hart)		(0x200004u + 0x1000u * (hart))

static inline uint32_t script_random(struct script *s, uint32_t below)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (uint32_t)(s->random * 0x2545f4914f6cdd1dull >> 32) % below;
}

static inline void script_write(struct script *s, uint64_t offset, uint32_t value)
{
	s->ops->write(offset, value);
	naive_write(&s->model, offset, value);
}

static inline void script_level(struct script *s, unsigned int device, bool up)
{
	s->ops->set_level(device, up);
	naive_set_level(&s->model, s->source[device], up);
}

static inline void script_begin(struct script *s, const struct script_ops *ops, uint32_t first, uint32_t second,
				uint64_t seed)
{
	s->ops = ops;
	s->source[0] = first;
	s->source[1] = second;
	s->random = seed ? seed : 1;
	s->skipped = 0;
	memset(&s->model, 0, sizeof(s->model));
	s->model.nr_contexts = SCRIPT_HARTS;
	s->model.priority_mask = 7;
	s->model.exists[first] = s->model.exists[second] = true;
}

static inline uint32_t script_raise(struct script *s, unsigned int device)
{
	uint32_t id = s->source[device];

	if (s->model.level[id] || s->model.claimed[id] || s->model.pending[id])
		s->skipped++;		/* raise-latches */
	else
		script_level(s, device, true);
	return 0;
}

/* What a claim would return, whether or not it is above the threshold. */
static inline uint32_t script_claim(struct script *s, uint32_t hart)
{
	bool candidate = false;

	for (unsigned int d = 0; d < SCRIPT_DEVICES; d++)
		candidate |= naive_candidate(&s->model, hart, s->source[d]);
	if (candidate && !naive_eip(&s->model, hart)) {
		s->skipped++;		/* claim-threshold */
		return 0;
	}
	naive_read(&s->model, AT_CLAIM(hart));
	return s->ops->read(AT_CLAIM(hart));
}

static inline uint32_t script_complete(struct script *s, uint32_t hart)
{
	static const uint32_t odd[] = { 0, 1023, 0xffffffff };
	uint32_t which = script_random(s, 12), device = which & 1, id = s->source[device];
	bool claimed;

	if (which >= 9) {
		script_write(s, AT_CLAIM(hart), odd[which - 9]);
		return 0;
	}
	if (!s->model.enable[hart][id]) {
		s->skipped++;		/* complete-disabled */
		return 0;
	}
	claimed = s->model.claimed[id];
	script_write(s, AT_CLAIM(hart), id);
	if (claimed && s->model.level[id])
		script_level(s, device, true);	/* level-again */
	return 0;
}

static inline uint32_t script_enable(struct script *s, uint32_t hart)
{
	uint32_t which = script_random(s, 4), value = 0;

	for (unsigned int d = 0; d < SCRIPT_DEVICES; d++)
		value |= which >> d & 1 ? 1u << s->source[d] % 32 : 0;
	script_write(s, AT_ENABLE(hart, s->source[0]), value);
	for (unsigned int d = 0; d < SCRIPT_DEVICES; d++) {	/* enable-late */
		uint32_t priority = s->model.priority[s->source[d]];

		script_write(s, AT_PRIORITY(s->source[d]), priority ^ 1);
		script_write(s, AT_PRIORITY(s->source[d]), priority);
	}
	return 0;
}

/* Makes one step; returns what was read, or 0. *what: the kind of the step. */
static inline uint32_t script_step(struct script *s, uint32_t *what)
{
	uint32_t hart = script_random(s, SCRIPT_HARTS), device = script_random(s, SCRIPT_DEVICES);
	uint32_t value = script_random(s, 8);

	*what = script_random(s, 16);
	switch (*what) {
	case 0: case 1:
		return script_raise(s, device);
	case 2:
		script_level(s, device, false);
		return 0;
	case 3: case 4: case 5:
		return script_claim(s, hart);
	case 6: case 7: case 8:
		return script_complete(s, hart);
	case 9:
		script_write(s, AT_PRIORITY(s->source[device]), value);
		return 0;
	case 10:
		return s->ops->read(AT_PRIORITY(s->source[device]));
	case 11:
		return script_enable(s, hart);
	case 12:
		return s->ops->read(AT_ENABLE(hart, s->source[device]));
	case 13:
		script_write(s, AT_THRESHOLD(hart), value / 2);
		return 0;
	case 14:
		return s->ops->read(AT_THRESHOLD(hart));
	default:
		return s->ops->read(AT_PENDING(s->source[0]));
	}
}

#endif
