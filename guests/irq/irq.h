/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tests of this guest that have a file of their own. */
#ifndef GUESTS_IRQ_IRQ_H
#define GUESTS_IRQ_IRQ_H

/* Of two sources, the one with the higher priority is claimed first, then the one with the lower id. */
void irq_order(void);

#endif
