/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry points that store what a started or resumed hart finds, then stop it, without touching
 * anything first (struct raw_state is in raw.h); and a stop that a later start returns from.
 */
#include "guests/test/asm_offsets.h"

	.text
	.globl raw_entry, raw_resume
	.balign 4
raw_entry:
raw_resume:
	lla	t0, raw_state
	sd	a0, RAW_A0(t0)
	sd	a1, RAW_A1(t0)
	csrr	t1, satp
	sd	t1, RAW_SATP(t0)
	csrr	t1, sstatus
	sd	t1, RAW_SSTATUS(t0)
	csrr	t1, sie
	sd	t1, RAW_SIE(t0)
	csrr	t1, sip
	sd	t1, RAW_SIP(t0)
	csrw	sie, zero
	li	t1, 1
	fence
	sd	t1, RAW_DONE(t0)
	li	a7, 0x48534D
	li	a6, 1
	ecall
1:	wfi
	j	1b

/*
 * void raw_stop(struct cpu *c): stop this hart; returns when it is started again at raw_back with
 * opaque = c.
 */
	.globl raw_stop, raw_back
raw_stop:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, 8 + \n * 8(sp)
	.endr
	lla	t0, stopped_sp
	sd	sp, (t0)
	fence
	li	a7, 0x48534D
	li	a6, 1
	ecall
1:	wfi
	j	1b

	.balign 4
raw_back:
	mv	tp, a1
	csrw	sscratch, tp
	lla	t0, trap_entry
	csrw	stvec, t0
	lla	t0, stopped_sp
	ld	sp, (t0)
	ld	ra, 0(sp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, 8 + \n * 8(sp)
	.endr
	addi	sp, sp, 112
	ret

	.bss
	.balign 8
stopped_sp:
	.space	8
	.globl raw_state
raw_state:
	.space	RAW_STATE_SIZE
