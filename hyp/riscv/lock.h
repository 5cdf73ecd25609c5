/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spin lock between harts: test-and-test-and-set. Not a ticket lock: those convoy when an emulator
 * runs more harts than the machine has cores. Interrupts are always off in HS-mode outside of WFI,
 * so a holder is never interrupted. A lock is shared by harts of one VM only, or held for a few instructions
 * with a bound, or it is mux.lock: see docs/architecture.md, "Locks and their order".
 * Host builds use tests/unit/fake/hyp/riscv/lock.h instead.
 */
#ifndef HYP_RISCV_LOCK_H
#define HYP_RISCV_LOCK_H

#include "hyp/base/types.h"

struct lock { uint32_t held; };

/* As __atomic_exchange_n(.., 1, __ATOMIC_ACQUIRE), in two instructions less: AMOSWAP.W's result is not extended
 * again. */
static inline unsigned long lock_swap(struct lock *l)
{
	unsigned long old;

	__asm__ volatile("amoswap.w.aq %0, %2, %1" : "=r"(old), "+A"(l->held) : "r"(1) : "memory");
	return old;
}

/* In a loop that waits for another hart (Zihintpause: a hint, of any hart). */
static inline void spin_relax(void)
{
	__asm__ volatile(".4byte 0x0100000f" : : : "memory");
}

static inline void lock_acquire(struct lock *l)
{
	while (lock_swap(l))
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			;
}

/* False: another hart has it. */
static inline bool lock_try(struct lock *l)
{
	return !lock_swap(l);
}

static inline void lock_release(struct lock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif
