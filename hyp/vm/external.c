/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The external interrupt line of a vcpu; see external.h. No lock: the controllers have their own. */
#include "hyp/vm/external.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/mail.h"

/* The page of the vcpu's own context of the first PLIC, in the host; 0 if it has none, or that is not passed. */
static uint64_t host_page(const struct vcpu *v)
{
	const struct vplic *p = &v->vm->vplics[0];
	hpa_t page;

	if (!vm_passes(v->vm) || !p->entry[v->index] ||
	    !plic_context_page(p->plic, (uint32_t)p->context[v->index], &page))
		return 0;
	return page.v;
}

/* The first word of the page of its own context, as htval has it. */
static uint64_t guard_of(const struct vcpu *v)
{
	return (v->vm->plan->vplics[0].base.v + PLIC_CONTEXT_BASE + PLIC_CONTEXT_STRIDE * (2 * v->index + 1)) >> 2;
}

/*
 * Contexts are passed: VSEIP is up while ARMED, which ends here only for virtual sources (external_settle(), switch.S: the
 * hardware's line), and while a virtual source interrupts. Then the short ways have to leave it alone.
 */
static void update_passed(struct vcpu *v)
{
	struct vplic_look l = { 0 };
	bool open = v->vm->plic_mode == PLIC_GUARDED && v->ctx.host_page;

	v->virtual_line = false;
	for (uint32_t i = 0; i < v->vm->plan->nr_vplics; i++) {
		l = vplic_look(&v->vm->vplics[i], v->index);
		v->virtual_line |= l.line;
		open &= i > 0 || l.open;
	}
	v->ctx.guard = open && !v->virtual_line ? guard_of(v) : CTX_GUARD_NONE;
	v->ctx.flags &= ~(uint64_t)CTX_FLAG_SETTLE;
	if (!v->virtual_line)
		v->ctx.flags |= CTX_FLAG_SETTLE;
	if (v->virtual_line)
		csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
	else if (csr_read(CSR_SIE) & 1ul << IRQ_SEI)	/* not ARMED */
		csr_clear(CSR_HVIP, 1ul << IRQ_VSEI);
}

void external_update(struct vcpu *v)
{
	bool line = false;

	if (vm_passes(v->vm)) {
		update_passed(v);
		return;
	}
	for (uint32_t i = 0; i < v->vm->plan->nr_vplics; i++)
		line |= vplic_line(&v->vm->vplics[i], v->index);
	if (line)
		csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
	else
		csr_clear(CSR_HVIP, 1ul << IRQ_VSEI);
}

void external_changed(struct vcpu *v, uint64_t changed)
{
	uint64_t self = 1ull << v->index;

	if (changed & self)
		external_update(v);
	if (changed & ~self)
		mail_send(v->vm, changed & ~self, MAIL_EXTERNAL);
}

static void on_lines(struct guest_context *ctx, uint64_t changed)
{
	external_changed((struct vcpu *)ctx, changed);
}

void external_init(struct vcpu *v)
{
	const struct plan_vm *p = v->vm->plan;

	v->ctx.plic = &v->vm->vplics[0];
	v->ctx.plic_base = p->vplics[0].base.v;
	v->ctx.plic_size = p->nr_vplics ? p->vplics[0].size : 0;
	v->ctx.plic_read = vm_passes(v->vm) ? vplic_passed_read : vplic_read;
	v->ctx.plic_write = vm_passes(v->vm) ? vplic_passed_write : vplic_write;
	v->ctx.guard = CTX_GUARD_NONE;
	v->ctx.host_page = host_page(v);
	v->ctx.on_lines = on_lines;
	v->ctx.plic_external = p->nr_vplics == 1 && !vm_passes(v->vm) ? vplic_physical : NULL;
}

/* As switch.S does at the guest's next SRET or WFI, which a guest that polls may never come to. */
void external_settle(struct vcpu *v)
{
	if (!(v->ctx.hstatus & HSTATUS_ARMED))
		return;
	for (uint32_t i = 0; i < v->vm->plan->nr_vplics; i++)
		vplic_flush(&v->vm->vplics[i], v->index);
	if (csr_read(CSR_SIP) & 1ul << IRQ_SEI)
		return;
	v->ctx.hstatus &= ~(uint64_t)HSTATUS_ARMED;
	if (!v->virtual_line)
		csr_clear(CSR_HVIP, 1ul << IRQ_VSEI);
	csr_set(CSR_SIE, 1ul << IRQ_SEI);
	v->ctx.exits[EXIT_EXTERNAL]++;
}

void external_arrived(struct vcpu *v)
{
	uint64_t changed = 0;

	if (vm_passes(v->vm)) {	/* not from a guest, but out of a suspend: as switch.S does */
		csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
		csr_clear(CSR_SIE, 1ul << IRQ_SEI);
		v->ctx.hstatus |= HSTATUS_ARMED;
		return;
	}
	for (uint32_t i = 0; i < v->vm->plan->nr_vplics; i++)
		changed |= vplic_physical(&v->vm->vplics[i], v->index);
	external_changed(v, changed);
}
