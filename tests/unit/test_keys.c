/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is typed at the UART: which guest gets it, and the keys of the console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/terminal.h"

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
	type("\x1d" "absent\r");
	type("\x1d" "b!");
	type("\x1d?");
	assert_shown("[monitor] there is no guest \"absent\"");
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

/* What no guest reads is lost, counted, and harms no other guest. */
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

/* A person who types to a guest that is stopped reads why nothing happens: once, and again when it stops again. */
static void test_typed_to_stopped(void **state)
{
	(void)state;
	type("\x1dmstop a\r");
	polls(400);
	fake_count_from_here();
	type("\x1d" "1");
	assert_terminal("\n[monitor] input goes to a (Ctrl-] ? is for help)\n");
	type("ls\r");
	assert_terminal("[monitor] a is stopped: input is discarded\n");
	type("ls\r");
	assert_terminal("");
	type("\x1d" "2x");
	assert_int_equal(typed_for(B), 'x');
	fake_count_from_here();
	type("\x1d" "1x");
	assert_shown("[monitor] a is stopped: input is discarded\n");
	type("\x1dmstart a\r");
	polls(400);
	fake_count_from_here();
	type("\x1d" "1y");
	assert_null(strstr(terminal(), "discarded"));
	assert_int_equal(typed_for(A), 'y');
}

/* Ctrl-] . shows one guest; what the others write meanwhile is gone, and their next line is whole again. */
static void test_solo(void **state)
{
	(void)state;
	say(B, "begun");
	type("\x1d.");
	assert_terminal("[monitor] only the guest in focus is shown (Ctrl-] . shows all again)\n");
	say(B, " and ended\nsecond\n");
	say(A, "mine\n$ ");
	console_log("about b");
	polls(5);
	assert_shown("[a] mine\n");
	assert_shown("[bulkhead] about b\n");
	assert_shown("[a] $ ");
	assert_null(strstr(terminal(), "[b]"));
	flood(B, OUT_RING);
	polls(600);
	assert_int_equal(console_waiting(B), 0);	/* it is read all the same */
	type("\x1d" "2");
	polls(100);
	fake_count_from_here();
	say(B, "b's\n");
	say(A, "hidden\n");
	polls(50);
	assert_shown("[b] b's\n");
	assert_null(strstr(terminal(), "[a]"));
	fake_count_from_here();
	type("\x1dm");
	say(A, "hidden\n");
	polls(50);
	assert_null(strstr(terminal(), "[a]"));
	type("\x1d.");
	assert_shown("[monitor] all guests are shown\n");
	say(A, "seen\n");
	assert_shown("[a] seen\n");
	assert_null(strstr(terminal(), "[a] hidden"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keys, setup_uart),
		cmocka_unit_test_setup(test_name_is_shown, setup_uart),
		cmocka_unit_test_setup(test_name_given_up, setup_uart),
		cmocka_unit_test_setup(test_long_name, setup_uart),
		cmocka_unit_test_setup(test_name_in_colour, setup_colour),
		cmocka_unit_test_setup(test_name_with_m, setup_uart),
		cmocka_unit_test_setup(test_input_lost, setup_uart),
		cmocka_unit_test_setup(test_typed_to_stopped, setup_uart),
		cmocka_unit_test_setup(test_solo, setup_uart),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
