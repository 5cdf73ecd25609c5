/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in the log about what a guest does wrong, within a rate limit. Lock: vm->lock, for the limit alone. */
#ifndef HYP_VM_COMPLAIN_H
#define HYP_VM_COMPLAIN_H

#include "hyp/vm/vm.h"

/* At most so many lines in so many seconds for each VM. */
#define COMPLAINTS_BURST	4u
#define COMPLAINTS_SECONDS	1u

/*
 * One line: guest, vcpu, cause, pc, address. None if the limit is reached, or if the guest faults at its own trap
 * vector, which complain_trap_loop() reports once.
 */
void complain(struct vcpu *v, const char *cause, uint64_t address);

/* The guest takes an exception from VS-mode at the very address that exceptions go to. So it will take the same one
 * again. */
void complain_trap_loop(struct vcpu *v, uint64_t vector);

/* One line: guest, device, address, cause of an access by DMA that was refused. None if the limit is reached. */
void complain_dma(struct vm *vm, uint32_t device, uint64_t address, const char *cause);

#endif
