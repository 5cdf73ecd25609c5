/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry points that store what a started or resumed hart finds, then stop it, without touching
 * anything first. struct raw_state is in hsm.c.
 */
	.text
	.globl raw_entry, raw_resume
	.balign 4
raw_entry:
raw_resume:
	lla	t0, raw_state
	sd	a0, 0(t0)
	sd	a1, 8(t0)
	csrr	t1, satp
	sd	t1, 16(t0)
	csrr	t1, sstatus
	sd	t1, 24(t0)
	csrr	t1, sie
	sd	t1, 32(t0)
	csrr	t1, sip
	sd	t1, 40(t0)
	csrw	sie, zero
	li	t1, 1
	fence
	sd	t1, 48(t0)
	li	a7, 0x48534D
	li	a6, 1
	ecall
1:	wfi
	j	1b

	.bss
	.balign 8
	.globl raw_state
raw_state:
	.space	56
