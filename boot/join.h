/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the boot, on all harts of the plan. */
#ifndef BOOT_JOIN_H
#define BOOT_JOIN_H

#include "hyp/plan/plan.h"

/* Before any other hart is started; plan stays. */
void join_use(const struct plan *plan);

/* The boot hart, on its own stack, tp set. When all harts are fit, they begin; otherwise nothing is started. */
__noreturn void join_boot_hart(void);

#endif
