/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What switch.S saves of a guest, and how it is called. struct guest_context is the first member of struct vcpu;
 * sscratch holds its address while the guest runs and 0 while the hypervisor runs: the trap entry distinguishes the two
 * by it. Assembly finds the offsets in hyp/asm_offsets.h, which the compiler makes of hyp/asm_offsets.c.
 */
#ifndef HYP_RISCV_CONTEXT_H
#define HYP_RISCV_CONTEXT_H

#include "hyp/base/types.h"
#include "hyp/riscv/ecall.h"

/* Kinds of exits. The first ones are served in switch.S. */
#define EXIT_SET_TIMER	0
#define EXIT_IPI_SELF	1
#define EXIT_EXTERNAL	2	/* external interrupts passed on (a PLIC that is not emulated): two exits each */
#define EXIT_TIMER	3	/* the firmware's timer */
#define EXIT_MAIL	4	/* an IPI of a sibling */
#define EXIT_ECALL	5	/* other SBI calls */
#define EXIT_INTERRUPT	6	/* interrupts served in C */
#define EXIT_MMIO	7	/* guest-page faults: emulated registers and unmapped accesses */
#define EXIT_OTHER	8
#define NR_EXITS	9

#define CTX_FLAG_SSTC	1	/* set_timer writes vstimecmp at once, without a call of C */
#define CTX_FLAG_SBI_TIMER 0x40	/* without Sstc: the firmware's timer is the guest's alone. 1 << IRQ_VSTI */
#define CTX_FLAG_PLIC	2	/* the guest claims in the hardware's PLIC */
#define CTX_FLAG_SETTLE	8	/* likewise, and no other source keeps VSEIP set */

#define CTX_GUARD_NONE	0x8000000000000000	/* htval is less */

struct vcpu;
struct vm_fence;

struct guest_context {
	uint64_t x[32];		/* x[0], which would be constant, is the pc (sepc) */
	uint64_t sstatus;	/* SPP: the privilege to return to; FS, VS of the hart */
	uint64_t hstatus;	/* SPVP and the VT* bits; SPV is set at the entry only */
	uint64_t host_sp;
	uint64_t host_tp;
	struct sbiret (*on_ecall)(struct guest_context *ctx);
	int (*on_exit)(struct guest_context *ctx);
	uint64_t flags;		/* CTX_FLAG_* */
	uint64_t self;		/* 1 << hart id that the guest sees: the mask of an IPI to itself */
	uint64_t nr_vcpus;	/* of the VM */
	struct vcpu *const *vcpus;	/* of the VM, by the hart id that the guest sees */
	uint64_t verdict;	/* on_ecall sets it if the guest must not simply continue; 0 between calls */
	/* state of the guest's interrupt controller whose words are read and written without on_exit */
	void *intc;
	uint64_t intc_base, intc_size;	/* guest-physical; size 0: none */
	uint64_t (*intc_read)(void *intc, uint64_t offset, uint64_t *value);	/* both return changed vcpus: vintc.h */
	uint64_t (*intc_write)(void *intc, uint64_t offset, uint32_t value);
	void (*on_lines)(struct guest_context *ctx, uint64_t changed);	/* what one of them returned, if not 0 */
	/* an external interrupt, if intc is the only one and emulated */
	uint64_t (*intc_take)(void *intc, uint32_t vcpu);
	/* htval of the first word of its own context page, if that is guarded; or CTX_GUARD_NONE */
	uint64_t guard;
	uint64_t host_page;	/* that page in the host, if the guest claims there; 0: none */
	struct vm_fence *fence;	/* of the VM: what MAIL_FENCE is about */
	uint64_t scratch;	/* of switch_slow.inc, over a call */
	/* the sub-page window that the guest accessed last, whose accesses need no on_exit; size 0: none yet */
	uint64_t window_base, window_size;
	uint64_t exits[NR_EXITS];	/* since the VM was created; the vcpu's hart writes, others may read */
};

/*
 * Runs the guest. At each exit one of the two functions in ctx is called. on_ecall serves calls from VS-mode and
 * finds only what a call passes in ctx: x1, x2, x4 to x7, x10 to x17, x28 to x31, and as pc that of the next
 * instruction. Its result becomes the guest's a0 and a1. The guest then continues, unless ctx->verdict is set.
 * on_exit serves all other exits, finds all registers in ctx, and sets the pc. The guest continues if it returns 0.
 * Any other value (or verdict, which is then cleared) ends guest_run, which returns it with the whole guest in ctx.
 *
 * scause, stval, htval and htinst describe the exit. Interrupts of HS-mode are taken while the
 * guest runs (V = 1), and never while the hypervisor does (sstatus.SIE = 0).
 *
 * LW, SW, C.LW and C.SW between the PLIC and a register that is saved for it call intc_read or intc_write instead of
 * on_exit, with only ra, sp, tp, t0, t1 and a0 to a5 in ctx. An external interrupt calls intc_take in the same way,
 * if it is set. guarded.S passes on a store to the guest's own guarded context page. These functions and all that they
 * call are compiled to change no other register (FEW in hyp/riscv/flags.mk; tests/tool/test_registers.py).
 *
 * An access in the window of ctx, by any instruction that the base ISA has, is made by switch_window.inc. If the device
 * refuses it, on_exit is called, as if nothing had been tried.
 *
 * switch.S serves some exits without a call of C: set_timer (with CTX_FLAG_SSTC by a write of vstimecmp, otherwise by
 * the firmware, at the time that C needs if that is earlier), the firmware's timer interrupt (with CTX_FLAG_SBI_TIMER:
 * it is the guest's), an IPI to itself or to one sibling, MAIL_IPI, and with CTX_FLAG_PLIC external interrupts, by the
 * protocol of docs/architecture.md.
 */
int guest_run(struct guest_context *ctx);

/* Clears f0..f31 (doubles: they are 64 bits wide, by D) and fcsr, or v0..v31. The unit must exist. Sets sstatus.FS or
 * VS so that it is on. */
void fp_clear(bool doubles);
void vector_clear(void);

#endif
