/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Harts of a VM that hang: the watchdog, and a hart that M-mode firmware does not return, on the fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/riscv/paging.h"
#include "tests/unit/fake/lives.h"

/* ---- the watchdog ---- */

/* With a timer that is served, or without any, a guest lives on. */
static void test_watchdog_sleeps(void **state)
{
	(void)state;
	for (unsigned sstc = 0; sstc < 2; sstc++) {
		config.sstc = sstc;
		config.policy[A].watchdog_ms = 10;
		boot();
		for (unsigned i = 0; i < 20; i++)
			pass(6000);
		for (unsigned i = 0; i < 20; i++) {
			assert_int_equal(sbi(SBI_EXT_TIME, 0, fake.time + 3000, 0, 0), SBI_SUCCESS);
			pass(6000);
		}
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	}
}

/* Its time is what the plan says, to the tick. */
static void test_watchdog_time(void **state)
{
	static const uint32_t times[] = { 1, 10, 999, 3600000 };	/* ms */

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(times); i++) {
		config.policy[A].watchdog_ms = times[i];
		config.policy[B].watchdog_ms = 7;
		boot();
		assert_int_equal(fake_vm(A)->watchdog_ticks, times[i] * (FAKE_HZ / 1000));
		assert_int_equal(fake_vm(B)->watchdog_ticks, 7 * (FAKE_HZ / 1000));
		assert_int_equal(fake_vm(C)->watchdog_ticks, 0);
	}
}

static void test_watchdog_bites(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		config.sstc = i & 1;
		config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 1,
							 .watchdog_ms = 10 };
		boot();
		if (i & 2)
			assert_int_equal(sbi(0x0a424b48, 0, 0, 0, 0), SBI_SUCCESS);
		else
			assert_int_equal(sbi(SBI_EXT_TIME, 0, fake.time + 1, 0, 0), SBI_SUCCESS);
		pass(5001);
		assert_int_equal(fake_vm(A)->crashes, 0);
		pass(5001);
		pass(5001);
		assert_int_equal(fake_vm(A)->crashes, 1);
		assert_true(fake_said("crash: watchdog"));
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		for (unsigned k = 0; k < 10; k++)
			pass(6000);	/* it owes nothing after its restart */
		assert_int_equal(fake_vm(A)->crashes, 1);
	}
}

/* Of harts whose watchdogs fire at once, one is logged. */
static void test_watchdog_bites_twice(void **state)
{
	(void)state;
	config.policy[A].watchdog_ms = 10;
	boot();
	start_all();
	for (unsigned v = 0; v < 3; v++) {
		self = fake_hart_of(A, v);
		assert_int_equal(sbi(SBI_EXT_TIME, 0, fake.time + 1, 0, 0), SBI_SUCCESS);
	}
	fake_count_from_here();
	pass(15001);
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_int_equal(fake_said("vm a: vcpu 0: crash: watchdog") + fake_said("vm a: vcpu 1: crash: watchdog") +
			 fake_said("vm a: vcpu 2: crash: watchdog"), 1);
}

/* ---- a hart that M-mode does not give back ---- */

#define LOOK	(FAKE_HZ * STUCK_SECONDS / STUCK_CHECKS)

static void hang(unsigned vcpu)
{
	fake.hung |= 1ull << fake_hart_of(A, vcpu);
}

static void assert_quiet(void)
{
	assert_int_equal(fake.virtio[A][STATUS], 0);
	for (unsigned id = 1; id <= 15; id++) {
		assert_int_equal(fake.plic.priority[id], 0);
		assert_false(fake.plic.claimed[id]);
	}
}

/* All but one look are in vain, and then it is stuck. */
/* The harts that have written to the console have shown it. */
static void show_all(void)
{
	for (unsigned poll = 0; poll < 50; poll++)
		pass(FAKE_HZ / 1000);
}

static void wait_until_stuck(void)
{
	for (unsigned i = 1; i < STUCK_CHECKS; i++) {
		pass(LOOK);
		assert_int_equal(fake_vm(A)->state, VM_STOPPING);
	}
	pass(LOOK);
	assert_int_equal(fake_vm(A)->state, VM_STUCK);
}

/* A sibling asks for an end, of any kind; who has left looks for those that have not. */
static void test_stuck(void **state)
{
	static const struct { uint64_t type, reason; } ends[] = { { 0, 0 }, { 1, 0 }, { 2, 0 }, { 0, 1 } };
	uint8_t ram;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 9 };
		boot();
		start_all();
		show_all();
		make_a_mess();
		watch_neighbours();
		hang(1);
		fake_count_from_here();
		sbi(SBI_EXT_SRST, 0, ends[i].type, ends[i].reason, 0);
		wait_until_stuck();
		show_all();
		assert_true(fake_said("vm a: STUCK: vcpu 1 on hart 7 has not left the guest for 10 s: "));
		assert_true(fake_said("vm a: it cannot start again until the machine is reset; "));
		assert_false(fake_said("vcpu 0 on hart") || fake_said("vcpu 2 on hart") || fake_said("restarts"));
		assert_quiet();
		for (unsigned v = 0; v < 3; v += 2) {
			assert_int_equal(fake.hw[fake_hart_of(A, v)].place, PLACE_WFI);
			assert_int_equal(fake.hw[fake_hart_of(A, v)].csr.sie, 1ull << IRQ_SSI);
		}
		for (enum vm_ask ask = ASK_START; ask <= ASK_RESTART; ask++)
			assert_non_null(strstr(vm_ask(fake_vm(A), ask), "it is stuck"));
		assert_neighbours_kept();

		/* It comes back after all: to nothing. */
		ram = *fake_ram_at(A, BOOT_PC);
		fake_count_from_here();
		fake.hung = 0;
		fake_settle();
		pass(100 * LOOK);
		assert_true(fake_said("vm a: vcpu 1 has come back; the VM stays stuck\n"));
		assert_int_equal(fake.hw[fake_hart_of(A, 1)].place, PLACE_WFI);
		assert_int_equal(fake_vm(A)->state, VM_STUCK);
		assert_int_equal(*fake_ram_at(A, BOOT_PC), ram);
		fake_ram_close();
		assert_int_equal(fake_vm(A)->starts, 1);
		assert_neighbours_kept();
	}
}

