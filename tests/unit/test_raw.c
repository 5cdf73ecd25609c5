/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest that has the terminal alone can send to it (hyp/terminal/raw.c), and how it gets and loses the terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/terminal/raw.h"
#include "tests/unit/fake/terminal.h"

#define ALONE	"\x1b[36m[monitor]\x1b[0m only the guest in focus has the terminal now: Ctrl-] ! ends that\r\n"
#define MONITOR	"\x1b[36m[monitor]\x1b[0m "

static void filter(const char *text, size_t n, char *out)
{
	struct raw r;

	raw_begin(&r);
	for (size_t i = 0; i < n; i++)
		out += raw_feed(&r, (uint8_t)text[i], out);
	*out = 0;
}

static void assert_filtered(const char *text, const char *want)
{
	char out[512];

	filter(text, strlen(text), out);
	assert_string_equal(out, want);
}

#define PASSES(text) assert_filtered(text, text)

static void test_passes(void **state)
{
	(void)state;
	PASSES("plain\r\n\ttext\b\a\x0e\x0f\v\f");
	PASSES("\x1b[2J\x1b[H\x1b[1;31mred\x1b[m\x1b[10;20H\x1b[K\x1b[4h\x1b[4l");
	PASSES("\x1b[?1049h\x1b[?25l\x1b[?1;7h\x1b[?2004h\x1b[?1000;1006l");
	PASSES("\x1b" "7\x1b" "8\x1b=\x1b>\x1bM\x1b(0lqk\x1b(B\x1b[1;24r\x1b[6n\x1b[3S\x1b[2T\x1b" "c");
	PASSES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

/* Answers with text that the guest chose, a locked keyboard, a printer, titles, strings. */
static void test_is_dropped(void **state)
{
	static const char *const dropped[] = {
		"\x05", "\x11", "\x13", "\x7f", "\x1bZ", "\x1b[c", "\x1b[>c", "\x1b[=c", "\x1b[5n", "\x1b[?6n",
		"\x1b[21t", "\x1b[2h", "\x1b[12h", "\x1b[20h", "\x1b[i", "\x1b[?5i", "\x1b[1;2;3;4;5T",
		"\x1b[?1001h", "\x1b[?1049;3h", "\x1b[?h", "\x1b[0q", "\x1b[1 q", "\x1b[!p", "\x1b[4$p",
		"\x1b[>4;2m", "\x1b[999b", "\x1b#8", "\x1b%G", "\x1b(C", "\x1b]0;title\a", "\x1b]52;c;?\a",
		"\x1bP$qm\x1b\\", "\x1b_x\x1b\\", "\x1b^x\x1b\\", "\x1bXx\x1b\\",
		"\x1b[11111111111111111111111111111111111111m", "\x9b", "\xc2\x9b", "\xff", "\xed\xa0\x80",
		"\xc3", "\x1b[\x9b", "\x1b[?\xc3",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(dropped); i++) {
		char text[128];

		snprintf(text, sizeof(text), "a%s\rb", dropped[i]);
		assert_filtered(text, strchr(dropped[i], '\a') ? "a\a\rb" : "a\rb");
	}
	assert_filtered("\x1b[3\x1b[1mx", "\x1b[1mx");
	assert_filtered("\x1b]0;no end\nnext", "\nnext");
	assert_filtered("\xe2\x82x\xe2\x1b[mz", "x\x1b[mz");
}

/* Whatever it sends: what comes out is of these, said in another way than the filter says it. */
static void test_anything(void **state)
{
	static const char of[] = "\x1b\x1b\x1b[[[[]P??;;0123456789hlmnHJKTtcbp$ !>=()0AB\a\r\n\x05\x7f\xc2\xc3\x9b\xa9\xe2\x82\xacxyz";
	static const char allowed[] =
		"^([\a-\x0f -~]|\x1b[78=>DEHMc]|\x1b[()][0AB]|\x1b\\[6n|\x1b\\[4[hl]|\x1b\\[[0-9]*T|"
		"\x1b\\[[0-9;]*[@A-HIJ-MPSXZ`adefgmrsu]|"
		"\x1b\\[\\?((1|6|7|12|25|47|1000|1002|1003|1005|1006|1015|1047|1048|1049|2004)(;|[hl]))+|"
		"\xc2[\xa0-\xbf]|\xc3[\x80-\xbf]|\xe2[\x80-\xbf][\x80-\xbf])*$";
	char in[200], out[sizeof(in) * 2];
	regex_t expression;

	(void)state;
	assert_int_equal(regcomp(&expression, allowed, REG_EXTENDED | REG_NOSUB), 0);
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < sizeof(in); i++)
			in[i] = of[(unsigned)rand() % (sizeof(of) - 1)];
		filter(in, sizeof(in), out);
		if (regexec(&expression, out, 0, NULL, 0))
			fail_msg("round %u", round);
	}
	regfree(&expression);
}

