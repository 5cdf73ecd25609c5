/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, RFENCE Extension. The calling hart fences itself. Siblings fence by mail (remote_fence.h) if all harts of
 * the VM have an SSWI register, and otherwise by one firmware call with HFENCE.VVMA, which acts on the VMID in this
 * hart's hgatp: a raw SFENCE.VMA from HS-mode would flush nothing of VS-mode. A vcpu that is stopped needs none: it
 * fences when it starts (vcpu.c). vm->lock orders the two.
 */
#include "hyp/riscv/sbi_call.h"
#include "hyp/vm/remote_fence.h"
#include "hyp/vsbi/vsbi.h"

/* (start, size) of a call: 0, 0 and size -1 are all; anything large or odd becomes all as well. */
static inline struct fence decode(const uint64_t *a, uint64_t fid)
{
	uint64_t start = a[2], size = a[3], first = align_down(start, PAGE_SIZE);
	bool has_asid = fid == SBI_RFENCE_SFENCE_VMA_ASID;
	struct fence f = { .kind = has_asid ? FENCE_ALL_ASID : FENCE_ALL };

	if (fid == SBI_RFENCE_FENCE_I)
		return (struct fence){ .kind = FENCE_CODE_ALL };
	f.asid = has_asid ? a[4] & 0xffff : 0;	/* ASIDs have 16 bits at most */
	if (!size || size > FENCE_MAX_PAGES * PAGE_SIZE || start + size < start)
		return f;
	f.start = first;
	f.pages = align_up(start + size - first, PAGE_SIZE) / PAGE_SIZE;
	if (f.pages == 1)
		f.kind = has_asid ? FENCE_PAGE_ASID : FENCE_PAGE;
	else
		f.kind = has_asid ? FENCE_PAGES_ASID : FENCE_PAGES;
	return f;
}

/* The hart ids of the vcpus of a set that are not stopped. */
static uint32_t awake_ids(struct vm *vm, uint64_t set, uint64_t *ids)
{
	uint32_t n = 0;

	lock_acquire(&vm->lock);
	set &= vm->active;
	lock_release(&vm->lock);
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++)
		if (set >> i & 1)
			ids[n++] = vm->vcpus[i]->hart->id;
	return n;
}

/* One call for all. */
static __noinline long fence_by_firmware(struct vcpu *v, uint64_t to, struct fence f)
{
	static const uint8_t fids[] = {
		[FENCE_CODE_ALL] = SBI_RFENCE_FENCE_I,
		[FENCE_ALL] = SBI_RFENCE_HFENCE_VVMA, [FENCE_ALL_ASID] = SBI_RFENCE_HFENCE_VVMA_ASID,
		[FENCE_PAGE] = SBI_RFENCE_HFENCE_VVMA, [FENCE_PAGE_ASID] = SBI_RFENCE_HFENCE_VVMA_ASID,
		[FENCE_PAGES] = SBI_RFENCE_HFENCE_VVMA, [FENCE_PAGES_ASID] = SBI_RFENCE_HFENCE_VVMA_ASID,
	};
	bool all = f.kind == FENCE_ALL || f.kind == FENCE_ALL_ASID;
	uint64_t size = all ? UINT64_MAX : f.pages * PAGE_SIZE;	/* 0 for FENCE.I */
	uint64_t ids[MAX_HARTS];
	uint32_t n = awake_ids(v->vm, to, ids);

	return n ? sbi_ecall_harts(SBI_EXT_RFENCE, fids[f.kind], ids, n, f.start, size, f.asid) : SBI_SUCCESS;
}

/* That the firmware has no such fence, or not for these harts, must not pass for one that was done. */
static __noinline struct sbiret ask_firmware(struct vcpu *v, uint64_t to, const uint64_t *a, uint64_t fid)
{
	return fence_by_firmware(v, to, decode(a, fid)) == SBI_SUCCESS ? vsbi_value(0) : vsbi_error(SBI_ERR_FAILED);
}

/* Another hart has a request, maybe until this one has fenced. */
static __noinline struct sbiret mail_later(struct vcpu *v, uint64_t to, const uint64_t *a, uint64_t fid)
{
	struct fence f = decode(a, fid);

	if (remote_fence_lock(v)) {
		remote_fence_send(v, to, &f);
		remote_fence_await(v);
	}
	return vsbi_value(0);
}

static __noinline struct sbiret await(struct vcpu *v)
{
	remote_fence_await(v);
	return vsbi_value(0);
}

/* Calls of other functions are its last act, so that it saves no register. */
static __noinline struct sbiret fence_many(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	uint64_t self = v->ctx.self, to;
	long error = vsbi_hart_mask(v->vm, a[0], a[1], &to);
	struct fence f;

	if (error != SBI_SUCCESS)
		return vsbi_error(error);
	f = decode(a, fid);
	if (to & self)
		fence_here(&f);
	to &= ~self;
	if (!to)
		return vsbi_value(0);
	if (!v->vm->fence.by_mail)
		return ask_firmware(v, to, a, fid);
	if (!remote_fence_try(v))
		return mail_later(v, to, a, fid);
	remote_fence_send(v, to, &f);
	return remote_fence_poll(v) ? vsbi_value(0) : await(v);
}

struct sbiret vsbi_rfence(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	struct fence f;

	/* 3 to 6 are hypervisor fences: a guest has no H extension. */
	if (fid > SBI_RFENCE_SFENCE_VMA_ASID)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	/* A fence on the calling hart alone needs no list. */
	if (!a[0] || a[1] >= 64 || v->ctx.self >> a[1] != a[0])
		return fence_many(v, a, fid);
	f = decode(a, fid);
	fence_here(&f);
	return vsbi_value(0);
}
