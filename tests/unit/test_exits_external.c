/* SPDX-License-Identifier: GPL-2.0-or-later */
/* External interrupts of guests, as exits on the fake machine: by passed contexts and by the emulated PLIC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/exits.h"

static void test_foreign_sources(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 1024; id++) {
		guest_sw(FAKE_PLIC + 4 * id, 7);
		assert_int_equal(guest_lw(FAKE_PLIC + 4 * id), id >= 1 && id <= 15 ? 7 : 0);
	}
	for (uint32_t w = 0; w < 32; w++) {
		guest_sw(FAKE_PLIC + 0x2080 + 4 * w, UINT32_MAX);
		assert_int_equal(guest_lw(FAKE_PLIC + 0x2080 + 4 * w), w ? 0 : 0xfffe);
	}
}

/* ---- external interrupts ---- */

#define WIRE	7

static void enable_wire(void)
{
	guest_sw(FAKE_PLIC + 4 * WIRE, 3);
	guest_sw(FAKE_PLIC + 0x2080, 1u << WIRE);
	csr()->vsstatus = SSTATUS_SIE;
	fake_csr_to(self, CSR_VSIE, SEIE);
	fake_count_from_here();
}

static uint64_t own_page(void)
{
	return 0x200000 + 0x1000 * (uint64_t)fake.plan.harts[self].plic_context[0];
}

static void test_two_exits(void **state)
{
	(void)state;
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));	/* exit 1 */
	assert_true(csr()->hvip & VSEIP && !(csr()->sie & SEIE));
	assert_int_equal(csr()->hstatus & HSTATUS_ARMED, HSTATUS_ARMED);
	assert_int_equal(naive_read(&fake.plic, own_page() + 4), WIRE);
	naive_set_level(&fake.plic, WIRE, false);
	naive_write(&fake.plic, own_page() + 4, WIRE);
	code_at(PC, 0x10200073);
	exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);	/* exit 2: executed again, for real */
	assert_int_equal(hw()->x[0], PC);
	assert_false(csr()->hstatus & HSTATUS_ARMED || csr()->hvip & VSEIP);
	assert_true(csr()->sie & SEIE);
	assert_int_equal(fake.nr_calls, 0);
}

/* Something still pends: the SRET or WFI is emulated, and the guest stays armed. */
static void test_still_armed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		bool to_user = i & 1, spie = i & 2;
		uint64_t pad = i & 4 ? SSTATUS_SPELP : 0;	/* one is expected where it returns to */

		boot();
		enable_wire();
		naive_set_level(&fake.plic, WIRE, true);
		fake_interrupt(self);
		code_at(PC, 0x10500073);
		exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);
		assert_int_equal(hw()->x[0], PC + 4);
		csr()->vsstatus = (to_user ? 0 : SSTATUS_SPP) | (spie ? SSTATUS_SPIE : SSTATUS_SIE) | pad;
		csr()->sstatus ^= i & 1 ? SSTATUS_SPELP : 0;
		csr()->vsepc = 0x80001234;
		code_at(PC, 0x10200073);
		exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);
		assert_int_equal(hw()->x[0], 0x80001234);
		assert_int_equal(csr()->vsstatus, SSTATUS_SPIE | (spie ? SSTATUS_SIE : 0));
		assert_int_equal(!(csr()->sstatus & SSTATUS_SPP), to_user);
		assert_int_equal(csr()->sstatus & SSTATUS_SPELP, pad);
		assert_true(csr()->hstatus & HSTATUS_ARMED && csr()->hvip & VSEIP);
	}
}

/* A guest that polls the claim register between suspensions: what it has served does not end the next one. */
static void test_settled_by_suspend(void **state)
{
	(void)state;
	enable_wire();
	csr()->hie = VSEIP;
	naive_set_level(&fake.plic, WIRE, true);
	fake_interrupt(self);
	sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0, 0, 0);
	assert_int_equal(hw()->place, PLACE_GUEST);	/* it pends: no sleep */
	assert_true(csr()->hstatus & HSTATUS_ARMED);
	assert_int_equal(naive_read(&fake.plic, own_page() + 4), WIRE);
	naive_set_level(&fake.plic, WIRE, false);
	naive_write(&fake.plic, own_page() + 4, WIRE);
	sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0, 0, 0);
	assert_int_equal(hw()->place, PLACE_WFI);
	assert_true(csr()->sie & SEIE && !(csr()->hvip & VSEIP));
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_true(csr()->hvip & VSEIP && csr()->hstatus & HSTATUS_ARMED && !(csr()->sie & SEIE));
}

