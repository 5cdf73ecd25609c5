/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/riscv/paging.c and gstage.c: the tables, walked as the privileged ISA says a hart does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/types.h"
#include "hyp/riscv/gstage.h"
#include "tests/unit/rng.h"

#define FLAGS_RWU	0xd7ul		/* V, R, W, U, A, D */

static struct gstage g;
static uint64_t root[GSTAGE_ROOT_ENTRIES] __attribute__((aligned(16384)));
static uint64_t pool[GSTAGE_TABLES_MAX][PAGING_ENTRIES] __attribute__((aligned(4096)));

struct leaf {
	uint64_t to, flags, size;	/* size 0: no leaf */
};

/* "Virtual Address Translation Process": levels of 9 bits, and two more at the root. */
static struct leaf walk(uint64_t from, unsigned levels)
{
	const uint64_t *table = g.root;

	for (unsigned level = levels; level--; ) {
		uint64_t shift = 12 + 9 * level, mask = level == levels - 1 ? 2047 : 511;
		uint64_t pte = table[from >> shift & mask];

		if (!(pte & 1))
			return (struct leaf){ 0, 0, 0 };
		if (pte & 0xe) {
			uint64_t base = (pte >> 10) << 12, size = 1ul << shift;

			assert_int_equal(base & (size - 1), 0);	/* misaligned superpages fault */
			return (struct leaf){ base | (from & (size - 1)), pte & 0x3ff, size };
		}
		assert_int_equal(pte & 0x3fe, 0);	/* A, D and U of a pointer are reserved */
		table = (const uint64_t *)((pte >> 10) << 12);
	}
	fail_msg("a pointer at level 0");
	return (struct leaf){ 0, 0, 0 };
}

static void expect(uint64_t from, uint64_t to, uint64_t size, unsigned levels)
{
	struct leaf leaf = walk(from, levels);

	assert_int_equal(leaf.to, to);
	assert_int_equal(leaf.size, size);
	assert_int_equal(leaf.flags, FLAGS_RWU);
}

/* The largest leaf that both addresses and what is left allow, at each place. */
static void test_leaves(void **state)
{
	(void)state;
	for (unsigned levels = 3; levels <= 4; levels++) {
		gstage_init(&g, levels, root, pool, GSTAGE_TABLES_MAX);
		/* 4 KiB up to the next 2 MiB, 2 MiB up to the next GiB, one GiB, and the same down again */
		assert_int_equal(gstage_map(&g, gpa(GIB - 0x201000), hpa(5 * GIB - 0x201000), GIB + 0x402000,
					    RIGHT_R | RIGHT_W), OK);
		assert_int_equal(walk(GIB - 0x202000, levels).size, 0);
		expect(GIB - 0x201000, 5 * GIB - 0x201000, 1ul << 12, levels);
		expect(GIB - 0x200000 + 0x1230, 5 * GIB - 0x200000 + 0x1230, 1ul << 21, levels);
		expect(GIB, 5 * GIB, GIB, levels);
		expect(2 * GIB - 1, 6 * GIB - 1, GIB, levels);
		expect(2 * GIB, 6 * GIB, 1ul << 21, levels);
		expect(2 * GIB + 0x200000, 6 * GIB + 0x200000, 1ul << 12, levels);
		assert_int_equal(walk(2 * GIB + 0x201000, levels).size, 0);
		/* one of GiB, if 4 levels; two of 2 MiB, two of 4 KiB */
		assert_int_equal(g.tables.pool_used, levels + 1);
	}
}

/* Addresses that do not agree in their low bits, and no leaf of 512 GiB, however much is mapped. */
static void test_alignment(void **state)
{
	(void)state;
	gstage_init(&g, 4, root, pool, GSTAGE_TABLES_MAX);
	assert_int_equal(gstage_map(&g, gpa(0), hpa(0), 1024 * GIB, RIGHT_R | RIGHT_W), OK);
	expect(0, 0, GIB, 4);
	expect(1023 * GIB + 5, 1023 * GIB + 5, GIB, 4);
	assert_int_equal(g.tables.pool_used, 2);

	gstage_init(&g, 3, root, pool, GSTAGE_TABLES_MAX);
	assert_int_equal(gstage_map(&g, gpa(4 * GIB), hpa(8 * GIB + 0x200000), GIB, RIGHT_R | RIGHT_W), OK);
	expect(4 * GIB, 8 * GIB + 0x200000, 1ul << 21, 3);
	assert_int_equal(gstage_map(&g, gpa(6 * GIB), hpa(2 * GIB + 0x1000), 1ul << 22, RIGHT_R | RIGHT_W), OK);
	expect(6 * GIB + 0x3ff000, 2 * GIB + 0x400000, 1ul << 12, 3);
	/* the root's upper bits */
	assert_int_equal(gstage_map(&g, gpa(511 * GIB * 4), hpa(GIB), GIB, RIGHT_R | RIGHT_W), OK);
	expect(511 * GIB * 4, GIB, GIB, 3);
}

