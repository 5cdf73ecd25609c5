/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest that has the terminal alone (Ctrl-] !) may send to it. Pure: no device, no lock.
 *
 * Programs such as vi and top need the whole screen. So text, cursor movements, colours, erasing, scrolling, the
 * alternate screen, mouse and keypad modes pass. Dropped are sequences whose answer would hold text that the guest
 * chose (the terminal types answers, perhaps for the next focus), sequences that lock the keyboard, print, or set
 * the title, all control strings (OSC, DCS, APC, PM, SOS), unknown sequences, and bytes that are not UTF-8.
 */
#ifndef HYP_TERMINAL_RAW_H
#define HYP_TERMINAL_RAW_H

#include "hyp/base/types.h"

#define RAW_OUT	32	/* bytes that one byte of a guest can become */

struct raw {
	uint8_t state;
	uint8_t n;		/* of bytes: of an unfinished sequence or character */
	uint8_t need;		/* bytes of the unfinished character; 0: none */
	char bytes[RAW_OUT];
};

void raw_begin(struct raw *r);

/* One byte of the guest. Returns how many bytes of out the terminal gets. */
uint32_t raw_feed(struct raw *r, uint8_t byte, char out[RAW_OUT]);

/* What the guest has not finished, or the beginning of such a sequence: what follows is its rest, and no text. */
const char *raw_unfinished(struct raw *r);

/* Ends what the guest may have left unfinished, and resets the terminal: its screen is empty then. */
#define RAW_RESET	"\x18\x1b\\\x1b[?1049l\x1b" "c"

#endif
