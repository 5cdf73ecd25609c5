/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of the Linux guest: prints the time counter, in decimal, and ends. Under `-icount shift=0` it counts
 * instructions since power-on in steps of 100, firmware's and hypervisor's included (scripts/bench-linux). Busybox
 * cannot: what it reads are the kernel's clocks, which begin when the kernel does.
 */
	.text
	.globl	_start
_start:
	rdtime	a0
	addi	sp, sp, -32
	addi	a1, sp, 31
	li	t0, '\n'
	sb	t0, 0(a1)
	li	t1, 10
1:	remu	t0, a0, t1
	addi	t0, t0, '0'
	addi	a1, a1, -1
	sb	t0, 0(a1)
	divu	a0, a0, t1
	bnez	a0, 1b
	addi	a2, sp, 32
	sub	a2, a2, a1
	li	a0, 1
	li	a7, 64		/* write */
	ecall
	li	a0, 0
	li	a7, 93		/* exit */
	ecall
