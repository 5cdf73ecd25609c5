/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One exit to one handler; see trap.h. Whatever a guest does ends here in an emulation, an SBI error or
 * a fault of its own: there is no exit that we do not expect, because the guest chooses them.
 */
#include "hyp/vm/trap.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/complain.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/irq.h"
#include "hyp/vm/vinsn.h"
#include "hyp/vm/vm_life.h"
#include "hyp/vm/vmmio.h"

static enum verdict dispatch_exception(struct vcpu *v, const struct guest_exit *e)
{
	switch (e->cause) {
	case CAUSE_LOAD_GUEST_PAGE:
	case CAUSE_STORE_GUEST_PAGE:
		return vmmio_fault(v, e);
	case CAUSE_FETCH_GUEST_PAGE:	/* no device has rights to execute: there is nothing to fetch */
		complain(v, "unmapped fetch", e->htval << 2);
		if (v->vm->plan->policy.unmapped == UNMAPPED_STOP)
			return vm_crash(v, VM_END_UNMAPPED);
		return inject_exception(v, CAUSE_FETCH_ACCESS, e->tval);
	case CAUSE_VIRTUAL_INSTRUCTION:
		return vinsn_fault(v);
	default:
		/* Delegated, but firmware that saw it first may hand it to HS-mode: pass it on. A cause
		 * that VS-mode cannot know (custom, reserved) becomes an illegal instruction. */
		if (e->cause < 64 && GUEST_EXCEPTIONS >> e->cause & 1)
			return inject_exception(v, e->cause, e->tval);
		return inject_exception(v, CAUSE_ILLEGAL, 0);
	}
}

enum verdict trap_dispatch(struct vcpu *v)
{
	uint64_t cause = csr_read(CSR_SCAUSE);
	unsigned kind = EXIT_OTHER;
	struct guest_exit e;

	if (cause & SCAUSE_INTERRUPT) {
		v->ctx.exits[EXIT_INTERRUPT]++;
		return irq_serve(v);
	}
	e.cause = cause;
	e.tval = csr_read(CSR_STVAL);
	e.htval = csr_read(CSR_HTVAL);
	e.htinst = csr_read(CSR_HTINST);
	if (e.cause == CAUSE_LOAD_GUEST_PAGE || e.cause == CAUSE_STORE_GUEST_PAGE)
		kind = EXIT_MMIO;
	v->ctx.exits[kind]++;
	return dispatch_exception(v, &e);
}
