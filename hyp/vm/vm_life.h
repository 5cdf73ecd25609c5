/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of VMs: start, end, crash, restart. The states are those of vm.h. Lock: vm->lock, inside of each
 * function. */
#ifndef HYP_VM_VM_LIFE_H
#define HYP_VM_VM_LIFE_H

#include "hyp/vm/vm.h"

/* At most so many lives in so many seconds have lines in the log, for each VM: how one ends, and that the next
 * begins. */
#define LIVES_BURST		10u
#define LIVES_SECONDS		10u

/* Once, when all VMs of the plan have been created. */
void vm_begin(const struct plan *plan);

/* Ends a running VM; the VM's harts notice it at once by an interrupt. Any hart of the VM. Returns what the
 * calling hart is to do: VERDICT_LEAVE. */
enum verdict vm_end(struct vcpu *v, enum vm_end end);

/* The same for a crash (VM_END_FAILED and behind), with a line in the log. */
enum verdict vm_crash(struct vcpu *v, enum vm_end end);

/* The same if a hart of the VM is lost, as a hart outside of the guest has found; with a line in the log. Any hart. */
void vm_end_missed(struct vm *vm);

/* The VM has become VM_STUCK: its devices and interrupts are off from now on, and it does not count as alive. */
void vm_end_for_good(struct vm *vm);

/* "shutdown", "watchdog", ...: why a VM ended, for people. */
const char *vm_end_name(enum vm_end end);

/* "set_timer", "mmio", ...: a kind of exits, EXIT_*. */
const char *vm_exit_name(uint32_t kind);

/*
 * The monitor starts, stops or restarts a VM. Any hart. NULL if that is in progress, otherwise why not. If the guest
 * ends at the same time by itself (reboot, crash, last hart stopped), the request still decides what follows.
 */
const char *vm_ask(struct vm *vm, enum vm_ask ask);

/* Whether the VM is on its way out, or stuck there: no hart of it may run its guest. */
bool vm_ending(struct vm *vm);

/* On a parked hart of the VM: vcpu 0 loads a VM that is starting, and a vcpu that was about to start when the VM ended
 * steps back. */
void vm_attend(struct vcpu *v);

/* The calling hart has left the guest (HSM stop, or the VM ends). The last one of a VM restarts it, or ends it
 * without a restart. */
void vm_vcpu_left(struct vcpu *v);

#endif
