/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formatted text into a bounded buffer. The same code formats the plan and its problems in the
 * firmware and on the host, so both print the same bytes.
 */
#ifndef HYP_BASE_FMT_H
#define HYP_BASE_FMT_H

#include <stdarg.h>

#include "hyp/base/types.h"

/*
 * A subset of snprintf (ISO C11 7.21.6.5): %% %c %s %d %u %x %p, with l, ll and z lengths, '-' and
 * '0' flags, a width, and a precision for %s; width and precision may be '*'. Always terminates
 * (size > 0); returns the length that was stored, without the 0: size - 1 at most. What does not fit is cut.
 */
size_t fmt_str(char *buf, size_t size, const char *format, ...) __printf(3, 4);
size_t fmt_vstr(char *buf, size_t size, const char *format, va_list ap) __printf(3, 0);

/* The same of arguments that were stored as 64 bits each: integers extended from their type, and pointers. */
size_t fmt_values(char *buf, size_t size, const char *format, const uint64_t *values);

#endif
