/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SBI 3.0, Timer Extension, and the legacy call that does the same. */
#include "hyp/vm/vsbi.h"
#include "hyp/vm/vtimer.h"

enum verdict vsbi_time(struct vcpu *v, struct vsbi_call *c)
{
	if (c->fid != 0)
		return VERDICT_RESUME;
	vtimer_set(v, c->arg[0]);
	c->error = SBI_SUCCESS;
	return VERDICT_RESUME;
}

enum verdict vsbi_legacy_set_timer(struct vcpu *v, struct vsbi_call *c)
{
	vtimer_set(v, c->arg[0]);
	c->error = SBI_SUCCESS;
	return VERDICT_RESUME;
}
