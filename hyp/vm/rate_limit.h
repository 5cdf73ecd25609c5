/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rate limit: at most so many events in each interval of time. The hypervisor's log has one for each kind of lines
 * that a guest can cause, however it misbehaves. No lock: the caller's lock covers the structure.
 */
#ifndef HYP_VM_RATE_LIMIT_H
#define HYP_VM_RATE_LIMIT_H

#include "hyp/base/types.h"

struct rate_limit {
	/* Constant after rate_limit_init(). */
	uint32_t burst;		/* events in one interval */
	uint64_t interval;	/* ticks of the time CSR */

	uint32_t left;		/* events that this interval still allows */
	uint32_t dropped;	/* events above the limit since rate_limit_take_dropped() */
	uint64_t since;		/* start of the interval, ticks */
};

void rate_limit_init(struct rate_limit *l, uint32_t burst, uint64_t interval);

/* An event happens now: true if it is within the limit, otherwise it counts as dropped. */
bool rate_limit_take(struct rate_limit *l);

/* How many events were dropped since the last call. */
uint32_t rate_limit_take_dropped(struct rate_limit *l);

#endif
