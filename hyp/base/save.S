/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gcc's -msave-restore calls at the start and end of a function, in the files that are small rather than fast
 * (Makefile, COLD): __riscv_save_N, by t0, makes room for ra and s0 to s(N-1), and stores them; __riscv_restore_N
 * loads them and returns to the function's caller. The room is a multiple of 16 bytes (RISC-V psABI), so that an odd
 * number of registers and the next even one share an entry. ra is the highest in it. The image links no compiler
 * library.
 */
	/* The address of word n below the top of the room of \size bytes. */
	.macro	each insn, size, regs:vararg
	.set	place, \size
	.irp	r, \regs
	.set	place, place - 8
	\insn	\r, place(sp)
	.endr
	.endm

	.macro	pair low, high, size, regs:vararg
	.section .text.save_\high, "ax"
	.globl	__riscv_save_\low, __riscv_save_\high
__riscv_save_\low:
__riscv_save_\high:
	addi	sp, sp, -\size
	each	sd, \size, \regs
	jr	t0
	.section .text.restore_\high, "ax"
	.globl	__riscv_restore_\low, __riscv_restore_\high
__riscv_restore_\low:
__riscv_restore_\high:
	each	ld, \size, \regs
	addi	sp, sp, \size
	ret
	.endm

	pair	0, 1, 16, ra, s0
	pair	2, 3, 32, ra, s0, s1, s2
	pair	4, 5, 48, ra, s0, s1, s2, s3, s4
	pair	6, 7, 64, ra, s0, s1, s2, s3, s4, s5, s6
	pair	8, 9, 80, ra, s0, s1, s2, s3, s4, s5, s6, s7, s8
	pair	10, 11, 96, ra, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10

	.section .text.save_12, "ax"
	.globl	__riscv_save_12
__riscv_save_12:
	addi	sp, sp, -112
	each	sd, 112, ra, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
	jr	t0
	.section .text.restore_12, "ax"
	.globl	__riscv_restore_12
__riscv_restore_12:
	each	ld, 112, ra, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
	addi	sp, sp, 112
	ret
