/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts of the PLIC that are passed to a guest, guarded or mapped: what traps of them, and virtual sources
 * beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/vplic_int.h"
#include "tests/unit/fake/passed.h"

/* Claims go to the hardware, the completion comes to us, and all is as before. */
static void test_two_exits(void **state)
{
	static const struct { uint32_t insn; uint64_t htinst, high; } ways[] = {
		{ SW_A1_A0, 0, 0 }, { C_SW_A1_A0, 0, 0 }, { SW_A1_A0, 0x00b02023, 0 }, { C_SW_A1_A0, 0x00b02021, 0 },
		{ SW_A1_A0, 0, 0xabcdef0000000000ull },
	};

	(void)state;
	arm(WIRE, 3);
	for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
		uint64_t exits = fake_vcpu(A, 0)->ctx.exits[EXIT_EXTERNAL];

		raise(WIRE);
		assert_true(is_armed() && interrupted());
		assert_true(fake_plic_passes(self, 0x201004, false) && !fake_plic_passes(self, 0x201004, true));
		assert_int_equal(guest_lw(CLAIM), WIRE);
		naive_set_level(&fake.plic, WIRE, false);
		store(CLAIM, ways[i].insn, ways[i].high | WIRE, ways[i].htinst);
		assert_false(fake.plic.claimed[WIRE]);
		assert_false(is_armed() || interrupted());
		assert_int_equal(fake_vcpu(A, 0)->ctx.exits[EXIT_EXTERNAL], exits + 1);
	}
}

/* What guarded.S looks at: the vcpu's own context, as soon as it runs; nothing where it needs no guard. */
static void test_guard(void **state)
{
	bool guarded = config.plic == PLIC_GUARDED;

	(void)state;
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	for (unsigned v = 0; v < 2; v++)
		assert_int_equal(fake_vcpu(A, v)->ctx.guard,
				 guarded ? (CONTEXT + 0x2000 * v) >> 2 : CTX_GUARD_NONE);
	assert_int_equal(fake_vcpu(C, 0)->ctx.guard, guarded ? CONTEXT >> 2 : CTX_GUARD_NONE);
}

/* Two at once: the first completion leaves what still pends. */
static void test_still_pending(void **state)
{
	(void)state;
	arm(WIRE, 3);
	arm(OTHER, 2);
	raise(OTHER);
	raise(WIRE);
	assert_int_equal(guest_lw(CLAIM), WIRE);
	naive_set_level(&fake.plic, WIRE, false);
	guest_sw(CLAIM, WIRE);
	assert_true(is_armed() && interrupted());
	assert_int_equal(guest_lw(CLAIM), OTHER);
	naive_set_level(&fake.plic, OTHER, false);
	guest_sw(CLAIM, OTHER);
	assert_false(is_armed() || interrupted());
}

/* On the loosest PLIC nothing of a neighbour's can be completed, by whatever store, to whatever context. */
static void test_foreign_completion(void **state)
{
	static const uint64_t ids[] = { FOREIGN, 0, 41, 45, 46, 1023, 1024, UINT32_MAX, 1ull << 32 | FOREIGN };

	(void)state;
	config.loose_plic = true;
	boot();
	fake.plic.exists[FOREIGN] = fake.plic.claimed[FOREIGN] = true;
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		for (unsigned v = 0; v < 3; v++) {
			store(CLAIM + 0x2000 * v, SW_A1_A0, ids[i], 0);
			store(CLAIM + 0x2000 * v, C_SW_A1_A0, ids[i], 0);
			store(CLAIM + 0x2000 * v, SW_A1_A0, ids[i], 0x00b02023);
		}
	assert_true(fake.plic.claimed[FOREIGN]);
	assert_int_equal(plic()->foreign, 3 * 3 * (ARRAY_LEN(ids) - 1));	/* all but 0 */
}

/* A completion goes where it was written, and means there what it means without us. */
static void test_moves_in_flight(void **state)
{
	(void)state;
	arm(WIRE, 3);
	raise(WIRE);
	assert_int_equal(guest_lw(CLAIM), WIRE);
	guest_sw(ENABLE, 0);
	guest_sw(ENABLE + 0x100, 1u << WIRE);
	naive_set_level(&fake.plic, WIRE, false);
	guest_sw(CLAIM, WIRE);			/* not enabled there any more: a PLIC ignores it */
	assert_true(fake.plic.claimed[WIRE]);
	guest_sw(CLAIM + 0x2000, WIRE);
	assert_false(fake.plic.claimed[WIRE]);
}

