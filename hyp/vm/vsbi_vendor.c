/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bulkhead's own SBI extension (EID 0x0A000000 + implementation id, SBI 3.0 "Firmware Code Base Specific
 * Extension Space"); docs/sbi.md tells guests' authors about it. Function 0: the guest lives (watchdog).
 */
#include "hyp/vm/vsbi.h"
#include "hyp/vm/vtimer.h"

struct vsbi_ret vsbi_vendor(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	(void)a;
	if (fid != VSBI_VENDOR_WATCHDOG_KICK)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	vtimer_kick(v);
	return vsbi_value(0);
}
