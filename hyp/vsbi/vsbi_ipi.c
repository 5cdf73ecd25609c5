/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, IPI Extension. To the calling hart itself without mail; to siblings through their mailboxes. A
 * stopped hart is a valid target that nothing happens to.
 */
#include "hyp/riscv/csr.h"
#include "hyp/vm/mail.h"
#include "hyp/vsbi/vsbi.h"

struct sbiret vsbi_ipi(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	uint64_t self = 1ull << v->index, to;
	long error;

	if (fid != 0)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	error = vsbi_hart_mask(v->vm, a[0], a[1], &to);
	if (error != SBI_SUCCESS)
		return vsbi_error(error);
	if (to & self)
		csr_set(CSR_HVIP, 1ul << IRQ_VSSI);
	if (to & ~self)
		mail_send(v->vm, to & ~self, MAIL_IPI);
	return vsbi_value(0);
}
