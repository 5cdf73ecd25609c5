/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mail to the calling hart; see mail.h. */
#include "hyp/riscv/csr.h"
#include "hyp/vm/dump.h"
#include "hyp/vm/external.h"
#include "hyp/vm/mail.h"
#include "hyp/vm/remote_fence.h"
#include "hyp/vm/vm_life.h"

/* The terminal's mail comes to the first hart of the VM alone; another hart of it may wait for input, too. */
static void input_arrived(struct vcpu *v)
{
	uint64_t readers = __atomic_load_n(&v->vm->readers, __ATOMIC_SEQ_CST) & ~v->ctx.self;

	external_changed(v, vuart_poke(&v->vm->devs.vuart));
	if (readers && v->index == 0)
		mail_send(v->vm, readers, MAIL_CONSOLE);
}

void mail_serve_parked(struct vcpu *v, uint32_t mail)
{
	if (mail & MAIL_CONSOLE)
		input_arrived(v);
	if (mail & MAIL_LINK)
		external_changed(v, vdevs_poke_links(&v->vm->devs));
	if (mail & MAIL_DUMP)
		dump_answer(v);
	if (mail & MAIL_FENCE)
		remote_fence_serve(v);
}

enum verdict mail_take(struct vcpu *v)
{
	uint32_t mail = hart_take_mail();

	mail_serve_parked(v, mail);
	if (mail & MAIL_IPI)
		csr_set(CSR_HVIP, 1ul << IRQ_VSSI);
	if (mail & MAIL_EXTERNAL)
		external_update(v);
	if (mail & MAIL_STATE && vm_ending(v->vm))
		return VERDICT_LEAVE;
	return VERDICT_RESUME;
}
