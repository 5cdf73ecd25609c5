/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each row of the table of exits (docs/architecture.md), and external interrupts in both modes, on the fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/exits.h"

static void test_delegated_causes(void **state)
{
	static const uint8_t known[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15, 18, 19 };

	(void)state;
	for (unsigned i = 0; i < 16 * ARRAY_LEN(known); i++) {
		bool user = i & 1, sie = i & 2, spie = i & 4;
		uint64_t cause = known[i / 16];

		ready(sie, spie);
		fake_trap(self, &(struct fake_exit){ .cause = cause, .tval = 0x1234567, .user = user });
		assert_fault(cause, 0x1234567, PC);
		assert_int_equal(csr()->vsstatus, (user ? 0 : SSTATUS_SPP) | (sie ? SSTATUS_SPIE : 0) |
						  SSTATUS_SUM | SSTATUS_FS);
	}
}

static void test_unknown_causes(void **state)
{
	static const uint64_t unknown[] = { 9, 11, 14, 16, 17, 24, 31, 48, 63, 64, 65, 1ull << 62 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		ready(true, false);
		exit_with(unknown[i], 0x77, 0, 0);
		assert_fault(CAUSE_ILLEGAL, 0, PC);
	}
}

static void test_fetch_fault(void **state)
{
	(void)state;
	ready(true, false);
	hw()->x[0] = 0x123456789000;
	exit_with(CAUSE_FETCH_GUEST_PAGE, 0x123456789000, 0x5000, 0);
	assert_fault(CAUSE_FETCH_ACCESS, 0x123456789000, 0x123456789000);
	assert_true(fake_said("vm a: vcpu 0: unmapped fetch, pc 0x123456789000, address 0x5000"));
}

static void test_virtual_instruction(void **state)
{
	static const uint32_t insns[] = { 0x10200073, 0x10500073, 0x60002573 /* csrr hstatus */, 0x6a04c073 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
		ready(true, false);
		code_at(PC, insns[i]);
		exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0xdead, 0, 0);
		assert_fault(CAUSE_ILLEGAL, insns[i], PC);
	}
	ready(true, false);
	fake.code.n = 0;	/* it cannot be fetched any more */
	exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0xdead, 0, 0);
	assert_fault(CAUSE_ILLEGAL, 0, PC);
}

/* Priorities of major interrupts: zero for a guest with interrupt files, in each form of access to sireg. */
static void test_iprio(void **state)
{
	static const struct {
		bool files, user;
		uint64_t reg;
		uint32_t insn;
		bool zero;
	} cases[] = {
		{ true, false, 0x30, 0x15102573 /* csrr a0, sireg */, true },
		{ true, false, 0x3e, 0x15102573, true },
		{ true, false, 0x32, 0x15151573 /* csrrw a0 */, true },
		{ true, false, 0x30, 0x15159073 /* csrw */, true },
		{ true, false, 0x30, 0x1510f573 /* csrrci a0 */, true },
		{ true, false, 0x31, 0x15102573, false }, { true, false, 0x2e, 0x15102573, false },
		{ true, false, 0x40, 0x15102573, false }, { true, true, 0x30, 0x15102573, false },
		{ false, false, 0x30, 0x15102573, false },
		{ true, false, 0x30, 0x15202573 /* another CSR */, false },
		{ true, false, 0x30, 0x15104573 /* no CSR instruction */, false },
	};

	(void)state;
	config.kind = KIND_MAX;		/* it has AIA */
	boot();
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		ready(true, false);
		fake.plan.vms[A].files = cases[i].files;
		fake_csr_to(self, CSR_VSISELECT, cases[i].reg);
		code_at(PC, cases[i].insn);
		hw()->x[10] = 77;
		hw()->x[11] = 0x1234;
		fake_trap(self, &(struct fake_exit){ .cause = CAUSE_VIRTUAL_INSTRUCTION, .user = cases[i].user });
		if (!cases[i].zero) {
			assert_fault(CAUSE_ILLEGAL, cases[i].insn, PC);
			continue;
		}
		assert_int_equal(hw()->x[0], PC + 4);
		assert_int_equal(hw()->x[10], cases[i].insn >> 7 & 31 ? 0 : 77);
		assert_int_equal(hw()->x[11], 0x1234);
	}
	fake.plan.vms[A].files = false;
}

