/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instruction of the guest, in S-mode on its first hart: a0 = hart id, a1 = device tree; no MMU, no
 * interrupts. Other harts are stopped, until SBI HSM starts them.
 */
	.section .head, "ax"
	.globl image_start
image_start:
	lla	sp, stack_top
	lla	t0, bss_start
	lla	t1, bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, (t0)
	addi	t0, t0, 8
	j	1b
2:	tail	guest_main	/* a0 and a1 are still those of the entry; it does not return */
