/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, RFENCE Extension. The calling hart fences itself; siblings are fenced by one firmware call
 * with HFENCE.VVMA, which acts on the VMID in this hart's hgatp: a raw SFENCE.VMA from HS-mode would
 * flush nothing of VS-mode. A vcpu that is stopped needs none: it fences when it starts (vcpu.c).
 * vm->lock orders the two.
 */
#include "hyp/riscv/fence.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/vsbi/vsbi.h"

/* More than this many pages are flushed as everything, so that no guest number bounds a loop. */
#define MAX_PAGES	16

struct fence {
	uint64_t start, size;	/* size UINT64_MAX: all addresses */
	uint64_t asid;
	bool has_asid;
};

static void fence_self(const struct fence *f)
{
	if (f->size == UINT64_MAX) {
		if (f->has_asid)
			hfence_vvma_asid(f->asid);
		else
			hfence_vvma_all();
		return;
	}
	for (uint64_t at = 0; at < f->size; at += PAGE_SIZE) {
		if (f->has_asid)
			hfence_vvma_va_asid(f->start + at, f->asid);
		else
			hfence_vvma_va(f->start + at);
	}
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

static __noinline long fence_siblings(struct vcpu *v, uint64_t to, unsigned long fid, const struct fence *f)
{
	uint64_t ids[MAX_HARTS];
	uint32_t n = awake_ids(v->vm, to, ids);

	return n ? sbi_ecall_harts(SBI_EXT_RFENCE, fid, ids, n, f->start, f->size, f->asid) : SBI_SUCCESS;
}

/* (start, size) of a call: 0, 0 and size -1 are all; anything large or odd becomes all as well. */
static inline struct fence decode(const uint64_t *a, uint64_t fid)
{
	uint64_t start = a[2], size = a[3], first = align_down(start, PAGE_SIZE);
	struct fence f = { .start = 0, .size = UINT64_MAX };

	f.has_asid = fid == SBI_RFENCE_SFENCE_VMA_ASID;
	f.asid = f.has_asid ? a[4] & 0xffff : 0;	/* ASIDs have 16 bits at most */
	if (!size || size > MAX_PAGES * PAGE_SIZE || start + size < start)
		return f;
	f.start = first;
	f.size = align_up(start + size - first, PAGE_SIZE);
	return f;
}

static inline void do_self(const uint64_t *a, uint64_t fid)
{
	struct fence f;

	if (fid == SBI_RFENCE_FENCE_I) {
		fence_i();
		return;
	}
	f = decode(a, fid);
	fence_self(&f);
}

static long do_siblings(struct vcpu *v, uint64_t to, const uint64_t *a, uint64_t fid)
{
	static const struct fence none;
	struct fence f;

	if (fid == SBI_RFENCE_FENCE_I)
		return fence_siblings(v, to, SBI_RFENCE_FENCE_I, &none);
	f = decode(a, fid);
	return fence_siblings(v, to, f.has_asid ? SBI_RFENCE_HFENCE_VVMA_ASID : SBI_RFENCE_HFENCE_VVMA, &f);
}

static __noinline struct sbiret fence_many(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	uint64_t self = v->ctx.self, to;
	long error = vsbi_hart_mask(v->vm, a[0], a[1], &to);

	if (error != SBI_SUCCESS)
		return vsbi_error(error);
	if (to & self)
		do_self(a, fid);
	/* That the firmware has no such fence, or not for these harts, must not pass for one that was done. */
	if (to & ~self && do_siblings(v, to & ~self, a, fid) != SBI_SUCCESS)
		return vsbi_error(SBI_ERR_FAILED);
	return vsbi_value(0);
}

struct sbiret vsbi_rfence(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	/* 3 to 6 are hypervisor fences: a guest has no H extension. */
	if (fid > SBI_RFENCE_SFENCE_VMA_ASID)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	/* A fence on the calling hart alone needs no list. */
	if (!a[0] || a[1] >= 64 || v->ctx.self >> a[1] != a[0])
		return fence_many(v, a, fid);
	do_self(a, fid);
	return vsbi_value(0);
}