static void test_rights(void **state)
{
	static const struct {
		unsigned rights;
		uint64_t flags;
	} cases[] = { { RIGHT_R, 0xd3 }, { RIGHT_R | RIGHT_W, 0xd7 }, { RIGHT_R | RIGHT_X, 0xdb },
		      { RIGHT_R | RIGHT_W | RIGHT_X, 0xdf } };

	(void)state;
	gstage_init(&g, 3, root, pool, GSTAGE_TABLES_MAX);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(gstage_map(&g, gpa(i << 12), hpa(GIB), 1ul << 12, cases[i].rights), OK);
		assert_int_equal(walk(i << 12, 3).flags, cases[i].flags);
		assert_int_equal(paging_leaf(hpa(7ul << 12), cases[i].rights), 7ul << 10 | (cases[i].flags & ~0x10ul));
	}
}

/* What is mapped stays, and a pool that is empty is said to be. */
static void test_refused(void **state)
{
	struct leaf before;
	uint64_t i;

	(void)state;
	gstage_init(&g, 3, root, pool, GSTAGE_TABLES_MAX);
	assert_int_equal(gstage_map(&g, gpa(GIB), hpa(GIB), GIB, RIGHT_R | RIGHT_W), OK);
	before = walk(GIB, 3);
	assert_int_equal(gstage_map(&g, gpa(GIB), hpa(2 * GIB), GIB, RIGHT_R), ERR_INVALID);
	assert_int_not_equal(gstage_map(&g, gpa(GIB + 0x1000), hpa(2 * GIB), 0x1000, RIGHT_R), OK);
	assert_int_equal(walk(GIB, 3).to, before.to);
	assert_int_equal(walk(GIB, 3).flags, before.flags);
	for (i = 2; g.tables.pool_used < g.tables.pool_size; i++) {
		assert_true(i < 2 + GSTAGE_TABLES_MAX);
		assert_int_equal(gstage_map(&g, gpa(i * GIB), hpa(0x1000), 0x1000, RIGHT_R), OK);
	}
	assert_int_equal(gstage_map(&g, gpa(i * GIB), hpa(0x1000), 0x1000, RIGHT_R), ERR_NOSPACE);
	assert_int_equal(gstage_map(&g, gpa(i * GIB), hpa(GIB), GIB, RIGHT_R), OK);	/* needs no table */
}

/* Each page of random pieces is where it must be, and each page beside them nowhere. */
static void test_random(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		unsigned levels = 3 + rng_below(2);
		uint64_t unit = 1ul << (12 + 9 * rng_below(2)), n = 1 + rng_below(700);
		uint64_t from = rng() % (1ul << (levels == 4 ? 49 : 40)) & ~(unit - 1);
		uint64_t to = rng() % (1ul << 50) & ~(unit - 1);

		gstage_init(&g, levels, root, pool, GSTAGE_TABLES_MAX);
		assert_int_equal(gstage_map(&g, gpa(from), hpa(to), n * unit, RIGHT_R | RIGHT_W), OK);
		for (uint64_t i = 0; i < n; i++)
			assert_int_equal(walk(from + i * unit, levels).to, to + i * unit);
		assert_int_equal(walk(from + n * unit, levels).size, 0);
		assert_true(!from || !walk(from - 0x1000, levels).size);
	}
}

static void test_hgatp(void **state)
{
	(void)state;
	for (unsigned levels = 3; levels <= 4; levels++) {
		gstage_init(&g, levels, root, pool, GSTAGE_TABLES_MAX);
		assert_int_equal(gstage_hgatp(&g, 5), (levels + 5ul) << 60 | 5ul << 44 | (uintptr_t)g.root >> 12);
		assert_int_equal(gstage_hgatp(&g, 0x4001), (levels + 5ul) << 60 | 1ul << 44 | (uintptr_t)g.root >> 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves), cmocka_unit_test(test_alignment), cmocka_unit_test(test_rights),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_random), cmocka_unit_test(test_hgatp),
	};

	rng_seed(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
