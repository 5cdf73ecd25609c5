/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SBI 3.0, System Reset Extension: "system" is the calling VM. Types and reasons are 32-bit. */
#include "hyp/vm/vm_life.h"
#include "hyp/vsbi/vsbi.h"

struct sbiret vsbi_srst(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	uint32_t type = (uint32_t)a[0], reason = (uint32_t)a[1];

	if (fid != 0)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	if (type > SBI_SRST_WARM_REBOOT || reason > SBI_SRST_REASON_FAILURE)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (type != SBI_SRST_SHUTDOWN)
		v->ctx.verdict = vm_end(v, VM_END_REBOOT);
	else if (reason == SBI_SRST_REASON_FAILURE)
		v->ctx.verdict = vm_crash(v, VM_END_FAILED);
	else
		v->ctx.verdict = vm_end(v, VM_END_SHUTDOWN);
	return vsbi_value(0);
}

struct sbiret vsbi_legacy_shutdown(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	(void)a;
	(void)fid;
	v->ctx.verdict = vm_end(v, VM_END_SHUTDOWN);
	return vsbi_value(0);
}
