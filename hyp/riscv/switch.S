/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch: into a guest, and out of it at a trap. Its contract is in context.h. trap_entry is the only trap
 * vector, for guests (sscratch = context) and for the hypervisor itself (sscratch = 0). A trap of the hypervisor is a
 * bug unless its pc lies in fault.S, at one of the four fetches of a guest's instruction, or where switch_window.inc
 * accesses a device.
 *
 * An exit takes one of six paths. Each saves only the registers that it changes:
 *   switch_fast.inc  2 registers: SBI calls, interrupts and virtual instructions that need no C
 *   guarded.S        7: a store to the guarded page of the guest's own PLIC context
 *   switch_plic.inc  11: LW and SW on the emulated PLIC, and its interrupt; calls C that uses only FEW (flags.mk)
 *   switch_window.inc  11: a load or store in a sub-page window
 *   ecall_exit       18: other SBI calls; C preserves s0 to s11, and none of our code uses gp
 *   other_exit       31: everything else
 * The four parts are included and not linked, so that a conditional branch reaches from one to the other. A path that
 * meets a case that it does not handle branches to a longer one, with the exit as it was.
 *
 * Label: what of the guest is in the context, what may be changed, what it needs.
 *   label        saved                    free                   needs
 *   guest_run    -                        as in a C function     a0: context
 *   enter        all                      all but sp and tp      a0: context; host_sp and host_tp are in it
 *   trap_entry   nothing                  nothing                sscratch: context, or 0
 *   ecall_exit   t0, t1                   t0, t1                 a0: context; sscratch: guest's a0; sepc: the ecall
 *   other_exit   t0, t1                   t0, t1                 a0: context; sscratch: guest's a0
 *   plic_other   t0, t1, a0, a1, FEW      the same, not a0       a0: context; sscratch: 0; the trap's CSRs
 *   leave        all                      all but sp and tp      t0: the result; sp: the frame of guest_run
 *   hyp_trap     (no guest's)             a0: sscratch holds it  sscratch: a0 at the trap; tp: the hart
 *
 * Source: privileged ISA, hypervisor chapter, "Trap Entry" and "Trap Return"; RISC-V calling convention.
 */
#include "hyp/asm_offsets.h"
#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/riscv/switch_macros.h"

#define HOST_FRAME	112

	/* The registers that a C function expects to find again. */
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

	/* In hyp_trap: to \to, if pc (a0) is in [\first, \end), with a0, t0 and sscratch as they were at the trap. */
	.macro	recover first, end, to
	lla	t0, \first
	bltu	a0, t0, 1f
	lla	t0, \end
	bgeu	a0, t0, 1f
	ld	t0, HART_SCRATCH(tp)
	csrrw	a0, CSR_SSCRATCH, zero
	j	\to
1:
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
enter:
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
	/* An ecall: continues in switch_fast.inc. */

#include "hyp/riscv/switch_fast.inc"
#include "hyp/riscv/switch_plic.inc"
#include "hyp/riscv/switch_slow.inc"
#include "hyp/riscv/switch_window.inc"

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
	ld	t1, HART_VCPU(tp)	/* a0 and a1: the guest's from here on */
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
leave:
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
plic_other:
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

hyp_trap:
	/* If tp is not in harts[], a store to it would trap again without end: another hart structure reports. */
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
	/* A guarded accessor (fault.S) returns ERR_FAULT to its caller. */
	lla	t0, guard_probes
	bgeu	a0, t0, 0f		/* no guest has run yet, and hstatus may not exist */
	li	t0, HSTATUS_SPV
	csrc	CSR_HSTATUS, t0
0:	lla	t0, guard_fail
	csrw	CSR_SEPC, t0
	csrw	CSR_SSCRATCH, zero
	ld	t0, HART_SCRATCH(tp)
	sret

1:	recover	plic_fetch, plic_fetch_end, plic_fetch_failed
	recover	first_fetch, first_fetch_end, plic_fetch_failed
	recover	guarded_fetch, guarded_fetch_end, guarded_fetch_failed
	recover	window_fetch, window_fetch_end, window_failed
	recover	window_loads, window_end, window_failed

	/* A bug of the hypervisor: saves all registers, takes a fresh stack, and reports. */
	ld	t0, HART_SCRATCH(tp)
	csrrw	a0, CSR_SSCRATCH, zero
	.irp	r, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\r, FRAME_X(\r)(tp)
	.endr
	csrr	t0, CSR_SEPC
	sd	t0, FRAME_X(0)(tp)
	/* The first trap is reported. A second one means that the report itself traps: see lost.S. */
	addi	t0, tp, HART_PANICS
	li	t1, 1
	amoadd.d t1, t1, (t0)
	bnez	t1, hart_lost
	ld	sp, HART_STACK_TOP(tp)
	addi	a0, tp, HART_FRAME
	call	panic_trap
2:	wfi
	j	2b
