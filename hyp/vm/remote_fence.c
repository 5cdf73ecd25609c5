/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mail about remote fences; see remote_fence.h. */
#include "hyp/vm/remote_fence.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/vm_life.h"

void remote_fence_serve(struct vcpu *v)
{
	struct vm_fence *q = &v->vm->fence;
	struct fence f;

	if (!(__atomic_load_n(&q->owing, __ATOMIC_ACQUIRE) & v->ctx.self))
		return;
	f = q->f;
	fence_here(&f);
	__atomic_fetch_and(&q->owing, ~v->ctx.self, __ATOMIC_RELEASE);
}

/* A hart that waits finds MAIL_FENCE or MAIL_STATE. False: the VM ends, and the hart must not wait any longer. It
 * leaves before the guest's next instruction: a software interrupt is pending. */
static bool take_mail(struct vcpu *v, uint32_t mail)
{
	if (mail & MAIL_FENCE && __atomic_fetch_and(&v->hart->mailbox, ~MAIL_FENCE, __ATOMIC_ACQUIRE) & MAIL_FENCE)
		remote_fence_serve(v);
	if (!(mail & MAIL_STATE) || !vm_ending(v->vm))
		return true;
	csr_set(CSR_SIP, 1ul << IRQ_SSI);	/* the sender's write to the SSWI device may not have arrived */
	return false;
}

/* In a loop that waits; the result is that of take_mail(). */
static bool wait(struct vcpu *v)
{
	uint32_t mail = __atomic_load_n(&v->hart->mailbox, __ATOMIC_RELAXED);

	spin_relax();
	return !(mail & (MAIL_FENCE | MAIL_STATE)) || take_mail(v, mail);
}

bool remote_fence_lock(struct vcpu *v)
{
	struct vm_fence *q = &v->vm->fence;

	while (!lock_try(&q->lock))
		if (!wait(v))
			return false;
	while (__atomic_load_n(&q->owing, __ATOMIC_ACQUIRE))
		if (!wait(v)) {
			lock_release(&q->lock);
			return false;
		}
	return true;
}

void remote_fence_await(struct vcpu *v)
{
	struct vm_fence *q = &v->vm->fence;

	while (__atomic_load_n(&q->owing, __ATOMIC_ACQUIRE))
		if (!wait(v))
			break;
	lock_release(&q->lock);
}
