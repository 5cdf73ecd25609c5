/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SBI 3.0, Base Extension. The machine ids are the host's: guests choose errata by them. */
#include "hyp/riscv/sbi_call.h"
#include "hyp/vm/vsbi.h"

/* Apart, so that the other functions need no stack frame. */
static __noinline struct vsbi_ret machine_id(uint64_t fid)
{
	return vsbi_value((uint64_t)sbi_ecall(SBI_EXT_BASE, fid, 0, 0, 0, 0, 0).value);
}

static const uint64_t versions[] = {
	[SBI_BASE_SPEC_VERSION] = VSBI_SPEC_VERSION,
	[SBI_BASE_IMPL_ID] = VSBI_IMPL_ID,
	[SBI_BASE_IMPL_VERSION] = VSBI_IMPL_VERSION,
};

struct vsbi_ret vsbi_base(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	(void)v;
	if (fid < ARRAY_LEN(versions))
		return vsbi_value(versions[fid]);
	switch (fid) {
	case SBI_BASE_PROBE:
		return vsbi_value(vsbi_has(a[0]));
	case SBI_BASE_MVENDORID:
	case SBI_BASE_MARCHID:
	case SBI_BASE_MIMPID:
		return machine_id(fid);
	default:
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
