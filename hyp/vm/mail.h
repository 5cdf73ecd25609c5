/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mail between the harts of a VM: a bit in the mailbox of a hart (MAIL_*, hyp/riscv/context.h), and an interrupt. Mail
 * only makes a hart look at a state that stands elsewhere.
 */
#ifndef HYP_VM_MAIL_H
#define HYP_VM_MAIL_H

#include "hyp/vm/vm.h"

/* mail_send.c: to the harts of a mask of vcpus (bit = index) of the VM, which the caller has checked. */
void mail_send(struct vm *vm, uint64_t mask, uint32_t mail);

/* mail_take.c: takes all mail of the calling hart and acts on it. VERDICT_LEAVE if the VM is ending. */
enum verdict mail_take(struct vcpu *v);

/* mail_take.c: acts on the mail of the console and the monitor, and on fences: they do not depend on the vcpu's
 * state. */
void mail_serve_parked(struct vcpu *v, uint32_t mail);

#endif