/* ---- loads and stores ---- */

static const uint64_t holes[] = {
	0, 0x1000, 0x80005000, 0x80004000 - 0x80000000, FAKE_PLIC - 4, FAKE_PLIC + FAKE_PLIC_SIZE, FAKE_RAM_HPA,
	FAKE_RAM_HPA + 0x5000, 1ull << 40, (1ull << 41) - 0x1000, 1ull << 41, 1ull << 55,
};

static void test_unmapped_inject(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(holes); i++) {
		uint64_t va = 0x3f00000000ull + holes[i] % 0x1000;

		ready(i & 1, true);
		code_at(PC, LW_A1_A0);
		exit_with(CAUSE_LOAD_GUEST_PAGE, va, holes[i], 0);
		assert_fault(CAUSE_LOAD_ACCESS, va, PC);
		ready(i & 1, true);
		exit_with(CAUSE_STORE_GUEST_PAGE, va, holes[i], 0);
		assert_fault(CAUSE_STORE_ACCESS, va, PC);
	}
	fake_show();
	assert_int_equal(fake.nr_lines, COMPLAINTS_BURST);	/* and not one for each */
	fake.time += FAKE_HZ;
	exit_with(CAUSE_STORE_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_true(fake_said("vm a: 20 more such lines left out\n"));
	for (unsigned i = 0; i < 2; i++) {	/* they are reported once; the first of these only leaves the vector */
		ready(true, true);
		fake_count_from_here();
		fake.time += FAKE_HZ;
		exit_with(CAUSE_STORE_GUEST_PAGE, 0x1000, 0x1000, 0);
	}
	fake_show();
	assert_int_equal(fake.nr_lines, 1);
}

