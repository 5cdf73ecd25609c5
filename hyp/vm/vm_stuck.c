/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM with a watchdog is checked, by the hart that drives the console, for a hart that does not enter HS-mode any
 * more; then it is to end. A VM that is to end, and a hart of it that does not leave its guest: M-mode firmware has it
 * and does not return it. The harts that wait check once a second, on a timer; no hart spins. After STUCK_CHECKS checks
 * the VM is VM_STUCK until the machine is reset, without that hart. docs/architecture.md, "A hart that does not come
 * back". Lock: vm->lock, as in vm_life.c.
 */
#include "hyp/vm/vm_stuck.h"

#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/vm/dma.h"
#include "hyp/vm/vm_create.h"
#include "hyp/vm/vm_life.h"
#include "hyp/vm/vtimer.h"

#define NEVER		UINT64_MAX

/* Under vm->lock. When to check next, NEVER if nothing ends. *lost: vcpus that do not count as of the VM from now
 * on. */
static uint64_t check_lost(struct vm *vm, uint64_t *lost)
{
	uint64_t now = csr_read(CSR_TIME);

	*lost = 0;
	if (vm->state != VM_STOPPING || !vm->active)	/* without active ones, the last hart is in finish_life() */
		return NEVER;
	if (now < vm->check_at)
		return vm->check_at;
	vm->check_at = now + vm->check_ticks;
	if (++vm->checks < STUCK_CHECKS)
		return vm->check_at;
	*lost = vm->active;
	vm->state = VM_STUCK;
	vm->asked = ASK_NOTHING;
	return NEVER;
}

/*
 * Under vm->lock, of a running VM with a watchdog. When to check next. *missed: M-mode must have one of its harts. If
 * the VM has not been checked in time, time has jumped (an emulator that was stopped): its harts get the whole time
 * again.
 */
static uint64_t check_missed(struct vm *vm, bool *missed)
{
	uint64_t now = csr_read(CSR_TIME), period = vm->watchdog_ticks;

	if (now - vm->looked_at < period)
		return vm->looked_at + period;
	if (now - vm->looked_at >= 2 * period)
		vm->look_from = now + vtimer_patience(vm);
	vm->looked_at = now;
	/* a period later than a sibling, which knows the pc of its own hart and reports that */
	*missed = now >= vm->look_from && vtimer_misses(vm, now - period);
	return now + period;
}

/* The VM is this hart's alone, but for the lost ones: these find VM_STUCK if they come back (vm_vcpu_left()). */
static void end_stuck(struct vm *vm, uint64_t lost)
{
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		if (!(lost >> i & 1))
			continue;
		console_log("vm %s: STUCK: vcpu %u on hart %lu has not left the guest for %u s: the firmware has not "
			    "returned it", vm->plan->name, i, vm->vcpus[i]->hart->id, STUCK_SECONDS);
		console_lost(vm->vcpus[i]->hart->index);
	}
	console_log("vm %s: it cannot start again until the machine is reset; its devices and interrupts are off",
		    vm->plan->name);
	vm_end_for_good(vm);
}

uint64_t vm_watch(struct vm *vm)
{
	uint64_t next, lost;

	lock_acquire(&vm->lock);
	next = check_lost(vm, &lost);
	lock_release(&vm->lock);
	if (lost)
		end_stuck(vm, lost);
	return next;
}

/* The same for a hart of a running VM. */
static uint64_t watch_running(struct vm *vm)
{
	bool missed = false;
	uint64_t next;

	lock_acquire(&vm->lock);
	next = vm->state == VM_RUNNING && vm->watchdog_ticks ? check_missed(vm, &missed) : NEVER;
	lock_release(&vm->lock);
	if (!missed)
		return next;
	vm_end_missed(vm);
	return csr_read(CSR_TIME) + vm->check_ticks;
}

uint64_t vm_watch_all(void)
{
	uint64_t next = dma_watch();

	for (uint32_t i = 0; i < vm_count(); i++) {
		uint64_t ending = vm_watch(vm_get(i)), running = watch_running(vm_get(i));

		next = ending < next ? ending : next;
		next = running < next ? running : next;
	}
	return next;
}

bool vm_is_lost(struct vm *vm, uint32_t vcpu)
{
	bool lost;

	lock_acquire(&vm->lock);
	lost = vm->state == VM_STUCK && vm->active >> vcpu & 1;
	lock_release(&vm->lock);
	return lost;
}
