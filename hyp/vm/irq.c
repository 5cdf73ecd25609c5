/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of HS-mode; see irq.h. No lock: the vPLICs and the mailbox have their own.
 */
#include "hyp/vm/irq.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/external.h"
#include "hyp/vm/mail.h"
#include "hyp/vm/vtimer.h"

enum verdict irq_serve(struct vcpu *v)
{
	uint64_t pending = csr_read(CSR_SIP) & csr_read(CSR_SIE);

	enum verdict verdict = VERDICT_RESUME;

	if (pending & 1ul << IRQ_STI)
		verdict = vtimer_fired(v);
	if (pending & 1ul << IRQ_SEI)
		external_arrived(v);
	if (pending & 1ul << IRQ_SSI && verdict == VERDICT_RESUME)
		return mail_take(v);
	return verdict;
}