/* One that comes in time, though late, is as good as any; nor is a jump of the clock its fault. */
static void test_not_stuck(void **state)
{
	(void)state;
	start_all();
	hang(2);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	for (unsigned i = 1; i < STUCK_CHECKS; i++)
		pass(i == 3 ? 1000 * LOOK : LOOK);
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STOPPING);
	fake.hung = 0;
	fake_settle();
	assert_fresh();
	assert_int_equal(fake_vm(A)->starts, 2);
	assert_false(fake_said("STUCK"));
	pass(100 * LOOK);
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
}

/* Without Sstc the firmware's timer wakes the hart that checks; several may be lost, and each is named. */
static void test_two_stuck_without_sstc(void **state)
{
	(void)state;
	config.sstc = false;
	boot();
	start_all();
	hang(0);
	hang(2);
	self = fake_hart_of(A, 1);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	wait_until_stuck();
	assert_true(fake_said("STUCK: vcpu 0 on hart 3 ") && fake_said("STUCK: vcpu 2 on hart 70 "));
	fake.hung = 1ull << fake_hart_of(A, 0);		/* one of them comes back, and concludes nothing */
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STUCK);
	assert_true(vm_is_lost(fake_vm(A), 0));
	assert_false(vm_is_lost(fake_vm(A), 1) || vm_is_lost(fake_vm(A), 2));
}

/* A stuck VM has ended: the machine does not wait for it. */
static void test_last_one_is_stuck(void **state)
{
	(void)state;
	for (unsigned last = 0; last < 2; last++) {
		boot();
		start_all();
		hang(1);
		sbi(SBI_EXT_SRST, 0, 0, 0, 0);
		for (unsigned vm = B; vm <= C; vm++) {
			if (last && vm == B)
				wait_until_stuck();
			self = fake_hart_of(vm, 0);
			sbi(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0);
			fake_settle();
		}
		if (!last) {
			assert_false(fake.shut_down);
			wait_until_stuck();
		}
		assert_true(fake.shut_down);
	}
}

/* No command is given, but the watchdog of a sibling misses it. */
static void test_watchdog_misses(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {	/* each sibling */
		config.sstc = i & 1;
		config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 9,
							 .watchdog_ms = 100 };
		boot();
		start_all();
		for (unsigned k = 0; k < 100; k++)
			pass(50001);
		fake.time += 100 * FAKE_HZ;	/* a jump of the clock */
		for (unsigned k = 0; k < 100; k++)
			pass(50001);
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		hang(i / 2);
		for (unsigned k = 0; k < 20; k++)
			pass(50001);
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		for (unsigned k = 0; k < 10; k++)
			pass(50001);
		assert_int_equal(fake_vm(A)->state, VM_STOPPING);
		assert_true(fake_said(": crash: watchdog"));
		for (unsigned k = 0; k < STUCK_CHECKS; k++)
			pass(LOOK);
		assert_int_equal(fake_vm(A)->state, VM_STUCK);
	}
}

/* To the tick: a hart that was not checked for two periods itself has seen time jump. */
static void test_watchdog_jumps(void **state)
{
	uint64_t *seen;

	(void)state;
	for (unsigned ticks = 0; ticks < 2; ticks++) {
		config.policy[A].watchdog_ms = 100;
		boot();
		start_all();
		seen = &fake_vcpu(A, 0)->timer.seen;
		hang(1);
		for (unsigned k = 0; k < 22; k++)
			pass(50001);
		fake.time = *seen + 200000 - ticks;
		fake.hung |= 1ull << fake_hart_of(A, 2);	/* one hart alone checks now */
		fake_settle();
		assert_int_equal(fake_vm(A)->state, ticks ? VM_STOPPING : VM_RUNNING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_stuck, setup),
		cmocka_unit_test_setup(test_not_stuck, setup),
		cmocka_unit_test_setup(test_two_stuck_without_sstc, setup),
		cmocka_unit_test_setup(test_last_one_is_stuck, setup),
		cmocka_unit_test_setup(test_watchdog_misses, setup),
		cmocka_unit_test_setup(test_watchdog_jumps, setup),
		cmocka_unit_test_setup(test_watchdog_sleeps, setup),
		cmocka_unit_test_setup(test_watchdog_time, setup),
		cmocka_unit_test_setup(test_watchdog_bites, setup),
		cmocka_unit_test_setup(test_watchdog_bites_twice, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
