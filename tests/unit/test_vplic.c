/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/vdev/vplic.c rule by rule, on the real drivers/plic.c over a modelled PLIC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/plic.c"
#include "tests/unit/fake/plic_rules.h"

static void test_power_on(void **state)
{
	(void)state;
	assert_power_on(0);
}

static void test_one_interrupt(void **state)
{
	(void)state;
	arm(0, 7, 3);
	assert_int_equal(hw.priority[7], 3);
	assert_true(hw.enable[hart_context[2]][7]);
	raise(7);
	assert_int_equal(last_changed, BIT(0));
	assert_int_equal(lines(0), BIT(0));
	assert_false(host_eip(0));
	assert_int_equal(nr_completes, 0);
	assert_int_equal(rd(PENDING(0)), BIT(7));
	assert_int_equal(rd(CLAIM(0)), 7);
	assert_int_equal(lines(0), 0);
	assert_int_equal(rd(PENDING(0)), 0);
	assert_int_equal(rd(CLAIM(0)), 0);
	assert_int_equal(nr_completes, 0);	/* not before the guest says so */
	naive_set_level(&hw, 7, false);
	wr(CLAIM(0), 7);
	assert_int_equal(nr_completes, 1);
	assert_false(host_eip(0));
	wr(CLAIM(0), 7);
	assert_int_equal(nr_completes, 1);
}

static void test_level_still_high(void **state)
{
	(void)state;
	arm(1, 31, 1);
	raise(31);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(rd(CLAIM(1)), 31);
		assert_int_equal(lines(0), 0);
		wr(CLAIM(1), 31);
		assert_int_equal(nr_completes, i);
		assert_true(host_eip(1));
		physical(1);
		assert_int_equal(lines(0), BIT(1));
	}
}

static void test_order(void **state)
{
	static const struct { uint32_t id, priority; } sources[] = {
		{ 20, 2 }, { 3, 2 }, { 40, 7 }, { 33, 7 }, { 1, 1 }, { 32, 6 },
	};
	static const uint32_t order[] = { 33, 40, 32, 3, 20, 1, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		arm(2, sources[i].id, sources[i].priority);
		pulse(sources[i].id);
	}
	assert_int_equal(last_changed, 0);	/* it was up already */
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		assert_int_equal(vplic_line(&vplics[0], 2), order[i] != 0);
		assert_int_equal(rd(CLAIM(2)), order[i]);
	}
}

static void test_threshold(void **state)
{
	(void)state;
	arm(0, 5, 3);
	wr(THRESHOLD(0), 3);
	assert_int_equal(rd(THRESHOLD(0)), 3);
	raise(5);
	assert_int_equal(lines(0), 0);
	wr(THRESHOLD(0), 2);
	assert_int_equal(last_changed, BIT(0));
	wr(THRESHOLD(0), 7);
	assert_int_equal(lines(0), 0);
	wr(PRIORITY(5), 7);
	assert_int_equal(lines(0), 0);
	assert_int_equal(rd(CLAIM(0)), 5);	/* a claim is not held back */
	wr(THRESHOLD(0), 0xfffffff9);
	assert_int_equal(rd(THRESHOLD(0)), 1);	/* WARL, three bits */
	assert_int_equal(hw.threshold[hart_context[2]], 0);
}

static void test_priority(void **state)
{
	(void)state;
	arm(0, 9, 0);
	raise(9);
	assert_int_equal(lines(0), 0);
	assert_int_equal(rd(CLAIM(0)), 0);	/* 0 never interrupts */
	assert_int_equal(rd(PENDING(0)), BIT(9));
	wr(PRIORITY(9), 1);
	raise(9);
	assert_int_equal(lines(0), BIT(0));
	wr(PRIORITY(9), 0);
	assert_int_equal(lines(0), 0);
	assert_int_equal(rd(CLAIM(0)), 0);
	assert_int_equal(rd(PENDING(0)), BIT(9));
	wr(PRIORITY(9), 4);
	assert_int_equal(lines(0), BIT(0));
	wr(PRIORITY(9), 6);
	assert_int_equal(last_changed, 0);	/* no dip on the way */
	wr(PRIORITY(9), 0xfffffff8 | 5);
	assert_int_equal(rd(PRIORITY(9)), 5);
	assert_int_equal(rd(CLAIM(0)), 9);
	assert_int_equal(rd(CLAIM(0)), 0);
}

