/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traps of a guest: interrupts are counted per hart and given to irq_handlers; exceptions end
 * the running excursion, and without one they are fatal. Entry and exit code is in start.S.
 */
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/sbi.h"

struct irq_handlers irq_handlers;

void trap_fatal(const struct tf *tf, const char *why)
{
	line("FAIL trap: %s on hart %lu: "
	     "scause 0x%lx sepc 0x%lx (image+0x%lx) stval 0x%lx ra 0x%lx",
	     why, this_cpu()->hartid, tf->cause, tf->epc, tf->epc - (uint64_t)image_start,
	     tf->tval, tf->x[1]);
	sbi_shutdown();
}

/* Called by start.S before there is a struct cpu. */
void early_fatal(uint64_t cause, uint64_t epc, uint64_t tval);
void early_fatal(uint64_t cause, uint64_t epc, uint64_t tval)
{
	line("FAIL trap: before start-up: scause 0x%lx sepc 0x%lx stval 0x%lx", cause, epc, tval);
	sbi_shutdown();
}

/* Called by start.S: a trap inside a trap handler. */
void nested_fatal(uint64_t cause, uint64_t epc, uint64_t tval);
void nested_fatal(uint64_t cause, uint64_t epc, uint64_t tval)
{
	struct tf tf = { .epc = epc, .cause = cause, .tval = tval };

	trap_fatal(&tf, "trap in a trap handler");
}

static void handle_irq(struct cpu *c, const struct tf *tf)
{
	switch (tf->cause & ~CAUSE_INTERRUPT) {
	case IRQ_SOFT:
		c->soft_count++;
		csr_clear(sip, 1UL << IRQ_SOFT);
		if (irq_handlers.soft)
			irq_handlers.soft(c);
		break;
	case IRQ_TIMER:
		c->timer_count++;
		if (irq_handlers.timer)
			irq_handlers.timer(c);
		else
			csr_clear(sie, 1UL << IRQ_TIMER);
		break;
	case IRQ_EXT:
		c->ext_count++;
		if (irq_handlers.ext)
			irq_handlers.ext(c);
		else
			csr_clear(sie, 1UL << IRQ_EXT);
		break;
	default:
		trap_fatal(tf, "unknown interrupt");
	}
}

void trap_handler(struct tf *tf);
void trap_handler(struct tf *tf)
{
	struct cpu *c = this_cpu();

	if (tf->cause & CAUSE_INTERRUPT) {
		handle_irq(c, tf);
		return;
	}
	if (!c->exc_sp)
		trap_fatal(tf, "unexpected exception");
	c->exc = *tf;
	tf->epc = (uint64_t)excursion_return;
	tf->x[2] = c->exc_sp;
	tf->x[4] = (uint64_t)c;
	tf->status = (tf->status | SSTATUS_SPP) & ~(uint64_t)SSTATUS_SPIE;
	c->exc_sp = 0;
}

const struct tf *excursion(const struct tf *in, bool user)
{
	unsigned long flags = irq_save();
	struct cpu *c = this_cpu();
	uint64_t status = csr_read(sstatus) & ~(uint64_t)(SSTATUS_SPP | SSTATUS_SPIE);

	c->tf = *in;
	c->tf.status = status | (user ? 0 : SSTATUS_SPP) | (flags ? SSTATUS_SPIE : 0);
	__asm__ volatile("fence.i" : : : "memory");
	excursion_enter();
	irq_restore(flags);
	return &c->exc;
}
