/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See plan_cases.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"

struct test_plan t;

void plan_good(struct tree host, const char *guests)
{
	const char *wrong;

	test_plan_make(&t, host, guests);
	if (t.result) {
		kept_print(&t.kept);
		fail_msg("refused: %s", guests);
	}
	wrong = oracle_check(&t.host, &t.config, &t.plan);
	if (wrong)
		fail_msg("%s", wrong);
}

int plan_end(void **state)
{
	(void)state;
	test_plan_free(&t);
	return 0;
}
