/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between stress.c, which makes the events, and handler.c, which serves them on both harts. */
#ifndef GUESTS_STRESS_STRESS_H
#define GUESTS_STRESS_STRESS_H

#include "guests/lib/cpu.h"
#include "guests/lib/device.h"
#include "guests/lib/plic.h"

#define HARTS		2
#define SOURCES		3	/* at most */

struct source {
	const struct device *dev;
	uint32_t busy;		/* an event is made and not yet served: the maker has the source for itself */
	uint32_t in_service;	/* claimed, not yet about to be completed */
	uint32_t pinned;	/* handlers that may still write its completion */
	uint32_t priority;
	bool alone;		/* only the claimer has it enabled */
	uint64_t made, served;
};

struct hart {
	uint64_t random;
	uint32_t depth, threshold;
	uint32_t handed;	/* a source that the other hart wants completed here; 0: none */
	uint64_t taken;
	uint64_t claims;	/* that returned a source, here */
	bool claiming;		/* a claim is in progress, and not counted yet */
	uint64_t seen;		/* of the other hart's, when this one claimed last */
};

extern struct source sources[SOURCES];
extern unsigned int nr_sources;
extern struct hart harts[HARTS];
extern uint64_t restart_at;	/* the event in whose service the guest reboots; 0: never */

/* What happened so often, on both harts; reported at the end. */
struct counted {
	uint64_t events, duplicates, lost, spurious, nested, elsewhere, by_other, masked, early, waits, unexplained;
};
extern struct counted counted;
#define count(x)	__atomic_fetch_add(&(x), 1, __ATOMIC_RELAXED)

static inline struct hart *me(void)
{
	return &harts[this_cpu()->index];
}

static inline int own_context(void)
{
	return this_cpu()->plic_ctx;
}

static inline int other_context(void)
{
	return cpus[1 - this_cpu()->index].plic_ctx;
}

/* At random, from 0 to n - 1. */
uint32_t chance(uint32_t n);

void set_threshold(uint32_t value);
struct source *another(const struct source *s);

/* How often the guest has booted: a register that outlives it. */
volatile uint8_t *boots(void);

/* The source is for this hart, which may make its next event. False: an event of it is not served yet. */
bool own_it(struct source *s);
void make(struct source *s);

/* handler.c: completes here what the other hart has claimed, and handed over. */
void take_handed(void);
void stress_vector(void);
void stress_trap(uint64_t cause, uint64_t epc, uint64_t tval);

#endif
