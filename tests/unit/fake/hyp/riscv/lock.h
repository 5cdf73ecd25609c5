/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for hyp/riscv/lock.h in host builds. Harts change places where the hypervisor waits or has left for its
 * guest, and it holds no lock then; or inside of an exit, where the test says so (fake_sibling()). A lock that is
 * found held and that no hart will release is a deadlock, and ends the test.
 */
#ifndef HYP_RISCV_LOCK_H
#define HYP_RISCV_LOCK_H

#include "hyp/base/types.h"

struct lock { uint32_t held; };

extern int fake_locks_held;	/* of the running hart */
extern void (*fake_before_lock)(void);	/* what another hart does just then; NULL: nothing */
extern void (*fake_lock_wait)(const uint32_t *held);	/* returns when it is free; NULL: it never will be */

/* Before an access to what others can change: calls fake_on_access, if there is one. at: NULL if it is not memory. */
void fake_access(const void *at);
extern void (*fake_on_access)(const void *at);

extern void (*fake_relax)(void);	/* what other harts do while this one waits */

static inline void spin_relax(void)
{
	if (!fake_relax)
		__builtin_trap();
	fake_relax();
}

static inline void lock_acquire(struct lock *l)
{
	if (fake_before_lock)
		fake_before_lock();
	fake_access(NULL);
	if (l->held && fake_lock_wait)
		fake_lock_wait(&l->held);
	if (l->held)
		__builtin_trap();
	l->held = 1;
	fake_locks_held++;
}

static inline bool lock_try(struct lock *l)
{
	if (fake_before_lock)
		fake_before_lock();
	if (l->held)
		return false;
	l->held = 1;
	fake_locks_held++;
	return true;
}

static inline void lock_release(struct lock *l)
{
	if (!l->held)
		__builtin_trap();
	l->held = 0;
	fake_locks_held--;
	fake_access(NULL);
}

#endif
