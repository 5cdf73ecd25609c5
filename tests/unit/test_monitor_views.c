/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitor shows of a guest: how long it runs, its interrupts, its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/terminal.h"

static void test_uptime(void **state)
{
	static const struct { uint64_t seconds; const char *shown; } times[] = {
		{ 59, "  up 59 s\n" }, { 60, "  up 1 min 0 s\n" }, { 3599, "  up 59 min 59 s\n" },
		{ 3600, "  up 1 h 0 min\n" }, { 86399, "  up 23 h 59 min\n" }, { 86400, "  up 1 d 0 h\n" },
		{ 100 * 86400 + 5 * 3600 + 1, "  up 100 d 5 h\n" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(times); i++) {
		fake_vm(A)->started_at = fake.time - times[i].seconds * FAKE_HZ;
		command("guests");	/* which a person types within a second */
		assert_non_null(strstr(terminal(), times[i].shown));
	}
}

static void test_irq_and_mem(void **state)
{
	(void)state;
	self = fake_hart_of(A, 0);
	guest_sw(FAKE_PLIC + 4 * 3, 5);
	guest_sw(FAKE_PLIC + 0x2000 + 0x80, 1u << 3);
	command("irq a");
	assert_shown("[monitor] a: sources of ");
	assert_shown("[monitor] a:   3: priority 5, enabled for vcpu 0\n[monitor] a:   4: priority 0, not enabled\n");
	assert_null(strstr(terminal(), "a:   16:"));
	assert_null(strstr(terminal(), "b:"));
	command("irq");
	assert_shown("which guest? guests lists them\n");
	command("mem a");
	assert_shown("[monitor] a: 000080000000-000080003fff  RAM, at host 0000901fe000\n");
	assert_shown("[monitor] a: 000080000000-00008000012b  kernel \"");
	assert_shown("[monitor] a: 000080000000               entry\n");
	command("mem absent");
	assert_shown("there is no guest \"absent\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_uptime, setup_monitor),
		cmocka_unit_test_setup(test_irq_and_mem, setup_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
