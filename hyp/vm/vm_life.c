/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of VMs; see vm_life.h. vm->lock is held for a few instructions at a time and only by harts of that VM;
 * loading, printing and sending happen outside of it. The last hart to leave an ending VM has it for itself until the
 * next VM_STARTING.
 */
#include "hyp/vm/vm_life.h"

#include "hyp/base/fmt.h"
#include "hyp/console/console.h"
#include "hyp/console/machine.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/vm/dma.h"
#include "hyp/vm/mail.h"
#include "hyp/vm/quiesce.h"
#include "hyp/vm/vm_load.h"

static bool keep_machine;
static uint32_t vms_alive;		/* atomic: VMs that can still run: not ended without a restart */

__boot void vm_begin(const struct plan *plan)
{
	vms_alive = plan->nr_vms;
	keep_machine = plan->keep_machine;
}

const char *vm_end_name(enum vm_end end)
{
	switch (end) {
	case VM_END_SHUTDOWN: return "shutdown";
	case VM_END_REBOOT: return "reboot";
	case VM_END_IDLE: return "all its harts stopped";
	case VM_END_LOAD: return "it could not be loaded";
	case VM_END_STOP: return "by the monitor";
	case VM_END_RESTART: return "by the monitor";
	case VM_END_FAILED: return "it reports a failure";
	case VM_END_UNMAPPED: return "unmapped access";
	case VM_END_WATCHDOG: return "watchdog";
	}
	return "?";
}

const char *vm_exit_name(uint32_t kind)
{
	static const char *const names[NR_EXITS] = {
		"set_timer", "self-ipi", "external", "timer", "ipi", "ecall", "interrupt", "mmio", "other",
	};

	return names[kind];
}

/* One line a hart for the owner of the guest: why it left the guest, all starts together, until the line is read. */
static size_t write_exits(char *text, size_t size, uint64_t about, uint64_t vcpu)
{
	const struct vm *vm = (const struct vm *)(uintptr_t)about;
	const struct vcpu *v = vm->vcpus[vcpu];
	size_t n = fmt_str(text, size, "vm %s: vcpu %u: exits", vm->plan->name, v->index), start = n;

	for (unsigned kind = 0; kind < NR_EXITS; kind++) {
		uint64_t count = __atomic_load_n(&v->ctx.exits[kind], __ATOMIC_RELAXED);

		if (count)
			n += fmt_str(text + n, size - n, " %s %lu", vm_exit_name(kind), count);
	}
	if (n == start)
		n += fmt_str(text + n, size - n, " none");
	return n;
}

/* One line a virtual network card, in the same way. */
static size_t write_card(char *text, size_t size, uint64_t about, uint64_t card)
{
	const struct vm *vm = (const struct vm *)(uintptr_t)about;
	size_t n = fmt_str(text, size, "vm %s: ", vm->plan->name);

	return n + vnet_describe(&vm->devs.cards[card], text + n, size - n);
}

/* A VM has ended and does not start again by itself: it does not count as alive any more. After the last one the
 * machine is shut down, if the plan says so. */
static void count_out(void)
{
	if (__atomic_sub_fetch(&vms_alive, 1, __ATOMIC_ACQ_REL))
		return;
	if (keep_machine) {
		console_log("all guests ended; the machine stays on");
		return;
	}
	console_log("all guests ended, shutting the machine down");
	machine_reset(SBI_SRST_SHUTDOWN, SBI_SRST_REASON_NONE);
}

/* The VM has stopped, of that end; the monitor may be starting it again right now. */
static void vm_gone(struct vm *vm, enum vm_end end, bool for_good)
{
	log_lines(write_exits, (uintptr_t)vm, vm->plan->nr_vcpus);
	log_lines(write_card, (uintptr_t)vm, vm->plan->nr_cards);
	console_logged();
	console_log("vm %s: stopped (%s)", vm->plan->name, vm_end_name(end));
	if (for_good)
		count_out();
}

/* Whether an ended VM starts again: a reboot if it has originals of its images, a crash by its policy. */
static bool starts_again(struct vm *vm)
{
	if (vm->end == VM_END_REBOOT && vm->plan->policy.in_place) {
		console_log("vm %s: cannot start again: it used its images in place", vm->plan->name);
		return false;
	}
	if (vm->end == VM_END_REBOOT || vm->end == VM_END_RESTART)
		return true;
	if (vm->end < VM_END_FAILED || vm->plan->policy.on_crash != ON_CRASH_RESTART)
		return false;
	if (vm->crashes == vm->plan->policy.restart_limit) {
		console_log("vm %s: crashed %u times, which is the limit", vm->plan->name, vm->crashes + 1);
		return false;
	}
	vm->crashes++;
	return true;
}

