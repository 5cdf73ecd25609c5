/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a source of text makes of its line; see line.h. Source: ECMA-48 (control functions), RFC 3629 (UTF-8). Each
 * byte costs a bounded number of steps. No lock: the mux's covers it.
 */
#include "hyp/terminal/line.h"

#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/terminal/utf8.h"

enum { NO_ESCAPE, ESCAPE, INTERMEDIATE, CSI, CSI_BAD, STRING };

#define BEL	0x07
#define BS	0x08
#define ESC	0x1b
#define DEL	0x7f

void line_begin(struct line *l)
{
	l->len = l->col = l->floor = 0;
	l->cr = l->wide = l->coloured = false;
}

/* The bytes of one character at the cursor; there is room. */
static void put(struct line *l, const char *bytes, uint32_t n, char *out, uint32_t *nr_out)
{
	memcpy(l->text + l->col, bytes, n);
	memcpy(out, bytes, n);
	*nr_out = n;
	l->col += (uint16_t)n;
	if (l->col > l->len)
		l->len = l->col;
	if (n > 1) {
		l->wide = true;
		l->floor = l->col;
	}
}

/* ---- UTF-8 ---- */

struct span {
	uint32_t first, last;
};

/*
 * What cannot be seen, but changes the order or the lines of what can, or makes two texts look the same: the property
 * Default_Ignorable_Code_Point (Unicode 15, DerivedCoreProperties), where the bidirectional controls are too, the two
 * separators of category Zl and Zp, annotations, and what is no character.
 */
static const struct span invisible[] = {
	{ 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfdd0, 0xfdef },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* Blocks of marks that are drawn over the character before: at the beginning, that is the source's mark. */
static const struct span combining[] = {
	{ 0x300, 0x36f }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe20, 0xfe2f },
};

static bool within(uint32_t code, const struct span *spans, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (code >= spans[i].first && code <= spans[i].last)
			return true;
	return false;
}

/* The character that utf has, whole and well-formed, is for a terminal to see. */
static bool utf_shown(const struct line *l)
{
	uint32_t code = (uint8_t)l->utf[0] & (0x7fu >> l->utf_need);

	for (uint32_t i = 1; i < l->utf_need; i++)
		code = code << 6 | ((uint8_t)l->utf[i] & 0x3f);
	return !within(code, invisible, ARRAY_LEN(invisible)) && (code & 0xfffe) != 0xfffe &&
	       (l->col || !within(code, combining, ARRAY_LEN(combining)));
}

static void utf_feed(struct line *l, uint8_t byte, char *out, uint32_t *n)
{
	if (l->utf_need && utf8_follows(l->utf, l->utf_len, byte)) {
		l->utf[l->utf_len++] = (char)byte;
		if (l->utf_len == l->utf_need) {
			if (utf_shown(l))
				put(l, l->utf, l->utf_need, out, n);
			l->utf_need = 0;
		}
		return;
	}
	l->utf_need = utf8_length(byte);
	if (!l->utf_need) {
		put(l, "?", 1, out, n);
		return;
	}
	l->utf[0] = (char)byte;
	l->utf_len = 1;
}

/* ---- escape sequences ---- */

/* The first parameter, at most 9999; 1 if there is none or it is 0. */
static uint32_t first_arg(const struct line *l)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < l->nr_args && l->args[i] >= '0' && l->args[i] <= '9' && v < 1000; i++)
		v = 10 * v + (uint32_t)(l->args[i] - '0');
	return v ? v : 1;
}

static bool plain_args(const struct line *l)
{
	for (uint32_t i = 0; i < l->nr_args; i++)
		if (!(l->args[i] >= '0' && l->args[i] <= '9') && l->args[i] != ';')
			return false;
	return true;
}

static void move(struct line *l, char final, char *out, uint32_t *n)
{
	uint32_t by = first_arg(l), room = final == 'D' ? l->col - l->floor : l->len - l->col;

	if (l->col < l->floor || (final == 'C' && l->wide))
		return;
	by = by < room ? by : room;
	*n = by;
	if (final == 'D')
		memset(out, BS, by);
	else
		memcpy(out, l->text + l->col, by);
	l->col = (uint16_t)(final == 'D' ? l->col - by : l->col + by);
}

