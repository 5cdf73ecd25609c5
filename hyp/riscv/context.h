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
#define CTX_NR_VCPUS	320
#define CTX_VCPUS	328
#define CTX_VERDICT	336
#define CTX_PLIC	344
#define CTX_PLIC_BASE	352
#define CTX_PLIC_SIZE	360
#define CTX_PLIC_READ	368
#define CTX_PLIC_WRITE	376
#define CTX_ON_LINES	384
#define CTX_PLIC_EXTERNAL 392
#define CTX_GUARD	400
#define CTX_HOST_PAGE	408
#define CTX_EXITS	416	/* one 64-bit counter a kind */

/* Kinds of exits. The first ones are served in switch.S. */
#define EXIT_SET_TIMER	0
#define EXIT_IPI_SELF	1
#define EXIT_EXTERNAL	2	/* external interrupts passed on (a PLIC that is not emulated): two exits each */
#define EXIT_TIMER	3	/* the firmware's timer */
#define EXIT_MAIL	4	/* an IPI of a sibling */
#define EXIT_ECALL	5	/* other SBI calls */
#define EXIT_INTERRUPT	6	/* interrupts served in C */
#define EXIT_MMIO	7	/* guest-page faults: emulated registers, and access to nothing */
#define EXIT_OTHER	8
#define NR_EXITS	9

#define CTX_FLAG_SSTC	1	/* set_timer may write vstimecmp without asking anybody */
#define CTX_FLAG_SBI_TIMER 4	/* without Sstc: the firmware's timer is the guest's alone */
#define CTX_FLAG_PLIC	2	/* the guest claims in the hardware's PLIC */
#define CTX_FLAG_SETTLE	8	/* likewise, and no other source holds VSEIP up */

#define CTX_GUARD_NONE	0x8000000000000000	/* htval is less */

#define VCPU_HART	(CTX_EXITS + 8 * NR_EXITS + 8)
#define VCPU_INDEX	(VCPU_HART + 8)
#define VPLIC_LINES	8
#define VPLIC_PHYSICAL	16

#define HART_STACK_TOP	0
#define HART_SCRATCH	8
#define HART_FRAME	16	/* of a trap in HS-mode: x0 (pc) to x31 */

#define HART_ID		(HART_FRAME + 256)
#define HART_MAILBOX	(HART_FRAME + 256 + 12)
#define HART_VCPU	(HART_FRAME + 256 + 16)
#define HART_SETSSIP	(HART_FRAME + 256 + 24)
#define HART_PANICS	(HART_FRAME + 256 + 32)
#define HART_SIZE	344
#define HART_AT_BOOT	64	/* in harts[], behind those of a plan: the boot hart before there is one, */
#define HART_LOST	65	/* and one whose tp points to none */
#define NR_HART_STRUCTS	66

#define HART_STACK_SIZE	16384

/* Requests in a hart's mailbox; any hart may set bits, the owner takes all of them at once. */
#define MAIL_STATE	1	/* the VM's or vcpu's state changed: look at it */
#define MAIL_IPI	2	/* a sibling sent an IPI: raise VSSIP */
#define MAIL_EXTERNAL	4	/* the vPLIC's line of the vcpu may have changed */
#define MAIL_CONSOLE	8	/* something was typed for the guest; to the console's own hart: something waits */
#define MAIL_DUMP	16	/* the monitor wants the vcpu's registers */

#ifndef __ASSEMBLER__
#include "hyp/base/types.h"
#include "hyp/riscv/ecall.h"

struct vcpu;
struct vplic;

