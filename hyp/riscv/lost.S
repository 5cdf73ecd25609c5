/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a hart that traps while it reports a trap: through the firmware's console, byte by byte, without a
 * stack, without writable memory, without translation (the image is mapped at its own address). Then the machine is
 * stopped. From switch.S. Source: SBI 3.0, DBCN, legacy console, SRST.
 */
#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/sbi_defs.h"

	.section .rodata.lost, "a"
lost_text:
	.asciz	"\n[bulkhead] PANIC: a trap in the hypervisor while it reported a trap, at 0x"

	.text
	/* a0: one byte; changes a0, a1, a6, a7, t0 */
	.balign	4
say:
	mv	t0, a0
	li	a7, SBI_EXT_DBCN
	li	a6, SBI_DBCN_WRITE_BYTE
	ecall
	beqz	a0, 1f
	mv	a0, t0
	li	a7, SBI_EXT_LEGACY_PUTCHAR
	li	a6, 0
	ecall
1:	jr	s2

	.globl	hart_lost
	.type	hart_lost, @function
hart_lost:
	csrr	s0, CSR_SEPC
	csrw	CSR_SATP, zero
	sfence.vma
	lla	s1, lost_text
1:	lbu	a0, (s1)
	beqz	a0, 2f
	jal	s2, say
	addi	s1, s1, 1
	j	1b
2:	li	s1, 60
3:	srl	a0, s0, s1
	andi	a0, a0, 15
	sltiu	t1, a0, 10
	addi	a0, a0, '0'
	bnez	t1, 4f
	addi	a0, a0, 'a' - '0' - 10
4:	jal	s2, say
	addi	s1, s1, -4
	bgez	s1, 3b
	li	a0, '\n'
	jal	s2, say
	li	a7, SBI_EXT_SRST
	li	a6, 0
	li	a0, SBI_SRST_SHUTDOWN
	li	a1, SBI_SRST_REASON_FAILURE
	ecall
5:	wfi
	j	5b
