/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups of the SBI guest, and what they share. */
#ifndef GUESTS_SBI_SBI_H
#define GUESTS_SBI_SBI_H

#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/lab.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"

#define SUSPEND_RETENTIVE	0x00000000UL
#define SUSPEND_NONRETENTIVE	0x80000000UL
#define UPPER			0xabcdef0100000000UL	/* bits that a 32-bit parameter does not have */

/* One call with all registers prepared: only a0 and a1 may change. Counted. */
struct sbiret checked_call(uint64_t eid, uint64_t fid, const uint64_t *args);
#define CALL(eid, fid, ...) checked_call(eid, fid, (const uint64_t[6]){ __VA_ARGS__ })

extern uint64_t calls;

void tests_table(void);
void tests_hsm(void);
void tests_time(void);

#endif
