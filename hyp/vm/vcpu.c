/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a vcpu on its hart; see vcpu.h. States are the truth and stand under vm->lock; mail only
 * makes a hart look at them, so mail that is early, late or lost in a park cannot mislead it.
 */
#include "hyp/vm/vcpu.h"

#include "hyp/base/upward.h"
#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/imsic.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/vm/external.h"
#include "hyp/vm/irq.h"
#include "hyp/vm/mail.h"
#include "hyp/vm/trap.h"
#include "hyp/vm/vm_life.h"
#include "hyp/vm/vm_stuck.h"
#include "hyp/vm/vtimer.h"

#define VS_INTERRUPTS (1ul << IRQ_VSSI | 1ul << IRQ_VSTI | 1ul << IRQ_VSEI)

/* What the last exit of an earlier life may have left in sstatus, or firmware. */
#define SSTATUS_GUESTS ((uint64_t)(SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_SPELP | SSTATUS_SDT))

/* hstatus.VGEIN: the guest interrupt file that the guest uses, or 0. */
static uint64_t vgein(const struct vcpu *v)
{
	return v->vm->plan->files ? (uint64_t)GUEST_FILE << HSTATUS_VGEIN_SHIFT : 0;
}

/* Registers at the first instruction after a start or a non-retentive resume (SBI HSM: a0 = hart id,
 * a1 = opaque, satp = 0, sstatus.SIE = 0); the others are 0. */
static void set_entry(struct vcpu *v, uint64_t pc, uint64_t opaque)
{
	uint64_t armed = v->ctx.hstatus & HSTATUS_ARMED;	/* a resumed vcpu still has its interrupt */

	for (unsigned i = 0; i < 32; i++)
		v->ctx.x[i] = 0;
	v->ctx.x[0] = pc;
	v->ctx.x[10] = v->index;
	v->ctx.x[11] = opaque;
	/* FS and VS are on: vsstatus alone decides what the guest can use. */
	v->ctx.sstatus = (csr_read(CSR_SSTATUS) & ~SSTATUS_GUESTS) | SSTATUS_SPP;
	v->ctx.hstatus = HSTATUS_VSXL_64 | HSTATUS_SPVP | armed | vgein(v);
	v->ctx.flags = vtimer_context_flag(v);
	v->ctx.flags |= vdevs_pass(&v->vm->devs) ? CTX_FLAG_PLIC : 0;
	v->ctx.flags |= vdevs_pass(&v->vm->devs) && !v->virtual_line ? CTX_FLAG_SETTLE : 0;
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_VSSTATUS, VSSTATUS_UXL_64);
	hfence_vvma_all();
	fence_i();
}

/* The hart's VS-mode state of power-on. Nothing of an earlier life of the guest stays. */
static void reset(struct vcpu *v, uint64_t pc, uint64_t opaque)
{
	guest_env_reset(&v->features);
	v->resume_nonretentive = v->at_vector = v->vector_reported = false;
	v->fetch_faults = 0;
	v->ctx.hstatus = 0;
	set_entry(v, pc, opaque);
	if (v->vm->plan->files) {
		/* Nothing sends messages now but siblings of this life. External interrupts are the guest's alone: its
		 * file signals VS-mode. */
		csr_write(CSR_HSTATUS, HSTATUS_VSXL_64 | vgein(v));
		imsic_clear_file(v->vm->file_ids);
		csr_write(CSR_SIE, 1ul << IRQ_SSI);
	} else {
		csr_write(CSR_SIE, 1ul << IRQ_SSI | 1ul << IRQ_SEI);
	}
	vtimer_reset(v);
	external_update(v);
}

static bool start_if_pending(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint32_t mail = 0;
	bool start = false;

	lock_acquire(&vm->lock);
	if (vm->state == VM_RUNNING && v->hsm == SBI_HSM_STATE_START_PENDING) {
		/* An IPI that a sibling sent while the vcpu was stopped, maybe in an earlier life of the guest, ends
		 * here. Under the lock: mail about the end of the VM comes after the change of its state, so not
		 * before. */
		mail = hart_take_mail();
		v->hsm = SBI_HSM_STATE_STARTED;
		start = true;
	}
	lock_release(&vm->lock);
	if (!start)
		return false;
	reset(v, v->start_pc, v->start_opaque);
	mail_serve_parked(v, mail);	/* these do not end there */
	return true;
}

/* Waits in HS-mode until the vcpu is started. Only the software interrupt can wake the hart, and the timer if the hart
 * polls the console, or checks for siblings that still have to leave the guest. */
static void park(struct vcpu *v)
{
	csr_write(CSR_VSIE, 0);
	csr_write(CSR_SIE, 1ul << IRQ_SSI);
	vtimer_stop(v);
	for (;;) {
		mail_serve_parked(v, hart_take_mail());
		if (csr_read(CSR_SIP) & csr_read(CSR_SIE) & 1ul << IRQ_STI)
			vtimer_fired(v);
		vm_attend(v);
		if (start_if_pending(v))
			return;
		vtimer_wake_parked(v, vm_watch(v->vm));
		wait_for_interrupt();
	}
}

static void set_hsm(struct vcpu *v, uint8_t state)
{
	lock_acquire(&v->vm->lock);
	v->hsm = state;
	lock_release(&v->vm->lock);
}

/* An interrupt that the guest has enabled in sie is pending: what ends a WFI of the guest. */
static bool guest_interrupted(const struct vcpu *v)
{
	return csr_read(CSR_HIP) & csr_read(CSR_HIE) & VS_INTERRUPTS ||
	       (v->vm->plan->files && imsic_pends(GUEST_FILE));
}

