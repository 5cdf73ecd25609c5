/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations that are measured; their contract is in ops.h, their parts in ops_macros.h. An SBI call preserves all
 * registers but a0 and a1 (SBI specification, "Binary Encoding").
 */
#include "guests/bench/ops_macros.h"

#define IF_X(n)	(IF_REGS + 8 * (n))

	.text

	.macro	ecall_args
	mv	t0, a0
	ld	a0, OP_ARGS + 8 * 0(t0)
	ld	a1, OP_ARGS + 8 * 1(t0)
	ld	a2, OP_ARGS + 8 * 2(t0)
	ld	a3, OP_ARGS + 8 * 3(t0)
	ld	a4, OP_ARGS + 8 * 4(t0)
	ld	a5, OP_ARGS + 8 * 5(t0)
	ld	a6, OP_ARGS + 8 * 6(t0)
	ld	a7, OP_ARGS + 8 * 7(t0)
	.endm

	.macro	ecall_op name
	start	\name
	ecall_args
	begin	\name
	ecall
	end	\name
	.endm

	ecall_op	base
	ecall_op	set_timer
	ecall_op	fence_page
	ecall_op	fence_all
	ecall_op	unknown
	ecall_op	dbcn
	ecall_op	set_timer_text
	read_op		complaint
	read_op		priority_read
	write_op	priority_write
	read_op		enable_read
	write_op	enable_write
	read_op		threshold_read
	write_op	threshold_write
	read_op		claim
	write_op	complete
	read_op		window_read
	write_op	window_write
	read_slow_op	window_read_slow

	read_slow_op	read_slow

	start	write_slow
	ld	a1, OP_ADDR(a0)
	mv	t0, s2
	ld	s2, OP_VALUE(a0)
	begin	write_slow
	sw	s2, (a1)
	.globl	op_write_slow_end
op_write_slow_end:
	rdcycle	t6
	mv	s2, t0
	sub	a0, t6, t5
	addi	a0, a0, -1
	ret

	start	read_lwu
	ld	a1, OP_ADDR(a0)
	begin	read_lwu
	lwu	a2, (a1)
	end	read_lwu

	read_op		pending_read

	/* A character on a polled ns16550: LSR, then THR. */
	start	uart_char
	ld	a1, OP_ADDR(a0)
	ld	a2, OP_VALUE(a0)
	begin	uart_char
	lbu	a3, 5(a1)
	sb	a2, (a1)
	end	uart_char

	start	empty
	begin	empty
	end	empty

	start	ipi_self
	ecall_args
	lla	t4, op_ipi_self_end
	csrsi	sstatus, SSTATUS_SIE
	begin	ipi_self
	ecall
1:	j	1b
	.globl	op_ipi_self_end
op_ipi_self_end:
	sub	a0, t6, t5
	addi	a0, a0, -1
	ret

	entry_op	ext_entry

	/*
	 * The emulator starts counting towards a deadline at the instruction that sets it, in whole ticks: so
	 * it fires late by the phase of that instruction. TIMER_PHASE picks the phase, by a slide of nops.
	 */
	start	timer
	mv	t0, a0
	ld	t1, TIMER_OFFSET(t0)
	ld	t2, TIMER_TICK_NS(t0)
	ld	t3, TIMER_PHASE(t0)
	ld	a0, TIMER_DEADLINE(t0)
	ld	t0, TIMER_SSTC(t0)
	li	a6, 0
	li	a7, 0x54494D45
	lla	t4, op_timer_end
	lla	t5, slide_end
	rdcycle	t6
	add	t6, t6, t1
	remu	t6, t6, t2		/* the phase now */
	sub	t3, t3, t6
	add	t3, t3, t2
	remu	t3, t3, t2		/* nops to the wanted one */
	slli	t3, t3, 2
	sub	t5, t5, t3
	jr	t5
	.option	push
	.option	norvc
	.rept	TIMER_MAX_TICK_NS
	nop
	.endr
slide_end:
	.option	pop
	bnez	t0, 1f
	ecall
	j	2f
1:	csrw	CSR_STIMECMP, a0
2:	csrsi	sstatus, SSTATUS_SIE
	.globl	op_timer_begin
op_timer_begin:
	j	op_timer_begin
	.globl	op_timer_end
op_timer_end:
	mv	a0, t6
	ret

	/* Entered for the one source that sie has: masks it, disables interrupts, continues at t4. */
	.balign	4
	.globl	quick_trap
