/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console as a person at the UART sees it: who is shown, who is typed to, the monitor; on the fake machine, where
 * hart 5, c's, looks after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/ring.h"
#include "hyp/console/console.h"
#include "hyp/vm/dump.h"
#include "hyp/terminal/line.h"
#include "hyp/terminal/answer.h"
#include "hyp/terminal/mux.h"
#include "tests/unit/fake/exits.h"

#define OUT_RING	16384u	/* of a guest */

/* The console's hart does what there is to do. */
static void polls(unsigned n)
{
	for (; n; n--) {
		fake.time += FAKE_HZ / 100;
		fake_settle();
	}
}

static void start(const struct fake_config *c)
{
	fake_boot(c);
	polls(50);
	fake_count_from_here();
	self = fake_hart_of(A, 0);
}

static int setup_uart(void **state)
{
	setup(state);
	config.uart = true;
	start(&config);
	return 0;
}

static int setup_colour(void **state)
{
	setup(state);
	config.uart = config.colour = true;
	start(&config);
	return 0;
}

static void say(unsigned vm, const char *text)
{
	self = fake_hart_of(vm, 0);
	for (; *text; text++)
		sbi(1, 0, (uint8_t)*text, 0, 0);
}

static void type(const char *text)
{
	fake_type(text);
	polls(10);
}

/* All that the terminal got, without CR. */
static const char *terminal(void)
{
	static char text[FAKE_CONSOLE + 1];
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake.console_len; i++)
		if (fake.console[i] != '\r' || fake.config.colour)
			text[n++] = fake.console[i];
	text[n] = 0;
	return text;
}

static void assert_terminal(const char *want)
{
	polls(20);
	assert_string_equal(terminal(), want);
	fake_count_from_here();
}

static void assert_shown(const char *want)
{
	polls(20);
	if (!strstr(terminal(), want))
		print_message("%s\n", terminal());
	assert_non_null(strstr(terminal(), want));
}

/* ---- rings ---- */

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

/* ---- lines ---- */

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
		if (c < 0xa0)		/* each byte of a C1 control that is not told as the start of a character */
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

/* ---- the mux ---- */

/* Lines of guests that are not in focus come whole, however they were written. */
static void test_lines(void **state)
{
	(void)state;
	say(B, "one ");
	say(C, "two ");
	polls(3);
	assert_string_equal(terminal(), "");
	say(B, "1\nhalf");
	say(C, "2\r\n");
	assert_terminal("[b] one 1\n[c] two 2\n");
	say(B, " done\n");
	assert_terminal("[b] half done\n");
}

/* A prompt of the guest in focus is seen; another's line ends it, and it is shown again. */
static void test_focus(void **state)
{
	(void)state;
	say(A, "login: ");
	assert_terminal("[a] login: ");
	say(B, "hello\n");
	assert_terminal("\n[b] hello\n[a] login: ");
	say(A, "r");
	say(A, "oot\n");
	assert_terminal("root\n");
	say(A, "ab\b");
	assert_terminal("[a] ab\b");
	say(B, "x\n");
	assert_terminal("\n[b] x\n[a] ab\b");
	say(A, "\x1b[31mc\n");		/* no colours in the plain style */
	assert_terminal("c\n");
}

static void test_colour(void **state)
{
	(void)state;
	say(A, "$ ");
	assert_terminal("\x1b[32m[a]\x1b[0m $ ");
	say(B, "\x1b[31mhello\x1b[0m\n");
	assert_terminal("\r\x1b[0m\x1b[K\x1b[33m[b]\x1b[0m hello\r\n\x1b[32m[a]\x1b[0m $ ");
	say(A, "\x1b[31mred\n");
	assert_terminal("\x1b[31mred\x1b[0m\r\n");
	say(A, "50 %\r60 %\n");
	assert_terminal("\x1b[32m[a]\x1b[0m 50 %\r\x1b[32m[a]\x1b[0m 60 %\r\n");
}

/* A byte that comes when the driver has just seen that there is none, and a time-out that a clone tells of nothing. */
static void test_byte_in_between(void **state)
{
	setup_uart(state);
	for (unsigned i = 0; i < 10; i++) {
		fake.phantom = i & 1;
		fake.late = 1;
		type("x");
	}
	type("\r");
	assert_int_equal(fake.taken, 11);
	assert_false(fake.phantom);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(console_read(A, &(char){ 0 }, 1), 1);
}

