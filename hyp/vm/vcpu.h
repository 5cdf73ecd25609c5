/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a vcpu on its hart: parked, started, running, suspended. Source: SBI 3.0, "Hart State
 * Management Extension".
 */
#ifndef HYP_VM_VCPU_H
#define HYP_VM_VCPU_H

#include "hyp/vm/vm.h"

/*
 * Probes the calling hart and sets it up for its guest. Once, before any guest starts on any hart. If no guest may run on
 * this one, hart->refusal says why.
 */
void vcpu_prepare(struct vcpu *v);

/* Binds the calling hart to its vcpu and serves it for ever. */
__noreturn void vcpu_run(struct vcpu *v);

/* Takes requests of other harts and applies them. VERDICT_LEAVE if the VM is ending. */
enum verdict vcpu_take_mail(struct vcpu *v);

/* Asks the harts of a mask of vcpus (bit = index) for something (MAIL_*). */
void vcpu_send_mask(struct vm *vm, uint64_t mask, uint32_t mail);

/* Brings hvip.VSEIP of the calling hart in line with the vPLICs. */
void vcpu_update_external(struct vcpu *v);

/*
 * SBI HSM. target: vcpu index, checked by the caller. Returns SBI_SUCCESS or SBI_ERR_*.
 */
long vcpu_start(struct vcpu *target, uint64_t pc, uint64_t opaque);

/* SBI_HSM_STATE_* of the vcpu now. */
uint8_t vcpu_hsm_state(struct vcpu *v);

#endif
