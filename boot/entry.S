/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions: of the boot hart (entered by the firmware with a0 = hart id, a1 = device tree), and
 * of the other harts (started by SBI HSM with a0 = hart id, a1 = their struct hart). The image begins
 * with the header of a RISC-V Linux kernel image, so that boot loaders know how to place it. It is
 * linked at 0 and relocates itself to wherever it lies.
 */
#include "hyp/riscv/context.h"

#define R_RISCV_RELATIVE 3

	.section .text.entry, "ax"
	.globl	_start
_start:
	j	boot_hart
	.balign	8
	.dword	0x200000		/* text_offset: distance from the start of RAM */
	.dword	__image_end - __image_start	/* memory that the image needs; `bulkhead pack` adds the package's */
	.dword	0			/* flags: little-endian */
	.word	2			/* header version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0

boot_hart:
	csrw	sie, zero
	/* Firmware without HSM would send all harts here: one goes on, the others wait for ever. */
	lla	t0, boot_lottery
	li	t1, 1
	amoadd.w.aqrl t1, t1, (t0)
	bnez	t1, 9f
	lla	sp, boot_stack_top

	/* Addresses in data were linked for base 0: add where we are. */
	lla	t0, _start
	lla	t1, __rela_start
	lla	t2, __rela_end
1:	bgeu	t1, t2, 2f
	ld	t3, 0(t1)		/* r_offset */
	ld	t4, 8(t1)		/* r_info */
	ld	t5, 16(t1)		/* r_addend */
	addi	t1, t1, 24
	li	t6, R_RISCV_RELATIVE
	bne	t4, t6, 9f		/* the linker made something else: we cannot run */
	add	t3, t3, t0
	add	t5, t5, t0
	sd	t5, 0(t3)
	j	1b
2:
	lla	t1, __bss_start
	lla	t2, __bss_end
3:	bgeu	t1, t2, 4f
	.irp	n, 0,8,16,24,32,40,48,56
	sd	zero, \n(t1)
	.endr
	addi	t1, t1, 64
	j	3b
4:
	call	boot_main		/* (hart id, device tree) */
9:	wfi
	j	9b

	.globl	secondary_entry
	.balign	4
secondary_entry:
	csrw	sie, zero
	mv	tp, a1
	ld	sp, HART_STACK_TOP(tp)
	call	boot_secondary
8:	wfi
	j	8b

	/* void boot_switch_stack(uint64_t sp, void (*next)(void)): leaves the boot stack for good */
	.globl	boot_switch_stack
boot_switch_stack:
	mv	sp, a0
	jr	a1

	.section .data
	.balign	8
boot_lottery:
	.word	0

	.section .noinit, "aw", @nobits
	.balign	16
boot_stack:
	.skip	16384
boot_stack_top:
