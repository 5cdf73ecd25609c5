/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor's assembly needs of its structures. See hyp/base/asm_define.h. */
#include "hyp/base/asm_define.h"
#include "hyp/base/err.h"
#include "hyp/riscv/context.h"
#include "hyp/riscv/hart.h"
#include "hyp/vm/remote_fence.h"
#include "hyp/vm/vm.h"
#include "hyp/vdev/vplic.h"

_Static_assert((MAX_IRQS & (MAX_IRQS - 1)) == 0, "a source is compared by a shift");
_Static_assert((VPLIC_PRIORITIES & (VPLIC_PRIORITIES - 1)) == 0, "a priority is cut by a mask");
_Static_assert(offsetof(struct vcpu, ctx) == 0, "a context is used as its vcpu");

static void context(void)
{
	ASM_OFFSET(CTX_REGS, struct guest_context, x);
	ASM_OFFSET(CTX_SSTATUS, struct guest_context, sstatus);
	ASM_OFFSET(CTX_HSTATUS, struct guest_context, hstatus);
	ASM_OFFSET(CTX_HOST_SP, struct guest_context, host_sp);
	ASM_OFFSET(CTX_HOST_TP, struct guest_context, host_tp);
	ASM_OFFSET(CTX_ON_ECALL, struct guest_context, on_ecall);
	ASM_OFFSET(CTX_ON_EXIT, struct guest_context, on_exit);
	ASM_OFFSET(CTX_FLAGS, struct guest_context, flags);
	ASM_OFFSET(CTX_SELF, struct guest_context, self);
	ASM_OFFSET(CTX_NR_VCPUS, struct guest_context, nr_vcpus);
	ASM_OFFSET(CTX_VCPUS, struct guest_context, vcpus);
	ASM_OFFSET(CTX_VERDICT, struct guest_context, verdict);
	ASM_OFFSET(CTX_INTC, struct guest_context, intc);
	ASM_OFFSET(CTX_INTC_BASE, struct guest_context, intc_base);
	ASM_OFFSET(CTX_INTC_SIZE, struct guest_context, intc_size);
	ASM_OFFSET(CTX_INTC_READ, struct guest_context, intc_read);
	ASM_OFFSET(CTX_INTC_WRITE, struct guest_context, intc_write);
	ASM_OFFSET(CTX_ON_LINES, struct guest_context, on_lines);
	ASM_OFFSET(CTX_INTC_TAKE, struct guest_context, intc_take);
	ASM_OFFSET(CTX_GUARD, struct guest_context, guard);
	ASM_OFFSET(CTX_HOST_PAGE, struct guest_context, host_page);
	ASM_OFFSET(CTX_FENCE, struct guest_context, fence);
	ASM_OFFSET(CTX_SCRATCH, struct guest_context, scratch);
	ASM_OFFSET(CTX_WINDOW, struct guest_context, window_base);
	ASM_OFFSET(CTX_WINDOW_SIZE, struct guest_context, window_size);
	ASM_OFFSET(CTX_EXITS, struct guest_context, exits);

	ASM_DEFINE(CTX_FLAG_SSTC, CTX_FLAG_SSTC);
	ASM_DEFINE(CTX_FLAG_PLIC, CTX_FLAG_PLIC);
	ASM_DEFINE(CTX_FLAG_SBI_TIMER, CTX_FLAG_SBI_TIMER);
	ASM_DEFINE(CTX_FLAG_SETTLE, CTX_FLAG_SETTLE);

	ASM_DEFINE(EXIT_SET_TIMER, EXIT_SET_TIMER);
	ASM_DEFINE(EXIT_IPI_SELF, EXIT_IPI_SELF);
	ASM_DEFINE(EXIT_EXTERNAL, EXIT_EXTERNAL);
	ASM_DEFINE(EXIT_TIMER, EXIT_TIMER);
	ASM_DEFINE(EXIT_MAIL, EXIT_MAIL);
	ASM_DEFINE(EXIT_ECALL, EXIT_ECALL);
	ASM_DEFINE(EXIT_INTERRUPT, EXIT_INTERRUPT);
	ASM_DEFINE(EXIT_MMIO, EXIT_MMIO);
}

static void hart(void)
{
	ASM_OFFSET(HART_STACK_TOP, struct hart, stack_top);
	ASM_OFFSET(HART_SCRATCH, struct hart, scratch);
	ASM_OFFSET(HART_FRAME, struct hart, frame);
	ASM_OFFSET(HART_ID, struct hart, id);
	ASM_OFFSET(HART_MAILBOX, struct hart, mailbox);
	ASM_OFFSET(HART_VCPU, struct hart, vcpu);
	ASM_OFFSET(HART_SETSSIP, struct hart, setssip);
	ASM_OFFSET(HART_PANICS, struct hart, panics);
	ASM_DEFINE(HART_SIZE, sizeof(struct hart));
	ASM_DEFINE(HART_LOST, HART_LOST);
	ASM_DEFINE(NR_HART_STRUCTS, NR_HART_STRUCTS);
	ASM_DEFINE(MAIL_IPI, MAIL_IPI);
	ASM_DEFINE(MAIL_FENCE, MAIL_FENCE);
}

static void vm(void)
{
	ASM_OFFSET(VCPU_HART, struct vcpu, hart);
	ASM_OFFSET(VCPU_INDEX, struct vcpu, index);
	ASM_OFFSET(VCPU_DEADLINE, struct vcpu, timer.deadline);
	ASM_OFFSET(VCPU_DUE, struct vcpu, timer.due);
	ASM_OFFSET(VCPU_OWN_TIMER, struct vcpu, timer.own);
	ASM_OFFSET(FENCE_OWING, struct vm_fence, owing);
	ASM_OFFSET(FENCE_KIND, struct vm_fence, f.kind);
	ASM_OFFSET(FENCE_START, struct vm_fence, f.start);
	ASM_OFFSET(FENCE_ASID, struct vm_fence, f.asid);
	ASM_OFFSET(VPLIC_LINES, struct vplic, lines);
	ASM_OFFSET(VPLIC_PHYSICAL, struct vplic, physical);
	ASM_DEFINE(VPLIC_PRIORITIES, VPLIC_PRIORITIES);
	ASM_DEFINE(MAX_IRQS_LOG2, __builtin_ctz(MAX_IRQS));
}

void asm_offsets(void)
{
	context();
	hart();
	vm();
	ASM_DEFINE(ERR_FAULT, ERR_FAULT);
}