void vm_end_for_good(struct vm *vm)
{
	bool counted;

	console_end(vm->index);
	quiesce(vm);
	lock_acquire(&vm->lock);
	counted = vm->alive;
	vm->alive = false;
	lock_release(&vm->lock);
	if (counted)
		count_out();
}

/* Under vm->lock: the VM is STOPPED now, whatever it was. True if it does not start again by itself and counted as
 * alive. */
static bool set_stopped(struct vm *vm)
{
	bool for_good = vm->alive && (vm->end != VM_END_STOP || vm->plan->policy.in_place);

	vm->state = VM_STOPPED;
	vm->alive &= !for_good;
	return for_good;
}

/* Only the last hart of an ending VM calls this: no other hart touches the VM now. */
static void finish_life(struct vm *vm)
{
	bool again = starts_again(vm), for_good = false, log_it;
	uint32_t dropped = 0;
	enum vm_end end;

	console_end(vm->index);
	quiesce(vm);
	lock_acquire(&vm->lock);
	if (vm->asked != ASK_NOTHING) {
		again = vm->asked == ASK_RESTART;
		vm->end = again ? VM_END_RESTART : VM_END_STOP;
		vm->asked = ASK_NOTHING;
	}
	end = vm->end;
	if (again)
		vm->state = VM_STARTING;
	else
		for_good = set_stopped(vm);
	log_it = vm->log_life;
	if (log_it || !again)
		dropped = rate_limit_take_dropped(&vm->lives);
	lock_release(&vm->lock);
	if (dropped)
		console_log("vm %s: %u more restarts left out", vm->plan->name, dropped);
	if (!again) {
		vm_gone(vm, end, for_good);
		return;
	}
	if (log_it)
		console_log("vm %s: restarts (%s)", vm->plan->name, vm_end_name(end));
	mail_send(vm, 1, MAIL_STATE);
}

/* Under vm->lock: the VM is VM_STOPPING from now on; vm_stuck.c checks whether its harts leave. */
static void begin_watch(struct vm *vm)
{
	vm->check_at = csr_read(CSR_TIME) + vm->check_ticks;
	vm->checks = 0;
}

/* Whether it is this call that ended the VM: another hart may have been faster. self: the caller's bit if it is a vcpu
 * of the VM, otherwise 0. *log_it: whether the rate limit allows a line with the reason. */
static bool end_running(struct vm *vm, uint64_t self, enum vm_end end, bool *log_it)
{
	uint64_t others = 0;
	bool first;

	lock_acquire(&vm->lock);
	first = vm->state == VM_RUNNING;
	if (first) {
		vm->state = VM_STOPPING;
		vm->end = end;
		vm->log_life = rate_limit_take(&vm->lives);
		begin_watch(vm);
		others = vm->active & ~self;
	}
	*log_it = vm->log_life;
	lock_release(&vm->lock);
	mail_send(vm, others, MAIL_STATE);
	return first;
}

enum verdict vm_end(struct vcpu *v, enum vm_end end)
{
	bool log_it;

	end_running(v->vm, v->ctx.self, end, &log_it);
	return VERDICT_LEAVE;
}

/* Under vm->lock: a VM that has stopped is to start. */
static void set_starting(struct vm *vm)
{
	vm->state = VM_STARTING;
	vm->log_life = true;
	if (!vm->alive)
		__atomic_fetch_add(&vms_alive, 1, __ATOMIC_ACQ_REL);
	vm->alive = true;
}

/* Under vm->lock: what becomes of a VM, and which of its vcpus get mail. */
static const char *ask_locked(struct vm *vm, enum vm_ask ask, uint64_t *notify)
{
	switch (vm->state) {
	case VM_RUNNING:
		if (ask == ASK_START)
			return "it runs already";
		vm->state = VM_STOPPING;
		vm->end = ask == ASK_STOP ? VM_END_STOP : VM_END_RESTART;
		vm->log_life = true;
		begin_watch(vm);
		*notify = vm->active;
		return NULL;
	case VM_STARTING:
		if (ask != ASK_STOP && vm->asked != ASK_STOP)
			return "it is starting already";
		vm->asked = ask == ASK_STOP ? ASK_STOP : ASK_NOTHING;	/* the last word counts */
		return NULL;
	case VM_STOPPING:
		vm->asked = ask == ASK_STOP ? ASK_STOP : ASK_RESTART;
		vm->log_life = true;
		return NULL;
	case VM_STOPPED:
		if (ask == ASK_STOP)
			return "it has stopped already";
		set_starting(vm);
		*notify = 1;
		return NULL;
	case VM_STUCK:
		return "it is stuck: a hart of it does not come back, and until the machine is reset it cannot run "
		       "again";
	}
	return "its state makes no sense";
}

