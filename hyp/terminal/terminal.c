/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hart that drives the terminal; see terminal.h. What it shows comes from the log and the rings of hyp/console, and
 * goes through mux.c. Lock: mux.lock.
 */
#include "hyp/terminal/terminal.h"

#include "drivers/intc.h"
#include "hyp/console/console.h"
#include "hyp/console/machine.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/terminal/answer.h"
#include "hyp/terminal/keys.h"
#include "hyp/terminal/monitor.h"
#include "hyp/terminal/mux.h"
#include "hyp/vm/vm_stuck.h"

#define INPUT_BUDGET	16u	/* bytes that one service takes from the keyboard */

static const struct plan *plan;	/* constant after terminal_use() */

__boot void terminal_init(void)
{
	console_init();
	mux_init(console_device());
}

__boot void terminal_use(const struct plan *p)
{
	plan = p;
	console_use(p);
	mux_use(p, console_device());
	keys_init(p);
	monitor_init(p);
}

/* A line that is pasted waits in the device while there is no room for the monitor's answers. */
static void take_input(void)
{
	const struct console_device *device = console_device();

	for (uint32_t n = 0; mux_has_input() && n < INPUT_BUDGET && answer_has_room(); n++) {
		int c = device->get();

		if (c < 0)
			break;
		keys_typed((uint8_t)c);
	}
}

/* Guests for which something was typed: their first hart raises what there is to raise. */
static bool service(bool *pending)
{
	uint32_t notify;
	bool more;

	*pending = false;
	if (console_has_panicked())
		return false;
	*pending = true;
	if (!mux_try_lock())
		return false;
	take_input();
	monitor_tick();
	more = mux_move(pending, &notify);
	mux_unlock();
	for (; notify; notify &= notify - 1)
		hart_send_one(hart_get(plan->vms[__builtin_ctz(notify)].vcpu_hart[0]), MAIL_CONSOLE);
	if (monitor_reboot_asked()) {
		console_log("the machine reboots, by the monitor");
		machine_reset(SBI_SRST_COLD_REBOOT, SBI_SRST_REASON_NONE);
	}
	return more;
}

/* at: UINT64_MAX is never; then the interrupt is masked. */
static void set_timer(bool sstc, uint64_t at)
{
	if (at == UINT64_MAX)
		csr_clear(CSR_SIE, 1ul << IRQ_STI);
	else if (sstc)
		csr_write(CSR_STIMECMP, at);
	else
		sbi_set_timer(at);
	if (at != UINT64_MAX)
		csr_set(CSR_SIE, 1ul << IRQ_STI);
}

void terminal_hart_run(void)
{
	const struct plan_console *c = &plan->console;
	const struct plan_hart *self = &plan->harts[c->hart];
	bool sstc = self->features & HART_SSTC, poll = mux_has_input() && !c->irq, pending;
	const struct intc_ops *intc = intc_ops(c->intc);
	uint32_t source;
	uint64_t at;

	csr_write(CSR_SIE, 1ul << IRQ_SSI);
	if (c->irq) {	/* the UART's, on this hart alone, which is in no guest; otherwise the timer polls */
		intc->route(c->intc, c->hart, c->irq, c->irq_flags);
		csr_set(CSR_SIE, 1ul << IRQ_SEI);
	}
	console_set_driven();
	for (;;) {
		hart_take_mail();
		console_take_kick();
		source = c->irq && csr_read(CSR_SIP) & 1ul << IRQ_SEI ? intc->claim(c->intc, c->hart) : 0;
		while (service(&pending))
			;
		if (source)
			intc->complete(c->intc, c->hart, source);
		if (source && source != c->irq)		/* a fault of the machine, which must not occupy the hart */
			intc->mask(c->intc, c->hart, source);
		at = vm_watch_all();
		if (poll && console_next_poll(pending) < at)
			at = console_next_poll(pending);
		set_timer(sstc, at);
		wait_for_interrupt();
	}
}

uint64_t terminal_poll(void)
{
	bool pending;
	uint64_t next, at;

	console_take_kick();
	service(&pending);
	at = plan->console.drive == CONSOLE_GUEST_HART ? vm_watch_all() : UINT64_MAX;
	next = console_poll_again(pending);
	return at < next ? at : next;
}
