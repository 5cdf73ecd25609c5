/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console as a person at the UART sees it: whose output is shown, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/terminal.h"

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

/* A byte that comes when the driver has just seen that there is none, and a time-out that a clone reports without a
 * byte. */
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

/* A flood: others have their turn, what is dropped is counted and reported, and its hart alone uses the device. */
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

/* The hart continues to poll when its own guest is down. */
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
		cmocka_unit_test_setup(test_panic, setup_uart),
		cmocka_unit_test(test_no_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
