/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's line editor; see edit.h. It draws with text and backspaces alone. */
#include "hyp/terminal/edit.h"

#include "hyp/base/str.h"

#define CTRL(c)	((c) & 0x1f)
#define ESC	0x1b
#define DEL	0x7f

static void show_back(struct edit *e, uint32_t n)
{
	for (; n; n--)
		e->show("\b", 1);
}

static void show_blanks(struct edit *e, uint32_t n)
{
	for (; n; n--)
		e->show(" ", 1);
}

/* Moves the cursor. */
static void go(struct edit *e, uint32_t to)
{
	if (to < e->cursor)
		show_back(e, e->cursor - to);
	else
		e->show(e->text + e->cursor, to - e->cursor);
	e->cursor = to;
}

/* Takes out the text from there to the cursor. */
static void cut(struct edit *e, uint32_t from)
{
	uint32_t n = e->cursor - from;

	go(e, from);
	memmove(e->text + from, e->text + from + n, e->len - from - n);
	e->len -= n;
	e->show(e->text + from, e->len - from);
	show_blanks(e, n);
	show_back(e, e->len - from + n);
}

static void insert(struct edit *e, char c)
{
	if (e->len + 1 >= EDIT_SIZE)
		return;
	memmove(e->text + e->cursor + 1, e->text + e->cursor, e->len - e->cursor);
	e->text[e->cursor] = c;
	e->len++;
	e->show(e->text + e->cursor, e->len - e->cursor);
	e->cursor++;
	show_back(e, e->len - e->cursor);
}

static uint32_t word_start(const struct edit *e)
{
	uint32_t at = e->cursor;

	while (at && e->text[at - 1] == ' ')
		at--;
	while (at && e->text[at - 1] != ' ')
		at--;
	return at;
}

static void replace(struct edit *e, const char *text)
{
	go(e, e->len);
	cut(e, 0);
	for (; *text; text++)
		insert(e, *text);
}

/* history[0] is the newest. */
static void recall(struct edit *e, uint32_t back)
{
	if (back > e->nr_history)
		return;
	e->back = back;
	replace(e, back ? e->history[back - 1] : "");
}

static void remember(struct edit *e)
{
	e->text[e->len] = 0;
	if (!e->len || (e->nr_history && !strcmp(e->text, e->history[0])))
		return;
	memmove(e->history[1], e->history[0], (EDIT_HISTORY - 1) * EDIT_SIZE);
	memcpy(e->history[0], e->text, e->len + 1);
	e->nr_history += e->nr_history < EDIT_HISTORY;
}

/* Cursor keys: ESC [ or ESC O, parameters, a final byte. Others are taken and do nothing. */
static void escape(struct edit *e, uint8_t byte)
{
	if (e->escape == 1) {
		e->escape = byte == '[' || byte == 'O' ? 2 : 0;
		return;
	}
	if (byte >= '0' && byte <= '?')
		return;
	e->escape = 0;
	switch (byte) {
	case 'A': recall(e, e->back + 1); break;
	case 'B': recall(e, e->back ? e->back - 1 : 0); break;
	case 'C': go(e, e->cursor < e->len ? e->cursor + 1 : e->len); break;
	case 'D': go(e, e->cursor ? e->cursor - 1 : 0); break;
	case 'H': go(e, 0); break;
	case 'F': go(e, e->len); break;
	}
}

static void control(struct edit *e, uint8_t byte)
{
	switch (byte) {
	case CTRL('A'): go(e, 0); break;
	case CTRL('E'): go(e, e->len); break;
	case CTRL('B'): go(e, e->cursor ? e->cursor - 1 : 0); break;
	case CTRL('F'): go(e, e->cursor < e->len ? e->cursor + 1 : e->len); break;
	case CTRL('H'):
	case DEL: cut(e, e->cursor ? e->cursor - 1 : 0); break;
	case CTRL('U'): cut(e, 0); break;
	case CTRL('W'): cut(e, word_start(e)); break;
	case CTRL('P'): recall(e, e->back + 1); break;
	case CTRL('N'): recall(e, e->back ? e->back - 1 : 0); break;
	case CTRL('C'): replace(e, ""); break;
	case ESC: e->escape = 1; break;
	}
}

bool edit_key(struct edit *e, uint8_t byte)
{
	bool after_cr = e->after_cr;

	e->after_cr = byte == '\r';
	if (e->escape && byte >= ' ' && byte != DEL) {
		escape(e, byte);
		return false;
	}
	e->escape = 0;
	if (byte == '\r' || (byte == '\n' && !after_cr)) {
		remember(e);
		return true;
	}
	if (byte < ' ' || byte == DEL)
		control(e, byte);
	else if (byte < 0x80)
		insert(e, (char)byte);
	return false;
}

void edit_show(struct edit *e)
{
	e->show(e->text, e->len);
	show_back(e, e->len - e->cursor);
}

void edit_begin(struct edit *e)
{
	e->len = e->cursor = e->back = 0;
	e->escape = 0;
}