/* Whatever it writes, a guest's text is behind its mark. */
static void test_forgery(void **state)
{
	(void)state;
	say(A, "\b\b\b\b\b\b[bulkhead] vm b: stopped\n\r[monitor] > \x1b[A\x1b[2K[b] x\n");
	assert_terminal("[a] [bulkhead] vm b: stopped\n[a] [monitor] > [b] x\n");
	say(B, "[monitor] > reboot\r\n\x1b[1;1H[bulkhead]\n");
	assert_terminal("[b] [monitor] > reboot\n[b] [bulkhead]\n");
}

static void flood_by_lines(unsigned vm, uint32_t bytes, uint32_t line)
{
	uint64_t at = BOOT_PC + PAGE_SIZE;

	self = fake_hart_of(vm, 0);
	for (uint32_t i = 0; i < 128; i++)
		*fake_ram_at(vm, at + i) = (i + 1) % line ? 'f' : '\n';
	fake_ram_close();
	for (uint32_t n = 0; n < bytes; n += 128) {
		assert_int_equal(sbi(SBI_EXT_DBCN, 0, 128, at, 0), SBI_SUCCESS);
		assert_int_equal(value(), 128);	/* it never waits, and is never told to */
	}
}

static void flood(unsigned vm, uint32_t bytes)
{
	flood_by_lines(vm, bytes, 32);
}

/* A poll's budget ends within a line, with it, and in text without lines: others have their turn all the same. */
static void test_flood_by_any_lines(void **state)
{
	static const uint32_t lines[] = { 1, 8, 16, 31, 32, 33, 64, 128, 1000 };

	for (unsigned i = 0; i < ARRAY_LEN(lines); i++) {
		setup_uart(state);
		fake.uart_room = UINT32_MAX;
		flood_by_lines(B, OUT_RING, lines[i]);
		polls(3);
		say(A, "still here\n");
		for (unsigned n = 0; n < 30; n++) {
			flood_by_lines(B, 128, lines[i]);
			polls(1);
		}
		assert_non_null(strstr(terminal(), "[a] still here\n"));
		assert_non_null(strstr(terminal(), "[b] "));
	}
}

/* A flood: others have their turn, what is dropped is counted and said, and nobody touches the device but its hart. */
static void test_flood(void **state)
{
	unsigned before = 0;
	const char *at;

	(void)state;
	fake.uart_room = 0;
	flood(B, OUT_RING + 1280);
	say(A, "still here\n");
	assert_int_equal(fake.console_len, 0);
	assert_int_equal(console_dropped(B), 1280);
	assert_int_equal(console_dropped(A), 0);
	fake.uart_room = UINT32_MAX;
	polls(60);
	at = strstr(terminal(), "[a] still here\n");
	assert_non_null(at);
	for (const char *line = terminal(); line < at; line = strchr(line, '\n') + 1)
		before++;
	assert_in_range(before, 0, 40);	/* lines: what was on the stage, and one in turn */
	polls(2000);
	assert_shown("[bulkhead] vm b: 1280 bytes of its console output dropped\n");
	at = strstr(terminal(), "dropped\n");
	assert_null(strstr(at + 1, "dropped\n"));	/* once */
	assert_int_equal(console_waiting(B), 0);
}

/* One poll is a bounded piece of work. */
static void test_poll_is_bounded(void **state)
{
	uint32_t most = 0, moved = 0, waited;

	(void)state;
	flood(A, OUT_RING);
	flood(B, OUT_RING);
	for (unsigned i = 0; i < 400; i++)
		fake_type("x");
	fake.uart_room = UINT32_MAX;
	while (console_waiting(A) || console_waiting(B)) {
		fake.nr_mmio = 0;
		fake.time += FAKE_HZ / 1000;
		waited = console_waiting(A) + console_waiting(B);
		fake_interrupt(FAKE_UART_HART);
		waited -= console_waiting(A) + console_waiting(B);
		moved = waited > moved ? waited : moved;
		most = fake.nr_mmio > most ? fake.nr_mmio : most;
	}
	assert_in_range(most, 1, 16 * 2 + 2 + 17 + 2);	/* input, output, interrupts */
	assert_in_range(moved, 1, 3 * 64);	/* for 32 bytes on the terminal: a chunk of each source at most */
}

