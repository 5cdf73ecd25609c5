/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/plic.c on a memory of registers: what it reads and writes where, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/plic.c"
#include "tests/unit/fake/no_imsic.h"

#define NDEV		70
#define NR_CONTEXTS	4
#define SIZE		(0x200000 + NR_CONTEXTS * 0x1000)

static struct plan plan;
static uint32_t regs[2][SIZE / 4];
static uint32_t priority_masks[MAX_IRQS];	/* writable bits of each source's priority, in both PLICs */
static uint64_t written[64];			/* the last writes: PLIC << 56 | offset << 32 | value */
static unsigned nr_writes;

static uint32_t *find_reg(uint64_t addr, unsigned size, uint64_t *offset, uint64_t *plic)
{
	*plic = addr >= 0x80000000;
	*offset = addr - (*plic ? 0x80000000 : 0x10000000);
	assert_int_equal(size, 4);
	assert_int_equal(addr % 4, 0);
	assert_in_range(*offset, 4, SIZE - 4);		/* source 0 has no register */
	return &regs[*plic][*offset / 4];
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	uint64_t offset, plic;

	return *find_reg(addr, size, &offset, &plic);
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	uint64_t offset, plic;
	uint32_t *reg = find_reg(addr, size, &offset, &plic);

	*reg = offset < 0x1000 ? (uint32_t)value & priority_masks[offset / 4] : (uint32_t)value;
	written[nr_writes++ % ARRAY_LEN(written)] = plic << 56 | offset << 32 | value;
}

static uint32_t reg(uint64_t plic, uint64_t offset)
{
	return regs[plic][offset / 4];
}

/* Two PLICs; hart 0 has context 1 of both, hart 1 context 3 of the first, hart 2 one outside its window. */
static void init(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.nr_intcs = 2;
	plan.nr_harts = 3;
	for (uint32_t i = 0; i < 2; i++) {
		plan.intcs[i].base = hpa(i ? 0x80000000 : 0x10000000);
		plan.intcs[i].size = SIZE;
		plan.intcs[i].ndev = NDEV;
		plan.harts[0].plic_context[i] = 1;
		plan.harts[1].plic_context[i] = i ? NO_CONTEXT : 3;
		plan.harts[2].plic_context[i] = NR_CONTEXTS;
	}
	memset(regs, 0xff, sizeof(regs));
	nr_writes = 0;
	intc_init(&plan);
}

static int setup(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < MAX_IRQS; id++)
		priority_masks[id] = 7;
	init();
	return 0;
}

static void test_init(void **state)
{
	(void)state;
	for (uint32_t plic = 0; plic < 2; plic++) {
		for (uint32_t id = 1; id <= NDEV; id++)
			assert_int_equal(reg(plic, 4 * id), 0);
		assert_int_equal(reg(plic, 4 * (NDEV + 1)), 0xffffffff);
		for (uint32_t context = 0; context < NR_CONTEXTS; context++) {
			bool ours = context == 1 || (context == 3 && plic == 0);

			for (uint32_t word = 0; word < 32; word++)
				assert_int_equal(reg(plic, 0x2000 + 0x80 * context + 4 * word),
						 ours && word < 3 ? 0 : 0xffffffff);
			assert_int_equal(reg(plic, 0x200000 + 0x1000 * context), ours ? 0 : 0xffffffff);
			assert_int_equal(reg(plic, 0x200004 + 0x1000 * context), 0xffffffff);
		}
	}
}

