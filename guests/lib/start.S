/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry of a guest: image header (the layout of Linux's RISC-V boot image header, so a loader
 * learns the size with bss), self-relocation, bss, stacks; entry of siblings started by SBI
 * HSM; trap entry and exit; excursions (see cpu.h). Entered with a0 = hart id, a1 = device
 * tree or, at secondary_entry, a1 = struct cpu; satp = 0, sstatus.SIE = 0.
 */
#include "guests/lib/asm_offsets.h"

#define R_RISCV_RELATIVE 3
#define TF_X(n)	(TF_REGS + 8 * (n))	/* tp: struct cpu, whose frame is its first member */

	.section .head, "ax"
	.globl image_start
image_start:
	.option push
	.option norvc
	j	boot
	nop
	.option pop
	.dword	0x200000		/* text_offset: like Linux, 2 MiB into RAM */
	.dword	image_end - image_start
	.dword	0			/* flags: little endian */
	.word	2			/* header version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\005"
	.word	0

	.text
boot:
	/* The hart's parameters: struct boot_state (cpu.h). */
	.irp	n, 1,2,3,4,6,7,8,9,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	or	t0, t0, x\n
	.endr
	mv	s3, t0
	csrr	s4, sstatus
	csrr	s5, sie
	csrr	s6, sip
	csrr	s7, stvec
	csrr	s8, sscratch
	csrr	t0, sepc
	csrr	t1, scause
	csrr	t2, stval
	or	s9, t0, t1
	or	s9, s9, t2
	csrr	s10, satp
	csrw	sie, zero
	mv	s0, a0
	mv	s1, a1
	csrr	s2, time

	lla	t0, bss_start
	lla	t1, bss_end
	mv	s11, zero
1:	bgeu	t0, t1, 2f
	ld	t2, (t0)
	or	s11, s11, t2
	sd	zero, (t0)
	addi	t0, t0, 8
	j	1b

2:	lla	t0, rela_start
	lla	t1, rela_end
	lla	t2, image_start
3:	bgeu	t0, t1, 5f
	ld	t3, 8(t0)		/* r_info */
	li	t4, R_RISCV_RELATIVE
	bne	t3, t4, 4f
	ld	t3, 0(t0)		/* r_offset */
	ld	t4, 16(t0)		/* r_addend */
	add	t3, t3, t2
	add	t4, t4, t2
	sd	t4, (t3)
4:	addi	t0, t0, 24
	j	3b

5:	fence.i
	lla	t0, boot_time
	sd	s2, (t0)
	lla	t0, boot_state
	sd	s3, BOOT_GPRS(t0)
	sd	s4, BOOT_SSTATUS(t0)
	sd	s5, BOOT_SIE(t0)
	sd	s6, BOOT_SIP(t0)
	sd	s7, BOOT_STVEC(t0)
	sd	s8, BOOT_SSCRATCH(t0)
	sd	s9, BOOT_TRAP(t0)
	sd	s10, BOOT_SATP(t0)
	sd	s11, BOOT_BSS(t0)
	lla	sp, boot_stack_end
	lla	t0, early_trap
	csrw	stvec, t0
	mv	a0, s0
	mv	a1, s1
	call	lib_init		/* returns this hart's struct cpu */
	mv	a1, a0
	lla	a2, start_main
	j	enter

	.globl secondary_entry
	.balign 4
secondary_entry:
	lla	a2, secondary_main

	/* a1 = struct cpu, a2 = function that does not return */
enter:
	csrw	sie, zero
	mv	tp, a1
	csrw	sscratch, tp
	lla	t0, trap_entry
	csrw	stvec, t0
	ld	sp, CPU_STACK_TOP(tp)
	sd	zero, CPU_IN_TRAP(tp)
	sd	zero, CPU_EXC_SP(tp)
	mv	a0, tp
	jr	a2

	.balign 4
early_trap:
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	lla	sp, boot_stack_end
	j	early_fatal

	/* sscratch = struct cpu, always; the interrupted sp and tp may be anything. */
	.globl trap_entry
	.balign 4
trap_entry:
	csrrw	tp, sscratch, tp
	sd	t0, CPU_SCRATCH(tp)
	ld	t0, CPU_IN_TRAP(tp)
	bnez	t0, trap_nested
	li	t0, 1
	sd	t0, CPU_IN_TRAP(tp)
	.irp	n, 1,2,3,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, TF_X(\n)(tp)
	.endr
	ld	t0, CPU_SCRATCH(tp)
	sd	t0, TF_X(5)(tp)
	csrr	t0, sscratch
	sd	t0, TF_X(4)(tp)
	csrw	sscratch, tp
	csrr	t0, sepc
	sd	t0, TF_EPC(tp)
	csrr	t0, sstatus
	sd	t0, TF_STATUS(tp)
	csrr	t0, scause
	sd	t0, TF_CAUSE(tp)
	csrr	t0, stval
	sd	t0, TF_TVAL(tp)
	ld	sp, CPU_TRAP_SP(tp)
	mv	a0, tp
	call	trap_handler

trap_exit:
	ld	t0, TF_EPC(tp)
	csrw	sepc, t0
	ld	t0, TF_STATUS(tp)
	csrw	sstatus, t0
	sd	zero, CPU_IN_TRAP(tp)
	.irp	n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, TF_X(\n)(tp)
	.endr
	ld	tp, TF_X(4)(tp)
	sret

	/* Keeps the outer frame; reports cause, epc and tval of the inner trap. */
trap_nested:
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	ld	sp, CPU_TRAP_SP(tp)
	j	nested_fatal

	/* void excursion_enter(void): this cpu's tf is prepared, interrupts are off. */
	.globl excursion_enter
excursion_enter:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, 8 + \n * 8(sp)
	.endr
	sd	sp, CPU_EXC_SP(tp)
	j	trap_exit

	.globl excursion_return
	.balign 4
excursion_return:
	ld	ra, 0(sp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, 8 + \n * 8(sp)
	.endr
	addi	sp, sp, 112
	ret

	.bss
	.globl boot_time
	.balign 16
boot_time:
	.space	16
	.globl boot_state
boot_state:
	.space	BOOT_STATE_SIZE
	.balign 16
boot_stack:
	.space	8192
boot_stack_end:
