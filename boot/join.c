/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of the boot, hart by hart: each turns its page tables on and prepares itself, all are judged, and they begin.
 * From the page tables on, code of the boot is not mapped: this file is not part of it (linker/bulkhead.ld).
 */
#include "boot/boot.h"
#include "boot/join.h"

#include "hyp/riscv/hart.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/riscv/sstage.h"
#include "hyp/console/console.h"
#include "hyp/console/machine.h"
#include "hyp/terminal/terminal.h"
#include "hyp/vm/shared.h"
#include "hyp/vm/vcpu.h"

static bool guests_may_start;	/* atomic: all harts have arrived and passed their checks */

static const struct plan *plan;	/* before any other hart runs */

__noreturn void boot_refuse(const char *reason)
{
	console_log("refused: %s; nothing is started", reason);
	machine_reset(SBI_SRST_SHUTDOWN, SBI_SRST_REASON_FAILURE);
	for (;;)
		wait_for_interrupt();
}

/* Checks and sets up the calling hart, before any guest runs. */
static void prepare(struct hart *self)
{
	struct hart_refusal refusal = { 0 };

	if (self->vcpu)		/* by code of the boot */
		vcpu_prepare(self->vcpu);
	if (!sstage_enable(&refusal))
		self->refusal = refusal;
}

void join_use(const struct plan *p)
{
	plan = p;
}

/* All harts of the plan have run prepare(): refuses if one of them cannot isolate its guest. */
static void check_harts(void)
{
	bool fit = true;

	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		const struct hart *h = hart_get(i);
		const struct hart_refusal *r = &h->refusal;

		if (!r->why)
			continue;
		fit = false;
		if (r->csr)
			console_log("ERROR: hart %lu: %s reads back 0x%lx instead of 0x%lx: %s", h->id, r->csr,
				    r->got, r->want, r->why);
		else
			console_log("ERROR: hart %lu: %s", h->id, r->why);
	}
	if (!fit)
		boot_refuse("a hart of the plan cannot be trusted with a guest");
	__atomic_store_n(&guests_may_start, true, __ATOMIC_RELEASE);
}

__noreturn void join_boot_hart(void)
{
	struct hart *self = this_hart();

	prepare(self);
	if (!self->refusal.why)
		shared_clear(plan);
	check_harts();
	if (self->vcpu)
		vcpu_run(self->vcpu);
	if (plan_hart_runs(plan, self->index))
		terminal_hart_run();
	sbi_hart_stop();	/* a spare hart */
	for (;;)
		wait_for_interrupt();
}

void boot_secondary(void)
{
	hart_init_traps();
	prepare(this_hart());
	__atomic_store_n(&this_hart()->arrived, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&guests_may_start, __ATOMIC_ACQUIRE))
		;
	if (this_hart()->vcpu)
		vcpu_run(this_hart()->vcpu);
	terminal_hart_run();
}