quick_trap:
	rdcycle	t6
	csrr	t0, scause
	bgez	t0, trap_entry
	csrw	sie, zero
	csrci	sip, 1 << IRQ_SOFT
	li	t0, SSTATUS_SPIE
	csrc	sstatus, t0
	csrw	sepc, t4
	sret

	/* a3 counts in memory, so that the reading is known to come after the interrupt. */
	resume_op	ext_resume, IF_COUNT

	/*
	 * What a kernel's handler does at least: saves everything, distinguishes causes, counts its depth, claims
	 * until there is nothing left, calls a function to serve the device, completes, restores.
	 */
	.balign	4
	.globl	full_trap
full_trap:
	csrrw	tp, sscratch, tp
	.irp	n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, IF_X(\n)(tp)
	.endr
	csrrw	t0, sscratch, tp
	sd	t0, IF_X(4)(tp)
	csrr	t0, sepc
	csrr	t1, sstatus
	csrr	t2, scause
	csrr	t3, stval
	sd	t0, IF_EPC(tp)
	sd	t1, IF_STATUS(tp)
	sd	t2, IF_CAUSE(tp)
	sd	t3, IF_TVAL(tp)
	bgez	t2, 2f
	slli	t2, t2, 1
	srli	t2, t2, 1
	li	t1, IRQ_EXT
	bne	t2, t1, 2f
	ld	sp, IF_STACK(tp)
	addi	sp, sp, -32
	sd	ra, 24(sp)
	sd	s0, 16(sp)
	ld	t0, IF_DEPTH(tp)
	addi	t0, t0, 1
	sd	t0, IF_DEPTH(tp)
	ld	s0, IF_CLAIM(tp)
3:	lw	a0, (s0)
	beqz	a0, 1f
	ld	t0, IF_SOURCE(tp)
	bne	a0, t0, 2f
	ld	t0, IF_HANDLER(tp)
	sd	a0, 8(sp)
	jalr	t0
	lw	a0, 8(sp)
	sw	a0, (s0)
	j	3b
1:	ld	t0, IF_DEPTH(tp)
	addi	t0, t0, -1
	sd	t0, IF_DEPTH(tp)
	ld	t0, IF_EPC(tp)
	ld	t1, IF_STATUS(tp)
	csrw	sepc, t0
	csrw	sstatus, t1
	.irp	n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, IF_X(\n)(tp)
	.endr
	ld	tp, IF_X(4)(tp)
	sret
2:	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	ld	sp, IF_STACK(tp)
	j	bench_fatal

	.globl	serve_device
	.type	serve_device, @function
serve_device:
	ld	t1, IF_CALM(tp)
	li	t2, 1
	sw	t2, (t1)
	ld	t1, IF_COUNT(tp)
	addi	t1, t1, 1
	sd	t1, IF_COUNT(tp)
	ret

	start	ipi_sibling
	ld	t3, OP_ADDR(a0)
	ld	t4, OP_VALUE(a0)
	ecall_args
	sibling_op	ipi_sibling, ecall

	start	ipi_bit
	ld	t3, OP_ADDR(a0)
	ld	t4, OP_VALUE(a0)
	ecall_args
	sibling_op	ipi_bit, ecall

	ecall_op	fence_sibling
	ecall_op	fence_bit
	ecall_op	fence_siblings

	start	sibling_serve
	ld	t3, OP_ADDR(a0)
	ld	t4, OP_VALUE(a0)
	csrsi	sstatus, SSTATUS_SIE
1:	lw	t1, (t3)
	bne	t1, t4, 1b
	csrci	sstatus, SSTATUS_SIE
	ret

	.balign	4
	.globl	sibling_trap
sibling_trap:
	csrr	t0, scause
	bgez	t0, trap_entry
	csrci	sip, 1 << IRQ_SOFT
	li	t0, 1
	amoadd.w zero, t0, (t3)
	sret

	/* 128 times, 7 instructions apart: all phases of a clock that ticks every 100 instructions. */
	start	clocks
	li	t0, 128
1:	rdtime	t5
	rdcycle	t6
	sd	t5, 0(a0)
	sd	t6, 8(a0)
	addi	a0, a0, 16
	addi	t0, t0, -1
	bnez	t0, 1b
	ret

	start	settle
	lla	t0, 1f
	csrw	sepc, t0
	li	t0, SSTATUS_SPIE
	csrc	sstatus, t0
	li	t0, SSTATUS_SPP
	csrs	sstatus, t0
	sret
1:	ret