/* What masks settles: no interrupt is left whose claim gives nothing. */
static void test_masked_settles(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 3; how++) {
		if (how == 2 && config.plic == PLIC_MAPPED)
			continue;	/* its threshold is written past us */
		boot();
		arm(WIRE, 3);
		raise(WIRE);
		assert_true(is_armed() && interrupted());
		if (how == 0)
			guest_sw(FAKE_PLIC + 4 * WIRE, 0);
		else if (how == 1)
			guest_sw(ENABLE, 0);
		else
			guest_sw(CONTEXT, 3);
		assert_false(is_armed() || interrupted());
		guest_sw(FAKE_PLIC + 4 * WIRE, 5);
		guest_sw(ENABLE, 1u << WIRE);
		assert_true(fake_interrupt(self));
		assert_true(is_armed() && interrupted());
	}
}

/* As every PLIC masks them: a threshold, and what it must not mask. */
static void test_threshold(void **state)
{
	uint32_t c = context_of(self);

	(void)state;
	arm(WIRE, 3);
	arm(OTHER, 7);
	for (uint32_t t = 0; t < 16; t++) {
		store(CONTEXT, t & 1 ? SW_A1_A0 : C_SW_A1_A0, t, 0);
		assert_int_equal(guest_lw(CONTEXT), t % 8);
		assert_int_equal(fake.plic.threshold[c], t % 8);
		/* Where 7 masks nothing the enables do. */
		assert_int_equal(naive_word(fake.plic.enable[c], 0), t % 8 == 7 ? 0 : 1u << WIRE | 1u << OTHER);
		assert_int_equal(guest_lw(ENABLE), 1u << WIRE | 1u << OTHER);
	}
	store(CONTEXT, SW_A1_A0, 2, 0x00b02023);
	assert_int_equal(fake.plic.threshold[c], 2);
	assert_false(is_armed());
}

/* While it is masked so, enables are kept, completions count, and a claim gives nothing. */
static void test_threshold_of_seven(void **state)
{
	uint32_t c = context_of(self);

	(void)state;
	arm(WIRE, 3);
	raise(WIRE);
	assert_int_equal(guest_lw(CLAIM), WIRE);
	guest_sw(CONTEXT, 7);
	naive_set_level(&fake.plic, OTHER, true);
	arm(OTHER, 7);
	assert_int_equal(naive_word(fake.plic.enable[c], 0), 0);
	assert_false(fake_sip(self) & SEIE);
	naive_set_level(&fake.plic, WIRE, false);
	guest_sw(CLAIM, WIRE);
	assert_false(fake.plic.claimed[WIRE]);
	assert_int_equal(naive_word(fake.plic.enable[c], 0), 0);
	assert_int_equal(guest_lw(CLAIM), 0);
	guest_sw(CONTEXT, 0);
	assert_int_equal(naive_word(fake.plic.enable[c], 0), 1u << WIRE | 1u << OTHER);
	assert_true(fake_interrupt(self));
	assert_int_equal(guest_lw(CLAIM), OTHER);
}

/* A sibling writes to a context that is not its own: the owner does the rest. */
static void test_threshold_of_sibling(void **state)
{
	unsigned sibling = fake_hart_of(A, 1);

	(void)state;
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	guest_sw(FAKE_PLIC + 4 * WIRE, 1);
	guest_sw(ENABLE + 0x100, 1u << WIRE);
	guest_sw(CONTEXT + 0x2000, 7);
	fake_settle();
	assert_int_equal(naive_word(fake.plic.enable[context_of(sibling)], 0), 0);
	guest_sw(CONTEXT + 0x2000, 0);
	fake_settle();
	assert_int_equal(naive_word(fake.plic.enable[context_of(sibling)], 0), 1u << WIRE);
}

