/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guarded accesses, see fault.h. Leaf functions between guard_begin and guard_end: a trap in here
 * makes the function return ERR_FAULT.
 */
#include "hyp/asm_offsets.h"
#include "hyp/riscv/csr_defs.h"

	.text
	.globl	guard_begin
guard_begin:

	.globl	guard_fetch16
guard_fetch16:
	li	t1, SSTATUS_MXR		/* QEMU 7.2 checks R instead of X; MXR lets X pass as R */
	csrs	CSR_SSTATUS, t1
	.insn	r 0x73, 4, 0x32, t0, a1, x3	/* hlvx.hu t0, (a1) */
	csrc	CSR_SSTATUS, t1
	sd	t0, 0(a0)
	li	a0, 0
	ret

	/* a0: register; a1: bytes, 1, 2, 4 or 8; a2: where the value goes */
	.globl	guard_device_read
guard_device_read:
	andi	t0, a1, 4
	bnez	t0, 4f
	andi	t0, a1, 1
	bnez	t0, 1f
	andi	t0, a1, 2
	bnez	t0, 2f
	ld	t0, 0(a0)
	j	9f
4:	lw	t0, 0(a0)
	j	9f
2:	lhu	t0, 0(a0)
	j	9f
1:	lbu	t0, 0(a0)
9:	sd	t0, 0(a2)
	li	a0, 0
	ret

	/* a0: register; a1: bytes, 1, 2, 4 or 8; a2: the value */
	.globl	guard_device_write
guard_device_write:
	andi	t0, a1, 4
	bnez	t0, 4f
	andi	t0, a1, 1
	bnez	t0, 1f
	andi	t0, a1, 2
	bnez	t0, 2f
	sd	a2, 0(a0)
	j	9f
4:	sw	a2, 0(a0)
	j	9f
2:	sh	a2, 0(a0)
	j	9f
1:	sb	a2, 0(a0)
9:	li	a0, 0
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
	guard_csr htimedelta, 0x605
	guard_csr hvictl, 0x609
	guard_csr hstateen0, 0x60c
	guard_csr hstateen1, 0x60d
	guard_csr hstateen2, 0x60e
	guard_csr hstateen3, 0x60f
	guard_csr vstimecmp, 0x24d
	guard_csr mscratch, 0x340
	guard_csr time, 0xc01
	guard_csr vlenb, 0xc22
	guard_csr fcsr, 0x003

#define GUEST_CSR(name, number, value)
#define GUEST_CSR_OPTIONAL(name, number, value)	guard_csr name, number
#include "hyp/riscv/guest_csrs.def"

	/* Whether an instruction that writes f31 changes x31. */
	.macro	guard_f31 name, insn
	.globl	\name
\name:
	li	t6, 1
	\insn	f31, zero
	seqz	t0, t6
	sd	t0, 0(a0)
	li	a0, 0
	ret
	.endm

	.option	push
	.option	arch, +d
	guard_f31 guard_clear_f31, fmv.w.x
	guard_f31 guard_clear_f31_d, fmv.d.x
	.option	pop

	.globl	guard_c_fsdsp
guard_c_fsdsp:
	ld	t0, 8(sp)
	.2byte	0xa402			/* c.fsdsp f0, 8(sp) */
	sd	t0, 8(sp)
	li	a0, 0
	ret

	.globl	guard_clean
guard_clean:
	.insn	i 0x0f, 2, x0, a0, 1	/* cbo.clean (a0) */
	li	a0, 0
	ret

	.globl	guard_read_seed
guard_read_seed:
	csrrw	t0, CSR_SEED, zero	/* a read alone is an illegal instruction */
	sd	t0, 0(a0)
	li	a0, 0
	ret

	.globl	guard_clmul
guard_clmul:
	.insn	r 0x33, 1, 5, t0, a0, a0	/* clmul t0, a0, a0 */
	li	a0, 0
	ret

	.globl	guard_cbo_zero
guard_cbo_zero:
	.insn	i 0x0f, 2, x0, a0, 4		/* cbo.zero (a0) */
	li	a0, 0
	ret

	.globl	guard_erase
guard_erase:
	beqz	a1, 1f
0:	sb	zero, 0(a0)
	addi	a0, a0, 1
	addi	a1, a1, -1
	bnez	a1, 0b
1:	li	a0, 0
	ret

	.globl	guard_end
guard_end:
	.globl	guard_fail
guard_fail:
	li	t1, SSTATUS_MXR
	csrc	CSR_SSTATUS, t1
	li	a0, ERR_FAULT
	ret
