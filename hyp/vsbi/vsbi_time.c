/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SBI 3.0, Timer Extension, and the legacy call that does the same. */
#include "hyp/vsbi/vsbi.h"
#include "hyp/vm/vtimer.h"

struct sbiret vsbi_time(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	if (fid != 0)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	vtimer_set(v, a[0]);
	return vsbi_value(0);
}

struct sbiret vsbi_legacy_set_timer(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	(void)fid;
	vtimer_set(v, a[0]);
	return vsbi_legacy(0, a);
}
