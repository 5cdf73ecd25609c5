/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the machine, or its next boot: the firmware's call, and what a person has to know where it fails. */
#ifndef HYP_CONSOLE_MACHINE_H
#define HYP_CONSOLE_MACHINE_H

#include "hyp/base/types.h"

/*
 * Shows what waits on the console and resets the machine. type, reason: SBI_SRST_*. Returns if the firmware refused,
 * which has been said then. Some firmware stops all harts and then finds that it cannot: so what it does not offer is
 * said before.
 */
void machine_reset(uint32_t type, uint32_t reason);

#endif
