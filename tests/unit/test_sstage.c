/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/riscv/sstage.c: the hypervisor's own tables, walked as the privileged ISA says a hart does, and its windows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/riscv/sstage.c"
#include "hyp/plan/plan.h"

static uint64_t pool[SSTAGE_TABLES_MAX][PAGING_ENTRIES] __attribute__((aligned(4096)));

#define RW	0xc7ul		/* V, R, W, A, D */
#define RX	0xcbul		/* V, R, X, A, D */

static struct {
	struct hart harts[MAX_HARTS], *self;
	uint64_t satp, satp_mask;	/* what the hart keeps; 0: nothing of a mode that it lacks */
	uint32_t fences;		/* all of the address space */
	uint64_t fenced;		/* one page */
} hw;

void *fake_thread_pointer(void) { return hw.self; }
void fake_wait_for_interrupt(void) { fail(); }

uint64_t fake_csr_read(unsigned csr)
{
	assert_int_equal(csr, CSR_SATP);
	return hw.satp;
}

/* A new satp is used only after translations of the old one are gone, and what was written to the tables is seen. */
void fake_csr_write(unsigned csr, uint64_t value)
{
	assert_int_equal(csr, CSR_SATP);
	assert_int_equal(hw.fences, 1);
	hw.satp = value & hw.satp_mask;
}

void fake_fence(enum fake_fence kind, uint64_t va, uint64_t asid)
{
	(void)asid;
	if (kind == FENCE_VMA_ALL)
		hw.fences++;
	else if (kind == FENCE_VMA_VA)
		hw.fenced = va;
	else
		fail();
}

static uint64_t walk(uint64_t va, unsigned levels)
{
	const uint64_t *table = root;

	for (unsigned level = levels; level--; ) {
		uint64_t shift = 12 + 9 * level, pte = table[va >> shift & 511];

		if (!(pte & 1))
			return 0;
		if (pte & 0xe)
			return (pte >> 10 << 12) + (va & ((1ul << shift) - 1) & ~0xffful) + (pte & 0x3ff);
		table = (const uint64_t *)(pte >> 10 << 12);
	}
	fail();
	return 0;
}

static int prepare(void **state)
{
	(void)state;
	memset(&hw, 0, sizeof(hw));
	for (uint32_t i = 0; i < MAX_HARTS; i++)
		hw.harts[i].index = i;
	hw.self = &hw.harts[0];
	hw.satp_mask = ~0ul;
	return 0;
}

static void test_map(void **state)
{
	(void)state;
	for (uint32_t levels = 3; levels <= 4; levels++) {
		uint64_t end = levels == 4 ? 1ul << 47 : SSTAGE_WINDOW_BASE;

		assert_int_equal(sstage_init(levels, pool, SSTAGE_TABLES_MAX), OK);
		assert_int_equal(sstage_map(0x80200000, 0x3000, RIGHT_R | RIGHT_X), OK);
		assert_int_equal(sstage_map(0x80203000, 0x1000, RIGHT_R | RIGHT_W), OK);
		assert_int_equal(sstage_map(0x10000ff8, 0x10, RIGHT_R | RIGHT_W), OK);	/* in two pages */
		assert_int_equal(sstage_map(end - 0x1000, 0x1000, RIGHT_R | RIGHT_W), OK);
		assert_int_equal(walk(0x801ff000, levels), 0);
		assert_int_equal(walk(0x80200000, levels), 0x80200000 + RX);
		assert_int_equal(walk(0x80202000, levels), 0x80202000 + RX);
		assert_int_equal(walk(0x80203000, levels), 0x80203000 + RW);
		assert_int_equal(walk(0x80204000, levels), 0);
		assert_int_equal(walk(0x10000000, levels), 0x10000000 + RW);
		assert_int_equal(walk(0x10001000, levels), 0x10001000 + RW);
		assert_int_equal(walk(0x10002000, levels), 0);
		assert_int_equal(walk(end - 0x1000, levels), end - 0x1000 + RW);
		assert_int_equal(sstage_map(0x80202000, 0x1000, RIGHT_R), ERR_INVALID);
	}
}

