/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VM has after boot is what the plan says, on the fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/riscv/paging.h"
#include "tests/unit/fake/lives.h"

/* ---- what the G-stage maps ---- */

static uint64_t walk(unsigned vm, uint64_t at, uint64_t *pte)
{
	return fake_walk(fake_vm(vm)->hgatp, at, pte);
}

static void test_gstage(void **state)
{
	static const uint64_t nothing[] = { 0, BOOT_PC - PAGE_SIZE, BOOT_PC + 5 * PAGE_SIZE, FAKE_PLIC,
					    FAKE_PLIC + 0x200000,
					    FAKE_RAM_HPA, 0x10001000, (1ull << 41) - PAGE_SIZE, FAKE_STALE };
	uint64_t pte, context;

	(void)state;
	for (unsigned page = 0; page < 5; page++)
		assert_int_equal(walk(A, BOOT_PC + page * PAGE_SIZE, &pte),
				 FAKE_RAM_HPA + (page == 4 ? 7 : page) * PAGE_SIZE);
	assert_int_equal(pte & 0x1e, 0x1e);	/* R W X U */
	for (unsigned i = 0; i < ARRAY_LEN(nothing); i++)
		assert_int_equal(walk(A, nothing[i], &pte), 0);
	assert_int_equal(walk(A, 0x10000000, &pte), 0x10000000);
	assert_int_equal(pte & 0x1e, 0x16);	/* never X */
	for (unsigned v = 0; v < 3; v++) {	/* each vcpu's page of the PLIC is its hart's */
		context = (uint64_t)fake.plan.harts[fake_hart_of(A, v)].plic_context[0];
		assert_int_equal(walk(A, FAKE_PLIC + 0x201000 + 0x2000 * v, &pte),
				 FAKE_PLIC + 0x200000 + 0x1000 * context);
		assert_int_equal(pte & 0x1e, 0x12);	/* it reads it */
	}
	config.plic = PLIC_MAPPED;
	boot();
	for (unsigned v = 0; v < 3; v++) {
		walk(A, FAKE_PLIC + 0x201000 + 0x2000 * v, &pte);
		assert_int_equal(pte & 0x1e, 0x16);
	}
	config.plic = PLIC_EMULATED;
	boot();
	assert_int_equal(walk(A, FAKE_PLIC + 0x201000, &pte), 0);
}

/* Of the window of its PLIC each VM has the pages of its own vcpus' contexts, and no other. */
static void test_contexts(void **state)
{
	uint64_t pte;

	(void)state;
	for (unsigned mapped = 0; mapped < 2; mapped++) {
		config.plic = mapped ? PLIC_MAPPED : PLIC_GUARDED;
		boot();
		for (unsigned vm = 0; vm < FAKE_VMS; vm++)
			for (uint64_t at = 0; at < FAKE_PLIC_SIZE; at += PAGE_SIZE) {
				uint64_t i = (at - 0x201000) / 0x2000;
				bool own = at % 0x2000 == 0x1000 && i < fake.plan.vms[vm].nr_vcpus;
				uint64_t context = own ? (uint64_t)fake.plan.harts[fake_hart_of(vm, (unsigned)i)]
							 .plic_context[0] : 0;

				assert_int_equal(walk(vm, FAKE_PLIC + at, &pte),
						 own ? FAKE_PLIC + 0x200000 + 0x1000 * context : 0);
			}
	}
}

/* A hart that no VM has, whatever was in memory of it: no vcpu. */
static void test_spare_harts(void **state)
{
	struct reporter reporter = { 0 };

	(void)state;
	fake.plan.vms[A].nr_vcpus = 1;
	assert_int_equal(vm_create_all(&fake.plan, NULL, &reporter), OK);
	for (unsigned hart = 0; hart < MAX_HARTS; hart++)
		assert_true((vm_vcpu_of_hart(hart) != NULL) ==
			    (hart < FAKE_HARTS && hart != 0 && hart != 4));
	fake.plan.nr_vms = C;
	assert_int_equal(vm_create_all(&fake.plan, NULL, &reporter), OK);
	assert_null(vm_vcpu_of_hart(fake_hart_of(C, 0)));
}

/* A context that the host's PLIC has no page for: the VM of that hart claims in the emulated one, and only that VM. */
static void test_context_without_page(void **state)
{
	struct reporter reporter = { 0 };

	(void)state;
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++) {
		boot();
		fake.plan.harts[hart].plic_context[0] = 4000;
		assert_int_equal(vm_create_all(&fake.plan, NULL, &reporter), OK);
		for (unsigned vm = 0; vm < FAKE_VMS; vm++)
			assert_int_equal(fake_vm(vm)->devs.plic_mode,
					 vm == fake_vm_of(hart) ? PLIC_EMULATED : PLIC_GUARDED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_gstage, setup),
		cmocka_unit_test_setup(test_spare_harts, setup),
		cmocka_unit_test_setup(test_contexts, setup),
		cmocka_unit_test_setup(test_context_without_page, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