static void test_alone(void **state)
{
	(void)state;
	say(A, "# vi\n");
	polls(20);
	fake_count_from_here();
	type("\x1d!");
	assert_terminal(ALONE);
	say(B, "flood\n");
	say(A, "\x1b[?1049h\x1b[Htext\x1b]0;title\a\n");
	assert_terminal("\x1b[?1049h\x1b[Htext\a\n");
	type("i");
	assert_int_equal(typed_for(A), 'i');
	type("\x1d\x1d");
	assert_int_equal(typed_for(A), 0x1d);
	type("\x1d\x1b");		/* no command: nothing changes */
	say(A, "x\x1b]0;no end");
	assert_terminal("x");
	type("\x1d!");
	assert_terminal(RAW_RESET "\x1b[33m[b]\x1b[0m flood\r\n" MONITOR "a no longer has the terminal alone\r\n");
	say(A, "its end\a\x1b[Hplain\n");
	assert_terminal("\x1b[32m[a]\x1b[0m plain\r\n");
}

/* It ends in the middle of a sequence: the rest is no text. */
static void test_unfinished(void **state)
{
	static const char *const sequences[] = { "\x1b|[6n", "\x1b[|6n", "\x1b[6|n", "\x1b[>4|1m", "\x1b(|B", "\x1b#|8",
						 "\x1bP$|q\a" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(sequences); i++) {
		const char *rest = strchr(sequences[i], '|') + 1;
		char begin[16];

		snprintf(begin, sizeof(begin), "%.*s", (int)(rest - 1 - sequences[i]), sequences[i]);
		type("\x1d!");
		say(A, begin);
		polls(20);
		type("\x1d!");
		polls(20);
		fake_count_from_here();
		say(A, rest);
		say(A, "x\n");
		assert_terminal("\x1b[32m[a]\x1b[0m x\r\n");
	}
}

/* Another command of Ctrl-] ends it, and does what it does. */
static void test_other_commands(void **state)
{
	(void)state;
	type("\x1d!\x1d" "2");
	assert_terminal(ALONE RAW_RESET MONITOR "a no longer has the terminal alone\r\n" MONITOR
			"input goes to b (Ctrl-] ? is for help)\r\n");
	type("y");
	assert_int_equal(typed_for(B), 'y');
	type("\x1dm\x1d!");
	assert_shown("the monitor cannot have the terminal alone; Ctrl-] ? is for help\r\n");
	assert_false(mux_is_raw());
}

static void test_plain_terminal(void **state)
{
	(void)state;
	type("\x1d!");
	assert_terminal("[monitor] needs console-style = \"colour\"; Ctrl-] ? is for help\n");
	assert_false(mux_is_raw());
}

/* The guest ends: what is typed next brings the terminal back, and the machine's end does. */
static void test_end(void **state)
{
	(void)state;
	type("\x1d!");
	polls(20);
	fake_count_from_here();
	self = fake_hart_of(A, 0);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0);
	polls(20);
	assert_terminal("");
	type("x");
	polls(20);
	assert_false(mux_is_raw());
	assert_shown(RAW_RESET);
	assert_shown("vm a: stopped (shutdown)");
	assert_shown("a is stopped: input is discarded\r\n");
}

static void test_end_of_the_machine(void **state)
{
	(void)state;
	type("\x1d!");
	say(B, "last words\n");
	for (unsigned vm = A; vm <= C; vm++) {
		self = fake_hart_of(vm, 0);
		sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0);
		polls(20);
	}
	assert_shown(RAW_RESET);
	assert_shown("last words\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_is_dropped),
		cmocka_unit_test(test_anything),
		cmocka_unit_test_setup(test_alone, setup_colour),
		cmocka_unit_test_setup(test_unfinished, setup_colour),
		cmocka_unit_test_setup(test_other_commands, setup_colour),
		cmocka_unit_test_setup(test_plain_terminal, setup_uart),
		cmocka_unit_test_setup(test_end, setup_colour),
		cmocka_unit_test_setup(test_end_of_the_machine, setup_colour),
	};

	return cmocka_run_group_tests_name("raw", tests, NULL, teardown);
}