/* With fewer priorities in the host none that is not 0 may become 0. */
static void test_priority_scaled(void **state)
{
	static const uint32_t masks[] = { 1, 3, 7, 0xff, 0xe0 };
	static const uint32_t host[][8] = {
		{ 0, 1, 1, 1, 1, 1, 1, 1 }, { 0, 1, 2, 3, 3, 3, 3, 3 }, { 0, 1, 2, 3, 4, 5, 6, 7 },
		{ 0, 1, 2, 3, 4, 5, 6, 7 }, { 0, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0 },
	};

	(void)state;
	for (size_t m = 0; m < ARRAY_LEN(masks); m++) {
		machine_on(masks[m]);
		create();
		for (uint32_t p = 0; p < 8; p++) {
			wr(PRIORITY(12), p);
			assert_int_equal(rd(PRIORITY(12)), p);
			assert_int_equal(hw.priority[12], host[m][p]);
		}
	}
}

static void test_completion_rules(void **state)
{
	static const uint32_t wrong[] = { 0, 5, 8, 25, 41, 46, 50, 51, 1023, 1024, 0x80000006, 0xffffffff };

	(void)state;
	arm(0, 6, 1);
	arm(0, 8, 1);
	raise(6);
	assert_int_equal(rd(CLAIM(0)), 6);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		wr(CLAIM(0), wrong[i]);
	wr(CLAIM(1), 6);			/* not enabled there */
	wr(ENABLE(0, 0), 0);
	assert_int_equal(nr_completes, 0);
	wr(ENABLE(2, 0), BIT(6));
	wr(CLAIM(2), 6);			/* any context where it is enabled will do */
	assert_int_equal(nr_completes, 1);
	assert_false(hw.enable[hart_context[2]][6]);	/* enabled only around the completion */
	assert_true(hw.enable[hart_context[4]][6]);
	assert_true(hw.pending[6]);
}

/* As Linux's change of affinity under a handler: claimed at 0, moved to 1, completed at 0. It must come at 1 again. */
static void test_moves_in_flight(void **state)
{
	(void)state;
	arm(0, 6, 1);
	raise(6);
	assert_int_equal(rd(CLAIM(0)), 6);
	wr(ENABLE(0, 0), 0);
	wr(ENABLE(1, 0), BIT(6));
	naive_set_level(&hw, 6, false);
	wr(CLAIM(2), 6);			/* neither claimed there nor enabled */
	assert_int_equal(nr_completes, 0);
	wr(CLAIM(0), 6);
	assert_int_equal(nr_completes, 1);
	assert_false(hw.enable[hart_context[2]][6]);
	raise(6);
	assert_int_equal(lines(0), BIT(1));
	assert_int_equal(rd(CLAIM(1)), 6);
	wr(CLAIM(0), 6);			/* that claim of 0 is over */
	assert_int_equal(nr_completes, 1);
	wr(CLAIM(1), 6);
	assert_int_equal(nr_completes, 2);
}

/* Another VM, on a PLIC that takes the completion of any source from any context. */
static void complete_foreign(uint32_t id)
{
	naive_complete(&hw, (uint32_t)hart_context[1], id);
}

/* The source comes again while the guest has it claimed: a new request, whose pending bit in the host is used up. */
static void test_foreign_completion(void **state)
{
	(void)state;
	expect_foreign = hw.any_completes = hw.latches = true;
	arm(0, 7, 3);
	arm(1, 7, 3);
	naive_set_level(&hw, 7, true);
	physical(0);
	assert_int_equal(rd(CLAIM(0)), 7);
	naive_set_level(&hw, 7, false);
	complete_foreign(7);
	for (unsigned i = 0; i < 3; i++) {	/* any number of them is one request */
		naive_set_level(&hw, 7, true);
		assert_true(host_eip(1));
		physical(1);
		complete_foreign(7);
	}
	naive_set_level(&hw, 7, true);
	physical(0);
	naive_set_level(&hw, 7, false);
	assert_int_equal(lines(0), 0);
	assert_int_equal(rd(PENDING(0)), 0);	/* the gateway waits */
	wr(CLAIM(0), 7);
	assert_int_equal(lines(0), BIT(0) | BIT(1));
	assert_int_equal(nr_completes, 0);	/* in the host it is in flight, as the last claim has left it */
	assert_int_equal(rd(CLAIM(1)), 7);
	wr(CLAIM(1), 7);			/* on the context that claimed last: plic_machine.h */
	assert_int_equal(nr_completes, 1);
	assert_int_equal(lines(0), 0);
	assert_false(hw.claimed[7] || hw.pending[7]);
	complete_foreign(7);			/* of what is not in flight: nothing */
	raise(7);
	assert_int_equal(rd(CLAIM(0)), 7);
	assert_int_equal(vplics[0].spurious, 0);
}

