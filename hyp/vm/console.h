/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's console: its own lines, and those of guests without a UART of their own, each line
 * whole and marked with its guest's name: "[name] text".
 *
 * Locks: console.lock protects a guest's line buffer; one lock inside console.c the device. Order:
 * console.lock, then the device's.
 */
#ifndef HYP_VM_CONSOLE_H
#define HYP_VM_CONSOLE_H

#include "hyp/base/types.h"
#include "hyp/plan/plan.h"
#include "hyp/riscv/lock.h"

#define CONSOLE_LINE	240	/* a longer line of a guest is printed in pieces */

struct console {
	struct lock lock;
	/* lock protects: */
	uint32_t len;
	char line[CONSOLE_LINE];
};

/* The firmware's console, until console_use(). */
void console_init(void);

/* Moves to the device that the plan names. */
void console_use(const struct plan_console *c);

/* One line of the hypervisor's own, without newline: "[bulkhead] ...". */
void console_log(const char *format, ...) __printf(1, 2);

/* Bytes of a guest, sent as lines. Control characters other than tab are dropped: a guest must not be
 * able to forge another's line. */
void console_write(struct console *c, const char *name, const char *text, size_t len);

/* Sends what an ended guest left without a newline. */
void console_flush(struct console *c, const char *name);

/* For the last words of a panic: no locks are taken. */
void console_panic(const char *format, ...) __printf(1, 2);

#endif
