/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry points in raw.S for harts that a test starts or resumes without start.S. */
#ifndef GUESTS_TEST_RAW_H
#define GUESTS_TEST_RAW_H

#include "guests/lib/cpu.h"

/* What the last hart found that entered at raw_entry or raw_resume; done is set last. */
struct raw_state {
	uint64_t a0, a1, satp, sstatus, sie, sip, done;
};
extern struct raw_state raw_state;
extern char raw_entry[], raw_resume[], raw_back[];

/* Stops the calling hart, c. Returns when it is started again at raw_back, with c as opaque. */
void raw_stop(struct cpu *c);

#endif
