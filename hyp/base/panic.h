/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own bugs: say what and where, stop the machine. Kept in release builds. Never reachable by what
 * a guest does or by a wrong configuration. Implemented in hyp/console/panic.c, where a console is.
 */
#ifndef HYP_BASE_PANIC_H
#define HYP_BASE_PANIC_H

#include "hyp/base/types.h"

/* Prints reason, one line without newline, and shuts the machine down for a failure. Any hart, any lock held. */
__noreturn void panic(const char *reason);

/* What ASSERT() calls; line from 1. */
__noreturn void panic_assert(const char *expression, const char *file, int line);

#define ASSERT(e) ((e) ? (void)0 : panic_assert(#e, __FILE__, __LINE__))

#endif