struct guest_context {
	uint64_t x[32];			/* x[0] is the pc (sepc) */
	uint64_t sstatus;	/* SPP: the privilege to return to; FS, VS of the hart */
	uint64_t hstatus;	/* SPVP and the VT* bits; SPV is set at the entry only */
	uint64_t host_sp;
	uint64_t host_tp;
	struct sbiret (*on_ecall)(struct guest_context *ctx);
	int (*on_exit)(struct guest_context *ctx);
	uint64_t flags;		/* CTX_FLAG_* */
	uint64_t self;		/* 1 << hart id that the guest sees: the mask of an IPI to oneself */
	uint64_t nr_vcpus;	/* of the VM */
	struct vcpu *const *vcpus;	/* of the VM, by the hart id that the guest sees */
	uint64_t verdict;	/* set by on_ecall if the guest is not simply to go on; 0 between calls */
	struct vplic *plic;	/* the emulated PLIC whose words are read and written without on_exit */
	uint64_t plic_base, plic_size;	/* guest-physical; size 0: none */
	uint64_t (*plic_read)(struct vplic *v, uint64_t offset, uint64_t *value);	/* vplic.h */
	uint64_t (*plic_write)(struct vplic *v, uint64_t offset, uint32_t value);
	void (*on_lines)(struct guest_context *ctx, uint64_t changed);	/* what one of them returned, if not 0 */
	uint64_t (*plic_external)(struct vplic *v, uint32_t vcpu);	/* if plic is the only one, and not mapped */
	uint64_t guard;		/* htval of the first word of its own context page, if that is guarded; or CTX_GUARD_NONE */
	uint64_t host_page;	/* that page in the host, if the guest claims there; 0: none */
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
_Static_assert(offsetof(struct guest_context, nr_vcpus) == CTX_NR_VCPUS, "switch.S");
_Static_assert(offsetof(struct guest_context, vcpus) == CTX_VCPUS, "switch.S");
_Static_assert(offsetof(struct guest_context, verdict) == CTX_VERDICT, "switch.S");
_Static_assert(offsetof(struct guest_context, plic) == CTX_PLIC, "switch.S");
_Static_assert(offsetof(struct guest_context, plic_base) == CTX_PLIC_BASE, "switch.S");
_Static_assert(offsetof(struct guest_context, plic_size) == CTX_PLIC_SIZE, "switch.S");
_Static_assert(offsetof(struct guest_context, plic_read) == CTX_PLIC_READ, "switch.S");
_Static_assert(offsetof(struct guest_context, plic_write) == CTX_PLIC_WRITE, "switch.S");
_Static_assert(offsetof(struct guest_context, on_lines) == CTX_ON_LINES, "switch.S");
_Static_assert(offsetof(struct guest_context, plic_external) == CTX_PLIC_EXTERNAL, "switch.S");
_Static_assert(offsetof(struct guest_context, guard) == CTX_GUARD, "switch.S");
_Static_assert(offsetof(struct guest_context, host_page) == CTX_HOST_PAGE, "guarded.S");
_Static_assert(offsetof(struct guest_context, exits) == CTX_EXITS, "switch.S");

/*
 * Runs the guest. At each exit one of the two functions in ctx is called. on_ecall serves calls from VS-mode and
 * finds only what a call passes in ctx: x1, x2, x4 to x7, x10 to x17, x28 to x31, and as pc that of the next
 * instruction. What it returns is the guest's a0 and a1, which then goes on, or, if ctx->verdict is set, leaves.
 * on_exit serves all else, finds everything, and says what the pc is to be; the guest goes on if it returns 0.
 * The first other value (or verdict, which is then cleared) is returned, with the whole guest in ctx.
 *
 * About the exit itself, scause, stval, htval and htinst tell. Interrupts of HS-mode are taken while the
 * guest runs (V = 1), and never while the hypervisor does (sstatus.SIE = 0).
 *
 * LW, SW, C.LW and C.SW between the PLIC and a register that is saved for it call plic_read or plic_write instead of
 * on_exit, with only ra, sp, tp, t0, t1 and a0 to a5 in ctx, and so does an external interrupt plic_external, if there
 * is one. A store to its own guarded context page is passed on by guarded.S. These functions change no other register that a C function might: they and all that they call are compiled
 * so (Makefile, FEW; tests/tool/test_registers.py).
 *
 * Some exits are served in switch.S and call nobody: set_timer (with CTX_FLAG_SSTC by a write of vstimecmp, with
 * CTX_FLAG_SBI_TIMER by the firmware, whose timer interrupt then is the guest's), an IPI to oneself or (as mask 1 of
 * its hart id) to one sibling, MAIL_IPI, and with CTX_FLAG_PLIC external interrupts, by the protocol of docs/architecture.md.
 */
int guest_run(struct guest_context *ctx);

/* Zeroes f0..f31 (doubles: they are 64 bits wide, by D) and fcsr, or v0..v31; the unit must exist. The sstatus fields
 * are set on. */
void fp_clear(bool doubles);
void vector_clear(void);
#endif

#endif
