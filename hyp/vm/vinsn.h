/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual-instruction exceptions: what a guest may not do is illegal to it, and two instructions are trapped
 * on purpose while an external interrupt is on its way (docs/architecture.md, "An interrupt in two exits"). A guest
 * with interrupt files reads priorities of its major interrupts as 0.
 */
#ifndef HYP_VM_VINSN_H
#define HYP_VM_VINSN_H

#include "hyp/vm/vm.h"

enum verdict vinsn_fault(struct vcpu *v);

#endif
