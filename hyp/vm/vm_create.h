/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All VMs of the plan: their creation at boot, and where they are. */
#ifndef HYP_VM_VM_CREATE_H
#define HYP_VM_VM_CREATE_H

#include "hyp/vm/vm.h"

struct host;

/*
 * All VMs and vcpus from the plan; G-stage tables and guest device trees are built. Once, at boot. What goes
 * wrong here is reported and nothing may boot.
 */
enum err vm_create_all(const struct plan *plan, const struct host *host, struct reporter *r) __must_check;

/* The VM of that number, below vm_count(). */
struct vm *vm_get(uint32_t index);
uint32_t vm_count(void);

/* The vcpu that is bound to this hart, NULL for a spare one. */
struct vcpu *vm_vcpu_of_hart(uint32_t hart_index);

#endif
