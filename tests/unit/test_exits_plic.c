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
#include "tests/unit/fake/vuart.h"

#define WIRE	7
#define OTHER	9
#define FOREIGN	21	/* b's */
#define ENABLE	(FAKE_PLIC + 0x2080)
#define CLAIM	(CONTEXT + 4)
#define C_SW_A1_A0	0xc10cu	/* c.sw a1, 0(a0) */

static int setup_mapped(void **state)
{
	setup(state);
	config.plic = PLIC_MAPPED;
	boot();
	return 0;
}

static uint32_t context_of(unsigned hart)
{
	return (uint32_t)fake.plan.harts[hart].plic_context[0];
}

static struct vplic *plic(void) { return &fake_vm(A)->devs.vplics[0]; }

static void arm(uint32_t id, uint32_t priority)
{
	guest_sw(FAKE_PLIC + 4 * id, priority);
	guest_sw(ENABLE, guest_lw(ENABLE) | 1u << id);
	fake_csr_to(self, CSR_VSIE, SEIE);
}

static void raise(uint32_t id)
{
	naive_set_level(&fake.plic, id, true);
	fake_interrupt(self);
}

static bool is_armed(void)
{
	bool armed = csr()->hstatus & HSTATUS_ARMED;

	assert_int_equal(armed, !(csr()->sie & SEIE));
	return armed;
}

/* A store of a1 with nothing above its word, as short as it may be served. Returns the exits that C had to serve. */
static uint32_t store(uint64_t at, uint32_t insn, uint64_t v, uint64_t htinst)
{
	uint64_t length = htinst ? (htinst & 2) + 2 : (insn & 3) == 3 ? 4 : 2;

	code_at(BOOT_PC + 0x200, insn);
	hw()->x[10] = at;
	hw()->x[11] = v;
	fake_count_from_here();
	exit_with(CAUSE_STORE_GUEST_PAGE, at, at, htinst);
	assert_int_equal(hw()->x[0], BOOT_PC + 0x200 + length);
	return fake.nr_lines;
}

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

/* ---- virtual sources ---- */

#define RECEIVED	1	/* IER: ERBFI */

static void arm_virtual(uint32_t priority)
{
	out(FCR, 0);
	out(IER, RECEIVED);
	arm(FAKE_VUART_IRQ, priority);
}

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

		assert_int_equal(vplic_passed_read_context(&fake_vm(A)->devs.vplics[0], offsets[i], &value), 0);
		assert_int_equal(value, 0);
	}
}

#define EACH_MODE(test) \
	cmocka_unit_test_setup(test, setup_vuart), cmocka_unit_test_setup(test, setup_mapped)

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
		cmocka_unit_test_setup(test_virtual_takes_page, setup_vuart),
		cmocka_unit_test_setup(test_merged_claim, setup_vuart),
		cmocka_unit_test_setup(test_settle_beside_virtual, setup_vuart),
		cmocka_unit_test_setup(test_virtual_threshold, setup_vuart),
		cmocka_unit_test_setup(test_virtual_without_context, setup_vuart),
		cmocka_unit_test_setup(test_restart, setup_vuart),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