/* By the face of intc.h: a source comes to one hart alone, which claims and completes it there. */
static void test_route(void **state)
{
	const struct intc_ops *ops = intc_ops(1);

	(void)state;
	regs[1][(0x200000 + 0x1000) / 4] = 5;
	ops->route(1, 0, 40, 0);
	assert_int_equal(reg(1, 4 * 40), 1);
	assert_int_equal(reg(1, 0x2000 + 0x80 + 4), 1u << 8);
	assert_int_equal(reg(1, 0x200000 + 0x1000), 0);
	assert_int_equal(reg(0, 0x2000 + 0x80 + 4), 0);
	assert_int_equal(reg(0, 0x2000 + 0x180 + 4), 0);
	regs[1][(0x200004 + 0x1000) / 4] = 40;
	assert_int_equal(ops->claim(1, 0), 40);
	nr_writes = 0;
	ops->complete(1, 0, 40);
	assert_int_equal(nr_writes, 1);
	assert_int_equal(written[0], 1ull << 56 | 0x201004ull << 32 | 40);
}

/* The other sources of its word stay as they are, and what a broken PLIC returns is not taken for a source. */
static void test_mask(void **state)
{
	const struct intc_ops *ops = intc_ops(1);

	(void)state;
	ops->route(1, 0, 40, 0);
	ops->route(1, 0, 41, 0);
	ops->mask(1, 0, 40);
	assert_int_equal(reg(1, 0x2000 + 0x80 + 4), 1u << 9);
	regs[1][(0x200004 + 0x1000) / 4] = NDEV;
	assert_int_equal(ops->claim(1, 0), NDEV);
	regs[1][(0x200004 + 0x1000) / 4] = NDEV + 1;
	assert_int_equal(ops->claim(1, 0), 0);
}

/* Of two harts of a VM, and of one outside the window: their sources alone, on their contexts alone. */
static void test_quiesce(void **state)
{
	static const uint8_t harts[] = { 2, 1 };
	uint32_t sources[MAX_IRQS / 32] = { 1u << 7, 1u << 8 };
	const struct intc_share share = { sources, harts, ARRAY_LEN(harts) };
	uint64_t both = 0x2000 + 0x80 * 3, other = 0x2000 + 0x80 * 1;

	(void)state;
	for (uint32_t word = 0; word < 2; word++)
		regs[0][(both + 4 * word) / 4] = regs[0][(other + 4 * word) / 4] = 0xffff;
	for (uint32_t id = 1; id <= NDEV; id++)
		regs[0][id] = 3;
	regs[0][0x203000 / 4] = regs[0][0x201000 / 4] = 5;
	regs[0][0x203004 / 4] = 0;
	regs[0][0x1000 / 4] = regs[0][0x1004 / 4] = 0;
	intc_ops(0)->quiesce(0, &share);
	for (uint32_t word = 0; word < 2; word++) {
		assert_int_equal(reg(0, both + 4 * word), 0xffff & ~sources[word]);
		assert_int_equal(reg(0, other + 4 * word), 0xffff);
	}
	for (uint32_t id = 1; id <= NDEV; id++)
		assert_int_equal(reg(0, 4 * id), id == 7 || id == 40 ? 0 : 3);
	assert_int_equal(reg(0, 0x203000), 0);
	assert_int_equal(reg(0, 0x201000), 5);
	assert_int_equal(reg(0, 0x203004), 40);		/* the last completion */
	for (uint32_t i = 0; i < nr_writes && nr_writes <= ARRAY_LEN(written); i++)
		assert_false(written[i] >> 32 == 0x203004 && (uint32_t)written[i] != 7 && (uint32_t)written[i] != 40);
}

