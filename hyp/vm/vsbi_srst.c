/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SBI 3.0, System Reset Extension: "system" is the calling VM. Types and reasons are 32-bit. */
#include "hyp/vm/vsbi.h"

enum verdict vsbi_srst(struct vcpu *v, struct vsbi_call *c)
{
	uint32_t type = (uint32_t)c->arg[0], reason = (uint32_t)c->arg[1];

	if (c->fid != 0)
		return VERDICT_RESUME;
	if (type > SBI_SRST_WARM_REBOOT || reason > SBI_SRST_REASON_FAILURE) {
		c->error = SBI_ERR_INVALID_PARAM;
		return VERDICT_RESUME;
	}
	if (type != SBI_SRST_SHUTDOWN)
		return vm_end(v, VM_END_REBOOT);
	if (reason == SBI_SRST_REASON_FAILURE)
		return vm_crash(v, VM_END_FAILED);
	return vm_end(v, VM_END_SHUTDOWN);
}

enum verdict vsbi_legacy_shutdown(struct vcpu *v, struct vsbi_call *c)
{
	(void)c;
	return vm_end(v, VM_END_SHUTDOWN);
}
