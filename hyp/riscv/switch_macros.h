/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For assembly: the macros that the ways out of a guest and back share (switch.S and its parts, guarded.S).
 */
#ifndef HYP_RISCV_SWITCH_MACROS_H
#define HYP_RISCV_SWITCH_MACROS_H

#include "hyp/asm_offsets.h"
#include "hyp/riscv/csr_defs.h"

#define CTX_X(n)	(CTX_REGS + 8 * (n))
#define CTX_PC		CTX_X(0)
#define FRAME_X(n)	(HART_FRAME + 8 * (n))

	/*
	 * The registers that a C function may change, and sp and tp, without t0, t1, a0 and a1, in two groups: FEW,
	 * which the emulated PLIC may use (flags.mk), and the others.
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

	/* The registers that a C function preserves, and gp. a0: context. */
	.macro	for_saved op
	.irp	r, 3,8,9,18,19,20,21,22,23,24,25,26,27
	\op	x\r, CTX_X(\r)(a0)
	.endr
	.endm

	/* ctx: the register with the context; changes reg. */
	.macro	count_exit kind, reg, ctx=a0
	ld	\reg, CTX_EXITS + 8 * \kind(\ctx)
	addi	\reg, \reg, 1
	sd	\reg, CTX_EXITS + 8 * \kind(\ctx)
	.endm

	/* To C for the emulated PLIC: saves a0 and FEW; t0, t1 and a1 are saved already. a0: context. Changes a1. */
	.macro	leave_guest
	for_few sd, a0
	csrrw	a1, CSR_SSCRATCH, zero
	sd	a1, CTX_X(10)(a0)
	ld	sp, CTX_HOST_SP(a0)
	ld	tp, CTX_HOST_TP(a0)
	.endm

	/* To the instruction that was interrupted, or again to the one that trapped. a0: context; t0 and t1 are
	 * saved. */
	.macro	back_to_guest
	ld	t0, CTX_X(5)(a0)
	ld	t1, CTX_X(6)(a0)
	csrrw	a0, CSR_SSCRATCH, a0
	sret
	.endm

	/*
	 * From ARMED back to NORMAL when the PLIC has no more interrupt for the guest. docs/architecture.md, "An
	 * interrupt in two exits". The hart's CSRs hold the state, so this needs no lock. ctx: the register with the
	 * context, not t0. Changes t0.
	 */
	.macro	disarm ctx
	li	t0, HSTATUS_ARMED
	csrc	CSR_HSTATUS, t0
	li	t0, 1 << IRQ_VSEI
	csrc	CSR_HVIP, t0
	li	t0, 1 << IRQ_SEI
	csrs	CSR_SIE, t0
	count_exit EXIT_EXTERNAL, t0, \ctx
	.endm

#endif
