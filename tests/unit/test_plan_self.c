/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan/plan_self.c: where the hypervisor goes, out of the guests' way; and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/trees.h"

#define G(memory, ...) "a { harts = <0>; kernel = \"rt\"; memory = " memory "; " __VA_ARGS__ " };"
#define AT(place) "hypervisor-at = \"" place "\";"
#define LOADED	0x80200000ull	/* test_hyp: 4 MiB there, in a host with 1 GiB at 0x80000000 */
#define TOP	0xbfc00000ull

static struct test_plan t;

static void plan_good(struct tree host, const char *guests)
{
	const char *wrong;

	test_plan_make(&t, host, guests);
	if (t.result)
		kept_print(&t.kept);
	assert_int_equal(t.result, OK);
	wrong = oracle_check(&t.host, &t.config, &t.plan);
	if (wrong)
		fail_msg("%s: %s", guests, wrong);
	assert_int_equal(t.plan.loaded.base, LOADED);
	assert_int_equal(t.plan.loaded.size, test_hyp.size);
	assert_int_equal(t.plan.hyp.size, test_hyp.size);
}

static void test_places(void **state)
{
	static const struct {
		const char *guests;
		uint64_t base;
	} cases[] = {
		{ AT("top") G("\"16M\""), TOP },
		{ AT("loaded") G("\"16M\""), LOADED },
		{ AT("0x80200000") G("\"16M\""), LOADED },
		{ AT("0x90001000") G("\"16M\""), 0x90001000 },
		/* Guests' fixed memory comes first, whatever its size and place. */
		{ AT("top") G("\"16M at 0xbf000000\""), 0xbec00000 },
		{ AT("top") G("\"16M\", \"4K at 0xbffff000\""), 0xbfa00000 },
		{ AT("top") G("\"16M\", \"4K at 0xbfbff000\""), TOP },
		{ AT("top") G("\"510M at 0x80200000\""), TOP },
		{ AT("top") G("\"1022M at 0x80200000\""), LOADED },	/* refused later: there is no other place */
		{ AT("top") G("\"1016M at 0x80800000\""), LOADED },
		{ AT("top") G("\"1014M at 0x80a00000\""), 0x80600000 },
		/* What is used in place would have to be copied. */
		{ AT("top") G("\"16M\"", "images = \"in-place\";"), LOADED },
		{ AT("0x90000000") G("\"16M\"", "images = \"in-place\";"), 0x90000000 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct range place;

		if (strstr(cases[i].guests, "1022M")) {
			test_plan_make(&t, tree_file("virt"), cases[i].guests);
			assert_non_null(kept_find(&t.kept, PROBLEM_MEMORY_OVERLAP, "/a", "memory"));
		} else {
			plan_good(tree_file("virt"), cases[i].guests);
		}
		assert_int_equal(t.plan.hyp.base, cases[i].base);
		place = plan_place(&t.plan, &t.host, &t.config, test_hyp);	/* what a boot does before it plans */
		assert_int_equal(place.base, cases[i].base);
		assert_int_equal(place.size, test_hyp.size);
	}
}

/* The images are where the package is, and what the hypervisor has left is the guests'. */
static void test_moved(void **state)
{
	const struct plan_vm *v = t.plan.vms;
	uint64_t offset;

	(void)state;
	plan_good(tree_file("virt"), AT("loaded") G("\"16M\""));
	offset = v->images[IMAGE_KERNEL].source.v - LOADED;
	plan_good(tree_file("virt"), AT("top") G("\"16M\""));
	assert_int_equal(v->images[IMAGE_KERNEL].source.v, TOP + offset);
	assert_int_equal(v->regions[0].hpa.v, LOADED);
	/* In place at another place: the guest's RAM moves along. */
	plan_good(tree_file("virt"), AT("0x90000000") G("\"16M\"", "images = \"in-place\";"));
	assert_int_equal(v->images[IMAGE_KERNEL].source.v, 0x90000000 + offset);
	assert_int_equal(v->images[IMAGE_KERNEL].target.v, 0x90000000 + offset);
}

/* The firmware's memory is what lies below the place where it has put us, wherever we go. */
static void test_firmware(void **state)
{
	(void)state;
	plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0xb0000000 0 0x80000>", NULL),
		  AT("top") G("\"16M\""));
	assert_int_equal(t.plan.hyp.base, TOP);
	assert_true(t.plan.vms[0].regions[0].hpa.v >= LOADED);
}

