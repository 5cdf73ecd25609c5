/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hart that drives the terminal: it takes what was typed, shows what the log and the guests' rings hold, and checks
 * whether ending VMs wait for a lost hart. docs/console.md.
 */
#ifndef HYP_TERMINAL_TERMINAL_H
#define HYP_TERMINAL_TERMINAL_H

#include "hyp/plan/plan.h"

/* The firmware's console for the log, until terminal_use(). At boot, before anything is logged. */
void terminal_init(void);

/* Moves to the device that the plan names, with all guests and the monitor. At boot. */
void terminal_use(const struct plan *plan);

/* The calling hart is the console's own (plan.console.hart, CONSOLE_OWN_HART). */
__noreturn void terminal_hart_run(void);

/* CONSOLE_GUEST_HART, CONSOLE_DIRECT: a guest's hart polls the console. Returns the time of its next poll (ticks of the
 * time CSR), UINT64_MAX: it need not. */
uint64_t terminal_poll(void);

#endif
