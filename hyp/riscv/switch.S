/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch. guest_run() enters a guest and *returns* at its next exit; trap_entry is the one
 * trap vector, for guests (sscratch = context) and for the hypervisor itself (sscratch = 0). A trap
 * of the hypervisor is a bug unless its pc lies in fault.S. Source: privileged ISA, "Trap Entry" and
 * "Trap Return" of the hypervisor chapter.
 */
#include "hyp/riscv/context.h"
#include "hyp/riscv/csr_defs.h"

	.text

/* void guest_run(struct guest_context *ctx) */
	.globl	guest_run
	.type	guest_run, @function
guest_run:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	sd	sp, CTX_HOST_SP(a0)
	sd	tp, CTX_HOST_TP(a0)
	ld	t0, CTX_PC(a0)
	ld	t1, CTX_SSTATUS(a0)
	ld	t2, CTX_HSTATUS(a0)
	csrw	CSR_SEPC, t0
	csrw	CSR_SSTATUS, t1
	/* SPV only now: firmware may leave it stale at a trap from HS-mode (OpenSBI 1.1). */
	ori	t2, t2, HSTATUS_SPV
	csrw	CSR_HSTATUS, t2
	csrw	CSR_SSCRATCH, a0
	.irp	r, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\r, CTX_X(\r)(a0)
	.endr
	ld	a0, CTX_X(10)(a0)
	sret

	.balign	4
	.globl	trap_entry
	.type	trap_entry, @function
trap_entry:
	csrrw	a0, CSR_SSCRATCH, a0
	beqz	a0, hyp_trap
	.irp	r, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\r, CTX_X(\r)(a0)
	.endr
	csrrw	t0, CSR_SSCRATCH, zero
	csrr	t1, CSR_SEPC
	csrr	t2, CSR_SSTATUS
	li	t4, HSTATUS_SPV
	csrrc	t3, CSR_HSTATUS, t4
	sd	t0, CTX_X(10)(a0)
	sd	t1, CTX_PC(a0)
	sd	t2, CTX_SSTATUS(a0)
	sd	t3, CTX_HSTATUS(a0)
	ld	tp, CTX_HOST_TP(a0)
	ld	sp, CTX_HOST_SP(a0)
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 40(sp)
	ld	s5, 48(sp)
	ld	s6, 56(sp)
	ld	s7, 64(sp)
	ld	s8, 72(sp)
	ld	s9, 80(sp)
	ld	s10, 88(sp)
	ld	s11, 96(sp)
	addi	sp, sp, 112
	ret

/* A trap in HS-mode. a0 and sscratch are swapped; tp is the hart. */
hyp_trap:
	sd	t0, HART_SCRATCH(tp)
	csrr	a0, CSR_SEPC
	lla	t0, guard_begin
	bltu	a0, t0, 1f
	lla	t0, guard_end
	bgeu	a0, t0, 1f
	/* A guarded accessor (fault.S): it returns ERR_FAULT to its caller. */
	lla	t0, guard_fail
	csrw	CSR_SEPC, t0
	li	t0, HSTATUS_SPV
	csrc	CSR_HSTATUS, t0
	csrw	CSR_SSCRATCH, zero
	ld	t0, HART_SCRATCH(tp)
	sret

1:	/* Our bug. Keep all registers, take a fresh stack, and tell. */
	ld	t0, HART_SCRATCH(tp)
	csrrw	a0, CSR_SSCRATCH, zero
	.irp	r, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\r, HART_FRAME+CTX_X(\r)(tp)
	.endr
	csrr	t0, CSR_SEPC
	sd	t0, HART_FRAME+CTX_PC(tp)
	ld	sp, HART_STACK_TOP(tp)
	addi	a0, tp, HART_FRAME
	call	panic_trap
2:	wfi
	j	2b

	.globl	fp_clear
	.type	fp_clear, @function
fp_clear:
	.option	push
	.option	arch, +d
	li	t0, SSTATUS_FS
	csrs	CSR_SSTATUS, t0
	.irp	r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fmv.d.x	f\r, zero
	.endr
	fscsr	zero
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
