/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two VMs whose PLICs are as at power-on, and what that means. Included after drivers/plic.c. */
#ifndef TESTS_UNIT_FAKE_PLIC_RULES_H
#define TESTS_UNIT_FAKE_PLIC_RULES_H

#include "tests/unit/fake/plic_guest.h"

/* Of VM 0: 1..20 and 31..40; of VM 1: 21..30; of the hypervisor: 41; without an owner: the rest. */
static inline void set_owners(void)
{
	for (uint32_t id = 1; id <= 40; id++)
		plan.intcs[0].source_owner[id] = id > 20 && id <= 30 ? 1 : 0;
	plan.intcs[0].source_owner[41] = OWNER_HYP;
}

static inline void create(void)
{
	create_vplics();
	for (worker = 1; worker >= 0; worker--)
		reset_vplic(worker);
	worker = 0;
}

static inline int setup(void **state)
{
	(void)state;
	machine_plan();
	set_owners();
	machine_on(7);
	create();
	return 0;
}

/* pending: what the pending registers must show; everything else is 0. */
static inline void assert_power_on(uint64_t pending)
{
	for (uint64_t offset = 0; offset < 0x400000; offset += offset < 0x4000 ? 4 : 0x804)
		if (offset != PENDING(0) && offset != PENDING(1))
			assert_int_equal(rd(offset), 0);
	assert_int_equal(rd(PENDING(0)) | (uint64_t)rd(PENDING(1)) << 32, pending);
	assert_int_equal(lines(0), 0);
	for (uint32_t h = 0; h < 5; h++) {
		assert_int_equal(hw.threshold[hart_context[h]], 0);
		for (uint32_t id = 0; id < NAIVE_IDS; id++)
			assert_false(hw.enable[hart_context[h]][id]);
	}
	for (uint32_t id = 0; id < NAIVE_IDS; id++)
		assert_int_equal(hw.priority[id], 0);
}

#endif