static void test_max_priority(void **state)
{
	static const struct { uint32_t first, others, max, written_for_1; } cases[] = {
		{ 7, 7, 7, 1 }, { 1, 1, 1, 1 }, { 0xff, 0xff, 0xff, 1 }, { 0xe0, 0xe0, 7, 0x20 },
		{ 0xffffffff, 0xffffffff, 0xffffffff, 1 },
		{ 0, 7, 7, 1 },		/* a source whose priority is hard-wired to 0 */
		{ 0xff, 0xf0, 0xf, 0x10 },	/* only what all of them have */
		{ 5, 5, 1, 1 },		/* 2 would be read as 0 */
		{ 0xb, 7, 3, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (uint32_t id = 0; id < MAX_IRQS; id++)
			priority_masks[id] = id == 1 ? cases[i].first : cases[i].others;
		init();
		assert_int_equal(plic_max_priority(0), cases[i].max);
		assert_int_equal(plic_max_priority(1), cases[i].max);
		plic_set_priority(0, 2, 1);
		assert_int_equal(reg(0, 8), cases[i].written_for_1);
		plic_set_priority(0, 2, cases[i].max);
		assert_int_equal(reg(0, 8) / cases[i].written_for_1, cases[i].max);
		plic_set_threshold(0, 1, 1);
		assert_int_equal(reg(0, 0x201000), cases[i].written_for_1);
	}
}

static void test_enables(void **state)
{
	(void)state;
	plic_set_enable(0, 3, 33, true);
	plic_set_enable(0, 3, 63, true);
	assert_int_equal(reg(0, 0x2184), 0x80000002);
	plic_set_enable(0, 3, 33, false);
	assert_int_equal(reg(0, 0x2184), 0x80000000);
	plic_set_enables(0, 3, 1, 0x0000ffff, 0x12345678);
	assert_int_equal(reg(0, 0x2184), 0x80005678);
	assert_int_equal(reg(1, 0x2184), 0xffffffff);
	assert_int_equal(reg(0, 0x2180), 0);
}

static void test_pending(void **state)
{
	(void)state;
	regs[1][0x1004 / 4] = 0x80000001;
	assert_int_equal(plic_pending_word(1, 1), 0x80000001);
	assert_true(plic_pending(1, 32) && plic_pending(1, 63));
	assert_false(plic_pending(1, 33));
}

static void test_claim_complete(void **state)
{
	(void)state;
	regs[0][0x203004 / 4] = 42;
	assert_int_equal(plic_claim(0, 3), 42);
	plic_set_enable(0, 3, 42, true);
	nr_writes = 0;
	plic_complete(0, 3, 42);
	assert_int_equal(nr_writes, 1);
	assert_int_equal(written[0], 0x203004ull << 32 | 42);
}

/* Disabled by the guest meanwhile: it would be ignored, so it is enabled around the write. */
static void test_complete_disabled(void **state)
{
	(void)state;
	plic_set_enable(0, 3, 40, true);
	nr_writes = 0;
	plic_complete(0, 3, 42);
	assert_int_equal(nr_writes, 3);
	assert_int_equal(written[0], 0x2184ull << 32 | 0x500);
	assert_int_equal(written[1], 0x203004ull << 32 | 42);
	assert_int_equal(written[2], 0x2184ull << 32 | 0x100);
}

/* A context that the device tree names but whose page its window does not hold. */
static void test_outside_window(void **state)
{
	static const uint32_t contexts[] = { NR_CONTEXTS, 15872, 0x7fff, 0xffffffff };

	(void)state;
	nr_writes = 0;
	for (size_t i = 0; i < ARRAY_LEN(contexts); i++) {
		plic_set_enable(0, contexts[i], 1, true);
		plic_set_enables(0, contexts[i], 0, 2, 2);
		plic_set_threshold(0, contexts[i], 1);
		plic_complete(0, contexts[i], 1);
		assert_int_equal(plic_claim(0, contexts[i]), 0);
	}
	assert_int_equal(nr_writes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_init, setup),
		cmocka_unit_test_setup(test_route, setup),
		cmocka_unit_test_setup(test_mask, setup),
		cmocka_unit_test_setup(test_quiesce, setup),
		cmocka_unit_test_setup(test_max_priority, setup),
		cmocka_unit_test_setup(test_enables, setup),
		cmocka_unit_test_setup(test_pending, setup),
		cmocka_unit_test_setup(test_claim_complete, setup),
		cmocka_unit_test_setup(test_complete_disabled, setup),
		cmocka_unit_test_setup(test_outside_window, setup),
	};

	return cmocka_run_group_tests_name("plic", tests, NULL, NULL);
}
