/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's timer; see vtimer.h. htimedelta is 0, so guest time is host time.
 */
#include "hyp/vm/vtimer.h"

#include "hyp/riscv/csr.h"
#include "hyp/riscv/sbi_call.h"

void vtimer_reset(struct vcpu *v)
{
	csr_clear(CSR_HVIP, 1ul << IRQ_VSTI);
	csr_clear(CSR_SIE, 1ul << IRQ_STI);
	if (v->vm->plan->sstc)
		csr_write(CSR_VSTIMECMP, -1ul);
}

void vtimer_set(struct vcpu *v, uint64_t deadline)
{
	if (v->vm->plan->sstc) {
		csr_write(CSR_VSTIMECMP, deadline);
		return;
	}
	csr_clear(CSR_HVIP, 1ul << IRQ_VSTI);
	if (deadline == UINT64_MAX) {	/* masking is enough: an older deadline may pass unseen */
		csr_clear(CSR_SIE, 1ul << IRQ_STI);
		return;
	}
	sbi_set_timer(deadline);
	csr_set(CSR_SIE, 1ul << IRQ_STI);
}

void vtimer_fired(struct vcpu *v)
{
	(void)v;
	/* STIP stays up until the next deadline is set; masked, it does not trap again. */
	csr_clear(CSR_SIE, 1ul << IRQ_STI);
	csr_set(CSR_HVIP, 1ul << IRQ_VSTI);
}
