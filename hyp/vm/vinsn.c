/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual-instruction exceptions; see vinsn.h. Source: privileged ISA, hypervisor chapter, "Trap Cause Codes";
 * SRET in "Trap-Return Instructions".
 */
#include "hyp/vm/vinsn.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/guestmem.h"
#include "hyp/vm/inject.h"

#define INSN_SRET	0x10200073u
#define INSN_WFI	0x10500073u
#define OPCODE_SYSTEM	0x73u
#define IPRIO0		0x30u		/* numbers in siselect */
#define IPRIO15		0x3fu
#define INSN_WRS_NTO	0x00d00073u	/* Zawrs: VTW traps it, too, of VS- and of VU-mode */

/* What the hart would have done in VS-mode. The interrupt that still pends is taken right behind it. */
static enum verdict emulate_sret(struct vcpu *v)
{
	uint64_t vsstatus = csr_read(CSR_VSSTATUS);
	uint64_t next = vsstatus & ~(uint64_t)(SSTATUS_SPP | SSTATUS_SIE | SSTATUS_SPELP | SSTATUS_SDT);

	next |= SSTATUS_SPIE;
	if (vsstatus & SSTATUS_SPIE)
		next |= SSTATUS_SIE;
	csr_write(CSR_VSSTATUS, next);
	v->ctx.x[0] = csr_read(CSR_VSEPC);
	/* Our own SRET takes both over: the mode, and whether a landing pad is expected in it. */
	v->ctx.sstatus &= ~(uint64_t)(SSTATUS_SPP | SSTATUS_SPELP);
	v->ctx.sstatus |= vsstatus & (SSTATUS_SPP | SSTATUS_SPELP);
	return VERDICT_RESUME;
}

/* A CSR instruction on sireg that reaches the priorities of major interrupts (AIA 1.0, 6.3.1): VS-mode has none in
 * the hardware. They may be read-only zero (4.3 there, "iprio"). Odd numbers do not exist on RV64. */
static bool is_iprio(const struct vcpu *v, uint32_t insn)
{
	uint64_t reg;

	if (!v->vm->plan->files || (insn & 0x7f) != OPCODE_SYSTEM || !(insn >> 12 & 3) || insn >> 20 != CSR_SIREG)
		return false;
	reg = csr_read(CSR_VSISELECT);
	return reg >= IPRIO0 && reg <= IPRIO15 && !(reg & 1);
}

static enum verdict read_zero(struct vcpu *v, uint32_t insn)
{
	uint32_t rd = insn >> 7 & 31;

	if (rd)
		v->ctx.x[rd] = 0;
	v->ctx.x[0] += 4;
	return VERDICT_RESUME;
}

enum verdict vinsn_fault(struct vcpu *v)
{
	bool armed = v->ctx.hstatus & HSTATUS_ARMED, from_vs = v->ctx.sstatus & SSTATUS_SPP;
	uint32_t insn;

	/* stval is not to be trusted: QEMU 7.2 leaves an older instruction in it for some. */
	if (guestmem_fetch(v->ctx.x[0], &insn) != OK)
		insn = 0;
	if (armed && from_vs && insn == INSN_SRET)
		return emulate_sret(v);
	if (armed && ((from_vs && insn == INSN_WFI) || insn == INSN_WRS_NTO)) {
		v->ctx.x[0] += 4;	/* something pends: it does not wait */
		return VERDICT_RESUME;
	}
	if (from_vs && is_iprio(v, insn))
		return read_zero(v, insn);
	return inject_exception(v, CAUSE_ILLEGAL, insn);	/* a guest has no H extension */
}
