/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sub-page windows: what a guest may reach in a page that its device shares with devices of others. On the fake
 * machine, where all VMs have registers in the page at FAKE_WINDOWS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/exits.h"

#define VIRTUAL(at)	(0xffffffc000000000ull | (at))
#define WINDOW(vm)	(FAKE_WINDOWS + 0x100ull * (vm))

static void load(uint32_t insn, uint64_t at)
{
	code_at(BOOT_PC, insn);
	hw()->x[10] = VIRTUAL(at);
	hw()->x[11] = 0x1111111111111111;
	exit_with(CAUSE_LOAD_GUEST_PAGE, VIRTUAL(at), at, 0);
}

static void store(uint32_t insn, uint64_t at, uint64_t value)
{
	code_at(BOOT_PC, insn);
	hw()->x[10] = VIRTUAL(at);
	hw()->x[11] = value;
	exit_with(CAUSE_STORE_GUEST_PAGE, VIRTUAL(at), at, 0);
}

static void executed(void)
{
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_int_equal(hw()->x[0], BOOT_PC + 4);
}

/* LB to LWU and SB to SD of a1 at a0: funct3 is the width, and for loads the sign. */
static uint32_t load_of(unsigned funct3) { return 0x00050583u | funct3 << 12; }
static uint32_t store_of(unsigned funct3) { return 0x00b50023u | funct3 << 12; }

static void test_widths(void **state)
{
	static const uint64_t want[] = { 0xfffffffffffffff8, 0xfffffffffffff7f8, 0xfffffffff5f6f7f8, 0xf1f2f3f4f5f6f7f8,
					 0xf8, 0xf7f8, 0xf5f6f7f8 };

	static const uint64_t stored[] = { 0xeeeeeeeeeeeeeef8, 0xeeeeeeeeeeeef7f8, 0xeeeeeeeef5f6f7f8,
					   0xf1f2f3f4f5f6f7f8 };

	(void)state;
	for (unsigned funct3 = 0; funct3 < 7; funct3++) {
		memset(fake.window_page, 0, sizeof(fake.window_page));
		memcpy(fake.window_page + 0x40, &(uint64_t){ 0xf1f2f3f4f5f6f7f8 }, 8);
		load(load_of(funct3), WINDOW(0) + 0x40);
		executed();
		assert_int_equal(hw()->x[11], want[funct3]);
	}
	for (unsigned funct3 = 0; funct3 < 4; funct3++) {
		uint64_t got;

		memset(fake.window_page, 0xee, sizeof(fake.window_page));
		store(store_of(funct3), WINDOW(0) + 0x40, 0xf1f2f3f4f5f6f7f8);
		executed();
		memcpy(&got, fake.window_page + 0x40, 8);
		assert_int_equal(got, stored[funct3]);
	}
}

/* sb zero, whose slot in the registers holds the pc; lb zero. */
static void test_zero(void **state)
{
	(void)state;
	memset(fake.window_page, 0xee, sizeof(fake.window_page));
	store(0x00050023, WINDOW(0), 0);
	executed();
	assert_int_equal(fake.window_page[0], 0);
	assert_int_equal(fake.window_page[1], 0xee);
	load(0x00050003, WINDOW(0));
	executed();
}

/* No access reaches a byte that is not the guest's. */
static void test_borders(void **state)
{
	(void)state;
	for (unsigned funct3 = 0; funct3 < 4; funct3++) {
		uint64_t size = 1u << funct3;

		for (uint64_t at = 0xf8; at < 0x108; at += size) {
			bool inside = at + size <= FAKE_WINDOW;

			memset(fake.window_page, 0, sizeof(fake.window_page));
			load(load_of(funct3), WINDOW(0) + at);
			if (inside)
				executed();
			else
				assert_fault(CAUSE_LOAD_ACCESS, VIRTUAL(WINDOW(0) + at), BOOT_PC);
			store(store_of(funct3), WINDOW(0) + at, UINT64_MAX);
			if (inside)
				executed();
			else
				assert_fault(CAUSE_STORE_ACCESS, VIRTUAL(WINDOW(0) + at), BOOT_PC);
			for (uint64_t i = FAKE_WINDOW; i < sizeof(fake.window_page); i++)
				assert_int_equal(fake.window_page[i], 0);
		}
	}
	load(load_of(2), WINDOW(1));
	assert_fault(CAUSE_LOAD_ACCESS, VIRTUAL(WINDOW(1)), BOOT_PC);
	load(load_of(2), FAKE_WINDOWS + PAGE_SIZE - 4);
	assert_fault(CAUSE_LOAD_ACCESS, VIRTUAL(FAKE_WINDOWS + PAGE_SIZE - 4), BOOT_PC);
}

