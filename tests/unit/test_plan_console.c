/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan: how the planner says that the hypervisor's console is read and written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/trees.h"

#define NS16550	"compatible = \"ns16550a\";"
#define GUEST	"a { harts = <0>; memory = \"16M\"; kernel = \"rt\"; };"

static struct test_plan t;

/* Registers of the ns16550 binding: a shift of 0 and accesses of 1 byte, if the node says nothing. */
static void test_ns16550(void **state)
{
	static const struct {
		const char *more;
		uint32_t shift, width;	/* width 0: refused */
	} cases[] = {
		{ "", 0, 1 }, { "reg-shift = <0>;", 0, 1 }, { "reg-shift = <2>;", 2, 1 }, { "reg-shift = <3>;", 3, 1 },
		{ "reg-shift = <4>;", 0, 0 }, { "reg-io-width = <1>;", 0, 1 }, { "reg-io-width = <2>;", 0, 2 },
		{ "reg-io-width = <4>; reg-shift = <2>;", 2, 4 }, { "reg-io-width = <3>;", 0, 0 },
		{ "reg-io-width = <0>;", 0, 0 }, { "reg-io-width = <5>;", 0, 0 }, { "reg-io-width = <8>;", 0, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct plan_console *c = &t.plan.console;
		char with[128];

		snprintf(with, sizeof(with), NS16550 " %s", cases[i].more);
		test_plan_make(&t, tree_edit("virt", NS16550, with, NULL), "console = \"serial0\";" GUEST);
		assert_int_equal(t.result == OK, !!cases[i].width);
		if (t.result) {
			assert_non_null(kept_find(&t.kept, PROBLEM_BAD_CONSOLE, "/", "console"));
			continue;
		}
		assert_int_equal(c->kind, CONSOLE_NS16550);
		assert_int_equal(c->base.v, 0x10000000);
		assert_int_equal(c->size, 0x100);
		assert_string_equal(c->path, "/soc/serial@10000000");
		assert_int_equal(c->reg_shift, cases[i].shift);
		assert_int_equal(c->reg_io_width, cases[i].width);
		assert_true(c->monitor);
	}
}

/* A virtual UART has the layout of the host's one that it imitates, or the usual one where that has none. */
static void test_virtual(void **state)
{
	static const struct {
		const char *more;
		uint32_t shift, width, clock;
	} cases[] = {
		{ "reg-shift = <0>; reg-io-width = <1>;", 0, 1, 3686400 }, { "reg-shift = <1>;", 1, 1, 3686400 },
		{ "reg-shift = <2>; reg-io-width = <4>;", 2, 4, 3686400 }, { "reg-shift = <3>;", 3, 1, 3686400 },
		{ "reg-shift = <4>;", 0, 1, 3686400 }, { "reg-io-width = <2>;", 0, 2, 3686400 },
		{ "reg-io-width = <3>;", 0, 1, 3686400 }, { "reg-io-width = <8>;", 0, 1, 3686400 },
		{ "clock-frequency = <1843200>;", 0, 1, 1843200 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct plan_vuart *u = &t.plan.vms[0].vuart;
		char with[128];

		snprintf(with, sizeof(with), "compatible = \"ns16550a\", \"v,w\"; %s", cases[i].more);
		test_plan_make(&t, tree_edit("virt", NS16550, with, NULL), "a { harts = <0>; memory = \"16M\"; "
			       "kernel = \"rt\"; console = \"uart\"; };");
		assert_int_equal(t.result, OK);
		assert_int_equal(u->base.v, 0x10000000);
		assert_int_equal(u->size, 0x100);
		assert_int_equal(u->irq, 10);
		assert_int_equal(u->reg_shift, cases[i].shift);
		assert_int_equal(u->reg_io_width, cases[i].width);
		assert_int_equal(u->clock_hz, cases[i].clock);
	}
}

static void test_others(void **state)
{
	(void)state;
	test_plan_make(&t, tree_file("virt"), "console = \"/soc/virtio_mmio@10008000\"; monitor = \"off\";" GUEST);
	assert_int_equal(t.result, OK);
	assert_int_equal(t.plan.console.kind, CONSOLE_VIRTIO);
	assert_int_equal(t.plan.console.base.v, 0x10008000);
	assert_int_equal(t.plan.console.reg_shift, 0);
	assert_false(t.plan.console.monitor);
}

static int end(void **state)
{
	(void)state;
	test_plan_free(&t);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ns16550),
					    cmocka_unit_test(test_virtual), cmocka_unit_test(test_others) };

	return cmocka_run_group_tests(tests, NULL, end);
}