/* The same while it is pending: that is one request still. And a reset ends all of it. */
static void test_foreign_completion_pending(void **state)
{
	(void)state;
	expect_foreign = hw.any_completes = true;
	arm(0, 7, 3);
	raise(7);
	complete_foreign(7);
	assert_true(host_eip(0));
	physical(0);
	naive_set_level(&hw, 7, false);
	assert_int_equal(rd(CLAIM(0)), 7);
	wr(CLAIM(0), 7);
	assert_int_equal(nr_completes, 1);
	assert_int_equal(lines(0), 0);
	raise(7);
	assert_int_equal(rd(CLAIM(0)), 7);
	complete_foreign(7);
	physical(0);
	naive_set_level(&hw, 7, false);
	reset_vplic(0);
	assert_power_on(0);
	assert_false(hw.claimed[7]);
	arm(0, 7, 3);
	raise(7);
	naive_set_level(&hw, 7, false);
	assert_int_equal(rd(CLAIM(0)), 7);
	wr(CLAIM(0), 7);
	assert_int_equal(lines(0), 0);		/* nothing is remembered from before */
}

static void test_pending_register(void **state)
{
	(void)state;
	raise(6);				/* masked: the host's PLIC keeps it */
	raise(22);
	raise(35);
	assert_int_equal(nr_claims, 0);
	assert_int_equal(rd(PENDING(0)), BIT(6));
	assert_int_equal(rd(PENDING(1)), BIT(3));
	wr(PENDING(0), 0);
	wr(PENDING(1), 0xffffffff);
	assert_int_equal(rd(PENDING(0)), BIT(6));
	assert_int_equal(rd(PENDING(1)), BIT(3));
	for (uint32_t w = 2; w < 1024; w++)
		assert_int_equal(rd(PENDING(w)), 0);
	worker = 1;
	assert_int_equal(rd(PENDING(0)), BIT(22));
	assert_int_equal(rd(PENDING(1)), 0);
}

static void test_foreign_sources(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 1024; id++)
		wr(PRIORITY(id), 7);
	for (uint32_t id = 0; id < 1024; id++) {
		bool own = (id >= 1 && id <= 20) || (id >= 31 && id <= 40);

		assert_int_equal(rd(PRIORITY(id)), own ? 7 : 0);
		if (id < NAIVE_IDS)
			assert_int_equal(hw.priority[id], own ? 7 : 0);
	}
	for (uint32_t w = 0; w < 32; w++)
		wr(ENABLE(1, w), 0xffffffff);
	assert_int_equal(rd(ENABLE(1, 0)), 0x801ffffe);
	assert_int_equal(rd(ENABLE(1, 1)), 0x1ff);
	for (uint32_t w = 2; w < 32; w++)
		assert_int_equal(rd(ENABLE(1, w)), 0);
	raise(25);
	raise(41);
	raise(44);
	assert_int_equal(nr_claims, 0);
	assert_int_equal(rd(CLAIM(1)), 0);
}

/* M-mode contexts and those beyond the VM's vcpus. */
static void test_inert_contexts(void **state)
{
	(void)state;
	wr(PRIORITY(2), 7);
	for (uint64_t context = 0; context < 15872; context += context < 16 ? 1 : 97) {
		bool real = context & 1 && context < 6;

		wr(0x2000 + 0x80 * context, BIT(2));
		wr(0x200000 + 0x1000 * context, 3);
		assert_int_equal(rd(0x2000 + 0x80 * context), real ? BIT(2) : 0);
		assert_int_equal(rd(0x200000 + 0x1000 * context), real ? 3 : 0);
	}
	raise(2);
	assert_int_equal(lines(0), 7);
	for (uint64_t context = 0; context < 15872; context += 2)
		assert_int_equal(rd(0x200004 + 0x1000 * context), 0);
	assert_int_equal(rd(0x200004 + 0x1000 * 7), 0);
	for (uint64_t reg = 8; reg < 0x1000; reg += 4)
		assert_int_equal(rd(THRESHOLD(0) + reg), 0);
	assert_int_equal(rd(CLAIM(2)), 2);
	for (uint64_t context = 0; context < 15872; context++)
		if (!(context & 1) || context >= 6)
			wr(0x200004 + 0x1000 * context, 2);
	assert_int_equal(nr_completes, 0);
}

