/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of an exception to VS-mode, as the hart itself would have done it. Source: privileged ISA,
 * hypervisor chapter, "Trap Entry".
 */
#ifndef HYP_VM_INJECT_H
#define HYP_VM_INJECT_H

#include "hyp/vm/vm.h"

/* cause: as VS-mode knows it (CAUSE_*, no guest-page fault); tval: for vstval. Returns VERDICT_RESUME. */
enum verdict inject_exception(struct vcpu *v, uint64_t cause, uint64_t tval);

#endif
