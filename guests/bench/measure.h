/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench.c and aia.c drive their operations with. */
#ifndef GUESTS_BENCH_MEASURE_H
#define GUESTS_BENCH_MEASURE_H

#include <stdbool.h>

#include "guests/bench/ops.h"

#define ROUNDS		100u

/* google,goldfish-rtc: with an alarm time in the past, writing ALARM_LOW raises the line at once. */
#define RTC_ALARM_LOW		0x08
#define RTC_ALARM_HIGH		0x0c
#define RTC_IRQ_ENABLED		0x10
#define RTC_CLEAR_INTERRUPT	0x1c

/* ROUNDS samples of an operation, and their line. */
void measure(const char *name, op_fn *op, const struct op_args *args);

/* This hart's traps go to that code, with sscratch; and to that of guests/lib again, with all interrupts off. */
void vector(const char *entry, const void *scratch);
void vector_back(void);

struct service {
	void (*open)(void);	/* called on the sibling first; NULL: nothing */
	const char *entry;	/* of its traps: sibling_trap or one like it */
	unsigned int irq;	/* of sie */
	unsigned int count;	/* interrupts that it serves */
};

/* The second hart waits for interrupts; false: it does not, and a line says so. s must remain until sibling_ends(). */
bool sibling_serves(const struct service *s);
/* ROUNDS samples of an operation that interrupts it. What args has in addr and value does not matter. */
void measure_sibling(const char *name, op_fn *op, const struct op_args *args);
/* It has served them all. */
void sibling_ends(void);

#endif
