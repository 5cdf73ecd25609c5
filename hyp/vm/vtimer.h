/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's timer: the hart's own vstimecmp where it has Sstc (then no code of ours runs when it
 * fires), otherwise the firmware's timer and an injected VSTIP. Source: Sstc; SBI 3.0, TIME extension.
 */
#ifndef HYP_VM_VTIMER_H
#define HYP_VM_VTIMER_H

#include "hyp/vm/vm.h"

/* Power-on state: no deadline, nothing pending. On the vcpu's hart. */
void vtimer_reset(struct vcpu *v);

/* deadline: absolute, in ticks of the guest's time CSR; -1 is never. Clears a pending interrupt. */
void vtimer_set(struct vcpu *v, uint64_t deadline);

/* The firmware's timer fired on this hart. */
void vtimer_fired(struct vcpu *v);

#endif