/* While the hart waits for its guest: whether a message to the guest's interrupt file ends a WFI of HS-mode. */
static void wake_by_file(const struct vcpu *v, bool on)
{
	if (v->vm->plan->files)
		imsic_wake(GUEST_FILE, on);
}

/* Waits for the next interrupt of HS-mode, and serves it. A guest's interrupt ends the wait, too. */
static enum verdict wait_and_serve(struct vcpu *v)
{
	if (!(csr_read(CSR_SIP) & csr_read(CSR_SIE)))
		wait_for_interrupt();
	return irq_serve(v);
}

/* SBI HSM suspend: until an interrupt that the guest has enabled in sie is pending. */
static enum verdict suspend(struct vcpu *v)
{
	enum verdict verdict = VERDICT_RESUME;

	external_settle(v);
	set_hsm(v, SBI_HSM_STATE_SUSPENDED);
	wake_by_file(v, true);
	while (verdict == VERDICT_RESUME && !guest_interrupted(v))
		verdict = wait_and_serve(v);
	wake_by_file(v, false);
	if (verdict != VERDICT_RESUME)
		return verdict;
	set_hsm(v, SBI_HSM_STATE_STARTED);
	if (v->resume_nonretentive) {
		v->resume_nonretentive = false;
		set_entry(v, v->start_pc, v->start_opaque);
	}
	return VERDICT_RESUME;
}

/*
 * The legacy getchar with sbi-getchar = "wait": until a byte is typed, or the guest is interrupted, which is 0. Input
 * comes with mail to the VM's first hart, which sends it on to readers (mail_take.c). The bit is set before the ring is
 * read, and that hart reads the bits after the ring was written: so one of the two sees the other.
 */
static enum verdict wait_for_input(struct vcpu *v)
{
	enum verdict verdict = VERDICT_RESUME;
	uint64_t self = 1ull << v->index;
	uint8_t byte = 0;

	external_settle(v);
	__atomic_fetch_or(&v->vm->readers, self, __ATOMIC_SEQ_CST);
	wake_by_file(v, true);
	while (verdict == VERDICT_RESUME && !console_read(v->vm->index, &byte, 1) && !guest_interrupted(v))
		verdict = wait_and_serve(v);
	wake_by_file(v, false);
	__atomic_fetch_and(&v->vm->readers, ~self, __ATOMIC_RELAXED);
	v->ctx.x[10] = byte;
	return verdict;
}

/* The context is the first member of its vcpu. */
static int on_exit(struct guest_context *ctx)
{
	return trap_dispatch((struct vcpu *)ctx);
}

/* Contexts of the PLIC are passed: what the exit was for may have been the last. */
static int on_exit_settle(struct guest_context *ctx)
{
	struct vcpu *v = (struct vcpu *)ctx;
	enum verdict verdict = trap_dispatch(v);

	if (verdict == VERDICT_RESUME)
		external_settle(v);
	return (int)verdict;
}

/* What switch.S has to know of the VM. */
static void init_context(struct vcpu *v)
{
	const struct plan_vm *p = v->vm->plan;

	v->ctx.self = 1ull << v->index;
	v->ctx.fence = &v->vm->fence;
	v->ctx.nr_vcpus = p->nr_vcpus;
	v->ctx.vcpus = v->vm->vcpus;
	v->ctx.on_ecall = upward.ecall;
	v->ctx.on_exit = vdevs_pass(&v->vm->devs) ? on_exit_settle : on_exit;
	external_init(v);
}

__boot void vcpu_prepare(struct vcpu *v)
{
	const struct guest_env env = {
		.hgatp = v->vm->hgatp, .envcfg = v->vm->envcfg, .sstc = v->vm->plan->sstc,
		.cbom = v->vm->clean_block != 0, .file = v->vm->plan->files ? GUEST_FILE : 0,
	};

	v->features = guest_env_probe();
	guest_env_init(&v->features, &env, &v->hart->refusal);
}

void vcpu_run(struct vcpu *v)
{
	init_context(v);
	v->timer.poll = console_poll_start(v->hart->index);
	for (;;) {
		enum verdict verdict = VERDICT_RESUME;

		park(v);
		while (verdict == VERDICT_RESUME) {
			verdict = (enum verdict)guest_run(&v->ctx);
			if (verdict == VERDICT_SUSPEND)
				verdict = suspend(v);
			else if (verdict == VERDICT_GETCHAR)
				verdict = wait_for_input(v);
		}
		vm_vcpu_left(v);	/* VERDICT_STOP or VERDICT_LEAVE */
	}
}

long vcpu_start(struct vcpu *target, uint64_t pc, uint64_t opaque)
{
	struct vm *vm = target->vm;
	long error = SBI_ERR_FAILED;	/* the VM is ending: nothing starts any more */

	lock_acquire(&vm->lock);
	if (vm->state == VM_RUNNING) {
		error = target->hsm == SBI_HSM_STATE_STOPPED ? SBI_SUCCESS : SBI_ERR_ALREADY_AVAILABLE;
		if (error == SBI_SUCCESS) {
			target->hsm = SBI_HSM_STATE_START_PENDING;
			target->start_pc = pc;
			target->start_opaque = opaque;
			vm->active |= 1ull << target->index;
		}
	}
	lock_release(&vm->lock);
	if (error == SBI_SUCCESS)
		mail_send(vm, 1ull << target->index, MAIL_STATE);
	return error;
}

uint8_t vcpu_hsm_state(struct vcpu *v)
{
	uint8_t state;

	lock_acquire(&v->vm->lock);
	state = v->hsm;
	lock_release(&v->vm->lock);
	return state;
}
