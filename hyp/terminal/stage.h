/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes on their way to the terminal: they wait here until the device takes them. Lock: mux.lock.
 */
#ifndef HYP_TERMINAL_STAGE_H
#define HYP_TERMINAL_STAGE_H

#include "drivers/console.h"

/* Nothing waits; bytes go to that device. */
void stage_init(const struct console_device *d);

/* They go to another device from now on. */
void stage_set_device(const struct console_device *d);

/* Adds bytes, with CR LF for a newline if the device needs it. What has no room is lost. */
void stage_add(const char *text, uint32_t n);
void stage_add_byte(char c);
void stage_add_text(const char *text);
void stage_add_bytes(const char *bytes, uint32_t n);	/* as they are */

/* Offers all to the device. False if it takes no more now. */
bool stage_push(void);

/* The same, and waits for the device. */
void stage_push_all(void);

/* Makes room for one step of any source: a line that is ended, a mark with colours, a line, and what a byte can become.
 * False if there is none. */
bool stage_make_room(void);

/* Whether bytes wait for the device. */
bool stage_is_pending(void);

#endif