/* The firmware still reads its tree as it starts harts: the copy of the hypervisor does not overwrite it. */
static void test_tree(void **state)
{
	static const struct { struct range tree; uint64_t base; } cases[] = {
		{ { 0xbfe00000, 0x2000 }, 0xbfa00000 },
		{ { 0xbfbff000, 0x1000 }, TOP },
		{ { 0xbfbff000, 0x1001 }, 0xbf600000 },
		{ { 0x1000, 0x2000 }, TOP },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		plan_good(tree_file("virt"), AT("top") G("\"16M\""));
		assert_int_equal(t.host.tree.size, 0);
		t.host.tree = cases[i].tree;
		assert_int_equal(plan_make(&t.plan, &t.host, &t.config, &t.package, test_hyp, &t.kept.r), OK);
		assert_int_equal(t.plan.hyp.base, cases[i].base);
	}
}

static void test_banks(void **state)
{
	static const struct { const char *memory; uint64_t base; } cases[] = {
		/* the highest bank that has room, */
		{ "reg = <0 0x80000000 0 0x40000000>, <1 0 0 0x40000000>", 0x13fc00000 },
		{ "reg = <0 0x80000000 0 0x40000000>, <1 0 0 0x200000>", TOP },
		/* and that our own page tables reach: they end 1 GiB below 256 GiB */
		{ "reg = <0 0x80000000 0 0x40000000>, <0x3f 0x80000000 1 0>", 0x3fbfc00000 },
		{ "reg = <0 0x80000000 0 0x40000000>, <0x100 0 1 0>", TOP },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x40000000>", cases[i].memory, NULL),
			  AT("top") G("\"16M\""));
		assert_int_equal(t.plan.hyp.base, cases[i].base);
	}
	/* Where it was loaded above all others it stays. */
	plan_good(tree_file("virt"), AT("top") G("\"1012M at 0x80c00000\""));
	assert_int_equal(t.plan.hyp.base, 0x80800000);
}

static void test_refused(void **state)
{
	static const struct { const char *guests, *words; enum problem_code code; } cases[] = {
		{ AT("0x60000000") G("\"16M\""), "not wholly RAM", PROBLEM_MEMORY_NOT_RAM },
		{ AT("0xbfffe000") G("\"16M\""), "not wholly RAM", PROBLEM_MEMORY_NOT_RAM },
		{ AT("0x80000000") G("\"16M\""), "of a memory reservation of the host", PROBLEM_MEMORY_OVERLAP },
		{ AT("0x80400000") G("\"16M\""), "of itself, as it was loaded", PROBLEM_MEMORY_OVERLAP },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct problem *p;

		test_plan_make(&t, tree_file("virt"), cases[i].guests);
		p = kept_find(&t.kept, cases[i].code, "/", "hypervisor-at");
		if (!p || !strstr(p->text, cases[i].words))
			kept_print(&t.kept);
		assert_true(t.result && p && p->in_config && strstr(p->text, cases[i].words));
		assert_int_equal(t.plan.hyp.base, LOADED);
		assert_int_equal(plan_place(&t.plan, &t.host, &t.config, test_hyp).base, LOADED);
	}
	test_plan_make(&t, tree_file("virt"), AT("0x90000000") G("\"16M at 0x90000000\""));
	assert_true(t.result && kept_find(&t.kept, PROBLEM_MEMORY_OVERLAP, "/", "hypervisor-at"));
	test_plan_make(&t, tree_edit("virt", "reg = <0 0x80000000 0 0x40000000>", "reg = <0 0x80000000 0x40 0>", NULL),
		       AT("0x3fbff00000") G("\"16M\""));
	assert_true(t.result && kept_find(&t.kept, PROBLEM_ADDRESS_TOO_HIGH, "/", "hypervisor-at"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_banks),
		cmocka_unit_test(test_refused),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	test_plan_free(&t);
	return failed;
}
