/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is typed: for the guest in focus, for the monitor, or for us: Ctrl-] and what follows. docs/console.md.
 * Lock: mux.lock is held.
 */
#ifndef HYP_TERMINAL_KEYS_H
#define HYP_TERMINAL_KEYS_H

#include "hyp/plan/plan.h"

void keys_init(const struct plan *plan);
void keys_typed(uint8_t byte);

#endif