const char *vm_ask(struct vm *vm, enum vm_ask ask)
{
	uint64_t notify = 0;
	const char *why;

	if (ask != ASK_STOP && vm->plan->policy.in_place)
		return "it uses its images in place, and so cannot start again";
	lock_acquire(&vm->lock);
	why = ask_locked(vm, ask, &notify);
	if (!why && ask != ASK_STOP)
		vm->crashes = 0;	/* a person has seen to it */
	lock_release(&vm->lock);
	mail_send(vm, notify, MAIL_STATE);
	return why;
}

enum verdict vm_crash(struct vcpu *v, enum vm_end end)
{
	const struct plan_policy *policy = &v->vm->plan->policy;
	/* Only the last hart of the VM counts crashes, and this one has not left it. */
	bool last = policy->on_crash != ON_CRASH_RESTART || v->vm->crashes == policy->restart_limit, log_it;

	/* Two harts may crash at once: one of them has ended the VM, and logs it before it leaves. */
	if (end_running(v->vm, v->ctx.self, end, &log_it) && (log_it || last))
		console_log("vm %s: vcpu %u: crash: %s, pc 0x%lx", v->vm->plan->name, v->index, vm_end_name(end),
			    v->ctx.x[0]);
	return VERDICT_LEAVE;
}

void vm_end_missed(struct vm *vm)
{
	bool log_it;

	if (end_running(vm, 0, VM_END_WATCHDOG, &log_it) && log_it)
		console_log("vm %s: crash: %s: a hart of it is in the firmware and does not return", vm->plan->name,
			    vm_end_name(VM_END_WATCHDOG));
}

bool vm_ending(struct vm *vm)
{
	bool ending;

	lock_acquire(&vm->lock);
	ending = vm->state == VM_STOPPING || vm->state == VM_STUCK;
	lock_release(&vm->lock);
	return ending;
}

void vm_vcpu_left(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool last, lost;

	lock_acquire(&vm->lock);
	v->hsm = SBI_HSM_STATE_STOPPED;
	vm->active &= ~(1ull << v->index);
	lost = vm->state == VM_STUCK;
	last = !vm->active && !lost;
	if (last && vm->state == VM_RUNNING) {
		vm->state = VM_STOPPING;
		vm->end = VM_END_IDLE;
		vm->log_life = true;
	}
	lock_release(&vm->lock);
	if (lost)
		console_log("vm %s: vcpu %u has come back; the VM stays stuck", vm->plan->name, v->index);
	if (last)
		finish_life(vm);
}

static void start_vm(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool ok, for_good = false, log_it;
	enum vm_end end;

	if (!vm->starts)
		quiesce(vm);	/* a boot loader may have used the devices */
	ok = vm->dma_closed && vm_load(vm) == OK;

	fence_i();
	console_forget(vm->index);
	vuart_reset(&vm->devs.vuart);	/* which may have taken some of it already */
	lock_acquire(&vm->lock);
	vm->starts++;
	vm->kicked = 0;
	vm->started_at = csr_read(CSR_TIME);
	vm->end = end = vm->asked == ASK_STOP ? VM_END_STOP : VM_END_LOAD;	/* asked while it was loaded */
	ok &= vm->asked != ASK_STOP;
	vm->asked = ASK_NOTHING;
	if (!ok)
		for_good = set_stopped(vm);
	if (ok) {
		vm->state = VM_RUNNING;
		v->hsm = SBI_HSM_STATE_START_PENDING;
		v->start_pc = vm->plan->entry.v;
		v->start_opaque = vm->plan->dtb.v;
		vm->active = 1;
	}
	log_it = vm->log_life;
	lock_release(&vm->lock);
	if (ok) {	/* this hart runs the first vcpu, once it returns */
		dma_open(vm);
		vdevs_start(&vm->devs);
	}
	if (!ok)
		vm_gone(vm, end, for_good);
	else if (log_it)
		console_log("vm %s: started", vm->plan->name);
}

void vm_attend(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool load_it, step_back;

	lock_acquire(&vm->lock);
	load_it = vm->state == VM_STARTING && v->index == 0;
	step_back = (vm->state == VM_STOPPING || vm->state == VM_STUCK) && (vm->active >> v->index & 1);
	lock_release(&vm->lock);
	if (load_it)
		start_vm(v);
	else if (step_back)
		vm_vcpu_left(v);
}
