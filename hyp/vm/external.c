/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The external interrupt line of a vcpu; see external.h. No lock: the controllers have their own. */
#include "hyp/vm/external.h"

#include "hyp/riscv/csr.h"
#include "hyp/vm/mail.h"

/*
 * Contexts are passed: VSEIP is up while ARMED, which ends here only for virtual sources (external_settle(), switch.S:
 * the hardware's line), and while a virtual source interrupts. Then the short ways have to leave it alone.
 */
static void update_passed(struct vcpu *v)
{
	const struct vdevs *d = &v->vm->devs;

	v->virtual_line = false;
	v->ctx.guard = CTX_GUARD_NONE;
	for (uint32_t i = 0; i < d->nr_intcs; i++) {
		struct vintc_look l = d->intcs[i].ops->look(d->intcs[i].state, v->index);

		v->virtual_line |= l.line;
		if (!i)
			v->ctx.guard = l.guard;
	}
	if (v->virtual_line) {
		v->ctx.guard = CTX_GUARD_NONE;
		v->ctx.flags &= ~(uint64_t)CTX_FLAG_SETTLE;
		csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
		return;
	}
	v->ctx.flags |= CTX_FLAG_SETTLE;
	if (csr_read(CSR_SIE) & 1ul << IRQ_SEI)	/* not ARMED */
		csr_clear(CSR_HVIP, 1ul << IRQ_VSEI);
}

void external_update(struct vcpu *v)
{
	const struct vdevs *d = &v->vm->devs;
	bool line = false;

	if (vdevs_pass(d)) {
		update_passed(v);
		return;
	}
	for (uint32_t i = 0; i < d->nr_intcs; i++)
		line |= d->intcs[i].ops->line(d->intcs[i].state, v->index);
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
	const struct vdevs *d = &v->vm->devs;

	v->ctx.guard = CTX_GUARD_NONE;
	v->ctx.on_lines = on_lines;
	if (d->nr_intcs)
		d->intcs[0].ops->init_context(d->intcs[0].state, &v->ctx, v->index, d->nr_intcs == 1);
}

/* As switch.S does at the guest's next SRET or WFI, which a guest that polls may never come to. */
void external_settle(struct vcpu *v)
{
	const struct vdevs *d = &v->vm->devs;

	if (!(v->ctx.hstatus & HSTATUS_ARMED))
		return;
	for (uint32_t i = 0; i < d->nr_intcs; i++)
		d->intcs[i].ops->flush(d->intcs[i].state, v->index);
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
	const struct vdevs *d = &v->vm->devs;
	uint64_t changed = 0;

	if (vdevs_pass(d)) {	/* not from a guest, but out of a suspend: as switch.S does */
		csr_set(CSR_HVIP, 1ul << IRQ_VSEI);
		csr_clear(CSR_SIE, 1ul << IRQ_SEI);
		v->ctx.hstatus |= HSTATUS_ARMED;
		return;
	}
	for (uint32_t i = 0; i < d->nr_intcs; i++)
		changed |= d->intcs[i].ops->take(d->intcs[i].state, v->index);
	external_changed(v, changed);
}
