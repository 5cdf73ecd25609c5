/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's timer: the hart's own vstimecmp where it has Sstc (then no code of ours runs when it
 * fires), otherwise the firmware's timer and an injected VSTIP. The watchdog, and the console if a guest's
 * hart polls it, use the timer of HS-mode in both cases. Source: Sstc; SBI 3.0, TIME extension.
 *
 * The watchdog of a guest (watchdog-ms) checks each of its harts that is started. A hart hangs if its
 * guest's own timer interrupt has been due for that long and the guest has set no new deadline; or, once a
 * guest has kicked the watchdog by the vendor call, if none of its harts has done so for that long; or if it has not
 * entered HS-mode to be checked for twice that long and a second: nothing that a guest can mask prevents this. Its
 * siblings find that, or the hart that drives the console (vm_stuck.c).
 */
#ifndef HYP_VM_VTIMER_H
#define HYP_VM_VTIMER_H

#include "hyp/vm/vm.h"

/* Power-on state: no deadline, nothing pending; the watchdog begins anew. On the vcpu's hart. */
void vtimer_reset(struct vcpu *v);

/* CTX_FLAG_* by which switch.S serves the guest's timer; 0: by the firmware's, which the hypervisor uses as well. */
uint64_t vtimer_context_flag(const struct vcpu *v);

/* The hart leaves the guest: its timers are silent until the next reset, but for the console's. */
void vtimer_stop(struct vcpu *v);

/* deadline: absolute, in ticks of the guest's time CSR; -1 is never. Clears a pending interrupt. */
void vtimer_set(struct vcpu *v, uint64_t deadline);

/* The timer of HS-mode fired on this hart. VERDICT_LEAVE if the watchdog has ended the VM. */
enum verdict vtimer_fired(struct vcpu *v);

/* While the hart is parked: its timer wakes it at that time, too, in ticks; UINT64_MAX is never. If this hart drives
 * the console now (console_lost()), it begins to poll. */
void vtimer_wake_parked(struct vcpu *v, uint64_t at);

/* The calling hart, a vcpu's, polls the console at that time, in ticks. */
void vtimer_poll_at(uint64_t at);

/* The guest reports that it is alive. */
void vtimer_kick(struct vcpu *v);

/* Ticks after which a hart that has not been checked is in M-mode, and does not return. Of a VM with a watchdog. */
static inline uint64_t vtimer_patience(const struct vm *vm)
{
	return 2 * vm->watchdog_ticks + vm->check_ticks;
}

/* Whether a started hart of a VM with a watchdog has not been checked for that long. now: the time CSR. Any hart. */
bool vtimer_misses(const struct vm *vm, uint64_t now);

#endif
