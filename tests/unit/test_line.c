/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rings of the console, and one line of a terminal as it is edited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/ring.h"
#include "hyp/terminal/line.h"

static void test_ring(void **state)
{
	uint8_t bytes[8], got[8];
	struct ring r = { .data = bytes, .size = 8, .head = UINT32_MAX - 2, .tail = UINT32_MAX - 2 };

	(void)state;
	for (unsigned round = 0; round < 9; round++) {
		assert_int_equal(ring_put(&r, "abcdefghij", 5), 5);
		assert_int_equal(ring_put(&r, "fghij", 5), 3);
		assert_int_equal(ring_put(&r, "x", 1), 0);
		assert_int_equal(ring_used(&r), 8);
		assert_int_equal(ring_get(&r, got, 3), 3);
		assert_memory_equal(got, "abc", 3);
		assert_int_equal(ring_get(&r, got, 8), 5);
		assert_memory_equal(got, "defgh", 5);
		assert_int_equal(ring_get(&r, got, 8), 0);
	}
	ring_put(&r, "abc", 3);
	ring_clear(&r);
	assert_int_equal(ring_used(&r), 0);
}

/* What the terminal gets of text, and what it shows then. */
static void assert_line(const char *text, const char *out, const char *shown)
{
	struct line l = { 0 };
	char got[1024], piece[LINE_OUT];
	uint32_t at = 0, n;

	line_begin(&l);
	for (; *text; text++) {
		enum line_event e = line_feed(&l, (uint8_t)*text, piece, &n);

		assert_true(e == LINE_OUT_ONLY || e == LINE_RETURN);
		if (e == LINE_RETURN)
			got[at++] = '<';
		memcpy(got + at, piece, n);
		at += n;
	}
	got[at] = 0;
	assert_string_equal(got, out);
	assert_int_equal(l.len, strlen(shown));
	assert_memory_equal(l.text, shown, l.len);
}

static void test_line(void **state)
{
	(void)state;
	assert_line("plain \ttext", "plain \ttext", "plain \ttext");
	assert_line("\x01\x02\x0b\x0c\x0e\x7f" "a", "a", "a");
	assert_line("ab\b\b\b\b\bX", "ab\b\bX", "Xb");		/* not into the mark */
	assert_line("abc\rX", "abc<X", "Xbc");
	assert_line("abc\r", "abc", "abc");			/* a newline may follow */
	assert_line("a\a", "a\a", "a");
	/* movement is text, blanks and backspaces */
	assert_line("abcd\x1b[2D\x1b[K", "abcd\b\b  \b\b", "ab");
	assert_line("abcd\x1b[9999D\x1b[2C", "abcd\b\b\b\b" "ab", "abcd");
	assert_line("abcd\b\b\x1b[J", "abcd\b\b  \b\b", "ab");
	assert_line("ab\x1b[99C", "ab", "ab");
	assert_line("ab\x1b[1K\x1b[2K\x1b[2J", "ab", "ab");	/* these would reach the mark */
	/* colours pass, as sequences of their own */
	assert_line("\x1b[1;31mred\x1b[m", "\x1b[1;31mred\x1b[m", "red");
	/* everything else is gone, whole */
	assert_line("\x1b[2J\x1b[H\x1b[5;5Hx\x1b[A\x1b[B\x1b[6n\x1b[?25l\x1b[?2004h\x1b[>c", "x", "x");
	assert_line("\x1b" "c\x1b" "7\x1b(B\x1b]0;title\ax\x1bP1$q\x1b\\y", "xy", "xy");
	assert_line("\x1b[12345678901234567890mx", "x", "x");
	assert_line("\x1b[3 qx\x1b[31$rx", "xx", "xx");
	assert_line("\x1b[\x1b[31mx", "\x1b[31mx", "x");	/* begun anew */
}

