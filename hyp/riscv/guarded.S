/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's store to the first two words of its own PLIC context page, which is read-only in its G-stage (plic-mode
 * "guarded"; docs/architecture.md, "An interrupt in two exits"): a threshold from 0 to 6, or the completion of a
 * source of the VM, is written to the host's PLIC, and the line settles at once. Any doubt leads to guarded_other,
 * and C finds the exit as it was: other sources, a threshold of 7, and an instruction other than SW and C.SW.
 * From switch_plic.inc, with a context that is open (vcpu.c, update_passed()), and back into the guest.
 *
 * Label: what of the guest is in the context, what may be changed, what it needs. "open": t0, t1, tp and a0 to a3 are
 * saved, tp is the hypervisor's, sscratch is 0, and what is saved, without a0, may be changed. All need a0: context.
 *   label                 saved        needs
 *   plic_guarded          t0, t1, a1   sscratch: the guest's a0; a1: 0 threshold, 1 claim/complete
 *   guarded_fetch         open         a1; a2: pc; t0: SSTATUS_MXR; x[0] of the context: stval
 *   compressed            open         a1; a2: pc; t0: SSTATUS_MXR; t1: the parcel
 *   by_htinst             open         a1; a2: pc; a3: htinst
 *   complete              open         a2: next pc; a3: register * 8
 *   threshold_address     open         a2: next pc; t1, a3: the halves of the instruction
 *   threshold_aligned     open         a1: low bits of imm; a2: next pc; t1: rs1 * 8; a3: rs2 * 8
 *   threshold             open         a2: next pc; a3: register * 8
 *   settle                open         a2: next pc
 *   back                  open         -
 *   guarded_other         open         the CSRs of the exit
 *   guarded_fetch_failed  open         a1; a2: pc; x[0] of the context: stval
 */
#include "hyp/asm_offsets.h"
#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/switch_macros.h"

#define MASKS_ALL	(VPLIC_PRIORITIES - 1)

#if HSTATUS_SPVP != SSTATUS_SPP
#error "guarded_fetch_failed takes the one for the other"
#endif

	/* t1: the guest's register of number index / 8, by a table. index: a register. Changes t0. */
	.macro	guest_value index
9:	auipc	t0, %pcrel_hi(guest_values)
	add	t0, t0, \index
	jalr	t0, %pcrel_lo(9b)(t0)
	.endm

	.text

	.globl	plic_guarded
plic_guarded:
	sd	a2, CTX_X(12)(a0)
	sd	a3, CTX_X(13)(a0)
	sd	tp, CTX_X(4)(a0)
	csrrw	t0, CSR_SSCRATCH, zero
	ld	tp, CTX_HOST_TP(a0)
	sd	t0, CTX_X(10)(a0)
	csrr	t0, CSR_STVAL
	sd	t0, CTX_PC(a0)		/* free until C is called; for guarded_fetch_failed */
	slli	t0, t0, 52
	slli	t1, a1, 54
	bne	t0, t1, guarded_other	/* not the access itself, or misaligned */
	csrr	a2, CSR_SEPC
	csrr	a3, CSR_HTINST
	bnez	a3, by_htinst

	li	t0, SSTATUS_MXR		/* as in fault.S; it is 0 otherwise */
	csrs	CSR_SSTATUS, t0
	.globl	guarded_fetch
guarded_fetch:
	.insn	r 0x73, 4, 0x32, t1, a2, x3	/* hlvx.hu t1, (a2) */
	xori	a3, t1, 0x23			/* STORE */
	slli	a3, a3, 64 - 7
	bnez	a3, compressed
	addi	a3, a2, 2
	.insn	r 0x73, 4, 0x32, a3, a3, x3	/* hlvx.hu a3, (a3) */
	.globl	guarded_fetch_end
guarded_fetch_end:
	csrc	CSR_SSTATUS, t0
	slli	t0, t1, 64 - 15			/* SW is funct3 2 */
	srli	t0, t0, 64 - 3
	addi	t0, t0, -2
	bnez	t0, guarded_other
	addi	a2, a2, 4
	beqz	a1, threshold_address
	srli	a3, a3, 20 - 16 - 3		/* rs2 */
	andi	a3, a3, 31 << 3
complete:
	guest_value a3
	srli	t0, t1, MAX_IRQS_LOG2		/* a register with more than the word is left to C */
	bnez	t0, guarded_other
	ld	a1, CTX_INTC(a0)
	srli	t0, t1, 5 - 2
	andi	t0, t0, -4
	add	t0, t0, a1
	lw	t0, VPLIC_PHYSICAL(t0)
	srlw	t0, t0, t1
	andi	t0, t0, 1
	beqz	t0, foreign
	ld	t0, CTX_HOST_PAGE(a0)
	fence	w, o
	sw	t1, 4(t0)

settle:	/* Back to NORMAL unless the PLIC has another interrupt. A line that falls later costs one more exit. */
	csrw	CSR_SEPC, a2
	csrr	t0, CSR_SIE
	andi	t0, t0, 1 << IRQ_SEI
	bnez	t0, not_settled			/* not ARMED */
	csrr	t0, CSR_SIP
	andi	t0, t0, 1 << IRQ_SEI
	bnez	t0, not_settled
	disarm	a0
