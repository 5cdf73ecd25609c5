/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The external interrupt line of a vcpu: hvip.VSEIP of its hart, from the guest's interrupt controllers; and the state
 * ARMED of a guest that claims in the hardware (docs/architecture.md, "An interrupt in two exits").
 */
#ifndef HYP_VM_EXTERNAL_H
#define HYP_VM_EXTERNAL_H

#include "hyp/vm/vm.h"

/* At vcpu_run(), once: what switch.S has to know of the vcpu's controllers. */
void external_init(struct vcpu *v);

/* Makes hvip.VSEIP of the calling hart what the guest's controllers say. */
void external_update(struct vcpu *v);

/* The lines of a mask of vcpus (bit = index) have changed: this hart updates its own, and sends the others mail. */
void external_changed(struct vcpu *v, uint64_t changed);

/* An external interrupt of HS-mode is pending and enabled on this hart. */
void external_arrived(struct vcpu *v);

/* Leaves the state ARMED if the hardware's line is down. */
void external_settle(struct vcpu *v);

#endif
