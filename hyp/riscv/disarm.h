/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For assembly: the step from ARMED back to NORMAL when the PLIC has nothing more for the guest. docs/architecture.md,
 * "An interrupt in two exits". The hart's CSRs hold the state, so this needs no lock.
 */
#ifndef HYP_RISCV_DISARM_H
#define HYP_RISCV_DISARM_H

	/* ctx: the register with the guest's context, not t0. Changes t0. */
	.macro	disarm ctx
	li	t0, HSTATUS_ARMED
	csrc	CSR_HSTATUS, t0
	li	t0, 1 << IRQ_VSEI
	csrc	CSR_HVIP, t0
	li	t0, 1 << IRQ_SEI
	csrs	CSR_SIE, t0
	ld	t0, CTX_EXITS + 8 * EXIT_EXTERNAL(\ctx)
	addi	t0, t0, 1
	sd	t0, CTX_EXITS + 8 * EXIT_EXTERNAL(\ctx)
	.endm

#endif
