/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of the hypervisor for the person at the terminal: answers of the monitor and of Ctrl-]. It is one source of the
 * multiplexer, MUX_MONITOR. Lock: mux.lock.
 */
#ifndef HYP_TERMINAL_ANSWER_H
#define HYP_TERMINAL_ANSWER_H

#include "hyp/base/types.h"

/* Nothing pending. */
void answer_init(void);

/* Text, with newlines and unfinished lines. What has no room is left out, up to answer_end(). */
void answer_print(const char *format, ...) __printf(1, 2);
void answer_put(const char *text, uint32_t len);

/* The answer to a command ends. If some of it was left out, a line reports that. Then the prompt. */
void answer_end(const char *prompt);

/* Bytes that have room now; and whether that is enough for the answer to one command. */
uint32_t answer_room(void);
bool answer_has_room(void);

/* The multiplexer's end: takes at most n bytes; returns how many. */
uint32_t answer_take(void *to, uint32_t n);

#endif
