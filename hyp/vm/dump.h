/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vcpu's registers for the monitor: they are in its hart, so the monitor asks (MAIL_DUMP), and each hart of the
 * VM answers with a copy when it comes out of its guest, or out of its wait.
 */
#ifndef HYP_VM_DUMP_H
#define HYP_VM_DUMP_H

#include "hyp/vm/vm.h"

struct dump {
	uint64_t x[32];		/* [0] is the pc */
	uint64_t sstatus, vsstatus, vsepc, vscause, vstval, vstvec, vsscratch, vsatp, vsie, hip;
};

/* The monitor asks for all vcpus of a VM, but those that are lost. False if an earlier question to one of them is not
 * answered yet. */
bool dump_ask(struct vm *vm);

/* The next answer that has come, with the vcpu in *v; NULL if there is none now. dump_done() releases it. */
const struct dump *dump_next(struct vcpu **v);
void dump_done(const struct vcpu *v);

/* On the vcpu's hart, its guest's registers in its context. */
void dump_answer(struct vcpu *v);

#endif
