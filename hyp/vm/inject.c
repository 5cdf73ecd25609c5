/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of an exception to VS-mode; see inject.h. Touches only the calling hart's VS CSRs.
 */
#include "hyp/vm/inject.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/complain.h"

enum verdict inject_exception(struct vcpu *v, uint64_t cause, uint64_t tval)
{
	uint64_t vector = csr_read(CSR_VSTVEC) & ~3ul;	/* exceptions go to BASE in both modes */
	uint64_t vsstatus = csr_read(CSR_VSSTATUS);
	uint64_t next = vsstatus & ~(uint64_t)(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE | SSTATUS_SPELP);

	/* Where it comes from, and whether a landing pad was expected there (Zicfilp): the handler begins without. SDT
	 * stays 0: henvcfg.DTE is (Ssdbltrp). */
	next |= v->ctx.sstatus & (SSTATUS_SPP | SSTATUS_SPELP);
	if (vsstatus & SSTATUS_SIE)
		next |= SSTATUS_SPIE;
	v->at_vector = false;
	if (v->ctx.x[0] == vector && v->ctx.sstatus & SSTATUS_SPP)
		complain_trap_loop(v, vector);
	csr_write(CSR_VSSTATUS, next);
	csr_write(CSR_VSEPC, v->ctx.x[0]);
	csr_write(CSR_VSCAUSE, cause);
	csr_write(CSR_VSTVAL, tval);
	v->ctx.x[0] = vector;
	v->ctx.sstatus = (v->ctx.sstatus & ~(uint64_t)SSTATUS_SPELP) | SSTATUS_SPP;
	return VERDICT_RESUME;
}