static void test_unmapped_ignore(void **state)
{
	(void)state;
	config.policy[A].unmapped = UNMAPPED_IGNORE;
	boot();
	for (unsigned i = 0; i < ARRAY_LEN(holes); i++) {
		uint64_t va = 0x3f00000000ull + holes[i] % 0x1000;

		code_at(PC, LW_A1_A0);
		hw()->x[11] = 99;
		exit_with(CAUSE_LOAD_GUEST_PAGE, va, holes[i], 0);
		assert_int_equal(hw()->x[0], PC + 4);
		assert_int_equal(hw()->x[11], 0);
		code_at(PC, 0xc10c);	/* c.sw a1, 0(a0) */
		exit_with(CAUSE_STORE_GUEST_PAGE, va, holes[i], 0);
		assert_int_equal(hw()->x[0], PC + 2);
	}
	ready(true, false);	/* what cannot be stepped over faults even so */
	code_at(PC, 0x00b5202f);	/* amoadd.w */
	exit_with(CAUSE_STORE_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_fault(CAUSE_STORE_ACCESS, 0x1000, PC);
}

/* A guest that is linked for another address: it faults, and its trap vector is nowhere either. Once, in plain
 * words. */
static void test_trap_loop(void **state)
{
	static const struct { uint64_t cause, vector; } loops[] = {
		{ CAUSE_FETCH_GUEST_PAGE, 0 }, { CAUSE_FETCH_GUEST_PAGE, 0x50000000 }, { CAUSE_ILLEGAL, 0x80001000 },
		{ CAUSE_LOAD_GUEST_PAGE, 0x80002000 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(loops); i++) {
		boot();
		csr()->vstvec = loops[i].vector | 1;	/* exceptions go to BASE */
		code_at(PC, LW_A1_A0);
		for (unsigned k = 0; k < 1000; k++) {
			exit_with(loops[i].cause, hw()->x[0], hw()->x[0], 0);
			fake.time += FAKE_HZ / 10;
		}
		assert_int_equal(fake_count_text(": faults at its own trap vector "), 1);
		assert_int_equal(fake_count_text("again and again: is the image linked for another address?\n"), 1);
		assert_in_range(fake_count_text("\n"), 1, 3);
		/* the next life is another matter */
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
		fake_settle();
		csr()->vstvec = loops[i].vector;
		for (unsigned k = 0; k < 3; k++)
			exit_with(loops[i].cause, hw()->x[0], hw()->x[0], 0);
		assert_int_equal(fake_count_text(": faults at its own trap vector "), 2);
	}
	/* a trap from VU-mode comes from elsewhere, whatever its pc; nor is one elsewhere in VS-mode a loop */
	boot();
	csr()->vstvec = PC;
	hw()->x[0] = PC;
	fake_trap(self, &(struct fake_exit){ .cause = CAUSE_ILLEGAL, .user = true });
	hw()->x[0] = PC + 2;
	exit_with(CAUSE_ILLEGAL, 0, 0, 0);
	assert_false(fake_said("trap vector"));
}

static void test_unmapped_stop(void **state)
{
	(void)state;
	config.policy[A].unmapped = UNMAPPED_STOP;
	boot();
	code_at(PC, LW_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_int_equal(hw()->place, PLACE_WFI);
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_true(fake_said("vm a: vcpu 0: crash: unmapped access, pc 0x80000400\n"));
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	boot();
	exit_with(CAUSE_FETCH_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
}

/* The walk of the guest's page tables: the kind of the access, not of the walk. */
static void test_walk_faults(void **state)
{
	static const struct { uint64_t cause, htinst; uint32_t insn; uint64_t want; } walks[] = {
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, LW_A1_A0, CAUSE_LOAD_ACCESS },
		{ CAUSE_LOAD_GUEST_PAGE, 0x2000, LW_A1_A0, CAUSE_LOAD_ACCESS },
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, SW_A1_A0, CAUSE_STORE_ACCESS },
		{ CAUSE_LOAD_GUEST_PAGE, 0x3020, 0x00b5202f, CAUSE_STORE_ACCESS },	/* amoadd.w */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0x1005202f, CAUSE_LOAD_ACCESS },	/* lr.w */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0xe10c, CAUSE_STORE_ACCESS },		/* c.sd */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0x610c, CAUSE_LOAD_ACCESS },		/* c.ld */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0xe02e, CAUSE_STORE_ACCESS },		/* c.sdsp */
		{ CAUSE_LOAD_GUEST_PAGE, 0, SW_A1_A0, CAUSE_STORE_ACCESS },
		{ CAUSE_STORE_GUEST_PAGE, 0x3020, LW_A1_A0, CAUSE_STORE_ACCESS },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(walks); i++) {
		ready(true, false);
		code_at(PC, walks[i].insn);
		exit_with(walks[i].cause, 0x7000000010, 0x5000, walks[i].htinst);
		assert_fault(walks[i].want, 0x7000000010, PC);
	}
	ready(true, false);	/* of the instruction's own page */
	fake.code.n = 0;
	exit_with(CAUSE_LOAD_GUEST_PAGE, PC, 0x5000, 0x3000);
	assert_fault(CAUSE_FETCH_ACCESS, PC, PC);
}

static void test_walk_stops(void **state)
{
	(void)state;
	config.policy[A].unmapped = UNMAPPED_STOP;
	boot();
	code_at(PC, LW_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, 0x7000000010, 0x5000, 0x3000);
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_true(fake_said("page tables where it has no memory"));
}

