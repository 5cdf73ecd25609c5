/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of vcpus for the monitor; see dump.h. No lock: atomics pass dumps[] from the monitor (under mux.lock) to
 * the harts and back. A hart clears its bit of asked, and owns dumps[i] then; the monitor clears a bit of answered, and
 * owns dumps[i] then. i is the hart's index: a hart that never answers occupies its own entry and nothing else.
 */
#include "hyp/vm/dump.h"

#include "hyp/base/str.h"
#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/vm/mail.h"
#include "hyp/vm/vm_stuck.h"

static uint64_t asked, answered;	/* atomic: harts */
static struct dump dumps[MAX_HARTS] __attribute__((section(".noinit")));

bool dump_ask(struct vm *vm)
{
	uint64_t harts = 0, vcpus = 0, out;

	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		if (vm_is_lost(vm, i))
			continue;
		harts |= 1ull << vm->vcpus[i]->hart->index;
		vcpus |= 1ull << i;
	}
	out = __atomic_load_n(&asked, __ATOMIC_ACQUIRE) | __atomic_load_n(&answered, __ATOMIC_ACQUIRE);
	if (out & harts)
		return false;
	__atomic_fetch_or(&asked, harts, __ATOMIC_RELEASE);
	mail_send(vm, vcpus, MAIL_DUMP);
	return true;
}

const struct dump *dump_next(struct vcpu **v)
{
	uint64_t bits = __atomic_load_n(&answered, __ATOMIC_ACQUIRE);

	if (!bits)
		return NULL;
	*v = hart_get((uint32_t)__builtin_ctzll(bits))->vcpu;
	return &dumps[__builtin_ctzll(bits)];
}

void dump_done(const struct vcpu *v)
{
	__atomic_fetch_and(&answered, ~(1ull << v->hart->index), __ATOMIC_RELEASE);
}

void dump_answer(struct vcpu *v)
{
	uint64_t bit = 1ull << v->hart->index;
	struct dump *d = &dumps[v->hart->index];

	if (!(__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & bit))
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
