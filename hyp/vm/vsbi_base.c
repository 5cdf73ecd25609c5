/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SBI 3.0, Base Extension. The machine ids are the host's: guests choose errata by them. */
#include "hyp/riscv/sbi_call.h"
#include "hyp/vm/vsbi.h"

enum verdict vsbi_base(struct vcpu *v, struct vsbi_call *c)
{
	(void)v;
	c->error = SBI_SUCCESS;
	switch (c->fid) {
	case SBI_BASE_SPEC_VERSION:
		c->value = VSBI_SPEC_VERSION;
		break;
	case SBI_BASE_IMPL_ID:
		c->value = VSBI_IMPL_ID;
		break;
	case SBI_BASE_IMPL_VERSION:
		c->value = VSBI_IMPL_VERSION;
		break;
	case SBI_BASE_PROBE:
		c->value = vsbi_has(c->arg[0]);
		break;
	case SBI_BASE_MVENDORID:
	case SBI_BASE_MARCHID:
	case SBI_BASE_MIMPID:
		c->value = (uint64_t)sbi_ecall(SBI_EXT_BASE, c->fid, 0, 0, 0, 0, 0).value;
		break;
	default:
		c->error = SBI_ERR_NOT_SUPPORTED;
	}
	return VERDICT_RESUME;
}
