/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver of a virtio network card (virtio-mmio, version 2), as small as it can be. One card, one hart. */
#ifndef GUESTS_NET_CARD_H
#define GUESTS_NET_CARD_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MAX	1514u

struct card {
	uint8_t mac[6];
	uint32_t source;	/* of the PLIC */
	uint32_t sent, received, changes;	/* frames; configuration interrupts */
};
extern struct card card;

/* The first card of the device tree, with all buffers given to it; false if there is none that works. */
bool card_init(void);

bool card_link(void);

/* Copies the frame into a buffer; false: all are in use, or the card needs a reset. */
bool card_send(const void *frame, uint32_t size);

/* The interrupt of the card: calls receive() for each frame that has come. */
void card_interrupt(void (*receive)(uint8_t *frame, uint32_t size));

#endif
