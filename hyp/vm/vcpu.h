/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a vcpu on its hart: parked, started, running, suspended. Source: SBI 3.0, "Hart State
 * Management Extension".
 */
#ifndef HYP_VM_VCPU_H
#define HYP_VM_VCPU_H

#include "hyp/vm/vm.h"

/*
 * Probes the calling hart and sets it up for its guest. Once, before any guest starts on any hart. If no guest may run
 * on this one, hart->refusal says why.
 */
void vcpu_prepare(struct vcpu *v);

/* Binds the calling hart to its vcpu and serves it for ever. */
__noreturn void vcpu_run(struct vcpu *v);

/*
 * SBI HSM. target: vcpu index, checked by the caller. Returns SBI_SUCCESS or SBI_ERR_*.
 */
long vcpu_start(struct vcpu *target, uint64_t pc, uint64_t opaque);

/* SBI_HSM_STATE_* of the vcpu now. */
uint8_t vcpu_hsm_state(struct vcpu *v);

#endif
