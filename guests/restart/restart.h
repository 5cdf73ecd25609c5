/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the restart guest has in assembly. */
#ifndef GUESTS_RESTART_RESTART_H
#define GUESTS_RESTART_RESTART_H

/* An illegal instruction, and a trap vector that is one itself: no instruction ever completes. */
void trap_for_ever(void);

#endif
