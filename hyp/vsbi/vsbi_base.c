/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SBI 3.0, Base Extension. The machine ids are the host's: guests choose errata by them. */
#include "hyp/riscv/sbi_call.h"
#include "hyp/vsbi/vsbi.h"

/* Apart, so that the versions need no stack frame. */
static __noinline struct sbiret probe(uint64_t eid)
{
	return vsbi_value(vsbi_has(eid));
}

static const uint64_t versions[] = {
	[SBI_BASE_SPEC_VERSION] = VSBI_SPEC_VERSION,
	[SBI_BASE_IMPL_ID] = VSBI_IMPL_ID,
	[SBI_BASE_IMPL_VERSION] = VSBI_IMPL_VERSION,
};

struct sbiret vsbi_base(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	(void)v;
	if (fid < ARRAY_LEN(versions))
		return vsbi_value(versions[fid]);
	if (fid == SBI_BASE_PROBE)
		return probe(a[0]);
	if (fid > SBI_BASE_MIMPID)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	return sbi_ecall(SBI_EXT_BASE, fid, 0, 0, 0, 0, 0);	/* mvendorid, marchid, mimpid */
}
