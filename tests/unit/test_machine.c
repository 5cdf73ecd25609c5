/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/console/machine.c: what is said before and after the firmware is asked to end the machine, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/fmt.h"
#include "hyp/console/machine.c"

static bool has_srst;
static char steps[512];

bool sbi_probe(unsigned long eid)
{
	assert_int_equal(eid, SBI_EXT_SRST);
	return has_srst;
}

void sbi_system_reset(uint32_t type, uint32_t reason)
{
	snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "reset %u %u\n", type, reason);
}

void console_finish(void)
{
	strcat(steps, "all is shown\n");
}

void log_record(const char *format, uint32_t n, const uint64_t *values)
{
	assert_in_range(n, 0, LOG_VALUES);
	fmt_values(steps + strlen(steps), 200, format, values);
	strcat(steps, "\n");
}

void console_logged(void) { }

/* What may be the last word is written and shown before the call, which does not return if it works. */
static void test_reset(void **state)
{
	(void)state;
	has_srst = true;
	machine_reset(SBI_SRST_SHUTDOWN, SBI_SRST_REASON_FAILURE);
	assert_string_equal(steps, "all is shown\nreset 0 1\nthe firmware cannot shut down the machine; it is idle\n");
	steps[0] = 0;
	machine_reset(SBI_SRST_COLD_REBOOT, SBI_SRST_REASON_NONE);
	assert_string_equal(steps, "all is shown\nreset 1 0\nthe firmware cannot reboot the machine; it is idle\n");
	steps[0] = 0;
	has_srst = false;
	machine_reset(SBI_SRST_SHUTDOWN, SBI_SRST_REASON_NONE);
	assert_string_equal(steps, "the firmware has no SRST extension: if the machine stays on now, it has to be "
			    "switched off by hand\nall is shown\nreset 0 0\nthe firmware cannot shut down the machine; "
			    "it is idle\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
