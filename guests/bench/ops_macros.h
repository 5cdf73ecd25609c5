/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operations of ops.S and aia_ops.S are made of. Nothing but the operation stands between the two readings of
 * the cycle counter. t5 is the first reading, t6 the second; t4 is where quick_trap continues.
 */
#include "guests/bench/asm_offsets.h"
#include "guests/lib/csr.h"

	.macro	begin name
	.globl	op_\name\()_begin
op_\name\()_begin:
	rdcycle	t5
	.endm

	/* \extra: instructions between the readings that are not part of the operation. */
	.macro	end name, extra=0
	.globl	op_\name\()_end
op_\name\()_end:
	rdcycle	t6
	sub	a0, t6, t5
	addi	a0, a0, -1 - \extra
	ret
	.endm

	.macro	start name
	.balign	8
	.globl	op_\name
	.type	op_\name, @function
op_\name:
	.endm

	.macro	read_op name
	start	\name
	ld	a1, OP_ADDR(a0)
	begin	\name
	lw	a2, (a1)
	end	\name
	.endm

	.macro	write_op name
	start	\name
	ld	a1, OP_ADDR(a0)
	ld	a2, OP_VALUE(a0)
	begin	\name
	sw	a2, (a1)
	end	\name
	.endm

	/* By a register that a C function preserves. */
	.macro	read_slow_op name
	start	\name
	ld	a1, OP_ADDR(a0)
	mv	t0, s2
	begin	\name
	lw	s2, (a1)
	.globl	op_\name\()_end
op_\name\()_end:
	rdcycle	t6
	mv	s2, t0
	sub	a0, t6, t5
	addi	a0, a0, -1
	ret
	.endm

	/* A store that interrupts this hart, to the first instruction of quick_trap. */
	.macro	entry_op name
	start	\name
	ld	a1, OP_ADDR(a0)
	ld	a2, OP_VALUE(a0)
	lla	t4, op_\name\()_end
	csrsi	sstatus, SSTATUS_SIE
	begin	\name
	sw	a2, (a1)
1:	j	1b
	.globl	op_\name\()_end
op_\name\()_end:
	sub	a0, t6, t5
	addi	a0, a0, -1
	ret
	.endm

	/* The same, and all of the handler, which counts in memory at \count(sscratch). */
	.macro	resume_op name, count
	start	\name
	ld	a1, OP_ADDR(a0)
	ld	a2, OP_VALUE(a0)
	csrr	a3, sscratch
	ld	a4, \count(a3)
	csrsi	sstatus, SSTATUS_SIE
	begin	\name
	sw	a2, (a1)
1:	ld	a5, \count(a3)
	.globl	op_\name\()_end
op_\name\()_end:
	rdcycle	t6
	beq	a4, a5, 1b
	csrci	sstatus, SSTATUS_SIE
	sub	a0, t6, t5
	addi	a0, a0, -2
	ret
	.endm

	/* \go interrupts a sibling; then waits until the word at t3 is not t4 any more. */
	.macro	sibling_op name, go:vararg
	begin	\name
	\go
1:	lw	t1, (t3)
	beq	t1, t4, 1b
	end	\name
	.endm
