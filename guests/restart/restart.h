/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the restart guest has in assembly and in csrs.c. */
#ifndef GUESTS_RESTART_RESTART_H
#define GUESTS_RESTART_RESTART_H

#include <stdint.h>

/* An illegal instruction, and a trap vector that is one itself: no instruction ever completes. */
void trap_for_ever(void);

/* Calls wrong() for each CSR that does not read 0, but those that restart.c checks; returns how many there are. */
unsigned int csrs_check(void (*wrong)(unsigned int csr, uint64_t value));
/* Writes ones to all of them. */
void csrs_dirty(void);

#endif
