/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter of a terminal that one guest has alone; see raw.h. Sources: ECMA-48 (control functions), XTerm Control
 * Sequences (private modes), RFC 3629 (UTF-8). Each byte costs a bounded number of steps. No lock: the mux's covers it.
 */
#include "hyp/terminal/raw.h"

#include "hyp/base/str.h"
#include "hyp/terminal/utf8.h"

enum { TEXT, ESCAPE, CHARSET, INTERMEDIATE, CSI, CSI_BAD, STRING };

#define BEL	0x07
#define SI	0x0f
#define ESC	0x1b
#define DEL	0x7f

void raw_begin(struct raw *r)
{
	r->state = TEXT;
	r->n = r->need = 0;
}

static bool is_one_of(char c, const char *set)
{
	for (; *set; set++)
		if (*set == c)
			return true;
	return false;
}

/* ---- CSI ---- */

/* Modes of CSI ? h and l: cursor keys, origin, wrap, cursor, alternate screens, mouse, and bracketed paste. */
static bool is_private_mode(uint32_t mode)
{
	static const uint16_t modes[] = { 1, 6, 7, 12, 25, 47, 1000, 1002, 1003, 1005, 1006, 1015, 1047, 1048, 1049,
					  2004 };

	for (uint32_t i = 0; i < ARRAY_LEN(modes); i++)
		if (modes[i] == mode)
			return true;
	return false;
}

/* The text is "?MODE;MODE...": all of them are known. */
static bool has_known_modes(const char *text, uint32_t n)
{
	uint32_t mode = 0;

	for (uint32_t i = 1; i <= n; i++) {
		if (i < n && text[i] != ';') {
			mode = mode < 10000 ? 10 * mode + (uint32_t)(text[i] - '0') : mode;
			continue;
		}
		if (!is_private_mode(mode))
			return false;
		mode = 0;
	}
	return true;
}

/* Whether CSI, these parameters and that final byte may pass. */
static bool csi_passes(const char *args, uint32_t n, char final)
{
	bool alone = true;

	for (uint32_t i = args[0] == '?'; i < n; i++) {
		if ((args[i] < '0' || args[i] > '9') && args[i] != ';')
			return false;
		alone &= args[i] != ';';
	}
	if (n && args[0] == '?')
		return (final == 'h' || final == 'l') && has_known_modes(args, n);
	if (final == 'h' || final == 'l')
		return n == 1 && args[0] == '4';	/* insert mode; 2 would lock the keyboard */
	if (final == 'n')
		return n == 1 && args[0] == '6';	/* the answer has two numbers */
	if (final == 'T')
		return alone;				/* with more numbers, it waits for a mouse */
	return is_one_of(final, "@ABCDEFGHIJKLMPSXZ`adefgmrsu");
}

/* ---- sequences ---- */

static void drop(struct raw *r, uint8_t state)
{
	r->state = state;
	r->n = 0;
}

static uint32_t pass(struct raw *r, char *out)
{
	uint32_t n = r->n;

	memcpy(out, r->bytes, n);
	drop(r, TEXT);
	return n;
}

static void begin(struct raw *r, uint8_t state, uint8_t byte)
{
	r->state = state;
	r->bytes[r->n++] = (char)byte;
}

static uint32_t escaped(struct raw *r, uint8_t byte, char *out)
{
	if (byte == '[') {
		begin(r, CSI, byte);
	} else if (is_one_of((char)byte, "]P_^X")) {
		drop(r, STRING);
	} else if (byte == '(' || byte == ')') {
		begin(r, CHARSET, byte);
	} else if (byte < '0') {
		drop(r, INTERMEDIATE);
	} else if (is_one_of((char)byte, "78=>DEHMc")) {
		begin(r, TEXT, byte);
		return pass(r, out);
	} else {
		drop(r, TEXT);
	}
	return 0;
}

static uint32_t csi(struct raw *r, uint8_t byte, char *out)
{
	uint32_t n = r->n - 2u;

	if (byte < '@') {
		if (byte < '0' || r->n + 1u == sizeof(r->bytes))
			drop(r, CSI_BAD);
		else
			begin(r, CSI, byte);
		return 0;
	}
	r->bytes[r->n++] = (char)byte;
	if (csi_passes(r->bytes + 2, n, (char)byte))
		return pass(r, out);
	drop(r, TEXT);
	return 0;
}

/* A byte of a sequence, which is no control. */
static uint32_t continued(struct raw *r, uint8_t byte, char *out)
{
	switch (r->state) {
	case ESCAPE:
		return escaped(r, byte, out);
	case CHARSET:
		begin(r, TEXT, byte);
		if (is_one_of((char)byte, "0AB"))
			return pass(r, out);
		drop(r, TEXT);
		return 0;
	case INTERMEDIATE:
		r->state = byte < '0' ? INTERMEDIATE : TEXT;
		return 0;
	case CSI:
		return csi(r, byte, out);
	case CSI_BAD:
		r->state = byte < '@' ? CSI_BAD : TEXT;
		return 0;
	}
	return 0;	/* of a string, whose end is a control */
}

/* ---- text ---- */

static uint32_t character(struct raw *r, uint8_t byte, char *out)
{
	if (r->need && utf8_follows(r->bytes, r->n, byte)) {
		r->bytes[r->n++] = (char)byte;
		if (r->n < r->need)
			return 0;
		r->need = 0;
		return pass(r, out);
	}
	drop(r, TEXT);
	r->need = utf8_length(byte);
	if (r->need)
		begin(r, TEXT, byte);
	return 0;
}

uint32_t raw_feed(struct raw *r, uint8_t byte, char out[RAW_OUT])
{
	if (r->state == TEXT && byte >= 0x80)
		return character(r, byte, out);
	if (r->state == TEXT)
		r->need = r->n = 0;
	if (byte == ESC) {
		drop(r, ESCAPE);
		begin(r, ESCAPE, byte);
		return 0;
	}
	if (byte < ' ' || byte == DEL) {
		drop(r, TEXT);	/* as terminals do with strings; within other sequences they would execute it */
		out[0] = (char)byte;
		return byte >= BEL && byte <= SI;
	}
	if (r->state != TEXT)
		return byte < 0x80 ? continued(r, byte, out) : 0;
	out[0] = (char)byte;
	return 1;
}

const char *raw_unfinished(struct raw *r)
{
	static const char *const begins[] = {
		[TEXT] = "", [INTERMEDIATE] = "\x1b#", [CSI_BAD] = "\x1b[ ", [STRING] = "\x1b]",
	};

	if (!r->n)
		return begins[r->state];
	r->bytes[r->n] = 0;	/* there is room: what is full ends, or is bad */
	return r->bytes;
}
