/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for hyp/riscv/lock.h in host builds. Harts change places only where the hypervisor waits or has
 * left for its guest, and it holds no lock then: one that is found held would be a deadlock.
 */
#ifndef HYP_RISCV_LOCK_H
#define HYP_RISCV_LOCK_H

#include "hyp/base/types.h"

struct lock { uint32_t held; };

extern int fake_locks_held;	/* of the running hart */
extern void (*fake_before_lock)(void);	/* what another hart does just then; NULL: nothing */

static inline void lock_acquire(struct lock *l)
{
	if (fake_before_lock)
		fake_before_lock();
	if (l->held)
		__builtin_trap();
	l->held = 1;
	fake_locks_held++;
}

static inline void lock_release(struct lock *l)
{
	if (!l->held)
		__builtin_trap();
	l->held = 0;
	fake_locks_held--;
}

#endif