static void test_disabled_while_pending(void **state)
{
	(void)state;
	arm(0, 11, 2);
	raise(11);
	assert_int_equal(lines(0), BIT(0));
	wr(ENABLE(0, 0), 0);
	assert_int_equal(lines(0), 0);
	assert_int_equal(rd(PENDING(0)), BIT(11));
	assert_int_equal(rd(CLAIM(0)), 0);
	wr(ENABLE(2, 0), BIT(11));
	assert_int_equal(last_changed, BIT(2));
	assert_int_equal(nr_completes, 0);
	assert_int_equal(rd(CLAIM(2)), 11);
	naive_set_level(&hw, 11, false);
	wr(CLAIM(2), 11);			/* goes to the context of vcpu 0, which claimed it */
	assert_int_equal(nr_completes, 1);
	assert_false(hw.claimed[11]);
}

static void test_multicast(void **state)
{
	(void)state;
	arm(0, 14, 2);
	arm(2, 14, 2);
	naive_set_level(&hw, 14, true);
	assert_true(host_eip(0) && host_eip(2) && !host_eip(1));
	physical(2);
	assert_int_equal(last_changed, BIT(0) | BIT(2));
	physical(0);
	assert_int_equal(last_changed, 0);
	assert_int_equal(nr_claims, 1);
	assert_int_equal(rd(CLAIM(0)), 14);
	assert_int_equal(last_changed, BIT(0) | BIT(2));
	assert_int_equal(rd(CLAIM(2)), 0);
}

static void test_several_at_once(void **state)
{
	(void)state;
	for (uint32_t id = 1; id <= 10; id++) {
		arm(0, id, 1 + id % 7);
		naive_set_level(&hw, id, true);
	}
	physical(0);
	assert_int_equal(nr_claims, 10);
	assert_false(host_eip(0));
	for (uint32_t i = 0; i < 10; i++)
		assert_int_not_equal(rd(CLAIM(0)), 0);
	for (uint32_t id = 10; id >= 1; id--)	/* in any order */
		wr(CLAIM(0), id);
	assert_int_equal(nr_completes, 10);
}

/* An id of another owner arrives: our bug or the machine's; it must not stay, and be counted. */
static void test_spurious(void **state)
{
	uint32_t context = (uint32_t)hart_context[2];

	(void)state;
	arm(0, 4, 1);
	expect_spurious = true;
	hw.enable[context][25] = true;
	hw.priority[25] = 7;
	naive_set_level(&hw, 25, true);
	naive_set_level(&hw, 4, true);
	physical(0);
	assert_int_equal(lines(0), BIT(0));
	assert_int_equal(vplics[0].spurious, 1);
	assert_false(hw.enable[context][25]);
	assert_true(hw.pending[25] && !hw.claimed[25]);	/* left for whoever it belongs to */
}

static void test_broken_claim(void **state)
{
	static const uint32_t ids[] = { HW_NDEV + 1, 1024, 0xffffffff, 4 };

	(void)state;
	arm(0, 4, 1);
	raise(4);
	assert_int_equal(rd(CLAIM(0)), 4);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		broken_claim = ids[i];
		nr_claims = 0;
		physical(0);
		assert_int_equal(lines(0), 0);
		assert_in_range(nr_claims, 1, 30 + 1);	/* it gives up */
	}
	assert_int_equal(nr_completes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_power_on, setup),
		cmocka_unit_test_setup(test_one_interrupt, setup),
		cmocka_unit_test_setup(test_level_still_high, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_threshold, setup),
		cmocka_unit_test_setup(test_priority, setup),
		cmocka_unit_test_setup(test_priority_scaled, setup),
		cmocka_unit_test_setup(test_completion_rules, setup),
		cmocka_unit_test_setup(test_moves_in_flight, setup),
		cmocka_unit_test_setup(test_foreign_completion, setup),
		cmocka_unit_test_setup(test_foreign_completion_pending, setup),
		cmocka_unit_test_setup(test_pending_register, setup),
		cmocka_unit_test_setup(test_foreign_sources, setup),
		cmocka_unit_test_setup(test_inert_contexts, setup),
		cmocka_unit_test_setup(test_disabled_while_pending, setup),
		cmocka_unit_test_setup(test_multicast, setup),
		cmocka_unit_test_setup(test_several_at_once, setup),
		cmocka_unit_test_setup(test_spurious, setup),
		cmocka_unit_test_setup(test_broken_claim, setup),
	};

	return cmocka_run_group_tests_name("vplic", tests, NULL, NULL);
}
