/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, IPI Extension. To oneself without leaving the hart; to siblings through their mailboxes. A
 * stopped hart is a valid target that nothing happens to.
 */
#include "hyp/riscv/csr.h"
#include "hyp/vm/vsbi.h"

enum verdict vsbi_ipi(struct vcpu *v, struct vsbi_call *c)
{
	uint64_t self = 1ull << v->index, to;

	if (c->fid != 0)
		return VERDICT_RESUME;
	c->error = vsbi_hart_mask(v->vm, c->arg[0], c->arg[1], &to);
	if (c->error != SBI_SUCCESS)
		return VERDICT_RESUME;
	if (to & self)
		csr_set(CSR_HVIP, 1ul << IRQ_VSSI);
	if (to & ~self)
		vcpu_send_mask(v->vm, to & ~self, MAIL_IPI);
	return VERDICT_RESUME;
}
