/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mux: many sources of lines, one terminal. It takes one line of each source in turn, so that no flood starves
 * the others, and shows the unfinished line of the source in focus as it grows; where another line has to be shown
 * in between, the unfinished one is ended and shown again behind it. While keys.c asks for a name, it is the
 * monitor's line that is shown in this way, instead of that of the source in focus. docs/console.md.
 *
 * Lock: mux.lock covers all of it, the device, and monitor.c. Taken by the hart that drives the console.
 */
#ifndef HYP_TERMINAL_MUX_H
#define HYP_TERMINAL_MUX_H

#include "drivers/console.h"
#include "hyp/console/console.h"
#include "hyp/plan/plan.h"

/* Sources: guests by their number, then these. */
#define MUX_LOG		CONSOLE_LOG
#define MUX_MONITOR	(MAX_VMS + 1)
#define MUX_SOURCES	(MAX_VMS + 2)

/* The hypervisor's log alone, then all sources. At boot, one hart. */
void mux_init(const struct console_device *d);
void mux_use(const struct plan *plan, const struct console_device *d);

/* At boot: shows what waits of one source, and waits for the device. */
void mux_drain(uint32_t source);

/* For terminal.c, which calls the rest of the room under the lock. False: another hart has it, for a poll or for the
 * end of the machine, where all that is pending is shown. */
bool mux_try_lock(void);
void mux_unlock(void);

/*
 * Under the lock. A bounded piece of work: moves some lines, and writes to the device what it accepts at once. True
 * if there is more that can be done now. *pending: something waits for the device. *notify: guests (bits) that
 * something was typed for.
 */
bool mux_move(bool *pending, uint32_t *notify);

/* Shows everything that waits; at most until then (time CSR). */
void mux_finish(uint64_t deadline);

/* Whether anything can be typed. */
bool mux_has_input(void);

/* ---- under the lock: keys.c, monitor.c ---- */

/*
 * keys.c asks for something: the monitor's unfinished line is shown, whatever source has the focus, up to
 * mux_answered(), which ends that line.
 */
void mux_ask(void);
void mux_answered(void);
bool mux_asks(void);

/* Guest number or MUX_MONITOR. The monitor ends its line before it is left. */
uint32_t mux_focus(void);
void mux_set_focus(uint32_t source);

/* Whether only the guest in focus is shown, of all guests, from now on: the other one of the two. At boot, all are. */
bool mux_toggle_solo(void);

/*
 * Whether the guest in focus has the terminal alone: its text goes through raw.h's filter, and the text of all others
 * waits. At its end the terminal is reset. False: a guest must have the focus, and the terminal must know escape
 * sequences (console-style "colour").
 */
bool mux_is_raw(void);
bool mux_set_raw(bool on);

/* Types a byte for a guest. */
void mux_type(uint32_t vm, uint8_t byte);

#endif