/* No SW of the word at its address: the guest's fault, and nothing is done. */
static void test_refused(void **state)
{
	static const struct { uint64_t at; uint32_t insn; uint64_t before, htinst; } cases[] = {
		/* sb, sd, rewritten */
		{ CLAIM, 0x00b50023, 0, 0 }, { CLAIM, 0x00b53023, 0, 0 }, { CLAIM, LW_A1_A0, 0, 0 },
		/* amoadd.w, nop, c.sd */
		{ CLAIM, 0x00b5202f, 0, 0 }, { CLAIM, 0x00000013, 0, 0 }, { CLAIM, 0xe10c, 0, 0 },
		{ CLAIM + 1, SW_A1_A0, 0, 0 }, { CLAIM + 2, SW_A1_A0, 0, 0 }, { CLAIM + 3, C_SW_A1_A0, 0, 0 },
		{ CLAIM, SW_A1_A0, 0, 0x00b03023 }, { CLAIM, SW_A1_A0, 0, 0x00002603 },
		{ CONTEXT, SW_A1_A0, 1, 0 }, { CONTEXT, SW_A1_A0, 2, 0 }, { CONTEXT, C_SW_A1_A0, 3, 0 },
		{ CONTEXT, SW_A1_A0, 3, 0x00b1a023 },	/* the address's offset */
	};

	(void)state;
	arm(WIRE, 3);
	raise(WIRE);
	assert_int_equal(guest_lw(CLAIM), WIRE);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		csr()->vscause = 99;
		code_at(BOOT_PC + 0x200, cases[i].insn);
		hw()->x[10] = cases[i].at - cases[i].before;
		hw()->x[11] = WIRE;
		exit_with(CAUSE_STORE_GUEST_PAGE, cases[i].at, cases[i].at, cases[i].htinst);
		assert_fault(CAUSE_STORE_ACCESS, cases[i].at, BOOT_PC + 0x200);
		assert_true(fake.plic.claimed[WIRE]);
		assert_int_equal(fake.plic.threshold[context_of(self)], 0);
	}
}

/* A life that ends with a page away begins with it. */
static void test_restart(void **state)
{
	(void)state;
	arm_virtual(3);
	guest_sw(CONTEXT, 7);
	type("x");
	assert_false(fake_plic_passes(self, 0x201004, false));
	sbi(SBI_EXT_SRST, 0, 1, 0, 0);
	fake_settle();
	assert_int_equal(fake_vm(A)->starts, 2);
	assert_true(fake_plic_passes(self, 0x201004, false));
	assert_false(interrupted() || is_armed());
	assert_int_equal(guest_lw(CONTEXT), 0);
	arm(WIRE, 1);
	assert_true(fake.plic.enable[context_of(self)][WIRE]);
	raise(WIRE);
	assert_true(interrupted() && is_armed());
}

/* What is claimed when a life ends is completed, on whichever context that was. */
static void test_restart_in_flight(void **state)
{
	(void)state;
	fake.plic.claimer_only = true;
	arm(WIRE, 3);
	guest_sw(FAKE_PLIC + 4 * OTHER, 3);
	guest_sw(ENABLE + 0x100, 1u << OTHER);
	naive_set_level(&fake.plic, WIRE, true);
	naive_set_level(&fake.plic, OTHER, true);
	assert_int_equal(guest_lw(CLAIM), WIRE);
	assert_int_equal(guest_lw(CLAIM + 0x2000), OTHER);
	naive_set_level(&fake.plic, WIRE, false);
	naive_set_level(&fake.plic, OTHER, false);
	sbi(SBI_EXT_SRST, 0, 1, 0, 0);
	fake_settle();
	assert_int_equal(fake_vm(A)->starts, 2);
	assert_false(fake.plic.claimed[WIRE] || fake.plic.claimed[OTHER]);
	assert_false(fake.plic.pending[WIRE] || fake.plic.pending[OTHER]);
}

/* Offsets of a context without a register read 0: nothing of ours shows through. */
static void test_reserved(void **state)
{
	static const uint64_t offsets[] = { 0x201008, 0x201ffc, 0x202008, 0x3ff000, 0x3ff004 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(offsets); i++) {
		uint64_t value = 0xdead;

		assert_int_equal(vplic_passed_read_context(&fake_vm(A)->devs.vintcs[0].plic, offsets[i], &value), 0);
		assert_int_equal(value, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_two_exits, setup_vuart),
		cmocka_unit_test_setup(test_still_pending, setup_vuart),
		cmocka_unit_test_setup(test_foreign_completion, setup_vuart),
		cmocka_unit_test_setup(test_threshold, setup_vuart),
		cmocka_unit_test_setup(test_threshold_of_seven, setup_vuart),
		cmocka_unit_test_setup(test_threshold_of_sibling, setup_vuart),
		cmocka_unit_test_setup(test_refused, setup_vuart),
		EACH_MODE(test_guard),
		EACH_MODE(test_reserved),
		EACH_MODE(test_moves_in_flight),
		EACH_MODE(test_masked_settles),
		EACH_MODE(test_restart_in_flight),
		cmocka_unit_test_setup(test_restart, setup_vuart),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
