/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mail to the calling hart; see mail.h. */
#include "hyp/riscv/csr.h"
#include "hyp/vm/dump.h"
#include "hyp/vm/external.h"
#include "hyp/vm/mail.h"
#include "hyp/vm/vm_life.h"

void mail_serve_parked(struct vcpu *v, uint32_t mail)
{
	if (mail & MAIL_CONSOLE)
		external_changed(v, vuart_poke(&v->vm->devs.vuart));
	if (mail & MAIL_DUMP)
		dump_answer(v);
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
