/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hart of a running VM that M-mode firmware does not return, and that no sibling can miss: vm_stuck.c, by the hart
 * that drives the console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/terminal.h"

/* b, with one started hart. Hart 5, c's, drives the console, and polls 50 times a second. */
static int begin(void **state)
{
	setup(state);
	config.uart = true;
	config.policy[B] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 9,
						 .watchdog_ms = 50 };
	start(&config);
	return 0;
}

static void hang(void)
{
	fake.hung = 1ull << fake_hart_of(A, 0) | 1ull << fake_hart_of(B, 0);
}

/* After two periods and a second, and one period more. The guest without a watchdog is not missed. */
static void test_missed(void **state)
{
	(void)state;
	for (unsigned sstc = 0; sstc < 2; sstc++) {
		config.sstc = sstc;
		start(&config);
		polls(500);
		hang();
		polls(112);
		assert_int_equal(fake_vm(B)->state, VM_RUNNING);
		polls(12);
		assert_int_equal(fake_vm(B)->state, VM_STOPPING);
		assert_true(fake_said("vm b: crash: watchdog: a hart of it is in the firmware and does not "
				      "return\r\n"));
		assert_true(fake.hw[fake_hart_of(B, 0)].csr.ssip);
		polls(1100);
		assert_int_equal(fake_vm(B)->state, VM_STUCK);
		assert_true(fake_said("vm b: STUCK: vcpu 0 on hart 256 "));
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	}
}

/* It is missed for a while, and returns in time: nothing happens. */
static void test_returns(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 10; k++) {
		hang();
		polls(105);
		fake.hung = 0;
		polls(20);
	}
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	assert_false(fake_said("crash"));
}

/* An emulator that was stopped: the harts of b get the whole time again. */
static void test_time_jumps(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 10; k++) {
		fake.time += 100 * FAKE_HZ;
		hang();
		polls(105);
		fake.hung = 0;
		polls(20);
	}
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	assert_false(fake_said("crash"));
	hang();
	polls(130);
	assert_int_equal(fake_vm(B)->state, VM_STOPPING);
}

/* A hart that is stopped is not checked, and a new life begins anew. */
static void test_stopped_harts_are_not_missed(void **state)
{
	(void)state;
	type("\x1d" "mstop b\r");
	polls(500);
	assert_int_equal(fake_vm(B)->state, VM_STOPPED);
	type("start b\r");
	polls(500);
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	assert_false(fake_said("crash"));
}

/* When the hart that drives the console checks next: without a watchdog only for the console. */
static void test_next_check(void **state)
{
	(void)state;
	for (uint32_t ms = 0; ms <= 3; ms++) {
		const uint64_t *poll = &fake_vcpu(C, 0)->timer.poll;

		config.policy[B].watchdog_ms = ms;
		start(&config);
		fake_settle();
		assert_true(*poll > fake.time);
		if (ms)
			assert_true(*poll - fake.time <= ms * FAKE_HZ / 1000);
		else
			assert_true(*poll - fake.time > 3 * FAKE_HZ / 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_missed, begin),
		cmocka_unit_test_setup(test_returns, begin),
		cmocka_unit_test_setup(test_time_jumps, begin),
		cmocka_unit_test_setup(test_stopped_harts_are_not_missed, begin),
		cmocka_unit_test_setup(test_next_check, begin),
	};

	return cmocka_run_group_tests_name("lost", tests, NULL, teardown);
}
