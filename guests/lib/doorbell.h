/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doorbell of a shared memory (docs/links.md): registers of 32 bits in a page of the guest's tree. For any RTOS. */
#ifndef GUESTS_LIB_DOORBELL_H
#define GUESTS_LIB_DOORBELL_H

#include <stdint.h>

struct doorbell {
	uint32_t peers;		/* number of guests that have the memory */
	uint32_t self;		/* this guest's number among them */
	uint32_t ring;		/* write a number: that guest is interrupted */
	uint32_t rang;		/* who has rung; a read clears it, and the interrupt */
	uint32_t reserved[12];
	uint32_t life[];	/* of each guest: one more at each start and end; odd: it runs */
};

#define RANG_BY(peer)	(1u << (peer))		/* bits of rang */
#define RANG_LIFE(peer)	(0x10000u << (peer))	/* that guest has started or ended */

/* All that was written to the memory before is there when the peer is interrupted. */
static inline void doorbell_ring(volatile struct doorbell *bell, uint32_t peer)
{
	__asm__ volatile("fence w, o" : : : "memory");
	bell->ring = peer;
}

#endif
