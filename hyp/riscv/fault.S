/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guarded accesses, see fault.h. Leaf functions between guard_begin and guard_end: a trap in here
 * makes the function return ERR_FAULT.
 */
#include "hyp/riscv/csr_defs.h"

#define ERR_FAULT 6	/* enum err; checked in hart.c */

	.text
	.globl	guard_begin
guard_begin:

	.globl	guard_fetch16
guard_fetch16:
	li	t1, SSTATUS_MXR		/* QEMU 7.2 wants R, not X; this gives it for X */
	csrs	CSR_SSTATUS, t1
	.insn	r 0x73, 4, 0x32, t0, a1, x3	/* hlvx.hu t0, (a1) */
	csrc	CSR_SSTATUS, t1
	sd	t0, 0(a0)
	li	a0, 0
	ret

	/* Those below run before any guest does. */
	.globl	guard_probes
guard_probes:

	.macro	guard_csr name, number
	.globl	guard_read_\name
guard_read_\name:
	csrr	t0, \number
	sd	t0, 0(a0)
	li	a0, 0
	ret
	.endm

	guard_csr hstatus, 0x600
	guard_csr henvcfg, 0x60a
	guard_csr senvcfg, 0x10a
	guard_csr hstateen0, 0x60c
	guard_csr sstateen0, 0x10c
	guard_csr vstimecmp, 0x24d
	guard_csr mscratch, 0x340
	guard_csr vlenb, 0xc22
	guard_csr fcsr, 0x003

	.option	push
	.option	arch, +d
	.globl	guard_clear_f0
guard_clear_f0:
	fmv.d.x	f0, zero
	li	a0, 0
	ret
	.option	pop

	.globl	guard_end
guard_end:
	.globl	guard_fail
guard_fail:
	li	t1, SSTATUS_MXR
	csrc	CSR_SSTATUS, t1
	li	a0, ERR_FAULT
	ret
