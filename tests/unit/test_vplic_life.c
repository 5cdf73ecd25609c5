/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/vdev/vplic.c: its creation, virtual sources and resets, on the real drivers/plic.c over a modelled PLIC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/plic.c"
#include "tests/unit/fake/plic_rules.h"

/* Virtual: 46 (above the host's), 25 (of VM 1 in the host), 10 (given to this VM by the plan). */
static void test_virtual_source(void **state)
{
	static const uint32_t ids[] = { 46, 25, 10 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		uint32_t id = ids[i];

		assert_int_equal(vplic_add_virtual(&vplics[0], id), OK);
		touchable[0][id] = false;
		arm(0, id, 5);
		set_level(id, true);
		assert_int_equal(lines(0), BIT(0));
		assert_int_equal(rd(PENDING(id / 32)), BIT(id % 32));
		assert_int_equal(rd(CLAIM(0)), id);
		assert_int_equal(lines(0), 0);
		set_level(id, true);
		assert_int_equal(lines(0), 0);		/* claimed: the gateway waits */
		wr(CLAIM(0), id);
		assert_int_equal(lines(0), BIT(0));	/* still high */
		set_level(id, false);
		assert_int_equal(lines(0), BIT(0));	/* a request is not taken back */
		assert_int_equal(rd(CLAIM(0)), id);
		wr(CLAIM(0), id);
		assert_int_equal(lines(0), 0);
		assert_int_equal(rd(CLAIM(0)), 0);
		raise(id);				/* the host's source of that number is another */
		assert_int_equal(rd(PENDING(id / 32)), 0);
	}
	assert_int_equal(nr_claims, 0);
}

static void test_virtual_refused(void **state)
{
	static const uint32_t not_virtual[] = { 0, 4, 25, 46, 50, 51, 1023, 1024, 0xffffffff };

	(void)state;
	for (uint32_t id = 1; id < 1024; id++)
		wr(PRIORITY(id), 1);
	wr(ENABLE(0, 0), 0xffffffff);
	wr(ENABLE(0, 1), 0xffffffff);
	for (size_t i = 0; i < ARRAY_LEN(not_virtual); i++)
		set_level(not_virtual[i], true);
	assert_int_equal(lines(0), 0);
	assert_int_equal(rd(CLAIM(0)), 0);
	assert_int_equal(vplic_add_virtual(&vplics[0], 0), ERR_RANGE);
	assert_int_equal(vplic_add_virtual(&vplics[0], GUEST_NDEV + 1), ERR_RANGE);
	assert_int_equal(vplic_add_virtual(&vplics[0], 0xffffffff), ERR_RANGE);
	assert_int_equal(vplic_add_virtual(&vplics[0], GUEST_NDEV), OK);
}

static void test_reset(void **state)
{
	(void)state;
	assert_int_equal(vplic_add_virtual(&vplics[0], 46), OK);
	for (uint32_t id = 1; id <= 5; id++)
		arm(id % 3, id, 3);
	arm(0, 46, 7);
	wr(THRESHOLD(1), 2);
	set_level(46, true);
	pulse(1);				/* to be: claimed by the guest */
	assert_int_equal(rd(CLAIM(1)), 1);
	pulse(2);				/* pending in the guest's PLIC */
	naive_set_level(&hw, 3, true);		/* pending in the host's, gone before the reset */
	naive_set_level(&hw, 3, false);
	raise(4);				/* in flight, and still up */
	naive_set_level(&hw, 33, true);		/* masked and up */
	reset_vplic(0);
	assert_power_on(1ull << 4 | 1ull << 33);
	for (uint32_t id = 0; id < NAIVE_IDS; id++)
		assert_false(hw.claimed[id]);
}

/* Claimed by the guest itself in the hardware, on any of its contexts; some PLICs ask for the one that claimed. */
static void test_reset_of_passed(void **state)
{
	(void)state;
	hw.claimer_only = true;
	vplic_set_passed(&vplics[0], PLIC_GUARDED);
	for (uint32_t vcpu = 0; vcpu < 3; vcpu++) {
		vplic_passed_write(&vplics[0], PRIORITY(1 + vcpu), 2);
		vplic_passed_write(&vplics[0], ENABLE(vcpu, 0), BIT(1 + vcpu));
		naive_set_level(&hw, 1 + vcpu, true);
		assert_int_equal(naive_claim(&hw, (uint32_t)vplics[0].context[vcpu]), 1 + vcpu);
	}
	vplic_passed_write(&vplics[0], ENABLE(1, 0), 0);	/* moved away in flight */
	naive_set_level(&hw, 1, false);
	naive_set_level(&hw, 2, false);
	reset_vplic(0);
	assert_power_on(1ull << 3);
	for (uint32_t id = 0; id < NAIVE_IDS; id++)
		assert_false(hw.claimed[id]);
}

/* Its hart is not wired to this PLIC: it keeps its registers, and others take its interrupts. */
static void test_no_context(void **state)
{
	(void)state;
	plan.vms[0].nr_vcpus = 4;
	create();
	wr(PRIORITY(3), 1);
	wr(ENABLE(3, 0), BIT(3));
	assert_int_equal(rd(ENABLE(3, 0)), BIT(3));
	raise(3);
	assert_int_equal(nr_claims, 0);
	physical(3);
	assert_int_equal(lines(0), 0);
	wr(ENABLE(0, 0), BIT(3));
	raise(3);
	assert_int_equal(lines(0), BIT(0) | BIT(3));
	assert_int_equal(rd(CLAIM(3)), 3);
	wr(CLAIM(3), 3);
	assert_int_equal(nr_completes, 1);
	reset_vplic(0);
}

/* As many vcpus as a VM can have: nothing beside their places is read or written. */
static void test_most_vcpus(void **state)
{
	(void)state;
	plan.vms[0].nr_vcpus = MAX_HARTS;
	for (uint32_t i = 0; i < MAX_HARTS; i++)
		plan.vms[0].vcpu_hart[i] = (uint8_t)(i % 2 ? 4 : 5);
	vplic_create(&vplics[0], &plan, 0, 0);
	for (uint32_t i = 0; i < MAX_HARTS; i++) {
		assert_int_equal(vplics[0].context[i], i % 2 ? hart_context[4] : NO_CONTEXT);
		assert_int_equal(vplics[0].guard[i], CTX_GUARD_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_virtual_source, setup),
		cmocka_unit_test_setup(test_virtual_refused, setup),
		cmocka_unit_test_setup(test_reset, setup),
		cmocka_unit_test_setup(test_reset_of_passed, setup),
		cmocka_unit_test_setup(test_no_context, setup),
		cmocka_unit_test_setup(test_most_vcpus, setup),
	};

	return cmocka_run_group_tests_name("vplic_life", tests, NULL, NULL);
}