static void erase(struct line *l, char *out, uint32_t *n)
{
	uint32_t by = l->len - l->col;

	memset(out, ' ', by);
	memset(out + by, BS, by);
	*n = 2 * by;
	l->len = l->col;
}

static void finish_csi(struct line *l, char final, char *out, uint32_t *n)
{
	if (!plain_args(l))
		return;
	switch (final) {
	case 'C':
	case 'D':
		move(l, final, out, n);
		return;
	case 'J':
	case 'K':
		if (l->nr_args && !(l->nr_args == 1 && l->args[0] == '0'))
			return;
		erase(l, out, n);
		return;
	case 'm':
		l->coloured = true;
		*n = (uint32_t)fmt_str(out, LINE_OUT, "\x1b[%.*sm", (int)l->nr_args, l->args);
		return;
	}
}

/* A byte within a sequence; a control character ends it, and has its own effect: false. */
static bool escape_feed(struct line *l, uint8_t byte, char *out, uint32_t *n)
{
	uint8_t state = l->escape;

	if (byte < ' ' || byte == DEL) {
		l->escape = NO_ESCAPE;
		return state == STRING && byte == BEL;
	}
	switch (state) {
	case ESCAPE:
		l->nr_args = 0;
		l->escape = byte == '[' ? CSI : byte == ']' || byte == 'P' || byte == '_' || byte == '^' ||
			    byte == 'X' ? STRING : byte < '0' ? INTERMEDIATE : NO_ESCAPE;
		break;
	case INTERMEDIATE:
		l->escape = byte < '0' ? INTERMEDIATE : NO_ESCAPE;
		break;
	case CSI:
		if (byte >= '@') {
			l->escape = NO_ESCAPE;
			finish_csi(l, (char)byte, out, n);
		} else if (byte < '0' || l->nr_args == sizeof(l->args)) {
			l->escape = CSI_BAD;
		} else {
			l->args[l->nr_args++] = (char)byte;
		}
		break;
	case CSI_BAD:
		l->escape = byte >= '@' ? NO_ESCAPE : CSI_BAD;
		break;
	}
	return true;
}

static enum line_event control(struct line *l, uint8_t byte, char *out, uint32_t *n)
{
	switch (byte) {
	case '\n':
		return LINE_END;
	case '\r':
		l->cr = true;
		break;
	case ESC:
		l->escape = ESCAPE;
		break;
	case BS:
		if (l->col <= l->floor)
			break;
		l->col--;
		out[(*n)++] = BS;
		break;
	case BEL:
		out[(*n)++] = BEL;
		break;
	}
	return LINE_OUT_ONLY;
}

/* The cursor goes back to the mark. Text that is not ASCII is not overwritten in part. */
static void carriage_return(struct line *l)
{
	l->cr = false;
	l->col = l->floor = 0;
	if (l->wide)
		l->len = 0;
	l->wide = false;
}

uint32_t line_take(struct line *l, const uint8_t *bytes, uint32_t n)
{
	uint32_t room = LINE_SIZE - l->len, i = 0;
	char *to = l->text + l->len;

	if (l->cr || l->escape || l->utf_need || l->col != l->len)
		return 0;
	n = n < room ? n : room;
	while (i < n && bytes[i] >= ' ' && bytes[i] < DEL) {
		to[i] = (char)bytes[i];
		i++;
	}
	l->col = l->len = (uint16_t)(l->len + i);
	return i;
}

enum line_event line_feed(struct line *l, uint8_t byte, char out[LINE_OUT], uint32_t *n)
{
	enum line_event event = LINE_OUT_ONLY;
	uint32_t need = byte < 0x80 ? 1 : 4;

	*n = 0;
	if (l->cr && byte != '\n' && byte != '\r') {
		carriage_return(l);
		event = LINE_RETURN;
	}
	if (l->escape && escape_feed(l, byte, out, n))
		return event;
	if (byte < 0x80)
		l->utf_need = 0;
	if ((byte < ' ' && byte != '\t') || byte == DEL) {
		enum line_event e = control(l, byte, out, n);

		return event == LINE_RETURN ? event : e;
	}
	if (l->col + need > LINE_SIZE && !l->utf_need)
		return LINE_FULL;
	if (byte < 0x80)
		put(l, (const char *)&byte, 1, out, n);
	else
		utf_feed(l, byte, out, n);
	return event;
}