/* 1,000 times a second while something waits, otherwise 100 times. */
static void test_poll_rate(void **state)
{
	struct fake_csrs *c = &fake.hw[FAKE_UART_HART].csr;

	(void)state;
	polls(1);
	assert_int_equal(c->stimecmp - fake.time, FAKE_HZ / 100);
	flood(B, 4096);
	polls(1);
	assert_int_equal(c->stimecmp - fake.time, FAKE_HZ / 1000);
}

/* The hart goes on polling when its own guest is down. */
static void test_poll_when_stopped(void **state)
{
	(void)state;
	self = fake_hart_of(C, 0);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	fake_settle();
	assert_int_equal(fake_vm(C)->state, VM_STOPPED);
	fake_count_from_here();
	say(B, "hello\n");
	assert_shown("[b] hello\n");
	type("a");
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(2, 0, 0, 0, 0), 'a');
}

/* ---- keys ---- */

static long typed_for(unsigned vm)
{
	self = fake_hart_of(vm, 0);
	return sbi(2, 0, 0, 0, 0);
}

static void test_keys(void **state)
{
	(void)state;
	type("x");
	assert_int_equal(typed_for(A), 'x');
	assert_int_equal(typed_for(B), -1);
	type("\x1d" "2y");
	assert_shown("[monitor] input goes to b (Ctrl-] ? is for help)\n");
	assert_int_equal(typed_for(B), 'y');
	assert_int_equal(typed_for(A), -1);
	type("\x1d" "c\rz");
	assert_int_equal(typed_for(C), 'z');
	type("\x1d a\n1");
	assert_int_equal(typed_for(A), '1');
	type("\x1d\x1d");
	assert_int_equal(typed_for(A), 0x1d);
	fake_count_from_here();
	type("\x1d" "9");
	type("\x1d" "nobody\r");
	type("\x1d" "b!");
	type("\x1d?");
	assert_shown("[monitor] there is no guest \"nobody\"");
	assert_shown("[monitor]   * 1 a\n");
	assert_shown("[monitor]     2 b\n");
	type("k");
	assert_int_equal(typed_for(A), 'k');
	assert_int_equal(typed_for(A), -1);
}

/* A name is seen as it is typed, on a line of ours that others' lines go around. */
static void test_name_is_shown(void **state)
{
	(void)state;
	say(A, "$ ");
	assert_terminal("[a] $ ");
	type("\x1d" "n");
	assert_terminal("\n[monitor] input to: n");
	type("ob");
	assert_terminal("ob");
	say(B, "hello\n");
	assert_terminal("\n[b] hello\n[monitor] input to: nob");
	say(A, "x");			/* its line waits, though it is in focus */
	assert_terminal("");
	say(A, "y\nz");
	assert_terminal("\n[a] $ xy\n[monitor] input to: nob");
	type("\x7f");
	assert_terminal("\b \b");
	type("\x15");
	assert_terminal("\b \b\b \b");
	type("\b");
	assert_terminal("");
	type("c");
	say(B, "1\n");
	say(B, "2\n");
	assert_terminal("c\n[b] 1\n[b] 2\n[monitor] input to: c");
	type("\r");
	assert_terminal("\n[monitor] input goes to c (Ctrl-] ? is for help)\n");
	type("\x1d a\r");
	assert_terminal("[monitor] input to: a\n[monitor] input goes to a (Ctrl-] ? is for help)\n[a] z");
	assert_int_equal(typed_for(A), -1);
	assert_int_equal(typed_for(C), -1);
}

/* Given up, or no name: the prompt that was there is seen again, and what follows is the guest's. */
static void test_name_given_up(void **state)
{
	static const char *const ends[] = { "\x1b", "\x03", "\x1d\x1b" };
	static const char *const bad[] = { "!", "B", "\a", "\t", "\x9b", "\xff", " " };

	(void)state;
	say(A, "$ ");
	assert_terminal("[a] $ ");
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		type("\x1d" "b");
		type(ends[i]);
		type("k");
		assert_terminal("\n[monitor] input to: b\n[a] $ ");
		assert_int_equal(typed_for(A), 'k');
		assert_int_equal(typed_for(A), -1);
	}
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		type("\x1d" "b");
		type(bad[i]);
		type("k");
		assert_terminal("\n[monitor] input to: b\n"
				"[monitor] no guest's name; Ctrl-] ? is for help\n[a] $ ");
		assert_int_equal(typed_for(A), 'k');
		assert_int_equal(typed_for(A), -1);
	}
	type("\x1d" "b\x1d" "2");		/* on second thoughts, by number */
	assert_terminal("\n[monitor] input to: b\n[monitor] input goes to b (Ctrl-] ? is for help)\n");
}

