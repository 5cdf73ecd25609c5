/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of vcpus for the monitor; see dump.h. No lock: asked, answered and what they say of dumps[] go from the
 * monitor (under mux.lock) to the harts and back by atomics: a bit of asked is a hart's to take, one of answered the
 * monitor's, and dumps[i] belongs to whom the bit was given.
 */
#include "hyp/vm/dump.h"

#include "hyp/base/str.h"
#include "hyp/riscv/csr.h"
#include "hyp/vm/console.h"

static struct vm *asked_vm;		/* the monitor's, while bits of it are out */
static uint64_t asked, answered;	/* atomic: vcpus */
static struct dump dumps[MAX_HARTS] __attribute__((section(".noinit")));

bool dump_ask(struct vm *vm)
{
	uint32_t n = vm->plan->nr_vcpus;
	uint64_t all = n == 64 ? UINT64_MAX : (1ull << n) - 1;

	if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) || __atomic_load_n(&answered, __ATOMIC_ACQUIRE))
		return false;
	__atomic_store_n(&asked_vm, vm, __ATOMIC_RELAXED);
	__atomic_store_n(&asked, all, __ATOMIC_RELEASE);
	vcpu_send_mask(vm, all, MAIL_DUMP);
	return true;
}

const struct dump *dump_next(struct vcpu **v)
{
	uint64_t bits = __atomic_load_n(&answered, __ATOMIC_ACQUIRE);

	if (!bits)
		return NULL;
	*v = asked_vm->vcpus[__builtin_ctzll(bits)];
	return &dumps[(*v)->index];
}

void dump_done(const struct vcpu *v)
{
	__atomic_fetch_and(&answered, ~(1ull << v->index), __ATOMIC_RELEASE);
}

void dump_answer(struct vcpu *v)
{
	uint64_t bit = 1ull << v->index;
	struct dump *d = &dumps[v->index];

	if (!(__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & bit) ||
	    __atomic_load_n(&asked_vm, __ATOMIC_RELAXED) != v->vm)
		return;
	memcpy(d->x, v->ctx.x, sizeof(d->x));
	d->sstatus = v->ctx.sstatus;
	d->vsstatus = csr_read(CSR_VSSTATUS);
	d->vsepc = csr_read(CSR_VSEPC);
	d->vscause = csr_read(CSR_VSCAUSE);
	d->vstval = csr_read(CSR_VSTVAL);
	d->vstvec = csr_read(CSR_VSTVEC);
	d->vsscratch = csr_read(CSR_VSSCRATCH);
	d->vsatp = csr_read(CSR_VSATP);
	d->vsie = csr_read(CSR_VSIE);
	d->hip = csr_read(CSR_HIP);
	__atomic_fetch_or(&answered, bit, __ATOMIC_RELEASE);
	__atomic_fetch_and(&asked, ~bit, __ATOMIC_RELEASE);
	console_kick();
}
