/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console output through SBI: DBCN where probed, else the legacy putchar. Every call prints one
 * whole line (a newline is added), in one DBCN call when the implementation takes it whole.
 */
#ifndef GUESTS_LIB_CONSOLE_H
#define GUESTS_LIB_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_MAX_LEN	400	/* longer lines are cut */

/* Conversions: %% %c %s %d %u %x %p, flags - and 0, a width, l and ll. Returns the length. */
size_t format(char *buf, size_t size, const char *fmt, va_list ap);
size_t formatf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vline(const char *fmt, va_list ap);

#endif
