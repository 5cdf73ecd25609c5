/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trap entry that nests: what C may change, sepc and sstatus go to the stack of whoever was interrupted, so
 * stress_trap() may enable interrupts. tp and sscratch stay as guests/lib/start.S set them.
 */
	.text
	.globl	stress_vector
	.balign	4
stress_vector:
	addi	sp, sp, -144
	sd	x1, 0(sp)
	sd	x5, 8(sp)
	sd	x6, 16(sp)
	sd	x7, 24(sp)
	sd	x10, 32(sp)
	sd	x11, 40(sp)
	sd	x12, 48(sp)
	sd	x13, 56(sp)
	sd	x14, 64(sp)
	sd	x15, 72(sp)
	sd	x16, 80(sp)
	sd	x17, 88(sp)
	sd	x28, 96(sp)
	sd	x29, 104(sp)
	sd	x30, 112(sp)
	sd	x31, 120(sp)
	csrr	t0, sepc
	csrr	t1, sstatus
	sd	t0, 128(sp)
	sd	t1, 136(sp)
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	call	stress_trap
	ld	t0, 128(sp)
	ld	t1, 136(sp)
	csrw	sepc, t0
	csrw	sstatus, t1
	ld	x1, 0(sp)
	ld	x5, 8(sp)
	ld	x6, 16(sp)
	ld	x7, 24(sp)
	ld	x10, 32(sp)
	ld	x11, 40(sp)
	ld	x12, 48(sp)
	ld	x13, 56(sp)
	ld	x14, 64(sp)
	ld	x15, 72(sp)
	ld	x16, 80(sp)
	ld	x17, 88(sp)
	ld	x28, 96(sp)
	ld	x29, 104(sp)
	ld	x30, 112(sp)
	ld	x31, 120(sp)
	addi	sp, sp, 144
	sret
