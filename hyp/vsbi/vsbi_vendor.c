/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bulkhead's own SBI extension (EID 0x0A000000 + implementation id, SBI 3.0 "Firmware Code Base Specific
 * Extension Space"); docs/sbi.md describes it for authors of guests. Function 0: the guest is alive (watchdog).
 * Function 1: how often a vcpu of the guest has left it, by kind.
 */
#include "hyp/vsbi/vsbi.h"
#include "hyp/vm/vtimer.h"

static struct sbiret exits(struct vcpu *v, uint64_t vcpu, uint64_t kind)
{
	if (vcpu >= v->vm->plan->nr_vcpus || kind >= NR_EXITS)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(__atomic_load_n(&v->vm->vcpus[vcpu]->ctx.exits[kind], __ATOMIC_RELAXED));
}

struct sbiret vsbi_vendor(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	switch (fid) {
	case VSBI_VENDOR_WATCHDOG_KICK:
		vtimer_kick(v);
		return vsbi_value(0);
	case VSBI_VENDOR_EXITS:
		return exits(v, a[0], a[1]);
	default:
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