/* No longer than a name can be, in a flood as well as without. */
static void test_long_name(void **state)
{
	char want[64] = "[monitor] input to: ";
	uint32_t n = (uint32_t)strlen(want);

	(void)state;
	memset(want + n, 'n', VM_NAME_LEN - 1);
	type("\x1d ");
	for (unsigned i = 0; i < 100; i++)
		fake_type("n");
	assert_terminal(want);
	type("\r");
	assert_shown("\n[monitor] there is no guest \"nnnnnnnn");
	assert_int_equal(typed_for(A), -1);
	fake_count_from_here();
	fake.uart_room = UINT32_MAX;
	flood(B, OUT_RING);
	type("\x1d" "c");
	for (unsigned i = 0; i < 30; i++) {
		flood(B, 128);
		polls(1);
	}
	assert_shown("[monitor] input to: c\n[b] ");
	type("\r");
	polls(300);
	assert_shown("[monitor] input goes to c ");
}

static void test_name_in_colour(void **state)
{
	(void)state;
	say(A, "$ ");
	assert_terminal("\x1b[32m[a]\x1b[0m $ ");
	type("\x1d" "b");
	assert_terminal("\r\x1b[0m\x1b[K\x1b[36m[monitor]\x1b[0m input to: b");
	say(C, "hello\n");
	assert_terminal("\r\x1b[0m\x1b[K\x1b[35m[c]\x1b[0m hello\r\n\x1b[36m[monitor]\x1b[0m input to: b");
	type("\x03");
	assert_terminal("\r\n\x1b[32m[a]\x1b[0m $ ");
}

/* m is the monitor's; the help says how a name is typed that begins with it. */
static void test_name_with_m(void **state)
{
	(void)state;
	strcpy(fake.plan.vms[B].name, "mail");
	type("\x1d?");
	assert_shown("[monitor]   Space, a name and Enter: the same for a name that begins with m;\n");
	assert_shown("[monitor]     2 mail\n");
	fake_count_from_here();
	type("\x1d mail\ry");
	assert_terminal("[monitor] input to: mail\n[monitor] input goes to mail (Ctrl-] ? is for help)\n");
	assert_int_equal(typed_for(B), 'y');
	type("\x1dmail\r");
	assert_shown("\n[monitor] > ail\n[monitor] no such command: ail;");
}

/* What nobody reads is lost, counted, and harms nobody. */
static void test_input_lost(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++)
		fake_type("x");
	polls(40);
	assert_int_equal(console_lost_input(A), 44);
	type("\x1d" "2y");
	assert_int_equal(typed_for(B), 'y');
}

/* ---- the monitor ---- */

static void command(const char *text)
{
	fake_count_from_here();
	type(text);
	type("\r");
	polls(400);
}

static int setup_monitor(void **state)
{
	setup_uart(state);
	type("\x1dm");
	fake_count_from_here();
	return 0;
}

/* Its prompt, with what was typed, comes back behind what Ctrl-] has to say. */
static void test_monitor_steps_aside(void **state)
{
	(void)state;
	type("gue");
	assert_terminal("gue");
	type("\x1d?");
	assert_shown("\n[monitor] Ctrl-] and then  1 to 3:");
	assert_shown("[monitor]     3 c\n[monitor] > gue");
	fake_count_from_here();
	type("\x1d" "b");
	assert_terminal("\n[monitor] input to: b");
	type("\x03");
	assert_terminal("\n[monitor] > gue");
	type("\x1d" "nobody\r");
	assert_terminal("\n[monitor] input to: nobody\n"
			"[monitor] there is no guest \"nobody\"; Ctrl-] ? names them\n[monitor] > gue");
	type("\x1d!");
	assert_terminal("\n[monitor] Ctrl-] ? is for help\n[monitor] > gue");
	type("sts\r");
	assert_shown("sts\n[monitor] 1 a            running");
	polls(400);
	fake_count_from_here();
	type("\x1d" "b\r");
	assert_terminal("\n[monitor] input to: b\n[monitor] input goes to b (Ctrl-] ? is for help)\n");
	type("\x1dm");
	assert_shown("[monitor] help lists the commands\n[monitor] > ");
	fake_count_from_here();
	type("\x1d" "1");
	assert_terminal("\n[monitor] input goes to a (Ctrl-] ? is for help)\n");
}

