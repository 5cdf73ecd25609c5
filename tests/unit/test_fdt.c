/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/base/fdt.c: the walk through a tree, token by token, against libfdt's. Trees are made and then damaged at random,
 * so that what is no token, is cut off or has an impossible length is passed, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "hyp/base/fdt.h"
#include "tests/unit/rng.h"

#define ROUNDS	20000

static uint8_t good[1024] __attribute__((aligned(8))), tree[1024] __attribute__((aligned(8)));

static void make_tree(void)
{
	assert_int_equal(fdt_create(good, sizeof(good)), 0);
	assert_int_equal(fdt_finish_reservemap(good), 0);
	assert_int_equal(fdt_begin_node(good, ""), 0);
	assert_int_equal(fdt_property_u32(good, "#address-cells", 2), 0);
	assert_int_equal(fdt_property_string(good, "model", "m"), 0);
	for (unsigned i = 0; i < 4; i++) {
		static const char *const names[] = { "a", "cpu@0", "memory@80000000", "x" };

		assert_int_equal(fdt_begin_node(good, names[i]), 0);
		assert_int_equal(fdt_property(good, "reg", "0123456789abcde", 4 * i + (i & 1)), 0);
		assert_int_equal(fdt_property(good, "empty", "", 0), 0);
		assert_int_equal(fdt_end_node(good), 0);
	}
	assert_int_equal(fdt_end_node(good), 0);
	assert_int_equal(fdt_finish(good), 0);
}

/* The next token of libfdt, in the terms of dt_next(); *at moves. */
static enum dt_token expected(const struct dt *dt, uint32_t *at, int *start)
{
	int next = (int)(*at - dt->structure);
	uint32_t tag;

	do {
		*start = next;
		tag = fdt_next_tag(tree, *start, &next);
	} while (tag == FDT_NOP && next >= 0);
	if (next < 0)
		return DT_BROKEN;
	*at = dt->structure + (uint32_t)next;
	return tag == FDT_BEGIN_NODE ? DT_BEGIN_NODE : tag == FDT_END_NODE ? DT_END_NODE :
	       tag == FDT_PROP ? DT_PROP : DT_END;
}

/* Both walk to the end of the tree, or to what is broken; returns how many tokens there were. */
static unsigned walk_both(void)
{
	struct dt dt;
	uint32_t ours, theirs;
	unsigned n = 0;

	if (dt_open(&dt, tree, sizeof(tree)) != OK)
		return 0;
	ours = theirs = dt.structure;
	for (;; n++) {
		struct dt_item item;
		int start;
		enum dt_token want = expected(&dt, &theirs, &start), got = dt_next(&dt, &ours, &item);

		if (want == DT_PROP && !item.prop.name)	/* libfdt looks up the name elsewhere */
			want = DT_BROKEN;
		assert_int_equal(got, want);
		if (got == DT_BROKEN || got == DT_END)
			return n;
		assert_int_equal(ours, theirs);
		if (got == DT_BEGIN_NODE)
			assert_ptr_equal(item.name, tree + dt.structure + start + 4);
		if (got == DT_PROP)
			assert_ptr_equal(item.prop.data, tree + dt.structure + start + 12);
	}
}

static void test_walk(void **state)
{
	(void)state;
	make_tree();
	memcpy(tree, good, sizeof(tree));
	assert_int_equal(walk_both(), 2 + 4 * 4 + 2);
}

static void test_damaged(void **state)
{
	unsigned whole = 0, cut = 0;

	(void)state;
	rng_seed(1);
	make_tree();
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned from = fdt_off_dt_struct(good), to = from + fdt_size_dt_struct(good), n;

		memcpy(tree, good, sizeof(tree));
		for (unsigned k = 0; k <= rng_below(3); k++)
			tree[from + rng_below(to - from)] = (uint8_t)rng_below(rng_below(4) ? 12 : 256);
		if (!rng_below(8))
			fdt_set_size_dt_struct(tree, rng_below(to - from + 8));
		n = walk_both();
		whole += n >= 20;
		cut += n < 20;
	}
	assert_true(whole > ROUNDS / 20 && cut > ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
