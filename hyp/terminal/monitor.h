/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: a few commands to look at the machine and to start, stop and restart guests, behind Ctrl-] m. Not
 * there if the plan says monitor = "off". docs/console.md. Lock: mux.lock is held.
 */
#ifndef HYP_TERMINAL_MONITOR_H
#define HYP_TERMINAL_MONITOR_H

#include "hyp/plan/plan.h"

void monitor_init(const struct plan *plan);

/* Input comes here, or goes elsewhere, or there is other text to show: leaving ends the line. */
void monitor_enter(void);
void monitor_leave(void);

/* After other text: the prompt again, and what was typed behind it. */
void monitor_come_back(void);

void monitor_typed(uint8_t byte);

/* Shows answers that have come. Now and then. */
void monitor_tick(void);

/* True once if the machine is to be rebooted; the caller does it, without mux.lock. */
bool monitor_reboot_asked(void);

#endif