/* Registers do not come into the line with the name. */
static void test_dump_waits_for_name(void **state)
{
	(void)state;
	fake_type("dump a\r\x1d" "b");
	polls(400);
	assert_terminal("dump a\n[monitor] > \n[monitor] input to: b");
	type("\r");
	polls(400);
	assert_shown("\n[monitor] input goes to b (Ctrl-] ? is for help)\n");
	assert_shown("[monitor] a vcpu 0 on hart 3: started, ");
}

static void test_monitor_guests(void **state)
{
	(void)state;
	command("guests");
	assert_shown("guests\n[monitor] 1 a            running  harts 3 7 70       20 KiB  restarts 0  up ");
	assert_shown("[monitor] 3 c            running  harts 0             4 KiB  restarts 0  up ");
	command("help");
	for (unsigned i = 0; i < 10; i++)
		assert_shown((const char *const []){ "help", "guests", "stats", "plan", "log", "start", "stop",
						     "restart",
						     "dump", "reboot" }[i]);
	command("plan");
	assert_shown("[monitor] guest        b\n");
	command("log");
	assert_shown("[monitor] vm a: started\n");
	command("stats b");
	assert_shown("[monitor] b vcpu 1: exits set_timer 0 ");
	assert_null(strstr(terminal(), "a vcpu"));
	assert_shown("b: console: 0 bytes pending, 0 dropped, 0 bytes of input lost\n");
	command("stats");
	assert_shown("[monitor] a vcpu 2: exits");
}

static void test_monitor_errors(void **state)
{
	(void)state;
	command("");
	assert_terminal("\n[monitor] > ");
	command("  frob  ");
	assert_shown("no such command: frob; help lists them\n");
	command("stop");
	assert_shown("which guest? guests lists them\n");
	command("stop nobody");
	assert_shown("there is no guest \"nobody\"; guests lists them\n");
	command("stop a b");
	assert_shown("stop takes one guest\n");
	command("guests a");
	assert_shown("guests takes nothing more\n");
	command("start b");
	assert_shown("b: it runs already\n");
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
}

