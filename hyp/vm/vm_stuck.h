/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMs that are to end while M-mode does not return one of their harts; docs/architecture.md, "A hart that does not come
 * back". */
#ifndef HYP_VM_VM_STUCK_H
#define HYP_VM_VM_STUCK_H

#include "hyp/vm/vm.h"

/* A hart that has not left its ending guest for that long is lost. It leaves within microseconds; a firmware's call
 * that waits for other harts, or an emulator whose host is busy, takes longer. */
#define STUCK_SECONDS		10u
/* checks, a second apart: where time jumps, the hart has not had these seconds */
#define STUCK_CHECKS		10u

/*
 * Checks whether an ending VM waits in vain for a hart, and makes it VM_STUCK without that hart if so. vm_watch_all()
 * also ends a running VM with a watchdog if M-mode must have one of its harts. Return when to check next (ticks of the
 * time CSR), UINT64_MAX if neither can be; vm_watch_all() includes dma_watch(). Any hart that holds no lock: a parked
 * one checks its own VM, the one that drives the console checks all.
 */
uint64_t vm_watch(struct vm *vm);
uint64_t vm_watch_all(void);

/* Whether this is a vcpu that a stuck VM waits for in vain. */
bool vm_is_lost(struct vm *vm, uint32_t vcpu);

#endif
