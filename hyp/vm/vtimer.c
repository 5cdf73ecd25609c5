/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's timer and its watchdog; see vtimer.h. htimedelta is 0, so guest time is host time. No lock:
 * everything is the vcpu's own, but vm->kicked, which is atomic.
 */
#include "hyp/vm/vtimer.h"

#include "hyp/base/upward.h"
#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/vm/vm_life.h"

#define NEVER	UINT64_MAX

/* Arms the timer of HS-mode for whichever comes first. */
static void arm(struct vcpu *v)
{
	uint64_t guest = v->vm->plan->sstc ? NEVER : v->timer.deadline;
	uint64_t own = v->timer.check < v->timer.poll ? v->timer.check : v->timer.poll, next;

	own = v->timer.watch < own ? v->timer.watch : own;
	v->timer.own = own;
	next = guest < own ? guest : own;
	/*
	 * Masking is enough: a deadline may pass unseen. With Sstc one always has: QEMU 7.2 drops a VSTIP that rises
	 * while the hart returns to its guest, for as long as the guest stays there, unless something else is
	 * pending, masked or not.
	 */
	if (next == NEVER) {
		csr_clear(CSR_SIE, 1ul << IRQ_STI);
		if (v->vm->plan->sstc)
			csr_write(CSR_STIMECMP, 0);
		return;
	}
	if (v->vm->plan->sstc)
		csr_write(CSR_STIMECMP, next);
	else
		sbi_set_timer(next);
	csr_set(CSR_SIE, 1ul << IRQ_STI);
}

uint64_t vtimer_context_flag(const struct vcpu *v)
{
	if (v->vm->plan->sstc)
		return CTX_FLAG_SSTC;
	return v->vm->watchdog_ticks || v->timer.poll != NEVER ? 0 : CTX_FLAG_SBI_TIMER;
}

void vtimer_reset(struct vcpu *v)
{
	uint64_t now = csr_read(CSR_TIME), period = v->vm->watchdog_ticks;

	csr_clear(CSR_HVIP, 1ul << IRQ_VSTI);
	if (v->vm->plan->sstc)
		csr_write(CSR_VSTIMECMP, NEVER);
	v->timer.deadline = NEVER;
	v->timer.due = NEVER;
	v->timer.check = period ? now + period / 2 : NEVER;
	v->timer.watch = NEVER;
	__atomic_store_n(&v->timer.seen, period ? now : NEVER, __ATOMIC_RELAXED);
	arm(v);
}

void vtimer_stop(struct vcpu *v)
{
	v->timer.deadline = NEVER;
	v->timer.check = NEVER;
	v->timer.watch = NEVER;
	__atomic_store_n(&v->timer.seen, NEVER, __ATOMIC_RELAXED);
	arm(v);
	if (v->vm->plan->sstc)
		csr_write(CSR_VSTIMECMP, NEVER);
}

void vtimer_wake_parked(struct vcpu *v, uint64_t at)
{
	uint64_t poll = v->timer.poll == NEVER ? console_poll_start(v->hart->index) : v->timer.poll;

	if (at == v->timer.watch && poll == v->timer.poll)
		return;
	v->timer.watch = at;
	v->timer.poll = poll;
	arm(v);
}

/* Whether switch.S may give the firmware's timer to the guest alone, after the poll has changed. */
static void update_flag(struct vcpu *v)
{
	v->ctx.flags = (v->ctx.flags & ~(uint64_t)CTX_FLAG_SBI_TIMER) | vtimer_context_flag(v);
}

void vtimer_poll_at(uint64_t at)
{
	struct vcpu *v = this_hart()->vcpu;

	/* switch.S has stored the last deadline, and masked the timer when it had passed. */
	if (v->ctx.flags & CTX_FLAG_SBI_TIMER && !(csr_read(CSR_SIE) & 1ul << IRQ_STI))
		v->timer.deadline = NEVER;
	v->timer.poll = at;
	update_flag(v);
	arm(v);
}

void vtimer_set(struct vcpu *v, uint64_t deadline)
{
	if (v->vm->plan->sstc) {
		csr_write(CSR_VSTIMECMP, deadline);
		return;
	}
	csr_clear(CSR_HVIP, 1ul << IRQ_VSTI);
	v->timer.deadline = deadline;
	v->timer.due = NEVER;
	arm(v);
}

/* Since when the guest has not kicked the watchdog or set a new deadline; NEVER if neither is due. */
static uint64_t due_since(struct vcpu *v)
{
	uint64_t kicked = __atomic_load_n(&v->vm->kicked, __ATOMIC_RELAXED);

	if (kicked)
		return kicked;
	return v->vm->plan->sstc ? csr_read(CSR_VSTIMECMP) : v->timer.due;
}

bool vtimer_misses(const struct vm *vm, uint64_t now)
{
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		uint64_t seen = __atomic_load_n(&vm->vcpus[i]->timer.seen, __ATOMIC_RELAXED);

		if (seen < now && now - seen >= vtimer_patience(vm))
			return true;
	}
	return false;
}

/* If this hart has not been checked in time either, time has jumped (an emulator that was stopped), and its siblings
 * had no chance to enter HS-mode. */
static bool misses_sibling(struct vcpu *v, uint64_t now)
{
	uint64_t self = __atomic_exchange_n(&v->timer.seen, now, __ATOMIC_RELAXED);

	return now - self < 2 * v->vm->watchdog_ticks && vtimer_misses(v->vm, now);
}

static enum verdict check_watchdog(struct vcpu *v, uint64_t now)
{
	uint64_t period = v->vm->watchdog_ticks, since = due_since(v);
	bool missed = misses_sibling(v, now);

	v->timer.check = now + period / 2;
	if ((since >= now || now - since < period) && !missed)
		return VERDICT_RESUME;
	return vm_crash(v, VM_END_WATCHDOG);
}

/* A line that the poll itself logs may have set the time of the next one already. */
static void poll_console(struct vcpu *v)
{
	uint64_t next;

	v->timer.poll = NEVER;
	next = upward.poll_console();
	if (next < v->timer.poll)
		v->timer.poll = next;
}

enum verdict vtimer_fired(struct vcpu *v)
{
	uint64_t now = csr_read(CSR_TIME);
	enum verdict verdict = VERDICT_RESUME;

	if (v->timer.deadline <= now) {
		v->timer.due = v->timer.deadline;
		v->timer.deadline = NEVER;
		csr_set(CSR_HVIP, 1ul << IRQ_VSTI);
	}
	if (v->timer.check <= now)
		verdict = check_watchdog(v, now);
	if (v->timer.poll <= now)
		poll_console(v);
	update_flag(v);
	arm(v);
	return verdict;
}

void vtimer_kick(struct vcpu *v)
{
	__atomic_store_n(&v->vm->kicked, csr_read(CSR_TIME), __ATOMIC_RELAXED);
}
