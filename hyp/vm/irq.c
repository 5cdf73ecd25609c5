/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of HS-mode; see irq.h. No lock: the vPLICs and the mailbox have their own.
 */
#include "hyp/vm/irq.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/vtimer.h"

void irq_lines_changed(struct vcpu *v, uint64_t changed)
{
	uint64_t self = 1ull << v->index;

	if (changed & self)
		vcpu_update_external(v);
	if (changed & ~self)
		vcpu_send_mask(v->vm, changed & ~self, MAIL_EXTERNAL);
}

/* As switch.S does at the guest's next SRET or WFI, which a guest that polls may never come to. */
void irq_settle(struct vcpu *v)
{
	if (!(v->ctx.hstatus & HSTATUS_ARMED))
		return;
	for (uint32_t i = 0; i < v->vm->plan->nr_vplics; i++)
		vplic_flush(&v->vm->vplics[i], v->index);
	if (csr_read(CSR_SIP) & 1ul << IRQ_SEI)
		return;
	v->ctx.hstatus &= ~(uint64_t)HSTATUS_ARMED;
	if (!v->virtual_line)
		csr_clear(CSR_HVIP, 1ul << IRQ_VSEI);
	csr_set(CSR_SIE, 1ul << IRQ_SEI);
	v->ctx.exits[EXIT_EXTERNAL]++;
}

static void serve_external(struct vcpu *v)
{
	uint64_t changed = 0;

	if (vm_passes(v->vm)) {	/* not from a guest, but out of a suspend: as switch.S does */
		csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
		csr_clear(CSR_SIE, 1ul << IRQ_SEI);
		v->ctx.hstatus |= HSTATUS_ARMED;
		return;
	}
	for (uint32_t i = 0; i < v->vm->plan->nr_vplics; i++)
		changed |= vplic_physical(&v->vm->vplics[i], v->index);
	irq_lines_changed(v, changed);
}

enum verdict irq_serve(struct vcpu *v)
{
	uint64_t pending = csr_read(CSR_SIP) & csr_read(CSR_SIE);

	enum verdict verdict = VERDICT_RESUME;

	if (pending & 1ul << IRQ_STI)
		verdict = vtimer_fired(v);
	if (pending & 1ul << IRQ_SEI)
		serve_external(v);
	if (pending & 1ul << IRQ_SSI && verdict == VERDICT_RESUME)
		return vcpu_take_mail(v);
	return verdict;
}
