/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions: of the boot hart (entered by the firmware with a0 = hart id, a1 = device tree), and
 * of the other harts (started by SBI HSM with a0 = hart id, a1 = their struct hart). It begins with the
 * header of a RISC-V Linux kernel image. `bulkhead pack` puts a copy of that in front of the whole image, for boot
 * loaders, with a jump to here. The code is linked at 0 and relocates itself to wherever it lies.
 */
#include "hyp/asm_offsets.h"
#include "hyp/riscv/sbi_defs.h"

#define R_RISCV_RELATIVE 3

	.section .text.entry, "ax"
	.globl	_start
_start:
	j	boot_hart
	.balign	8
	.dword	0x200000		/* text_offset: distance from the start of RAM */
	.dword	__image_end - __image_start	/* memory that this needs; in the copy: the whole image */
	.dword	0			/* flags: little-endian */
	.word	2			/* header version 0.2 */
	.word	0
	.globl	image_core_offset
image_core_offset:
	.dword	0			/* reserved for loaders; here: from the whole image's start to this header */
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0

boot_hart:
	csrw	sie, zero
	/*
	 * In ROM or flash nothing below works, not even the stack. A store there is lost, or traps; -1 is harmless as a
	 * command to flash chips, and what AMOs and other values do to them is not.
	 */
	lla	t0, boot_read_only
	csrw	stvec, t0
	lla	t0, boot_probe
	li	t1, -1
	sw	t1, (t0)
	lw	t2, (t0)
	bne	t1, t2, boot_read_only

	/*
	 * Firmware without HSM would send all harts here: one continues, the others wait for ever. Other firmware may
	 * send a hart here that the boot hart has started (await_hart() in main.c): it stops, to be started again.
	 */
	lla	t0, boot_lottery
	li	t1, 1
	amoadd.w.aqrl t1, t1, (t0)
	bnez	t1, boot_stop
	/* If the device tree lies in our memory, the loader has ignored the header: the tree would be cleared. */
	lla	a2, _start
	lla	t0, image_core_offset
	ld	t0, (t0)
	sub	a2, a2, t0		/* the whole image */
	ld	t1, 16(a2)		/* and the memory that it needs */
	add	t1, t1, a2
	lla	t0, __file_end
	bltu	a1, t0, 1f
	bltu	a1, t1, boot_tree_lost
1:

	/* A moved image starts again here, with a2 = where it was loaded (boot/move.c). */
	.globl	boot_again
boot_again:
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
	call	boot_main		/* (hart id, device tree, where the image was loaded) */
boot_stop:
	li	a7, SBI_EXT_HSM
	li	a6, SBI_HSM_STOP
	ecall
9:	wfi
	j	9b

	/* Report it by the SBI, byte by byte without a stack, and request a shutdown, as boot_refuse() does. */
boot_tree_lost:
	lla	s0, tree_lost_text
	j	1f
	.balign	4
boot_read_only:
	lla	s0, read_only_text
1:	lbu	a0, (s0)
	beqz	a0, 3f
	li	a7, SBI_EXT_DBCN
	li	a6, SBI_DBCN_WRITE_BYTE
	ecall
	beqz	a0, 2f
	lbu	a0, (s0)
	li	a7, SBI_EXT_LEGACY_PUTCHAR
	ecall
2:	addi	s0, s0, 1
	j	1b
3:	li	a7, SBI_EXT_SRST
	li	a6, 0
	li	a0, SBI_SRST_SHUTDOWN
	li	a1, SBI_SRST_REASON_FAILURE
	ecall
	li	a7, SBI_EXT_LEGACY_SHUTDOWN
	ecall
4:	wfi
	j	4b

	.section .rodata
read_only_text:
	.string	"\n[bulkhead] refused: the image was entered in memory that cannot be written (ROM or flash); have the boot loader copy it to RAM and enter it there; nothing is started\n"
tree_lost_text:
	.string	"\n[bulkhead] refused: the device tree lies in the memory that the image needs behind its file; the image's header has the size (image_size): load the tree elsewhere; nothing is started\n"
	.section .text.entry, "ax"

	/* void boot_enter_copy(hartid, host_dtb, loaded, boot_again): the other arguments are boot_main()'s */
	.globl	boot_enter_copy
boot_enter_copy:
	fence	rw, rw
	fence.i
	jr	a3

	.globl	secondary_entry
	.balign	4
secondary_entry:
	csrw	sie, zero
	fence.i				/* the boot hart may have moved the image to here */
	mv	tp, a1
	ld	sp, HART_STACK_TOP(tp)
	call	boot_secondary
8:	wfi
	j	8b

	/* void boot_switch_stack(uint64_t sp, void (*next)(void)): does not return to the boot stack */
	.globl	boot_switch_stack
boot_switch_stack:
	mv	sp, a0
	jr	a1

	.section .data
	.balign	8
boot_lottery:
	.word	0
boot_probe:
	.word	0

	.section .noinit, "aw", @nobits
	.balign	16
boot_stack:
	.skip	16384
	.globl	boot_stack_top
boot_stack_top:
