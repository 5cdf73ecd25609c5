/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unfinished line of one source of text, as a terminal would show it, and the little that a source may do to a
 * terminal. Pure: no device, no lock.
 *
 * A guest's bytes are hostile. What comes out of here stays in the source's own part of its own line, behind its
 * mark: printable ASCII and tab, well-formed UTF-8 without C1 controls, bidirectional controls and other characters
 * that cannot be seen, BEL, a backspace or cursor movement within
 * the line, and of the escape sequences (ECMA-48) SGR (CSI m), CUF and CUB (C, D), EL and ED to the end (K, J), of
 * which only SGR comes out as it is: the others become text, blanks and backspaces. Everything else is dropped, whole
 * sequences at a time.
 */
#ifndef HYP_TERMINAL_LINE_H
#define HYP_TERMINAL_LINE_H

#include "hyp/base/types.h"

#define LINE_SIZE	240	/* bytes; a longer line is shown in pieces */
#define LINE_OUT	(2 * LINE_SIZE)	/* bytes that one byte of a source can become */

struct line {
	uint16_t len, col;	/* bytes; where the next one goes */
	uint16_t floor;		/* the cursor goes no further back: before it a byte may be less than a column */
	bool cr;		/* a carriage return that has not had its effect: a newline may follow */
	bool wide;		/* some of the text is not ASCII */
	bool coloured;		/* SGR was used since the line began */
	uint8_t escape;		/* state of an escape sequence */
	uint8_t nr_args;	/* bytes of its parameters */
	uint8_t utf_len, utf_need;
	char args[16];
	char utf[4];
	char text[LINE_SIZE];
};

enum line_event {
	LINE_OUT_ONLY,	/* out[0..n) is what a terminal that shows the line has to get; n may be 0 */
	LINE_RETURN,	/* the cursor went back to the start of the line; then as above */
	LINE_END,	/* the line is complete */
	LINE_FULL,	/* it has no room for the byte: end it, begin a new one, and feed the byte again */
};

/* An empty line; an escape sequence or a character that has begun continues. */
void line_begin(struct line *l);

/*
 * Of n bytes, as many of the first as are nothing but printable ASCII at the end of the line, and find room there:
 * the same as feeding them one by one, and they come out as they are. 0: line_feed() says what the first one does.
 */
uint32_t line_take(struct line *l, const uint8_t *bytes, uint32_t n);

enum line_event line_feed(struct line *l, uint8_t byte, char out[LINE_OUT], uint32_t *n);

#endif