/* A fault where a landing pad was expected (Zicfilp): the guest's handler finds that in SPELP, and begins without. */
static void test_landing_pad(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t pad = i & 1 ? SSTATUS_SPELP : 0;

		boot();
		csr()->sstatus = (csr()->sstatus & ~(uint64_t)SSTATUS_SPELP) | pad;
		csr()->vsstatus = i & 2 ? SSTATUS_SPELP : 0;	/* of an earlier trap */
		hw()->x[0] = PC;
		exit_with(CAUSE_FETCH_GUEST_PAGE, PC, 0x70000000, 0);
		assert_fault(CAUSE_FETCH_ACCESS, PC, PC);
		assert_int_equal(csr()->vsstatus & SSTATUS_SPELP, pad);
		assert_int_equal(csr()->sstatus & SSTATUS_SPELP, 0);
	}
}

/* From user mode, or another instruction: illegal to the guest, armed or not. */
static void test_armed_but_illegal(void **state)
{
	(void)state;
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	fake_interrupt(self);
	ready(true, false);
	code_at(PC, 0x10200073);
	fake_trap(self, &(struct fake_exit){ .cause = CAUSE_VIRTUAL_INSTRUCTION, .user = true });
	assert_fault(CAUSE_ILLEGAL, 0x10200073, PC);
	ready(true, false);
	code_at(PC, 0x60002573);
	exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);
	assert_fault(CAUSE_ILLEGAL, 0x60002573, PC);
	assert_true(csr()->hstatus & HSTATUS_ARMED);
}

static void test_emulated_plic(void **state)
{
	(void)state;
	config.plic = PLIC_EMULATED;
	boot();
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));
	assert_true(csr()->hvip & VSEIP && csr()->sie & SEIE);
	assert_false(fake_sip(self) & SEIE);	/* claimed, so the wire does not storm */
	assert_int_equal(guest_lw(FAKE_PLIC + 0x201004), WIRE);
	assert_false(csr()->hvip & VSEIP);
	assert_true(fake.plic.claimed[WIRE]);
	guest_sw(FAKE_PLIC + 0x201004, WIRE);
	assert_false(fake.plic.claimed[WIRE]);
	assert_true(fake_interrupt(self));	/* still up */
	assert_true(csr()->hvip & VSEIP);
}

/* An interrupt of the PLIC comes first, and takes mail along that would wait behind one after the other. */
static void test_emulated_beside_mail(void **state)
{
	(void)state;
	config.plic = PLIC_EMULATED;
	boot();
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	hart_get(self)->mailbox |= MAIL_IPI;
	fake.hw[self].csr.ssip = 1ull << IRQ_SSI;
	assert_true(fake_interrupt(self));
	assert_true(csr()->hvip & VSEIP);
	assert_true(csr()->hvip & 1ull << IRQ_VSSI);
	assert_false(fake_sip(self) & 1ull << IRQ_SSI);
}

/* A sibling's line changes: it is notified through its mailbox. */
static void test_emulated_for_sibling(void **state)
{
	unsigned sibling = fake_hart_of(A, 1);

	(void)state;
	config.plic = PLIC_EMULATED;
	boot();
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	enable_wire();
	guest_sw(FAKE_PLIC + 0x2180, 1u << WIRE);
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));
	assert_true(fake.hw[sibling].csr.ssip);
	assert_true(fake_interrupt(sibling));
	assert_true(fake.hw[sibling].csr.hvip & VSEIP);
	assert_int_equal(guest_lw(FAKE_PLIC + 0x201004), WIRE);
	assert_true(fake_interrupt(sibling));
	assert_false(fake.hw[sibling].csr.hvip & VSEIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_foreign_sources, setup),
		cmocka_unit_test_setup(test_two_exits, setup),
		cmocka_unit_test_setup(test_still_armed, setup),
		cmocka_unit_test_setup(test_landing_pad, setup),
		cmocka_unit_test_setup(test_settled_by_suspend, setup),
		cmocka_unit_test_setup(test_armed_but_illegal, setup),
		cmocka_unit_test_setup(test_emulated_plic, setup),
		cmocka_unit_test_setup(test_emulated_beside_mail, setup),
		cmocka_unit_test_setup(test_emulated_for_sibling, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
