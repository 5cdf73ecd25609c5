/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's console: its own lines, and those of the guests, each line whole and marked with its source:
 * "[name] text". A hart that writes puts bytes into a ring and continues; hyp/terminal moves them to the device.
 * docs/console.md.
 *
 * Locks, and their order: a guest's console.lock; mux.lock; the log's two. While guests run, a hart of a guest takes
 * mux.lock only in its poll, and only if it is free. In the plan's mode CONSOLE_DIRECT, the hart that writes polls, by
 * its timer, as long as output is pending.
 */
#ifndef HYP_CONSOLE_CONSOLE_H
#define HYP_CONSOLE_CONSOLE_H

#include "drivers/console.h"
#include "hyp/console/log.h"
#include "hyp/base/ring.h"
#include "hyp/plan/plan.h"

#define CONSOLE_LINE	240	/* a longer line is shown in pieces */

/* The firmware's console, until console_use(). */
void console_init(void);

/* Moves to the device that the plan names; the guests get their rings. */
void console_use(const struct plan *plan);

/*
 * One line of the hypervisor's own, without newline: "[bulkhead] ...". It is formatted later (log.h): its strings are
 * never changed. console_print() copies a text; no exit calls it.
 */
#define console_log(...) do { \
	log_line(__VA_ARGS__); \
	console_logged(); \
} while (0)
void console_logged(void);
void console_print(const char *text);

/* Bytes of guest number vm. What its ring has no room for is dropped and counted. Any hart of the guest. */
void console_write(uint32_t vm, const char *text, size_t len);

/* What was typed for the guest, at most n bytes; returns how many. Any hart of the guest. */
uint32_t console_read(uint32_t vm, void *to, uint32_t n);

/* How many bytes that were typed for the guest had no room in its ring, since power-on. */
uint32_t console_lost_input(uint32_t vm);

/* The guest has ended: its unfinished line is ended, and input for it is discarded. */
void console_end(uint32_t vm);

/* The guest starts: input from the time when it could not read is discarded. On a hart of the guest. */
void console_forget(uint32_t vm);

/* The firmware does not return that hart. If it drove the console, the calling hart (a parked hart of the same VM)
 * drives it from now on, from its next console_poll_start(). */
void console_lost(uint32_t hart_index);

/* Before the machine is stopped through the firmware: all that waits is shown, if the device takes it within two
 * seconds. */
void console_finish(void);

/* For the message of a panic: takes no locks; no other hart writes to the device any more. */
void console_panic(const char *format, ...) __printf(1, 2);

/* Before that hart runs its guest: the time of its first poll if it is the one that always polls the console
 * (CONSOLE_GUEST_HART; ticks of the time CSR), otherwise UINT64_MAX. */
uint64_t console_poll_start(uint32_t hart_index);

/* After a poll of this hart: the time of the next one; UINT64_MAX: this hart does not poll. pending: output is. */
uint64_t console_poll_again(bool pending);

/* Makes the hart that drives the console serve it soon, because the monitor has output. */
void console_kick(void);

/* ---- for hyp/terminal, which drives the device, and tests ---- */

/* Sources of text: guests by their number, and this. */
#define CONSOLE_LOG	MAX_VMS

/* The device in use. */
const struct console_device *console_device(void);

/* From now on a hart drives the device: others only put bytes into rings. */
void console_set_driven(void);

/* The calling hart looks at all rings from now on: a later console_kick() sends it mail again. */
void console_take_kick(void);

/* Whether a hart reports a panic: then no other writes to the device. */
bool console_has_panicked(void);

/* When to poll next (ticks of the time CSR). pending: output waits for the device. */
uint64_t console_next_poll(bool pending);

/* How many bytes each guest of the plan has ever written to its console. Wraps. */
void console_written(uint32_t written[MAX_VMS]);

/* The multiplexer's end of a guest's rings. console_fetched(): bytes that it has ever taken; wraps. */
uint32_t console_fetch(uint32_t vm, void *to, uint32_t n);
uint32_t console_fetched(uint32_t vm);
bool console_type(uint32_t vm, uint8_t byte);	/* false, and counted, if there is no room */
uint32_t console_dropped(uint32_t vm);		/* bytes of output, since power-on */
uint32_t console_waiting(uint32_t vm);		/* bytes of output that wait */

#endif
