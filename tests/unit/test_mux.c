/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/terminal/mux.c on the fake machine: what counts against a budget. What the terminal shows is in test_console.c;
 * how harts share the terminal is in test_console_direct.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/terminal/mux.c"
#include "tests/unit/fake/exits.h"

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
	while (has_text(MUX_LOG))	/* a guest's text comes behind it */
		step(MUX_LOG, 64, &ended);
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
		cmocka_unit_test_setup(test_step, setup_uart),
	};

	return cmocka_run_group_tests_name("mux", tests, NULL, teardown);
}
