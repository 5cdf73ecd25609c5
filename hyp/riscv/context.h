/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What switch.S keeps of a guest and of a hart, with the offsets that assembly uses. struct
 * guest_context is the first member of struct vcpu; sscratch holds its address while the guest runs
 * and 0 while the hypervisor does, which is how the trap entry tells the two apart.
 */
#ifndef HYP_RISCV_CONTEXT_H
#define HYP_RISCV_CONTEXT_H

#define CTX_X(n)	((n) * 8)	/* slot 0 is free, as x0 is constant: it holds the pc */
#define CTX_PC		CTX_X(0)
#define CTX_SSTATUS	256
#define CTX_HSTATUS	264
#define CTX_HOST_SP	272
#define CTX_HOST_TP	280
#define CTX_ON_ECALL	288
#define CTX_ON_EXIT	296
#define CTX_FLAGS	304
#define CTX_SELF	312
#define CTX_EXITS	320	/* one 64-bit counter a kind */

/* Kinds of exits. The first ones are served in switch.S. */
#define EXIT_SET_TIMER	0
#define EXIT_IPI_SELF	1
#define EXIT_EXTERNAL	2	/* external interrupts passed on (plic-mode "mapped"): two exits each */
#define EXIT_TIMER	3	/* the firmware's timer */
#define EXIT_MAIL	4	/* an IPI of a sibling */
#define EXIT_ECALL	5	/* other SBI calls */
#define EXIT_INTERRUPT	6	/* interrupts served in C */
#define EXIT_MMIO	7	/* guest-page faults: emulated registers, and access to nothing */
#define EXIT_OTHER	8
#define NR_EXITS	9

#define CTX_FLAG_SSTC	1	/* set_timer may write vstimecmp without asking anybody */
#define CTX_FLAG_SBI_TIMER 4	/* without Sstc: the firmware's timer is the guest's alone */
#define CTX_FLAG_PLIC	2	/* the guest claims and completes in the hardware's PLIC */

#define HART_STACK_TOP	0
#define HART_SCRATCH	8
#define HART_FRAME	16	/* of a trap in HS-mode: x0 (pc) to x31 */

#define HART_MAILBOX	(HART_FRAME + 256 + 12)

#define HART_STACK_SIZE	16384

/* Requests in a hart's mailbox; any hart may set bits, the owner takes all of them at once. */
#define MAIL_STATE	1	/* the VM's or vcpu's state changed: look at it */
#define MAIL_IPI	2	/* a sibling sent an IPI: raise VSSIP */
#define MAIL_EXTERNAL	4	/* the vPLIC's line of the vcpu may have changed */
#define MAIL_CONSOLE	8	/* something was typed for the guest; to the console's own hart: something waits */
#define MAIL_DUMP	16	/* the monitor wants the vcpu's registers */

#ifndef __ASSEMBLER__
#include "hyp/base/types.h"

struct guest_context {
	uint64_t x[32];			/* x[0] is the pc (sepc) */
	uint64_t sstatus;	/* SPP: the privilege to return to; FS, VS of the hart */
	uint64_t hstatus;	/* SPVP and the VT* bits; SPV is set at the entry only */
	uint64_t host_sp;
	uint64_t host_tp;
	int (*on_ecall)(struct guest_context *ctx);
	int (*on_exit)(struct guest_context *ctx);
	uint64_t flags;		/* CTX_FLAG_* */
	uint64_t self;		/* 1 << hart id that the guest sees: the mask of an IPI to oneself */
	uint64_t exits[NR_EXITS];	/* since the VM was created; the vcpu's hart writes, others may read */
};

_Static_assert(offsetof(struct guest_context, sstatus) == CTX_SSTATUS, "switch.S");
_Static_assert(offsetof(struct guest_context, hstatus) == CTX_HSTATUS, "switch.S");
_Static_assert(offsetof(struct guest_context, host_sp) == CTX_HOST_SP, "switch.S");
_Static_assert(offsetof(struct guest_context, host_tp) == CTX_HOST_TP, "switch.S");
_Static_assert(offsetof(struct guest_context, on_ecall) == CTX_ON_ECALL, "switch.S");
_Static_assert(offsetof(struct guest_context, on_exit) == CTX_ON_EXIT, "switch.S");
_Static_assert(offsetof(struct guest_context, flags) == CTX_FLAGS, "switch.S");
_Static_assert(offsetof(struct guest_context, self) == CTX_SELF, "switch.S");
_Static_assert(offsetof(struct guest_context, exits) == CTX_EXITS, "switch.S");

/*
 * Runs the guest. At each exit one of the two functions in ctx is called, and as long as it returns 0 the
 * guest goes on; the first other value is returned, with the whole guest in ctx. on_ecall serves calls
 * from VS-mode and finds only what a call passes in ctx: the pc and x1, x2, x4 to x7, x10 to x17, x28 to
 * x31. on_exit serves all else and finds everything. What the guest's pc is then is theirs to say.
 *
 * About the exit itself, scause, stval, htval and htinst tell. Interrupts of HS-mode are taken while the
 * guest runs (V = 1), and never while the hypervisor does (sstatus.SIE = 0).
 *
 * Some exits are served in switch.S and call nobody: set_timer (with CTX_FLAG_SSTC by a write of vstimecmp, with
 * CTX_FLAG_SBI_TIMER by the firmware, whose timer interrupt then is the guest's), an IPI to oneself, MAIL_IPI, and
 * with CTX_FLAG_PLIC external interrupts, by the protocol of docs/architecture.md.
 */
int guest_run(struct guest_context *ctx);

/* Zeroes f0..f31 and fcsr, or v0..v31; the unit must exist. The sstatus fields are set on. */
void fp_clear(void);
void vector_clear(void);
#endif

#endif
