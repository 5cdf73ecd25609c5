/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest-page faults on loads and stores: an access to an emulated device, or to nothing.
 */
#ifndef HYP_VM_VMMIO_H
#define HYP_VM_VMMIO_H

#include "hyp/vm/trap.h"

/*
 * Emulates an access to a virtual device, or injects an access fault: for an address where the guest has
 * nothing, for a page walk that leaves its memory, for an instruction or width that the device does not
 * take (AMO, LR/SC, floating point, misaligned, not 32 bits wide).
 */
enum verdict vmmio_fault(struct vcpu *v, const struct guest_exit *e);

#endif
