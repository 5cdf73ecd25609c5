/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test-and-test-and-set spinlock. Ticket locks convoy when there are more harts than host
 * cores, so this one has no order. Take it with interrupts off if a handler takes it too.
 */
#ifndef GUESTS_LIB_LOCK_H
#define GUESTS_LIB_LOCK_H

#include "guests/lib/cpu.h"

struct spinlock {
	uint32_t held;
};

static inline void spin_lock(struct spinlock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			cpu_relax();
	}
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif
