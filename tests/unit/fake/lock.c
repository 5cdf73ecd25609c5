/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many locks the running hart holds; see fake/hyp/riscv/lock.h. */
#include "hyp/riscv/lock.h"

int fake_locks_held;
void (*fake_before_lock)(void);
void (*fake_lock_wait)(const uint32_t *held);
void (*fake_relax)(void);
