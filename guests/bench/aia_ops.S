/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts by files (RISC-V AIA 1.0): the operations that are measured, and their handlers; see aia.h. */
#include "guests/bench/ops_macros.h"

#define CSR_STOPEI	0x15c

	.text

	entry_op	msi_entry
	entry_op	edge_entry
	resume_op	msi_resume, AIA_COUNT
	resume_op	edge_resume, AIA_COUNT
	resume_op	level_resume, AIA_COUNT

	read_op		aplic_read
	read_op		aplic_read_first
	read_slow_op	aplic_read_slow
	write_op	aplic_write
	write_op	aplic_enable
	write_op	aplic_target
	write_op	aplic_eoi

	start	ipi_file
	ld	t3, OP_ADDR(a0)
	ld	t4, OP_VALUE(a0)
	ld	a1, OP_ARGS(a0)
	li	a2, AIA_IDENTITY
	sibling_op	ipi_file, sw a2, (a1)

	/* The least that a handler does. a3: the frame; t0 is free in the operations. */
	.macro	count_and_return
	ld	t0, AIA_COUNT(a3)
	addi	t0, t0, 1
	sd	t0, AIA_COUNT(a3)
	sret
	.endm

	.macro	calm_device
	ld	t1, AIA_CALM(a3)
	li	t0, 1
	sw	t0, (t1)
	.endm

	.balign	4
	.globl	file_trap
file_trap:
	csrrw	t0, CSR_STOPEI, zero
	count_and_return

	.balign	4
	.globl	edge_trap
edge_trap:
	csrrw	t0, CSR_STOPEI, zero
	calm_device
	count_and_return

	/* As Linux ends a level: by setipnum_le. */
	.balign	4
	.globl	level_trap
level_trap:
	csrrw	t0, CSR_STOPEI, zero
	calm_device
	ld	t1, AIA_SETIPNUM(a3)
	ld	t0, AIA_SOURCE(a3)
	sw	t0, (t1)
	count_and_return

	/* Of op_sibling_serve: t3 is the address of the word. */
	.balign	4
	.globl	sibling_file_trap
sibling_file_trap:
	csrrw	t0, CSR_STOPEI, zero
	li	t0, 1
	amoadd.w zero, t0, (t3)
	sret
