/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of HS-mode, brought to their owner: software to the mailbox, timer to vtimer, external to
 * the VM's vPLICs.
 */
#ifndef HYP_VM_IRQ_H
#define HYP_VM_IRQ_H

#include "hyp/vm/vcpu.h"

/* Serves everything that is pending and enabled in HS-mode on this hart. */
enum verdict irq_serve(struct vcpu *v);

/* Leaves the state ARMED of a mapped PLIC (docs/architecture.md, "An interrupt in two exits") if nothing pends. */
void irq_settle(struct vcpu *v);

/* Tells the vcpus whose external interrupt line changed (a mask of vcpu indices); v: the calling hart's. */
void irq_lines_changed(struct vcpu *v, uint64_t changed);

#endif
