/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clears the registers of the F, D and V units before a guest starts. Contract: context.h. The rest of the hypervisor
 * is compiled without these extensions.
 */
#include "hyp/riscv/csr_defs.h"

	.text

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
