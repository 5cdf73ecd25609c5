/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/terminal/mux.c on the fake machine: how a hart announces that it waits for its turn at the console, and what
 * counts against its budget. What the terminal shows is in test_console.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/terminal/mux.c"
#include "tests/unit/fake/exits.h"

static uint32_t most, locks;	/* harts that waited at once; locks that were taken */

static void before_lock(void)
{
	most = mux.waiting > most ? mux.waiting : most;
	locks++;
}

/* The hart that waits for the lock is counted while it waits, and no longer. */
static void test_waiting(void **state)
{
	(void)state;
	fake_before_lock = before_lock;
	for (unsigned i = 0; i < 3; i++) {
		uint32_t turns = mux.turns;

		most = locks = 0;
		for (const char *c = "text\n"; *c; c++)
			sbi(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, (uint64_t)*c, 0, 0);
		assert_true(fake_said("[a] text"));
		assert_true(locks > 0 && mux.turns > turns);
		assert_int_equal(most, 1);
		assert_int_equal(mux.waiting, 0);
	}
	fake_before_lock = NULL;
}

/* Who locks for other reasons, as the monitor's hart, is not waited for. */
static void test_not_waiting(void **state)
{
	(void)state;
	most = locks = 0;
	fake_before_lock = before_lock;
	mux_lock();
	mux_unlock();
	fake_before_lock = NULL;
	assert_int_equal(locks, 1);
	assert_int_equal(most, 0);
}

static int setup_uart(void **state)
{
	setup(state);
	config.uart = true;
	boot();
	return 0;
}

/* A step counts what it takes, whatever it is: the budgets of turns and polls go by that. */
static void test_step(void **state)
{
	static const char text[] = "ab\tc\x1b[1md\b\xc3\xa9\x07 and more, to the end\r\n";
	bool ended = false;

	(void)state;
	for (uint32_t max = 1; max < sizeof(text); max++) {
		uint32_t taken = 0;

		for (const char *c = text; *c; c++)	/* hart 5, which would show it, does nothing meanwhile */
			sbi(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, (uint8_t)*c, 0, 0);
		while (has_text(A)) {
			uint32_t next = mux.sources[A].next, n = step(A, max, &ended);

			assert_true(n > 0 && n <= max);
			assert_int_equal(n, mux.sources[A].next - next);
			taken += n;
			stage_push_all();
		}
		assert_int_equal(taken, sizeof(text) - 1);
		assert_true(ended);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_waiting, setup),
		cmocka_unit_test_setup(test_not_waiting, setup),
		cmocka_unit_test_setup(test_step, setup_uart),
	};

	return cmocka_run_group_tests_name("mux", tests, NULL, teardown);
}