/* Only whole, aligned words of a PLIC, by plain loads and stores of the kind that trapped. */
static void test_device_refused(void **state)
{
	static const struct { uint64_t cause, offset; uint32_t insn; } refused[] = {
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00050583 },	/* lb */
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00051583 },	/* lh */
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00053583 },	/* ld */
		{ CAUSE_LOAD_GUEST_PAGE, 2, LW_A1_A0 },
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00052587 },	/* flw */
		{ CAUSE_LOAD_GUEST_PAGE, 0, SW_A1_A0 },		/* rewritten meanwhile */
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00000013 },
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x00b50023 },	/* sb */
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x00b53023 },	/* sd */
		{ CAUSE_STORE_GUEST_PAGE, 1, SW_A1_A0 },
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x00b5202f },	/* amoadd.w */
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x18b5262f },	/* sc.w */
		{ CAUSE_STORE_GUEST_PAGE, 0, LW_A1_A0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(refused); i++) {
		uint64_t at = FAKE_PLIC + refused[i].offset;

		ready(true, false);
		code_at(PC, refused[i].insn);
		exit_with(refused[i].cause, at, at, 0);
		assert_fault(refused[i].cause == CAUSE_LOAD_GUEST_PAGE ? 5 : 7, at, PC);
	}
}

/* An access that begins in RAM and ends in a register is none of it, though the address that faulted is aligned. */
static void test_device_straddled(void **state)
{
	const uint64_t at = FAKE_PLIC + 0x203000;	/* the threshold of vcpu 1: a page that never is mapped here */

	(void)state;
	for (unsigned before = 0; before < 4; before++) {
		ready(true, false);
		code_at(PC, SW_A1_A0);
		hw()->x[10] = at - before;
		hw()->x[11] = 5;
		csr()->vscause = 99;
		exit_with(CAUSE_STORE_GUEST_PAGE, at, at, 0);
		if (before) {
			assert_fault(CAUSE_STORE_ACCESS, at, PC);
			ready(true, false);
			exit_with(CAUSE_STORE_GUEST_PAGE, at, at, 0x00b02023 | before << 15);
			assert_fault(CAUSE_STORE_ACCESS, at, PC);
		} else {
			assert_int_equal(csr()->vscause, 99);
			assert_int_equal(guest_lw(at), 5);
			guest_sw(at, 3);
		}
		assert_int_equal(guest_lw(at), 3);
	}
}

/* An instruction that is gone is fetched again by the guest, but not for ever. */
static void test_device_unfetchable(void **state)
{
	unsigned tries = 0;

	(void)state;
	ready(true, false);
	fake.code.n = 0;
	csr()->vscause = 99;
	while (csr()->vscause == 99 && ++tries < 100)
		exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC, FAKE_PLIC, 0);
	assert_in_range(tries, 2, 20);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_PLIC, PC);
}

static void test_device_by_htinst(void **state)
{
	(void)state;
	fake.code.n = 0;
	hw()->x[0] = PC;
	hw()->x[11] = 5;
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_PLIC + 4, FAKE_PLIC + 4, 0x00b02021);	/* was compressed */
	assert_int_equal(hw()->x[0], PC + 2);
	assert_int_equal(fake.plic.priority[1], 5);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC + 4, FAKE_PLIC + 4, 0x00002603);	/* lw a2 */
	assert_int_equal(hw()->x[0], PC + 6);
	assert_int_equal(hw()->x[12], 5);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC + 4, FAKE_PLIC + 4, 0x00002003);	/* lw zero */
	assert_int_equal(hw()->x[0], PC + 10);
	assert_int_equal(fake.nr_fetches, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_delegated_causes, setup),
		cmocka_unit_test_setup(test_unknown_causes, setup),
		cmocka_unit_test_setup(test_fetch_fault, setup),
		cmocka_unit_test_setup(test_virtual_instruction, setup),
		cmocka_unit_test_setup(test_iprio, setup),
		cmocka_unit_test_setup(test_unmapped_inject, setup),
		cmocka_unit_test_setup(test_unmapped_ignore, setup),
		cmocka_unit_test_setup(test_trap_loop, setup),
		cmocka_unit_test_setup(test_unmapped_stop, setup),
		cmocka_unit_test_setup(test_walk_faults, setup),
		cmocka_unit_test_setup(test_walk_stops, setup),
		cmocka_unit_test_setup(test_device_straddled, setup),
		cmocka_unit_test_setup(test_device_refused, setup),
		cmocka_unit_test_setup(test_device_unfetchable, setup),
		cmocka_unit_test_setup(test_device_by_htinst, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
