/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: which memory is the firmware's, and what lies where the hypervisor is loaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"

static enum err plan_loaded(struct tree host, const char *guests, uint64_t loaded)
{
	const char *wrong;

	test_plan_make(&t, host, guests);
	kept_reset(&t.kept);
	t.package.address.v += loaded - test_hyp.base;
	t.result = plan_make(&t.plan, &t.host, &t.config, &t.package, (struct range){ loaded, test_hyp.size },
			     &t.kept.r);
	wrong = t.result ? NULL : oracle_check(&t.host, &t.config, &t.plan);
	if (wrong)
		fail_msg("%s", wrong);
	return t.result;
}

static void expect_firmware(unsigned i, uint64_t base, uint64_t size, bool stated)
{
	assert_true(i < t.plan.nr_firmware);
	assert_int_equal(t.plan.firmware[i].range.base, base);
	assert_int_equal(t.plan.firmware[i].range.size, size);
	assert_int_equal(t.plan.firmware[i].stated, stated);
}

#define TOP "hypervisor-at = \"top\";"
#define NOTHING_RESERVED "reg = <0 0x80000000 0 0x80000>;", "size = <0 0x80000>;"

/* Below the image, what nothing accounts for is the firmware's, whatever else is reserved there. */
static void test_firmware(void **state)
{
	(void)state;
	/* One carve-out of another owner does not switch that off. */
	plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x80180000 0 0x10000>", NULL), A());
	assert_int_equal(t.plan.nr_firmware, 2);
	expect_firmware(0, 0x80000000, 0x180000, false);
	expect_firmware(1, 0x80190000, 0x70000, false);
	test_plan_make(&t, tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x80180000 0 0x10000>", NULL),
		       "a { harts = <0>; memory = \"512K at 0x80000000\"; kernel = \"rt\"; };");
	assert_non_null(kept_find(&t.kept, PROBLEM_MEMORY_OVERLAP, "/a", "memory"));
	/* It is all reserved: nothing is left to guess. */
	plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x80000000 0 0x200000>", NULL), A());
	assert_int_equal(t.plan.nr_firmware, 0);
	/* Banks below the image's count, and the hole between them does not. */
	plan_good(tree_edit("virt", NOTHING_RESERVED, "reg = <0 0x80000000 0 0x40000000>",
			    "reg = <0 0x40000000 0 0x10000000>, <0 0x80000000 0 0x40000000>", NULL), A());
	assert_int_equal(t.plan.nr_firmware, 2);
	expect_firmware(0, 0x40000000, 0x10000000, false);
	expect_firmware(1, 0x80000000, 0x200000, false);
	/* Where the image goes to changes nothing: what counts is where it was loaded. */
	assert_int_equal(plan_loaded(tree_edit("virt", NOTHING_RESERVED, NULL), TOP A(), 0x90000000), OK);
	assert_int_equal(t.plan.nr_firmware, 1);
	expect_firmware(0, 0x80000000, 0x10000000, false);
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x90000000);
	assert_int_equal(plan_loaded(tree_edit("virt", NOTHING_RESERVED, NULL),
				     TOP "a { harts = <0>; memory = \"2M\"; kernel = \"rt\"; };", 0x80000000), OK);
	assert_int_equal(t.plan.nr_firmware, 0);
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x80000000);
	/* Loaded into flash: the firmware may be anywhere, unless something is reserved, or a person knows. */
	assert_int_equal(plan_loaded(tree_edit("virt", NOTHING_RESERVED, NULL), A(), 0x20000000), ERR_INVALID);
	assert_non_null(kept_find(&t.kept, PROBLEM_BAD_HOST, "/", ""));
	assert_int_equal(plan_loaded(tree_file("virt"), A(), 0x20000000), ERR_INVALID);	/* it would stay there */
	assert_int_equal(plan_loaded(tree_file("virt"), TOP A(), 0x20000000), OK);
	assert_int_equal(plan_loaded(tree_edit("virt", NOTHING_RESERVED, NULL),
				     TOP "firmware = \"2M at 0x80000000\";" A(), 0x20000000), OK);
}

static void test_firmware_stated(void **state)
{
	(void)state;
	plan_good(tree_edit("virt", NOTHING_RESERVED, NULL), "firmware = \"512K at 0x80000000\", \"1M at 0xbff00000\";"
		  "a { harts = <0>; memory = \"512K at 0x80080000\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.nr_firmware, 2);
	expect_firmware(0, 0x80000000, 0x80000, true);
	expect_firmware(1, 0xbff00000, 0x100000, true);
	assert_int_equal(t.plan.free[t.plan.nr_free - 1].base + t.plan.free[t.plan.nr_free - 1].size, 0xbfe00000);
	plan_good(tree_file("virt"), "firmware = \"reserved\";"
		  "a { harts = <0>; memory = \"512K at 0x80080000\"; kernel = \"rt\"; };");
	assert_true(t.plan.firmware_reserved && !t.plan.nr_firmware);
	test_plan_make(&t, tree_file("virt"), "firmware = \"reserved\";"
		       "a { harts = <0>; memory = \"512K at 0x80000000\"; kernel = \"rt\"; };");
	assert_non_null(kept_find(&t.kept, PROBLEM_MEMORY_OVERLAP, "/a", "memory"));
}

/* More pieces than there is room for: the last one is all that is left below the image. */
static void test_firmware_pieces(void **state)
{
	char text[2048] = "reg =";
	size_t n = strlen(text);

	(void)state;
	for (unsigned i = 0; i < 24; i++)
		n += snprintf(text + n, sizeof(text) - n, "%s <0 0x%x 0 0x1000>", i ? "," : "",
			      0x80000000 + i * 0x2000);
	plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", text, NULL), A());
	assert_int_equal(t.plan.nr_firmware, MAX_FIRMWARE);
	expect_firmware(0, 0x80001000, 0x1000, false);
	expect_firmware(MAX_FIRMWARE - 1, 0x8001f000, 0x1e1000, false);
}

/* The image in memory that is marked. */
static void test_image_reserved(void **state)
{
	(void)state;
	test_plan_make(&t, tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x805ff000 0 0x2000>", NULL),
		       A());
	assert_non_null(kept_find(&t.kept, PROBLEM_BAD_HOST, "/reserved-memory/mmode_resv0@80000000", ""));
	assert_int_equal(t.kept.r.count, 1);
	plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x80600000 0 0x2000>", NULL), A());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_firmware_stated),
		cmocka_unit_test(test_firmware_pieces),
		cmocka_unit_test(test_image_reserved),
	};

	return cmocka_run_group_tests_name("plan_firmware", tests, NULL, plan_end);
}
