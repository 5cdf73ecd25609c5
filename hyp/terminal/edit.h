/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's line editor. Pure but for what it shows, through the caller's function. */
#ifndef HYP_TERMINAL_EDIT_H
#define HYP_TERMINAL_EDIT_H

#include "hyp/base/types.h"

#define EDIT_SIZE	96u	/* of a line, with the 0 */
#define EDIT_HISTORY	8u

struct edit {
	void (*show)(const char *text, uint32_t len);
	uint32_t len, cursor;
	uint32_t nr_history, back;	/* stored lines; how far up the cursor keys have gone */
	uint8_t escape;
	bool after_cr;			/* a newline now is the second half of CR LF */
	char text[EDIT_SIZE];
	char history[EDIT_HISTORY][EDIT_SIZE];
};

/* Takes a key. True if the line is complete: it is in text, and edit_begin() is to follow. */
bool edit_key(struct edit *e, uint8_t byte);

/* An empty line. */
void edit_begin(struct edit *e);

/* Shows what has been typed so far, again. */
void edit_show(struct edit *e);

#endif