/* Enter is CR, LF, or both in this order; each other CR or LF is one more. */
static void test_enter(void **state)
{
	static const struct {
		const char *typed;
		unsigned prompts;
	} cases[] = {
		{ "\r", 1 }, { "\n", 1 }, { "\r\n", 1 }, { "\n\r", 2 }, { "\r\r", 2 }, { "\n\n", 2 },
		{ "\r\n\n", 2 }, { "\r\n\r\n", 2 }, { "\rx\n", 2 }, { "x\n", 1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned n = 0;

		type("\x15");		/* whatever was last, it was no CR */
		fake_count_from_here();
		type(cases[i].typed);
		polls(400);
		for (const char *at = terminal(); (at = strstr(at, "\n[monitor] > ")); at++)
			n++;
		if (n != cases[i].prompts)
			fail_msg("case %u: %u prompts:\n%s", i, n, terminal());
	}
}

static void test_monitor_edits(void **state)
{
	(void)state;
	command("garbage\x15" "lop\x7f\x7f\x7flog");
	assert_shown("[monitor] vm a: started\n");
	command("stop a b\x17\x17\x17help");
	assert_shown("registers of its vcpus\n");
	command("elp\x01h\x05");
	assert_shown("registers of its vcpus\n");
	command("guets\x1b[D\x1b[D" "s\x1b[C\x1b[C\x1b[3~");
	assert_shown("running");
	command("\x1b[A");		/* the last one again */
	assert_shown("running");
	command("\x1b[A\x1b[A\x1b[B\x03" "frob");
	assert_shown("no such command: frob");
	command("\x10\x10");
	assert_shown("running");
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	for (unsigned i = 0; i < 200; i++)	/* longer than any line */
		fake_type("x");
	polls(60);
	command("");
	assert_shown("no such command: xxx");
}

/* It starts, stops and restarts, whatever the guest does just then. */
static void test_monitor_life(void **state)
{
	(void)state;
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	say(A, "unfinished");
	command("stop a");
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_shown("[a] unfinished\n");
	assert_shown("[bulkhead] vm a: stopped (by the monitor)\n");
	for (unsigned v = 0; v < 3; v++)
		assert_int_equal(fake.hw[fake_hart_of(A, v)].place, PLACE_WFI);
	command("guests");
	assert_shown("stopped  harts 3 7 70       20 KiB  restarts 0  (by the monitor)\n");
	command("stop a");
	assert_shown("a: it has stopped already\n");
	command("start a");
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	assert_int_equal(fake_vm(A)->starts, 2);
	assert_int_equal(fake.hw[fake_hart_of(A, 0)].place, PLACE_GUEST);
	assert_int_equal(fake.hw[fake_hart_of(A, 0)].x[0], BOOT_PC);
	command("restart 1");
	assert_int_equal(fake_vm(A)->starts, 3);
	assert_shown("[bulkhead] vm a: restarts (by the monitor)\n");
	/* the guest of the console's own hart */
	command("restart c");
	assert_int_equal(fake_vm(C)->starts, 2);
	command("stop c");
	assert_int_equal(fake_vm(C)->state, VM_STOPPED);
	command("start c");
	assert_int_equal(fake_vm(C)->state, VM_RUNNING);
	assert_int_equal(fake_vm(B)->starts, 1);
	/* the machine stays while somebody may start a guest again */
	command("stop a");
	command("stop b");
	command("stop c");
	assert_false(fake.shut_down);
	command("start b");
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
}

/* One that has ended for good can be started; the machine is shut down when all have, once. */
static void test_monitor_starts_ended(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		self = fake_hart_of(B, 0);
		sbi(SBI_EXT_SRST, 0, 0, 0, 0);
		fake_settle();
		assert_int_equal(fake_vm(B)->state, VM_STOPPED);
		command("start b");
		assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	}
	self = fake_hart_of(A, 0);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	self = fake_hart_of(B, 0);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	fake_settle();
	assert_false(fake.shut_down);
	self = fake_hart_of(C, 0);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	fake_settle();
	assert_true(fake.shut_down);
}

/* Nobody of the VM is there to see that its hart does not come: who drives the console does. The monitor goes on. */
static void test_monitor_stuck(void **state)
{
	(void)state;
	fake.hung = 1ull << fake_hart_of(B, 0);
	command("dump b");		/* of which it never answers its part, which must not keep others from theirs */
	command("dump b");
	assert_shown("[monitor] the last dump is not complete yet: a hart of its guest is busy\n");
	command("stop b");		/* 4 seconds */
	assert_int_equal(fake_vm(B)->state, VM_STOPPING);
	polls(1200);
	assert_int_equal(fake_vm(B)->state, VM_STUCK);
	assert_shown("[bulkhead] vm b: STUCK: vcpu 0 on hart 256 has not left the guest for 10 s: ");
	command("guests");
	assert_shown("2 b            stuck    harts 256 64        8 KiB  restarts 0  (by the monitor)\n"
		     "[monitor]   vcpu 0 on hart 256 does not come back: only a reset of the machine helps\n");
	command("start b");
	assert_shown("[monitor] b: it is stuck: a hart of it does not come back, and until the machine is reset it ");
	command("restart b");
	assert_shown("[monitor] b: it is stuck: ");
	command("stop b");
	assert_shown("[monitor] b: it is stuck: ");
	command("dump b");
	assert_shown("[monitor] b vcpu 1 on hart 64: stopped");
	command("dump a");
	assert_shown("[monitor] a vcpu 0 on hart 3: started");
	command("restart a");
	assert_int_equal(fake_vm(A)->starts, 2);
	fake.hung = 0;
	polls(10);
	assert_int_equal(fake.hw[fake_hart_of(B, 0)].place, PLACE_WFI);
	assert_int_equal(fake_vm(B)->state, VM_STUCK);
	command("stop a");
	command("stop c");
	assert_false(fake.shut_down);		/* these can start again */
}

/* What is typed while a guest is not there is nobody's, and not the next life's. */
static void test_typed_between_lives(void **state)
{
	uint8_t got[8];

	(void)state;
	command("stop a");
	type("\x1d" "1halt\r\x1dm");
	command("start a");
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(2, 0, 0, 0, 0), -1);	/* getchar */
	type("\x1d" "1x");
	assert_int_equal(sbi(2, 0, 0, 0, 0), 'x');
	assert_int_equal(console_read(A, got, sizeof(got)), 0);
}

