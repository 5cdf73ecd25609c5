/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fence on several harts of a VM, for SBI's RFENCE. If all harts of the VM have an ACLINT SSWI register, it needs no
 * firmware: docs/architecture.md, "Remote fences". One request of a VM at a time, in vm->fence: its sender writes what
 * is to be fenced, then the set of harts that owe it, then mails them, and waits until the set is empty. A hart removes
 * itself from the set behind its fence (remote_fence_serve(), or fence_mail in switch_fast.inc).
 *
 * The sender holds vm->fence.lock. A hart that waits for this lock, or for the set, serves its own mail meanwhile: the
 * holder may wait for this hart. Only harts of one VM wait for each other, and none of them holds another lock.
 *
 * Order: the set is written with release and read with acquire, so a hart that reads itself in it reads the request. A
 * hart leaves the set with release, and the sender reads it with acquire: the fences come before what the sender does
 * next. A hart that is not in the set owes nothing, whatever mail it has: mail of an earlier life of the VM is late.
 */
#ifndef HYP_VM_REMOTE_FENCE_H
#define HYP_VM_REMOTE_FENCE_H

#include "hyp/riscv/fence.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/mmio.h"
#include "hyp/vm/vm.h"

/* On the calling hart. */
static inline void fence_here(const struct fence *f)
{
	switch (f->kind) {
	case FENCE_PAGE:
		hfence_vvma_va(f->start);
		break;
	case FENCE_ALL:
		hfence_vvma_all();
		break;
	case FENCE_ALL_ASID:
		hfence_vvma_asid(f->asid);
		break;
	case FENCE_PAGE_ASID:
		hfence_vvma_va_asid(f->start, f->asid);
		break;
	case FENCE_CODE_ALL:
		fence_i();
		break;
	case FENCE_PAGES:
		for (uint64_t i = 0; i < f->pages; i++)
			hfence_vvma_va(f->start + i * PAGE_SIZE);
		break;
	case FENCE_PAGES_ASID:
		for (uint64_t i = 0; i < f->pages; i++)
			hfence_vvma_va_asid(f->start + i * PAGE_SIZE, f->asid);
		break;
	}
}

/* MAIL_FENCE has come: the fence, if this hart still owes one. */
void remote_fence_serve(struct vcpu *v);

/*
 * The vcpus of a set that are not stopped. One that is stopped fences when it starts (vcpu.c), behind all that the
 * guest has written: that precedes the load here by the fence, and the load precedes the store of the hart that starts
 * it.
 */
static inline uint64_t remote_fence_awake(const struct vm *vm, uint64_t set)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return set & __atomic_load_n(&vm->active, __ATOMIC_RELAXED);
}

/*
 * Takes vm->fence.lock when no hart owes an earlier fence, and waits for that; it serves its mail meanwhile. False: the
 * VM ends, and the lock is not held.
 */
bool remote_fence_lock(struct vcpu *v);

/* The same if it is possible at once. False: it is not. */
static inline bool remote_fence_try(struct vcpu *v)
{
	struct vm_fence *q = &v->vm->fence;

	if (!lock_try(&q->lock))
		return false;
	if (!__atomic_load_n(&q->owing, __ATOMIC_ACQUIRE))
		return true;
	lock_release(&q->lock);
	return false;
}

/*
 * Under vm->fence.lock, with vm->fence.by_mail: requests the fence of the harts of the vcpus in to (bit = index; not
 * the calling one) that are started.
 */
static inline void remote_fence_send(struct vcpu *v, uint64_t to, const struct fence *f)
{
	struct vm *vm = v->vm;
	struct vcpu *const *target = vm->vcpus;

	vm->fence.f = *f;
	to = remote_fence_awake(vm, to);
	__atomic_store_n(&vm->fence.owing, to, __ATOMIC_RELEASE);
	for (; to; target++, to >>= 1) {
		struct hart *hart = (*target)->hart;

		if (!(to & 1))
			continue;
		__atomic_fetch_or(&hart->mailbox, MAIL_FENCE, __ATOMIC_RELEASE);
		mmio_write32(hart->setssip, 1);		/* its FENCE W, O is between the two */
	}
}

/*
 * Waits until no hart owes the fence, and releases vm->fence.lock. If the VM ends, this hart gives up, and does not
 * return to the guest. The set stays as it is: each hart in it has mail, and leaves it. Until then no request begins.
 */
void remote_fence_await(struct vcpu *v);

/* The same while this hart has no mail to serve. False: it has some, and remote_fence_await() has to follow. */
static inline bool remote_fence_poll(struct vcpu *v)
{
	struct vm_fence *q = &v->vm->fence;
	struct hart *self = v->hart;

	do {
		if (__atomic_load_n(&self->mailbox, __ATOMIC_RELAXED) & (MAIL_FENCE | MAIL_STATE))
			return false;
		spin_relax();
	} while (__atomic_load_n(&q->owing, __ATOMIC_ACQUIRE));
	lock_release(&q->lock);
	return true;
}

#endif