static void test_limits(void **state)
{
	const uint64_t window = SSTAGE_WINDOW_BASE, after = window + GIB;

	(void)state;
	for (uint32_t levels = 3; levels <= 4; levels++) {
		uint64_t end = levels == 4 ? 1ul << 47 : window;

		assert_int_equal(sstage_init(levels, pool, SSTAGE_TABLES_MAX), OK);
		assert_int_equal(sstage_map(end - 0x1000, 0x2000, RIGHT_R), ERR_RANGE);
		assert_int_equal(sstage_map(end, 0x1000, RIGHT_R), ERR_RANGE);
		assert_int_equal(sstage_map(0x1000, 0, RIGHT_R), ERR_RANGE);
		assert_int_equal(sstage_map(~0xffful, 0x1000, RIGHT_R), ERR_RANGE);	/* wraps */
		assert_int_equal(sstage_map(~0xffful, 0x2000, RIGHT_R), ERR_RANGE);
		assert_int_equal(sstage_map(window - 0x1000, 0x2000, RIGHT_R), ERR_RANGE);
		assert_int_equal(sstage_map(window, 0x1000, RIGHT_R), ERR_RANGE);
		assert_int_equal(sstage_map(after - 0x1000, 0x1000, RIGHT_R), ERR_RANGE);
		assert_int_equal(sstage_map(window - 0x1000, 0x1000, RIGHT_R), OK);
		assert_int_equal(sstage_map(after, 0x1000, RIGHT_R), levels == 4 ? OK : ERR_RANGE);
	}
}

static void test_enable(void **state)
{
	(void)state;
	for (uint32_t levels = 3; levels <= 4; levels++) {
		struct hart_refusal why = { NULL, NULL, 0, 0 };
		uint64_t satp = (uint64_t)(levels == 4 ? 9 : 8) << 60 | (uintptr_t)root >> 12;

		assert_int_equal(sstage_init(levels, pool, SSTAGE_TABLES_MAX), OK);
		hw.fences = 0;
		assert_true(sstage_enable(&why));
		assert_true(hw.satp == satp && hw.fences == 2 && !why.why);
		hw.fences = 0;
		hw.satp_mask = 0;
		assert_false(sstage_enable(&why));
		assert_non_null(why.why);
		assert_string_equal(why.csr, "satp");
		assert_true(why.want == satp && why.got == 0);
		hw.satp_mask = ~0ul;
	}
}

/* A hart's window is its own, shows the 2 MiB around an address, and nothing when it is closed. */
static void test_windows(void **state)
{
	(void)state;
	for (uint32_t levels = 3; levels <= 4; levels++) {
		assert_int_equal(sstage_init(levels, pool, SSTAGE_TABLES_MAX), OK);
		for (uint32_t i = 0; i < MAX_HARTS; i++) {
			uint64_t at = 0x1080654321 + i * 0x7654321ul, va;

			hw.self = &hw.harts[i];
			va = (uintptr_t)sstage_window(hpa(at));
			assert_int_equal(va, SSTAGE_WINDOW_BASE + i * SSTAGE_WINDOW_SIZE + at % SSTAGE_WINDOW_SIZE);
			assert_int_equal(hw.fenced, va - at % SSTAGE_WINDOW_SIZE);
			assert_int_equal(walk(va, levels), (at & ~0xffful) + RW);
			assert_int_equal(walk(hw.fenced, levels), at - at % SSTAGE_WINDOW_SIZE + RW);
			assert_true(i + 1 == MAX_HARTS || !walk(hw.fenced + SSTAGE_WINDOW_SIZE, levels));
		}
		for (uint32_t i = 0; i < MAX_HARTS; i++) {
			uint64_t va = SSTAGE_WINDOW_BASE + i * SSTAGE_WINDOW_SIZE;

			hw.self = &hw.harts[i];
			hw.fenced = 0;
			sstage_close_window();
			assert_true(hw.fenced == va && !walk(va, levels));
			assert_true(i + 1 == MAX_HARTS || walk(va + SSTAGE_WINDOW_SIZE, levels));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_map, prepare),
		cmocka_unit_test_setup(test_limits, prepare),
		cmocka_unit_test_setup(test_enable, prepare),
		cmocka_unit_test_setup(test_windows, prepare),
	};

	return cmocka_run_group_tests_name("sstage", tests, NULL, NULL);
}