static const char *ask(struct vm *vm, enum vm_ask what)
{
	const char *why;

	fake.running = FAKE_UART_HART;
	why = vm_ask(vm, what);
	fake.running = -1;
	return why;
}

/* Only a start or restart that is done forgets the crashes before it. */
static void test_ask_forgets_crashes(void **state)
{
	struct vm *vm = fake_vm(A);

	(void)state;
	vm->crashes = 2;
	assert_non_null(ask(vm, ASK_START));		/* it runs */
	assert_int_equal(vm->crashes, 2);
	assert_null(ask(vm, ASK_STOP));
	polls(50);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->crashes, 2);
	assert_null(ask(vm, ASK_START));
	assert_int_equal(vm->crashes, 0);
}

/* vm_ask() in each state that a VM can be in, without letting it settle. */
static void test_ask_races(void **state)
{
	struct vm *vm = fake_vm(A);

	(void)state;
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	/* stopping for a reboot of its own: stopped for good, or restarted once */
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	assert_int_equal(vm->state, VM_STOPPING);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_STOP));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_STOP);
	/* starting: not loaded yet */
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_START));
	assert_int_equal(vm->state, VM_STARTING);
	assert_non_null(vm_ask(vm, ASK_START));
	assert_non_null(vm_ask(vm, ASK_RESTART));
	assert_null(vm_ask(vm, ASK_STOP));
	assert_null(vm_ask(vm, ASK_START));		/* the last word counts */
	assert_non_null(vm_ask(vm, ASK_START));
	assert_null(vm_ask(vm, ASK_STOP));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_STOPPED);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_RESTART));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_RUNNING);
	/* stopping for a shutdown: started again */
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_STOP));
	assert_null(vm_ask(vm, ASK_START));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_RUNNING);
	/* a vcpu that is about to start when the VM ends steps back */
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 2, BOOT_PC, 0), SBI_SUCCESS);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_RESTART));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->active, 1);
}

static void test_dump(void **state)
{
	(void)state;
	self = fake_hart_of(A, 0);
	hw()->x[0] = 0x80001234;
	hw()->x[31] = 0xfeedface;
	csr()->vsepc = 0x5678;
	command("dump a");
	assert_shown("[monitor] a vcpu 0 on hart 3: started, VS-mode, pc 0000000080001234\n");
	assert_shown("x31 00000000feedface");
	assert_shown("vsepc 5678");
	assert_shown("[monitor] a vcpu 2 on hart 70: stopped, ");
	assert_int_equal(hw()->x[0], 0x80001234);	/* it noticed nothing */
	command("dump b");
	assert_shown("[monitor] b vcpu 1 on hart 64: stopped, ");
}

/* The monitor asks between the vcpu's two looks at its mailbox. */
static void ask_for_dump(void)
{
	if (fake.running != (int)fake_hart_of(A, 1))
		return;
	fake_before_lock = NULL;
	assert_true(dump_ask(fake_vm(A)));
}

/* What is asked of a vcpu just when it starts does not end with the IPIs of its earlier life. */
static void test_dump_of_a_starting_vcpu(void **state)
{
	(void)state;
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_before_lock = ask_for_dump;
	fake_settle();
	assert_null(fake_before_lock);
	polls(400);
	assert_shown("[monitor] a vcpu 1 on hart 7: started, ");
	command("dump a");
	assert_shown("[monitor] a vcpu 1 on hart 7: started, ");
}

