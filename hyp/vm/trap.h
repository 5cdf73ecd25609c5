/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One exit of a guest to one handler. Source: privileged ISA, hypervisor chapter, "Trap Cause Codes".
 */
#ifndef HYP_VM_TRAP_H
#define HYP_VM_TRAP_H

#include "hyp/vm/vm.h"

/* The CSRs that describe an exit, read before anything else can trap. */
struct guest_exit {
	uint64_t cause;		/* scause */
	uint64_t tval;		/* stval */
	uint64_t htval;		/* guest-physical address >> 2, or 0 */
	uint64_t htinst;
};

/* Handles any exit but an ecall from VS-mode, which is vsbi_call()'s. */
enum verdict trap_dispatch(struct vcpu *v);

#endif
