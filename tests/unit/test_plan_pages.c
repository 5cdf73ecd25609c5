/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: pages with the registers of several devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"

#define FIRST	"/soc/serial@50900000"		/* 0x800 bytes each, in one page */
#define SECOND	"/soc/serial@50900800"
#define THIRD	"serial@50901000"
#define THIRD_AT(place)	"reg = <0x0 0x50901000 0x0 0x1000>", "reg = <0x0 " place ">"

static const struct plan_region *region_at(const struct plan_vm *v, uint64_t at)
{
	for (uint32_t i = 0; i < v->nr_regions; i++)
		if (at - v->regions[i].gpa.v < v->regions[i].size)
			return &v->regions[i];
	fail_msg("nothing at 0x%lx", at);
	return NULL;
}

static bool has_window(unsigned vm, uint64_t base, uint64_t size)
{
	const struct plan_vm *v = &t.plan.vms[vm];

	for (uint32_t i = 0; i < v->nr_windows; i++)
		if (v->windows[i].base.v == base && v->windows[i].size == size) {
			assert_int_equal(region_at(v, base)->kind, REGION_WINDOWS);
			return true;
		}
	return false;
}

/* The other one in the page has no owner, is the hypervisor's console, or another guest's. */
static void test_window(void **state)
{
	(void)state;
	plan_good(tree_file("shared-pages"), A(DEVICE(FIRST)));
	assert_true(has_window(0, 0x50900000, 0x800));
	assert_string_equal(kept_find(&t.kept, PROBLEM_NOTE, "/a", "devices")->text,
			    FIRST " shares the 4 KiB page at 0x50900000 with " SECOND ", which no guest has: each "
			    "access to its registers there is an exit");
	plan_good(tree_file("shared-pages"), "console = \"" SECOND "\";" A(DEVICE(FIRST)));
	assert_true(has_window(0, 0x50900000, 0x800));
	plan_good(tree_file("shared-pages"), A("trust-dma;" DEVICE(FIRST)) B("trust-dma;" DEVICE(SECOND)));
	assert_true(has_window(0, 0x50900000, 0x800) && has_window(1, 0x50900800, 0x800));
	assert_int_equal(t.plan.vms[0].nr_windows + t.plan.vms[1].nr_windows, 2);
}

/* What has a window there is named by that, as what is mapped is. */
static void test_named(void **state)
{
	const struct problem *p;

	(void)state;
	test_plan_make(&t, tree_file("shared-pages"),
		       A("console = \"uart\"; console-address = \"0x50900000\";" DEVICE(FIRST)));
	p = kept_find(&t.kept, PROBLEM_GUEST_OVERLAP, "/a", "console");
	assert_non_null(strstr(p->text, "in a page of " FIRST ";"));
}

static void test_both_in_one_guest(void **state)
{
	(void)state;
	plan_good(tree_file("shared-pages"), A("trust-dma; devices = \"" FIRST "\", \"" SECOND "\";"));
	assert_int_equal(t.plan.vms[0].nr_windows, 0);
	assert_int_equal(region_at(&t.plan.vms[0], 0x50900000)->kind, REGION_DEVICE);
}

/* Of registers in several pages those are mapped that the guest has alone. */
/* The registers behind a window are mapped, too. */
static void test_behind(void **state)
{
	(void)state;
	plan_good(tree_edit("shared-pages", "reg = <0x0 0x50900000 0x0 0x800>;",
			    "reg = <0x0 0x50900000 0x0 0x800 0x0 0x50a00000 0x0 0x1000>;", NULL), A(DEVICE(FIRST)));
	assert_true(has_window(0, 0x50900000, 0x800));
	assert_int_equal(region_at(&t.plan.vms[0], 0x50a00000)->kind, REGION_DEVICE);
}

/* A disabled one may come along with an enabled one, wherever that is in the list. */
static void test_disabled(void **state)
{
	static const char *const lists[] = { A("trust-dma; devices = \"" FIRST "\", \"" SECOND "\";"),
					     A("trust-dma; devices = \"" SECOND "\", \"" FIRST "\";") };

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		plan_good(tree_edit("shared-pages", "serial@50900800 {", "serial@50900800 { status = \"disabled\";",
				    NULL), lists[i]);
}

static void test_some_pages(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];

	(void)state;
	plan_good(tree_edit("shared-pages", "reg = <0x0 0x50900800 0x0 0x800>", "reg = <0x0 0x50903800 0x0 0x800>",
			    THIRD_AT("0x50900f00 0x0 0x2800"), NULL), A("trust-dma;" DEVICE("/soc/" THIRD)));
	assert_true(has_window(0, 0x50900f00, 0x100) && has_window(0, 0x50903000, 0x700));
	assert_int_equal(v->nr_windows, 2);
	assert_int_equal(region_at(v, 0x50901000)->kind, REGION_DEVICE);
	assert_int_equal(region_at(v, 0x50901000)->size, 2 * PAGE_SIZE);
}

/* All registers of a guest in such a page: one mapping less, as many windows as there are. */
static void test_two_windows(void **state)
{
	(void)state;
	plan_good(tree_edit("shared-pages", THIRD_AT("0x50900700 0x0 0x100"),
			    "reg = <0x0 0x50900000 0x0 0x800>", "reg = <0x0 0x50900000 0x0 0x100>", NULL),
		  A("devices = \"" FIRST "\", \"/soc/" THIRD "\";"));
	assert_true(has_window(0, 0x50900000, 0x100) && has_window(0, 0x50900700, 0x100));
}

/* What the hypervisor cannot map, it cannot access for a guest. */
static void test_too_far(void **state)
{
	const struct problem *p;

	(void)state;
	test_plan_make(&t, tree_edit("shared-pages", "reg = <0x0 0x50900800 0x0", "reg = <0x7f 0x50900800 0x0",
				     "reg = <0x0 0x50900000 0x0", "reg = <0x7f 0x50900000 0x0", NULL),
		       A(DEVICE(FIRST)));
	p = kept_find(&t.kept, PROBLEM_DEVICE_REGISTERS, "/a", "devices");
	assert_non_null(strstr(p->text, "beyond 0x3fc0000000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_both_in_one_guest),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_some_pages),
		cmocka_unit_test(test_two_windows),
		cmocka_unit_test(test_too_far),
	};

	return cmocka_run_group_tests(tests, NULL, plan_end);
}