static unsigned count(const char *what)
{
	unsigned n = 0;

	for (const char *at = terminal(); (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* What is pasted waits until there is room for answers. */
static void test_pasted_commands(void **state)
{
	(void)state;
	fake.uart_room = 0;
	for (unsigned i = 0; i < 40; i++)
		fake_type("help\r");
	polls(100);
	assert_in_range(fake.typed - fake.taken, 1, 39 * 5);
	fake.uart_room = UINT32_MAX;
	polls(20000);
	assert_int_equal(fake.taken, fake.typed);
	assert_int_equal(count("registers of its vcpus\n"), 40);
	assert_int_equal(count("the rest is left out"), 0);
}

/* An answer for which there is no room at all. */
static void test_long_answer(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		answer_print("line %u of an answer\n", i);
	answer_end("> ");
	polls(3000);
	type("help\r");
	polls(400);
	assert_shown("[monitor] line 700 of an answer\n");
	assert_shown("[monitor] (the rest is left out: it is too long)\n[monitor] > ");
	assert_shown("registers of its vcpus\n");
	assert_int_equal(count("the rest is left out"), 1);
}

/* ---- monitor = "off" ---- */

/* The last words, written past the mux by whichever hart it is: each byte, CR before LF, and nothing after them. */
static void test_panic(void **state)
{
	uint32_t before = fake.console_len;

	(void)state;
	fake.running = (int)fake_hart_of(B, 0);
	console_panic("\nPANIC: %s %d", "no", 7);
	fake.running = -1;
	fake.console[fake.console_len] = 0;
	assert_string_equal(fake.console + before, "\r\nPANIC: no 7\r\n");
	before = fake.console_len;
	say(B, "a line\n");
	polls(100);
	assert_int_equal(fake.console_len, before);
}

static void test_no_monitor(void **state)
{
	setup(state);
	config.uart = config.no_monitor = true;
	start(&config);
	type("\x1dm\rstop a\r\x1d mx\r\x1dmonitor\r");
	polls(100);
	assert_null(strstr(terminal(), "[monitor] > "));
	assert_shown("there is no guest \"m\"; Ctrl-] ? names them\n");
	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		assert_int_equal(fake_vm(vm)->state, VM_RUNNING);
	type("\x1d?");
	assert_null(strstr(terminal(), "to the monitor"));
	assert_null(strstr(terminal(), "begins with m"));
	for (const char *c = "stop a\r"; *c; c++)	/* it went to the guest in focus */
		assert_int_equal(typed_for(A), *c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_line_utf8),
		cmocka_unit_test(test_line_invisible),
		cmocka_unit_test(test_line_full),
		cmocka_unit_test_setup(test_lines, setup_uart),
		cmocka_unit_test_setup(test_focus, setup_uart),
		cmocka_unit_test_setup(test_colour, setup_colour),
		cmocka_unit_test_setup(test_forgery, setup_uart),
		cmocka_unit_test_setup(test_byte_in_between, setup_uart),
		cmocka_unit_test_setup(test_flood, setup_uart),
		cmocka_unit_test_setup(test_flood_by_any_lines, setup_uart),
		cmocka_unit_test_setup(test_poll_is_bounded, setup_uart),
		cmocka_unit_test_setup(test_poll_rate, setup_uart),
		cmocka_unit_test_setup(test_poll_when_stopped, setup_uart),
		cmocka_unit_test_setup(test_keys, setup_uart),
		cmocka_unit_test_setup(test_name_is_shown, setup_uart),
		cmocka_unit_test_setup(test_name_given_up, setup_uart),
		cmocka_unit_test_setup(test_long_name, setup_uart),
		cmocka_unit_test_setup(test_name_in_colour, setup_colour),
		cmocka_unit_test_setup(test_name_with_m, setup_uart),
		cmocka_unit_test_setup(test_input_lost, setup_uart),
		cmocka_unit_test_setup(test_monitor_steps_aside, setup_monitor),
		cmocka_unit_test_setup(test_dump_waits_for_name, setup_monitor),
		cmocka_unit_test_setup(test_monitor_guests, setup_monitor),
		cmocka_unit_test_setup(test_monitor_errors, setup_monitor),
		cmocka_unit_test_setup(test_enter, setup_monitor),
		cmocka_unit_test_setup(test_monitor_edits, setup_monitor),
		cmocka_unit_test_setup(test_monitor_life, setup_monitor),
		cmocka_unit_test_setup(test_monitor_starts_ended, setup_monitor),
		cmocka_unit_test_setup(test_ask_forgets_crashes, setup_monitor),
		cmocka_unit_test_setup(test_ask_races, setup_monitor),
		cmocka_unit_test_setup(test_monitor_stuck, setup_monitor),
		cmocka_unit_test_setup(test_typed_between_lives, setup_monitor),
		cmocka_unit_test_setup(test_dump, setup_monitor),
		cmocka_unit_test_setup(test_dump_of_a_starting_vcpu, setup_monitor),
		cmocka_unit_test_setup(test_pasted_commands, setup_monitor),
		cmocka_unit_test_setup(test_long_answer, setup_monitor),
		cmocka_unit_test_setup(test_panic, setup_uart),
		cmocka_unit_test(test_no_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