/* A misaligned access may have begun in the registers before, and an AMO is none that devices have. */
static void test_forms(void **state)
{
	(void)state;
	load(load_of(2), WINDOW(0) + 2);
	assert_fault(CAUSE_LOAD_ACCESS, VIRTUAL(WINDOW(0) + 2), BOOT_PC);
	store(0x00b5202f, WINDOW(0), 1);	/* amoadd.w zero, a1, (a0) */
	assert_fault(CAUSE_STORE_ACCESS, VIRTUAL(WINDOW(0)), BOOT_PC);
}

/* Likewise where htinst has the instruction: its Addr.Offset is 0 at the first byte of a misaligned access, too. */
static void test_misaligned_htinst(void **state)
{
	(void)state;
	memset(fake.window_page, 0xee, sizeof(fake.window_page));
	for (unsigned funct3 = 0; funct3 < 4; funct3++)
		for (uint64_t at = WINDOW(0); at < WINDOW(0) + 8; at++) {
			bool aligned = at % (1u << funct3) == 0;

			code_at(BOOT_PC, 0);	/* not fetched */
			exit_with(CAUSE_LOAD_GUEST_PAGE, VIRTUAL(at), at, 0x00000583u | funct3 << 12);
			if (aligned)
				executed();
			else
				assert_fault(CAUSE_LOAD_ACCESS, VIRTUAL(at), BOOT_PC);
			code_at(BOOT_PC, 0);
			exit_with(CAUSE_STORE_GUEST_PAGE, VIRTUAL(at), at, 0x00b00023u | funct3 << 12);
			if (aligned)
				executed();
			else
				assert_fault(CAUSE_STORE_ACCESS, VIRTUAL(at), BOOT_PC);
		}
}

/* What the bus refuses is the guest's fault, as without a hypervisor. */
static void test_refused(void **state)
{
	(void)state;
	load(load_of(0), WINDOW(0) + FAKE_REFUSED);
	assert_fault(CAUSE_LOAD_ACCESS, VIRTUAL(WINDOW(0) + FAKE_REFUSED), BOOT_PC);
	assert_int_equal(hw()->x[11], 0x1111111111111111);
	store(store_of(3), WINDOW(0) + FAKE_REFUSED, 0);
	assert_fault(CAUSE_STORE_ACCESS, VIRTUAL(WINDOW(0) + FAKE_REFUSED), BOOT_PC);
}

/* Each VM has its own registers there. */
static void test_other_vm(void **state)
{
	(void)state;
	memset(fake.window_page, 0, sizeof(fake.window_page));
	store(store_of(2), WINDOW(0), 0xaaaaaaaa);
	self = 1;	/* b's */
	store(store_of(2), WINDOW(1), 0xbbbbbbbb);
	executed();
	load(load_of(6), WINDOW(1));
	assert_int_equal(hw()->x[11], 0xbbbbbbbb);
	load(load_of(6), WINDOW(0));
	assert_fault(CAUSE_LOAD_ACCESS, VIRTUAL(WINDOW(0)), BOOT_PC);
	assert_memory_equal(fake.window_page, "\xaa\xaa\xaa\xaa", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_widths, setup),
		cmocka_unit_test_setup(test_zero, setup),
		cmocka_unit_test_setup(test_borders, setup),
		cmocka_unit_test_setup(test_forms, setup),
		cmocka_unit_test_setup(test_misaligned_htinst, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_other_vm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