/* Well-formed UTF-8 without C1 controls; a question mark for each other byte. */
static void test_line_utf8(void **state)
{
	static const char *const bad[] = {
		"\x80", "\x9b", "\xbf", "\xc0", "\xc1", "\xf5", "\xff", 
	};

	(void)state;
	assert_line("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_line(bad[i], "?", "?");
	assert_line("\xc2\x9b" "31m", "?31m", "?31m");		/* CSI as one C1 control */
	assert_line("\xc2\xa0", "\xc2\xa0", "\xc2\xa0");
	assert_line("\xe0\x9f\xbf", "??", "??");
	assert_line("\xed\xa0\x80", "??", "??");
	assert_line("\xf4\x90\x80\x80", "???", "???");
	assert_line("\xc3" "a", "a", "a");
	/* the cursor does not go back over what may be wide, or no column at all */
	assert_line("e\xcc\x81\xcc\x81\b\b\bx", "e\xcc\x81\xcc\x81x", "e\xcc\x81\xcc\x81x");
	assert_line("a\xc3\xa9" "b\x1b[9Dx", "a\xc3\xa9" "b\bx", "a\xc3\xa9x");
	assert_line("a\xc3\xa9\rx", "a\xc3\xa9<x", "x");
}

static void encode(uint32_t code, char *to)
{
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	to[n] = 0;
	for (unsigned i = n; i-- > 1; code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(first[n] | code);
}

/* Each character of Unicode that a terminal does not show, or that moves or hides others, by names and ranges. */
static bool taken_out(uint32_t c)
{
	static const uint32_t single[] = {
		0xad,
		0x34f,
		0x61c /* ALM */,
		0x115f,
		0x1160,
		0x17b4,
		0x17b5,
		0x180b,
		0x180c,
		0x180d,
		0x180e,
		0x180f,
		0x200b /* ZWSP */,
		0x200c,
		0x200d,
		0x200e /* LRM */,
		0x200f,
		0x2028 /* line */,
		0x2029 /* paragraph */,
		0x202a /* LRE */,
		0x202b,
		0x202c,
		0x202d,
		0x202e /* RLO */,
		0x2060,
		0x2061,
		0x2062,
		0x2063,
		0x2064,
		0x2065,
		0x2066 /* LRI */,
		0x2067,
		0x2068,
		0x2069,
		0x206a,
		0x206b,
		0x206c,
		0x206d,
		0x206e,
		0x206f,
		0x3164,
		0xfeff /* BOM */,
		0xffa0,
		0x1bca0,
		0x1bca1,
		0x1bca2,
		0x1bca3,
	};

	for (unsigned i = 0; i < ARRAY_LEN(single); i++)
		if (single[i] == c)
			return true;
	return (c >= 0xfe00 && c < 0xfe10) || (c >= 0xfff0 && c < 0xfffc) || (c >= 0xfdd0 && c < 0xfdf0) ||
	       (c >= 0x1d173 && c <= 0x1d17a) || c >> 12 == 0xe0 || c % 0x10000 >= 0xfffe;
}

static void test_line_invisible(void **state)
{
	char text[16], shown[16];

	(void)state;
	for (uint32_t c = 0x80; c < 0x110000; c++) {
		if (c >= 0xd800 && c < 0xe000)
			continue;
		text[0] = 'a';
		encode(c, text + 1);
		strcpy(shown, c < 0xa0 ? "a?" : taken_out(c) ? "a" : text);
		if (c < 0xa0)		/* each byte of a C1 control that does not start a character */
			assert_line(text, "a?", "a?");
		else
			assert_line(text, shown, shown);
	}
	assert_line("a\xe2\x80\xae" "b\xe2\x80\xa8[bulkhead] ", "ab[bulkhead] ", "ab[bulkhead] ");
	/* What is drawn over the character before must have one of its own. */
	assert_line("\xcc\x81" "e\xcc\x81", "e\xcc\x81", "e\xcc\x81");
	assert_line("\xe2\x83\x9d\xef\xb8\xaf\xe1\xaa\xb0\xe1\xb7\x80x", "x", "x");
	assert_line("ab\r\xcc\xb8x", "ab<x", "xb");
}

static void test_line_full(void **state)
{
	struct line l = { 0 };
	char out[LINE_OUT];
	uint32_t n;

	(void)state;
	line_begin(&l);
	for (unsigned i = 0; i < LINE_SIZE; i++)
		assert_int_equal(line_feed(&l, 'x', out, &n), LINE_OUT_ONLY);
	assert_int_equal(line_feed(&l, 'y', out, &n), LINE_FULL);
	assert_int_equal(line_feed(&l, '\b', out, &n), LINE_OUT_ONLY);
	assert_int_equal(line_feed(&l, 'y', out, &n), LINE_OUT_ONLY);
	line_begin(&l);
	for (unsigned i = 0; i < LINE_SIZE - 3; i++)
		line_feed(&l, 'x', out, &n);
	assert_int_equal(line_feed(&l, 0xc3, out, &n), LINE_FULL);
	assert_int_equal(line_feed(&l, '\n', out, &n), LINE_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_line_utf8),
		cmocka_unit_test(test_line_invisible),
		cmocka_unit_test(test_line_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
