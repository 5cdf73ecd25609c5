/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bulkhead's own SBI extension (EID 0x0A000000 + implementation id, SBI 3.0 "Firmware Code Base Specific
 * Extension Space"); docs/sbi.md tells guests' authors about it. Function 0: the guest lives (watchdog).
 */
#include "hyp/vm/vsbi.h"
#include "hyp/vm/vtimer.h"

enum verdict vsbi_vendor(struct vcpu *v, struct vsbi_call *c)
{
	if (c->fid != VSBI_VENDOR_WATCHDOG_KICK)
		return VERDICT_RESUME;
	vtimer_kick(v);
	c->error = SBI_SUCCESS;
	return VERDICT_RESUME;
}