back:
	csrw	CSR_SSCRATCH, a0
	ld	tp, CTX_X(4)(a0)
	ld	a1, CTX_X(11)(a0)
	ld	a2, CTX_X(12)(a0)
	ld	a3, CTX_X(13)(a0)
	ld	t0, CTX_X(5)(a0)
	ld	t1, CTX_X(6)(a0)
	ld	a0, CTX_X(10)(a0)
	sret

not_settled:
	count_exit EXIT_MMIO, t0
	j	back

threshold_address:	/* a misaligned store from the page before faults here, too: checks the low bits of rs1 + imm */
	srli	a1, t1, 7			/* the low bits of imm */
	srli	t1, t1, 15
	slli	t0, a3, 1
	andi	t0, t0, 30
	or	t1, t1, t0
	slli	t1, t1, 3			/* rs1 */
	srli	a3, a3, 20 - 16 - 3
	andi	a3, a3, 31 << 3
threshold_aligned:
	guest_value t1
	add	a1, a1, t1
	andi	a1, a1, 3
	bnez	a1, guarded_other
threshold:
	guest_value a3
	andi	t1, t1, VPLIC_PRIORITIES - 1
	addi	t0, t1, -MASKS_ALL
	beqz	t0, foreign
	ld	t0, CTX_HOST_PAGE(a0)
	fence	w, o
	sw	t1, (t0)
	lw	zero, (t0)			/* before the line is read */
	fence	i, i
	j	settle

compressed:
	csrc	CSR_SSTATUS, t0
	srli	t0, t1, 13			/* C.SW is funct3 6, quadrant 0 */
	addi	t0, t0, -6
	bnez	t0, guarded_other
	andi	t0, t1, 3
	bnez	t0, guarded_other
	addi	a2, a2, 2
	slli	a3, t1, 1			/* rs2' is bits 4:2, x8 and on */
	andi	a3, a3, 7 << 3
	addi	a3, a3, 8 << 3
	bnez	a1, complete
	srli	t1, t1, 7 - 3			/* rs1' is bits 9:7; imm is a multiple of 4 */
	andi	t1, t1, 7 << 3
	addi	t1, t1, 8 << 3
	j	threshold_aligned

by_htinst:	/* it must be a transformed SW, without imm, at the address that faulted (insn.h) */
	andi	t0, a3, 1
	beqz	t0, guarded_other
	andi	t0, a3, 2			/* clear: it was compressed */
	addi	t0, t0, 2
	add	a2, a2, t0
	ori	a3, a3, 2
	lui	t0, 0x1f00			/* rs2 */
	or	t1, a3, t0
	xor	t1, t1, t0
	lui	t0, 0x2
	addi	t0, t0, 0x23
	bne	t1, t0, guarded_other
	srli	a3, a3, 20 - 3
	andi	a3, a3, 31 << 3
	bnez	a1, complete
	j	threshold

foreign:	/* C checks and counts it; nothing has been changed */
guarded_other:
	sd	ra, CTX_X(1)(a0)
	sd	sp, CTX_X(2)(a0)
	sd	a4, CTX_X(14)(a0)
	sd	a5, CTX_X(15)(a0)
	j	plic_other

	/* The guest has changed its page tables: restores the CSRs of the exit, which this trap has overwritten. */
	.globl	guarded_fetch_failed
guarded_fetch_failed:
	li	t0, SSTATUS_MXR
	csrc	CSR_SSTATUS, t0
	/* SPVP is what SPP was: a trap from HS-mode sets the one and leaves the other */
	csrr	t0, CSR_HSTATUS
	not	t0, t0
	andi	t0, t0, HSTATUS_SPVP
	csrc	CSR_SSTATUS, t0
	csrw	CSR_SEPC, a2
	ld	t0, CTX_PC(a0)
	csrw	CSR_STVAL, t0
	ld	t0, CTX_GUARD(a0)
	add	t0, t0, a1
	csrw	CSR_HTVAL, t0
	csrw	CSR_HTINST, zero
	li	t0, CAUSE_STORE_GUEST_PAGE
	csrw	CSR_SCAUSE, t0
	j	guarded_other

	/* Two instructions for each register, which is in the context or not. t0: return address. */
	.macro	entry_of instruction:vararg
	\instruction
	jr	t0
	.endm

	.balign	4
	.option	push
	.option	norvc
guest_values:
	entry_of li t1, 0
	.irp	r, 1,2,3
	entry_of mv t1, x\r
	.endr
	.irp	r, 4,5,6
	entry_of ld t1, CTX_X(\r)(a0)
	.endr
	.irp	r, 7,8,9
	entry_of mv t1, x\r
	.endr
	.irp	r, 10,11,12,13
	entry_of ld t1, CTX_X(\r)(a0)
	.endr
	.irp	r, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	entry_of mv t1, x\r
	.endr
	.option	pop
