/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bugs of the hypervisor: report what and where, stop the machine. Also in release builds. Neither a
 * guest nor a wrong configuration can cause one. Implemented in hyp/console/panic.c, where a console is.
 */
#ifndef HYP_BASE_PANIC_H
#define HYP_BASE_PANIC_H

#include "hyp/base/types.h"

/* Prints reason, one line without newline, and shuts the machine down as a failure. Any hart, with any lock held. */
__noreturn void panic(const char *reason);

/* What ASSERT() calls; line from 1. */
__noreturn void panic_assert(const char *expression, const char *file, int line);

#define ASSERT(e) ((e) ? (void)0 : panic_assert(#e, __FILE__, __LINE__))

#endif
