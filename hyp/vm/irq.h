/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of HS-mode, brought to their owner: software to the mailbox, timer to vtimer, external to
 * the VM's vPLICs.
 */
#ifndef HYP_VM_IRQ_H
#define HYP_VM_IRQ_H

#include "hyp/vm/vm.h"

/* Serves everything that is pending and enabled in HS-mode on this hart. */
enum verdict irq_serve(struct vcpu *v);

#endif
