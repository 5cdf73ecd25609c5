/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual sources beside contexts of the PLIC that are passed to a guest, guarded or mapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/vplic_int.h"
#include "tests/unit/fake/passed.h"

/* ---- virtual sources ---- */

/* The page goes before the line comes, and comes back when nothing virtual pends. */
static void test_virtual_takes_page(void **state)
{
	uint32_t fences;

	(void)state;
	arm_virtual(3);
	assert_true(fake_plic_passes(self, 0x201004, false));
	fences = hw()->fences[FENCE_GVMA_ALL];
	type("x");
	assert_true(interrupted() && !is_armed());
	assert_false(fake_plic_passes(self, 0x201004, false) || fake_plic_passes(self, 0x201000, true));
	assert_int_equal(hw()->fences[FENCE_GVMA_ALL], fences + 1);
	assert_int_equal(guest_lw(CLAIM), FAKE_VUART_IRQ);
	assert_false(interrupted());
	assert_true(fake_plic_passes(self, 0x201004, false));
	assert_int_equal(guest_lw(CLAIM), 0);
	in(RBR);
	guest_sw(CLAIM, FAKE_VUART_IRQ);
	assert_false(interrupted() || is_armed());
	type("y");
	assert_true(interrupted());
	assert_int_equal(guest_lw(CLAIM), FAKE_VUART_IRQ);
	guest_sw(CLAIM, FAKE_VUART_IRQ);	/* still up */
	assert_true(interrupted());
	assert_false(fake_plic_passes(self, 0x201004, false));
}

/* The trapped claim gives the first of both kinds; of equals, the virtual one. */
static void test_merged_claim(void **state)
{
	(void)state;
	for (uint32_t p = 1; p <= 7; p++) {
		for (uint32_t q = 1; q <= 7; q++) {
			bool first = p > q;

			boot();
			arm(WIRE, p);
			arm_virtual(q);
			type("x");
			raise(WIRE);
			assert_true(interrupted() && is_armed());
			assert_int_equal(guest_lw(CLAIM), first ? WIRE : FAKE_VUART_IRQ);
			assert_int_equal(fake.plic.threshold[context_of(self)], 0);
			assert_int_equal(guest_lw(CLAIM), first ? FAKE_VUART_IRQ : WIRE);
			assert_int_equal(guest_lw(CLAIM), 0);
			naive_set_level(&fake.plic, WIRE, false);
			in(RBR);
			guest_sw(CLAIM, WIRE);
			guest_sw(CLAIM, FAKE_VUART_IRQ);
			assert_false(fake.plic.claimed[WIRE]);
		}
	}
}

/* VSEIP is up for the virtual source alone: what settles the other must leave it. */
static void test_settle_beside_virtual(void **state)
{
	(void)state;
	arm(WIRE, 5);
	arm_virtual(3);
	raise(WIRE);
	type("x");
	assert_int_equal(guest_lw(CLAIM), WIRE);
	naive_set_level(&fake.plic, WIRE, false);
	guest_sw(CLAIM, WIRE);
	assert_true(interrupted());
	code_at(BOOT_PC, 0x10200073);
	csr()->vsepc = BOOT_PC + 0x40;
	if (is_armed())
		exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);
	assert_true(interrupted() && !is_armed());
	assert_int_equal(guest_lw(CLAIM), FAKE_VUART_IRQ);
	assert_false(interrupted());
}

/* The threshold holds for both kinds, whoever has written it, and before or after the source came. */
static void test_virtual_threshold(void **state)
{
	(void)state;
	for (unsigned before = 0; before < 2; before++) {
		boot();
		arm_virtual(3);
		if (before)
			guest_sw(CONTEXT, 3);
		type("x");
		assert_int_equal(interrupted(), !before);
		guest_sw(CONTEXT, 3);
		assert_false(interrupted());
		assert_int_equal(guest_lw(CONTEXT), 3);
		guest_sw(CONTEXT, 7);
		assert_false(interrupted());
		guest_sw(CONTEXT, 2);
		assert_true(interrupted());
		guest_sw(FAKE_PLIC + 4 * FAKE_VUART_IRQ, 2);
		assert_false(interrupted());
		guest_sw(FAKE_PLIC + 4 * FAKE_VUART_IRQ, 4);
		assert_true(interrupted());
		guest_sw(ENABLE, 0);
		assert_false(interrupted());
		assert_true(fake_plic_passes(self, 0x201004, false));
		guest_sw(ENABLE, 1u << FAKE_VUART_IRQ);
		assert_true(interrupted());
		assert_int_equal(guest_lw(CLAIM), FAKE_VUART_IRQ);
		assert_int_equal(guest_lw(CONTEXT), 2);
	}
}

/* A vcpu whose hart has no context of the PLIC still gets virtual sources. */
static void test_virtual_without_context(void **state)
{
	unsigned hart = fake_hart_of(A, 2);

	(void)state;
	config.no_context = true;
	boot();
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 2, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	out(FCR, 0);
	out(IER, RECEIVED);
	guest_sw(FAKE_PLIC + 4 * FAKE_VUART_IRQ, 3);
	guest_sw(ENABLE + 0x200, 1u << FAKE_VUART_IRQ);
	guest_sw(CONTEXT + 0x4000, 3);
	type("x");
	assert_false(fake.hw[hart].csr.hvip & VSEIP);
	guest_sw(CONTEXT + 0x4000, 2);
	fake_settle();
	assert_true(fake.hw[hart].csr.hvip & VSEIP);
	self = hart;
	assert_int_equal(guest_lw(CONTEXT + 0x4000), 2);
	assert_int_equal(guest_lw(CLAIM + 0x4000), FAKE_VUART_IRQ);
	assert_false(interrupted());
	guest_sw(CLAIM + 0x4000, WIRE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_virtual_takes_page, setup_vuart),
		cmocka_unit_test_setup(test_merged_claim, setup_vuart),
		cmocka_unit_test_setup(test_settle_beside_virtual, setup_vuart),
		cmocka_unit_test_setup(test_virtual_threshold, setup_vuart),
		cmocka_unit_test_setup(test_virtual_without_context, setup_vuart),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
