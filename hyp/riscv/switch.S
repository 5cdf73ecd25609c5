/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch; its contract is in context.h. trap_entry is the one trap vector, for guests (sscratch
 * = context) and for the hypervisor itself (sscratch = 0). A trap of the hypervisor is a bug unless its pc
 * lies in fault.S. Three ways lead out of a guest and back, each saving no more than it must: what is served
 * right here (two registers: set_timer, an IPI to oneself or one sibling, and interrupts that are the guest's),
 * words and interrupts of the emulated PLIC (nine registers; what is guarded of it: guarded.S), other ecalls (what C
 * may change: it keeps s0 to s11 for us, and nothing of ours uses gp), and all else (everything). Source: privileged ISA, hypervisor chapter,
 * "Trap Entry" and "Trap Return"; RISC-V calling convention.
 */
#include "hyp/riscv/context.h"
#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/disarm.h"
#include "hyp/riscv/sbi_defs.h"

#define HOST_FRAME	112

/* Those that are in the context when a PLIC access is decoded: x0, ra, sp, tp, t0, t1, a0 to a5. */
#define PLIC_REGISTERS	0xfc77

	/*
	 * What a C function may change, and sp and tp, without t0, t1, a0 and a1: FEW, the registers that
	 * the emulated PLIC may use (those that the Makefile leaves to it), and the other ones.
	 */
	.macro	for_few op, ctx
	.irp	r, 1,2,4,12,13,14,15
	\op	x\r, CTX_X(\r)(\ctx)
	.endr
	.endm

	.macro	for_others op, ctx
	.irp	r, 7,16,17,28,29,30,31
	\op	x\r, CTX_X(\r)(\ctx)
	.endr
	.endm

	/* The others. */
	.macro	for_saved op
	.irp	r, 3,8,9,18,19,20,21,22,23,24,25,26,27
	\op	x\r, CTX_X(\r)(a0)
	.endr
	.endm

	/* Our own that a C function expects to find again. */
	.macro	for_host op
	\op	ra, 0(sp)
	\op	s0, 8(sp)
	\op	s1, 16(sp)
	\op	s2, 24(sp)
	\op	s3, 32(sp)
	\op	s4, 40(sp)
	\op	s5, 48(sp)
	\op	s6, 56(sp)
	\op	s7, 64(sp)
	\op	s8, 72(sp)
	\op	s9, 80(sp)
	\op	s10, 88(sp)
	\op	s11, 96(sp)
	.endm

	/* a0: context; changes reg. */
	.macro	count_exit kind, reg
	ld	\reg, CTX_EXITS + 8 * \kind(a0)
	addi	\reg, \reg, 1
	sd	\reg, CTX_EXITS + 8 * \kind(a0)
	.endm

	/* To C for the emulated PLIC: eight registers are saved, t0, t1 and a1 are before. Changes a1. */
	.macro	leave_guest
	for_few sd, a0
	csrrw	a1, CSR_SSCRATCH, zero
	sd	a1, CTX_X(10)(a0)
	ld	sp, CTX_HOST_SP(a0)
	ld	tp, CTX_HOST_TP(a0)
	.endm

/* Back to the instruction that was interrupted, or to the one that trapped. */
	.macro	back_to_guest
	ld	t0, CTX_X(5)(a0)
	ld	t1, CTX_X(6)(a0)
	csrrw	a0, CSR_SSCRATCH, a0
	sret
	.endm

	.text

/* int guest_run(struct guest_context *ctx) */
	.globl	guest_run
	.type	guest_run, @function
guest_run:
	addi	sp, sp, -HOST_FRAME
	for_host sd
	sd	sp, CTX_HOST_SP(a0)
	sd	tp, CTX_HOST_TP(a0)
enter:	/* a0: context, all of the guest in it */
	ld	t1, CTX_SSTATUS(a0)
	ld	t2, CTX_HSTATUS(a0)
	csrw	CSR_SSTATUS, t1
	/* SPV only now: firmware may leave it stale at a trap from HS-mode (OpenSBI 1.1). */
	ori	t2, t2, HSTATUS_SPV
	csrw	CSR_HSTATUS, t2
	for_saved ld
	ld	t0, CTX_PC(a0)
	csrw	CSR_SEPC, t0
	csrw	CSR_SSCRATCH, a0
	for_few ld, a0
	for_others ld, a0
	ld	a1, CTX_X(11)(a0)
	ld	t0, CTX_X(5)(a0)
	ld	t1, CTX_X(6)(a0)
	ld	a0, CTX_X(10)(a0)
	sret

	.balign	4
	.globl	trap_entry
	.type	trap_entry, @function
trap_entry:
	csrrw	a0, CSR_SSCRATCH, a0
	beqz	a0, hyp_trap
	sd	t0, CTX_X(5)(a0)
	sd	t1, CTX_X(6)(a0)
	csrr	t0, CSR_SCAUSE
	ld	t1, CTX_FLAGS(a0)
	bltz	t0, interrupt
	addi	t0, t0, -CAUSE_ECALL_VS
	bnez	t0, not_ecall

	li	t0, SBI_EXT_TIME
	beq	a7, t0, set_timer
	li	t0, SBI_EXT_IPI
	bne	a7, t0, ecall_exit
	bnez	a6, ecall_exit

	/* send_ipi to nobody but oneself, in whatever way (mask << base) that is written. */
	sltiu	t0, a1, 64
	beqz	t0, ecall_exit
	ld	t0, CTX_SELF(a0)
	csrr	t1, CSR_SSCRATCH	/* the guest's a0 */
	srl	t0, t0, a1
	bne	t0, t1, ipi_one
	beqz	t0, ecall_exit
	csrsi	CSR_HVIP, 1 << IRQ_VSSI
	count_exit EXIT_IPI_SELF, t0
	j	ecall_done

set_timer:
	bnez	a6, ecall_exit
	andi	t0, t1, CTX_FLAG_SSTC
	beqz	t0, 1f
	csrr	t0, CSR_SSCRATCH
	csrw	CSR_VSTIMECMP, t0
	count_exit EXIT_SET_TIMER, t0
ecall_done:	/* a0 = a1 = 0; nothing else has changed since the trap */
	csrr	t1, CSR_SEPC
	addi	t1, t1, 4
	csrw	CSR_SEPC, t1
	ld	t0, CTX_X(5)(a0)
	ld	t1, CTX_X(6)(a0)
	csrw	CSR_SSCRATCH, a0
	li	a0, 0
	li	a1, 0
	sret

1:	/* The firmware's timer: the same call, of which the firmware changes a0 and a1 only. */
	andi	t0, t1, CTX_FLAG_SBI_TIMER
	beqz	t0, ecall_exit
	li	t0, 1 << IRQ_VSTI
	csrc	CSR_HVIP, t0
	mv	t1, a0
	csrr	a0, CSR_SSCRATCH
	ecall
	mv	a0, t1
	li	t0, 1 << IRQ_STI
	csrs	CSR_SIE, t0
	count_exit EXIT_SET_TIMER, t0
	j	ecall_done

ipi_one:	/* To one sibling, as Linux writes it: mask 1. What a1 held is not needed once it is known to be right. */
	addi	t1, t1, -1
	bnez	t1, ecall_exit
	ld	t0, CTX_NR_VCPUS(a0)
	bgeu	a1, t0, ecall_exit
	ld	t0, CTX_VCPUS(a0)
	slli	a1, a1, 3
	add	t0, t0, a1
	ld	t0, (t0)
	ld	t0, VCPU_HART(t0)
	li	t1, MAIL_IPI
	addi	a1, t0, HART_MAILBOX
	amoor.w.rl t1, t1, (a1)
	andi	t1, t1, MAIL_IPI
	bnez	t1, 1f			/* a sender before us is about to wake it, and it will take ours too */
	fence	w, ow			/* as in hart_send_one() */
	ld	t1, HART_SETSSIP(t0)
	beqz	t1, 2f
	li	a1, 1
	sw	a1, (t1)
	j	1f
2:	ld	a1, HART_ID(t0)		/* a6 and a7 are those of the call already */
	mv	t1, a0
	li	a0, 1
	ecall
	mv	a0, t1
1:	count_exit EXIT_ECALL, t0
	j	ecall_done

interrupt:
	slli	t0, t0, 1		/* drops the interrupt bit */
	addi	t0, t0, -(IRQ_SEI << 1)
	bnez	t0, 1f
	andi	t1, t1, CTX_FLAG_PLIC
	beqz	t1, plic_external
	/* An external interrupt: the guest gets it; its next SRET or WFI comes back to us. */
	li	t1, 1 << IRQ_VSEI
	csrs	CSR_HVIP, t1
	li	t1, 1 << IRQ_SEI
	csrc	CSR_SIE, t1
	li	t1, HSTATUS_ARMED
	csrs	CSR_HSTATUS, t1
	back_to_guest			/* counted on its way back: EXIT_EXTERNAL */

1:	addi	t0, t0, (IRQ_SEI - IRQ_STI) << 1
	bnez	t0, 2f
	/* The firmware's timer: the guest's is due. */
	andi	t1, t1, CTX_FLAG_SBI_TIMER
	beqz	t1, other_exit
	li	t1, 1 << IRQ_VSTI
	csrs	CSR_HVIP, t1
	li	t1, 1 << IRQ_STI
	csrc	CSR_SIE, t1
	count_exit EXIT_TIMER, t0
	back_to_guest

2:	addi	t0, t0, (IRQ_STI - IRQ_SSI) << 1
	bnez	t0, other_exit
	/* Mail. If it is a sibling's IPI and nothing else, the guest gets it; SSIP first, as in hart_take_mail(). */
	ld	t1, CTX_HOST_TP(a0)
	csrci	CSR_SIP, 1 << IRQ_SSI
	addi	t1, t1, HART_MAILBOX
	fence	o, rw
	amoswap.w.aq t0, zero, (t1)
	addi	t0, t0, -MAIL_IPI
	bnez	t0, 3f
	csrsi	CSR_HVIP, 1 << IRQ_VSSI
	count_exit EXIT_MAIL, t0
	back_to_guest
3:	/* Something else: put it back, and take all of it in C. */
	addi	t0, t0, MAIL_IPI
	amoor.w	zero, t0, (t1)
	csrsi	CSR_SIP, 1 << IRQ_SSI
	j	other_exit

not_ecall:	/* t0: cause - CAUSE_ECALL_VS */
	addi	t0, t0, CAUSE_ECALL_VS - CAUSE_VIRTUAL_INSTRUCTION
	bnez	t0, not_virtual
	andi	t1, t1, CTX_FLAG_SETTLE
	beqz	t1, other_exit
	/* A virtual instruction while armed, and nothing pends any more: as before, and execute it again. */
	csrr	t0, CSR_SIP
	andi	t0, t0, 1 << IRQ_SEI
	bnez	t0, other_exit
	li	t1, HSTATUS_ARMED
	csrrc	t0, CSR_HSTATUS, t1
	and	t0, t0, t1
	beqz	t0, other_exit		/* it was not armed: the instruction is the guest's fault */
	li	t1, 1 << IRQ_VSEI
	csrc	CSR_HVIP, t1
	li	t1, 1 << IRQ_SEI
	csrs	CSR_SIE, t1
	count_exit EXIT_EXTERNAL, t0
	back_to_guest

not_virtual:	/* t0: cause - CAUSE_VIRTUAL_INSTRUCTION; the two guest-page faults are its neighbours, -1 and 1 */
	addi	t1, t0, CAUSE_VIRTUAL_INSTRUCTION - CAUSE_STORE_GUEST_PAGE
	bnez	t1, not_store
	sd	a1, CTX_X(11)(a0)
	csrr	t1, CSR_HTVAL
	ld	a1, CTX_GUARD(a0)
	sub	a1, t1, a1
	bgeu	t0, a1, plic_guarded	/* the first two words of its own context page: guarded.S */

	/*
	 * LW, SW, C.LW or C.SW on the emulated PLIC. Until it is decoded nothing has been done that cannot be done
	 * again: any doubt leads to plic_other, and C sees the exit as it was. t0: 0 for a load, 1 for a store; t1: htval.
	 */
plic_access:
	leave_guest
	csrr	a5, CSR_STVAL
	slli	a3, t1, 54
	slli	a4, a5, 52
	slli	a2, t1, 2
	bne	a3, a4, plic_other	/* not the access itself (vmmio.c), or misaligned */
	beqz	a3, plic_other		/* may have begun on the page before */
	ld	a1, CTX_PLIC_BASE(a0)
	ld	t1, CTX_PLIC_SIZE(a0)
	sub	a1, a2, a1
	bgeu	a1, t1, plic_other
	csrr	a2, CSR_SEPC
	csrr	a3, CSR_HTINST
	bnez	a3, plic_htinst

	li	a3, SSTATUS_MXR		/* as in fault.S */
	csrrs	a4, CSR_SSTATUS, a3
plic_fetch:
	.insn	r 0x73, 4, 0x32, a3, a2, x3	/* hlvx.hu a3, (a2) */
	andi	t1, a3, 3
	bnez	t1, plic_long
	csrw	CSR_SSTATUS, a4
	addi	a2, a2, 2
	srli	t1, a3, 13		/* C.LW 2, C.SW 6 */
	slli	a4, t0, 2
	addi	a4, a4, 2
	bne	t1, a4, plic_other
	srli	a3, a3, 2
	andi	a3, a3, 7
	addi	t1, a3, 8 - 10		/* s0 and s1 are not in the context */
	bltz	t1, plic_other
	addi	a3, a3, 8
plic_decoded:	/* a1: offset; a2: next pc; a3: register */
	csrw	CSR_SEPC, a2
	count_exit EXIT_MMIO, t1
	slli	a3, a3, 3
	add	a2, a3, a0
	bnez	t0, plic_store
	ld	t1, CTX_PLIC_READ(a0)
	ld	a0, CTX_PLIC(a0)
	jalr	t1			/* (plic, offset, where in the context) */
	ld	t1, HART_VCPU(tp)
	bnez	a0, lines_changed
plic_back:
	csrw	CSR_SSCRATCH, t1
	for_few ld, t1
	ld	a0, CTX_X(10)(t1)
	ld	a1, CTX_X(11)(t1)
	ld	t0, CTX_X(5)(t1)
	ld	t1, CTX_X(6)(t1)
	sret

plic_store:
	lw	a2, (a2)
	ld	t1, CTX_PLIC_WRITE(a0)
	ld	a0, CTX_PLIC(a0)
	jalr	t1			/* (plic, offset, value) */
	ld	t1, HART_VCPU(tp)
	bnez	a0, lines_changed
	csrr	t0, CSR_SIE
	andi	t0, t0, 1 << IRQ_SEI
	bnez	t0, plic_back

	/* ARMED: what the guest has written may have been the last that the PLIC had for it. */
	ld	t0, CTX_FLAGS(t1)
	andi	t0, t0, CTX_FLAG_SETTLE
	beqz	t0, plic_back
	ld	t0, CTX_HOST_PAGE(t1)
	beqz	t0, plic_back
	lw	zero, (t0)		/* the write has arrived at the PLIC */
	fence	i, i
	csrr	t0, CSR_SIP
	andi	t0, t0, 1 << IRQ_SEI
	bnez	t0, plic_back
	disarm	t1
	j	plic_back

not_store:
	sd	a1, CTX_X(11)(a0)
	csrr	t1, CSR_HTVAL
	addi	t0, t0, CAUSE_VIRTUAL_INSTRUCTION - CAUSE_LOAD_GUEST_PAGE
	beqz	t0, plic_access
	j	other_exit

plic_long:	/* 32 bits, or a compressed one that is neither C.LW nor C.SW */
	addi	t1, t1, -3
	bnez	t1, plic_no_access
	addi	t1, a2, 2
	.insn	r 0x73, 4, 0x32, t1, t1, x3	/* hlvx.hu t1, (t1) */
plic_fetch_end:
	addi	a2, a2, 4
	slli	t1, t1, 16
	or	a3, a3, t1
	csrw	CSR_SSTATUS, a4
plic_32:	/* a3: the instruction; a2: next pc */
	li	a4, 0x707f		/* funct3, opcode */
	and	a4, a4, a3
	slli	t1, t0, 5		/* SW has 0x20 more than LW */
	sub	a4, a4, t1
	li	t1, 0x2003
	bne	a4, t1, plic_other
	srli	a4, a3, 7
	beqz	t0, 1f
	srli	a4, a3, 20
1:	andi	a3, a4, 31
	sd	zero, CTX_X(0)(a0)	/* it holds a pc, but could now be read as x0 */
	li	t1, PLIC_REGISTERS
	srl	t1, t1, a3
	andi	t1, t1, 1
	bnez	t1, plic_decoded
	j	plic_other		/* it is not in the context */

plic_htinst:	/* a3: htinst, which has to be a transformed instruction, with no immediate (insn.h); a2: pc */
	andi	t1, a3, 1
	beqz	t1, plic_other
	andi	t1, a3, 2		/* clear: it was compressed */
	addi	t1, t1, 2
	add	a2, a2, t1
	ori	a3, a3, 2
	lui	t1, 0xfe000
	and	t1, t1, a3
	bnez	t1, plic_other
	li	a4, 20			/* imm of LW, the rest of it */
	beqz	t0, 1f
	li	a4, 7			/* of SW */
1:	srl	a4, a3, a4
	andi	a4, a4, 31
	beqz	a4, plic_32
	j	plic_other

plic_no_access:
	csrw	CSR_SSTATUS, a4
	j	plic_other

plic_fetch_failed:	/* the guest has changed its page tables meanwhile: the exit as it was, with all that a trap overwrites */
	csrw	CSR_SSTATUS, a4
	csrw	CSR_SEPC, a2
	csrw	CSR_STVAL, a5
	ld	t1, CTX_PLIC_BASE(a0)
	add	a1, a1, t1
	srli	a1, a1, 2
	csrw	CSR_HTVAL, a1
	csrw	CSR_HTINST, zero
	slli	t0, t0, 1
	addi	t0, t0, CAUSE_LOAD_GUEST_PAGE
	csrw	CSR_SCAUSE, t0
	j	plic_other

lines_changed:	/* a0: the vcpus, t1: context */
	ld	a1, CTX_SELF(t1)
	ld	t0, CTX_PLIC_EXTERNAL(t1)
	bne	a0, a1, 1f
	beqz	t0, 1f
	/* Nobody but oneself, and no other PLIC: as vcpu_update_external(). Who changes the line from now on sends mail. */
	ld	t0, CTX_PLIC(t1)
	ld	t0, VPLIC_LINES(t0)
	li	a1, 1 << IRQ_VSEI
	csrc	CSR_HVIP, a1
	and	t0, t0, a0
	beqz	t0, plic_back
	csrs	CSR_HVIP, a1
	j	plic_back

1:	/* The rest of what C may change, and then it may. */
	for_others sd, t1
	mv	a1, a0
	mv	a0, t1
	ld	t0, CTX_ON_LINES(a0)
	jalr	t0
	ld	t1, HART_VCPU(tp)
	for_others ld, t1
	j	plic_back

plic_external:	/* An external interrupt for the emulated PLIC, if there is only one, and nothing that would wait behind it. */
	csrr	t0, CSR_SIP
	csrr	t1, CSR_SIE
	and	t0, t0, t1
	andi	t0, t0, 1 << IRQ_STI | 1 << IRQ_SSI
	bnez	t0, other_exit
	sd	a1, CTX_X(11)(a0)
	leave_guest
	ld	t1, CTX_PLIC_EXTERNAL(a0)
	beqz	t1, plic_other
	count_exit EXIT_INTERRUPT, t0
	lwu	a1, VCPU_INDEX(a0)
	ld	a0, CTX_PLIC(a0)
	jalr	t1			/* (plic, vcpu) */
	ld	t1, HART_VCPU(tp)
	beqz	a0, plic_back
	j	lines_changed

ecall_exit:
	for_few sd, a0
	for_others sd, a0
	sd	a1, CTX_X(11)(a0)
	csrrw	t0, CSR_SSCRATCH, zero
	csrr	t1, CSR_SEPC
	sd	t0, CTX_X(10)(a0)
	addi	t1, t1, 4
	sd	t1, CTX_PC(a0)
	ld	sp, CTX_HOST_SP(a0)
	ld	tp, CTX_HOST_TP(a0)
	count_exit EXIT_ECALL, t0
	ld	t0, CTX_ON_ECALL(a0)
	jalr	t0
	ld	t1, HART_VCPU(tp)	/* a0 and a1 are the guest's from here on */
	ld	t0, CTX_VERDICT(t1)
	bnez	t0, 1f
	ld	t0, CTX_PC(t1)
	csrw	CSR_SEPC, t0
	csrw	CSR_SSCRATCH, t1
	for_few ld, t1
	for_others ld, t1
	ld	t0, CTX_X(5)(t1)
	ld	t1, CTX_X(6)(t1)
	sret

1:	/* The handler ends the run: complete what is in the context. */
	sd	a0, CTX_X(10)(t1)
	sd	a1, CTX_X(11)(t1)
	sd	zero, CTX_VERDICT(t1)
	mv	a0, t1
	for_saved sd
	csrr	t1, CSR_SSTATUS
	li	t2, HSTATUS_SPV
	csrrc	t2, CSR_HSTATUS, t2
	sd	t1, CTX_SSTATUS(a0)
	sd	t2, CTX_HSTATUS(a0)
leave:	/* t0: what to return; sp: ours */
	mv	a0, t0
	for_host ld
	addi	sp, sp, HOST_FRAME
	ret

other_exit:
	for_few sd, a0
	sd	a1, CTX_X(11)(a0)
	csrrw	t0, CSR_SSCRATCH, zero
	sd	t0, CTX_X(10)(a0)
	.globl	plic_other
plic_other:	/* the few and a0 are in the context, sscratch is 0 */
	for_others sd, a0
	for_saved sd
	csrr	t1, CSR_SEPC
	sd	t1, CTX_PC(a0)
	csrr	t1, CSR_SSTATUS
	li	t2, HSTATUS_SPV
	csrrc	t2, CSR_HSTATUS, t2
	sd	t1, CTX_SSTATUS(a0)
	sd	t2, CTX_HSTATUS(a0)
	ld	sp, CTX_HOST_SP(a0)
	ld	tp, CTX_HOST_TP(a0)
	ld	t0, CTX_ON_EXIT(a0)
	jalr	t0
	mv	t0, a0
	ld	a0, HART_VCPU(tp)
	bnez	t0, leave
	j	enter

/* A trap in HS-mode. a0 and sscratch are swapped; tp is the hart. */
hyp_trap:
	/* If it is not, a store to it would trap again, and again: the last words come from elsewhere. */
	lla	a0, harts
	bltu	tp, a0, 2f
	lla	a0, harts + HART_SIZE * NR_HART_STRUCTS
	bltu	tp, a0, 3f
2:	lla	tp, harts + HART_SIZE * HART_LOST
3:	sd	t0, HART_SCRATCH(tp)
	csrr	a0, CSR_SEPC
	lla	t0, guard_begin
	bltu	a0, t0, 1f
	lla	t0, guard_end
	bgeu	a0, t0, 1f
	/* A guarded accessor (fault.S): it returns ERR_FAULT to its caller. */
	lla	t0, guard_probes
	bgeu	a0, t0, 0f		/* no guest has run yet, and hstatus may not exist */
	li	t0, HSTATUS_SPV
	csrc	CSR_HSTATUS, t0
0:	lla	t0, guard_fail
	csrw	CSR_SEPC, t0
	csrw	CSR_SSCRATCH, zero
	ld	t0, HART_SCRATCH(tp)
	sret

1:	lla	t0, plic_fetch
	bltu	a0, t0, 1f
	lla	t0, plic_fetch_end
	bgeu	a0, t0, 1f
	ld	t0, HART_SCRATCH(tp)
	csrrw	a0, CSR_SSCRATCH, zero
	j	plic_fetch_failed

1:	lla	t0, guarded_fetch
	bltu	a0, t0, 1f
	lla	t0, guarded_fetch_end
	bgeu	a0, t0, 1f
	ld	t0, HART_SCRATCH(tp)
	csrrw	a0, CSR_SSCRATCH, zero
	j	guarded_fetch_failed

1:	/* Our bug. Keep all registers, take a fresh stack, and tell. */
	ld	t0, HART_SCRATCH(tp)
	csrrw	a0, CSR_SSCRATCH, zero
	.irp	r, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\r, HART_FRAME+CTX_X(\r)(tp)
	.endr
	csrr	t0, CSR_SEPC
	sd	t0, HART_FRAME+CTX_PC(tp)
	/* The first trap is told of. One while that is done finds a machine that cannot: see lost.S. */
	addi	t0, tp, HART_PANICS
	li	t1, 1
	amoadd.d t1, t1, (t0)
	bnez	t1, hart_lost
	ld	sp, HART_STACK_TOP(tp)
	addi	a0, tp, HART_FRAME
	call	panic_trap
2:	wfi
	j	2b

	.globl	fp_clear
	.type	fp_clear, @function
fp_clear:	/* a0: whether they are 64 bits wide */
	.option	push
	.option	arch, +d
	li	t0, SSTATUS_FS
	csrs	CSR_SSTATUS, t0
	fscsr	zero
	beqz	a0, 1f
	.irp	r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fmv.d.x	f\r, zero
	.endr
	ret
1:	.irp	r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fmv.w.x	f\r, zero
	.endr
	.option	pop
	ret

	.globl	vector_clear
	.type	vector_clear, @function
vector_clear:
	.option	push
	.option	arch, +v
	li	t0, SSTATUS_VS
	csrs	CSR_SSTATUS, t0
	vsetvli	t0, zero, e8, m8, ta, ma
	vmv.v.i	v0, 0
	vmv.v.i	v8, 0
	vmv.v.i	v16, 0
	vmv.v.i	v24, 0
	csrw	vstart, zero
	csrw	vcsr, zero
	.option	pop
	ret
