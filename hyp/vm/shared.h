/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that several guests have: zeroed once, before any guest runs. Restarts of guests leave it as it is. */
#ifndef HYP_VM_SHARED_H
#define HYP_VM_SHARED_H

#include "hyp/plan/plan.h"

/* On the boot hart, a hart of the plan whose page tables are on; no guest runs. */
void shared_clear(const struct plan *plan);

#endif
