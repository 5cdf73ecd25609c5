/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan/config_dt.c and config_prop.c: every property, every way to write it wrong, and damaged trees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/trees.h"
#include "tests/unit/rng.h"

static struct config config;
static struct kept kept;

static enum err parse(const struct tree *t)
{
	memset(&config, 0xa5, sizeof(config));
	kept_reset(&kept);
	return config_parse(&config, t->data, t->size, &kept.r);
}

static void test_everything(void **state)
{
	struct tree t = tree_parts(
		"console = \"/soc/console\"; console-hart = <7>;"
		"linux { harts = <1 2>; memory = \"512M\", \"16M at 0x90000000 as 0x80000000\";"
		"  devices = \"/soc/serial@10000000\", \"rtc0\"; kernel = \"linux\"; initrd = \"initrd\";"
		"  bootargs = \"console=ttyS0 quiet\"; entry = \"0x80200000\"; trust-dma;"
		"  trust-control;"
		"  plic-mode = \"emulated\"; images = \"in-place\"; unmapped = \"stop\"; on-crash = \"restart\";"
		"  sbi-getchar = \"wait\";"
		"  restart-limit = <0>; watchdog-ms = <3600000>; };"
		"rt-2 { };");
	const struct config_vm *v = &config.vms[0];

	(void)state;
	assert_int_equal(parse(&t), OK);
	assert_int_equal(kept.nr, 0);
	assert_string_equal(config.console, "/soc/console");
	assert_true(config.has_console_hart);
	assert_int_equal(config.console_hart, 7);
	assert_int_equal(config.nr_vms, 2);
	assert_string_equal(v->name, "linux");
	assert_int_equal(v->nr_harts, 2);
	assert_int_equal(v->harts[0], 1);
	assert_int_equal(v->harts[1], 2);
	assert_int_equal(v->nr_memory, 2);
	assert_int_equal(v->memory[0].size, 512 * MIB);
	assert_false(v->memory[0].fixed || v->memory[0].mapped);
	assert_true(v->memory[1].fixed && v->memory[1].mapped);
	assert_int_equal(v->memory[1].at, 0x90000000);
	assert_int_equal(v->memory[1].as, 0x80000000);
	assert_int_equal(v->nr_devices, 2);
	assert_string_equal(v->devices[1], "rtc0");
	assert_string_equal(v->images[IMAGE_KERNEL], "linux");
	assert_string_equal(v->images[IMAGE_INITRD], "initrd");
	assert_string_equal(v->bootargs, "console=ttyS0 quiet");
	assert_true(v->has_entry && v->trust_dma && v->trust_control);
	assert_int_equal(v->entry, 0x80200000);
	assert_true(v->policy.plic_mode == PLIC_EMULATED && v->policy.in_place);
	assert_true(v->policy.getchar_waits);
	assert_int_equal(v->policy.unmapped, UNMAPPED_STOP);
	assert_int_equal(v->policy.on_crash, ON_CRASH_RESTART);
	assert_int_equal(v->policy.restart_limit, 0);
	assert_int_equal(v->policy.watchdog_ms, 3600000);
	v++;
	assert_string_equal(v->name, "rt-2");
	assert_string_equal(v->bootargs, "");
	assert_int_equal(v->nr_harts + v->nr_memory + v->nr_devices, 0);
	assert_null(v->images[IMAGE_KERNEL]);
	assert_false(v->has_entry || v->trust_dma || v->trust_control);
	assert_false(v->policy.plic_mode != PLIC_GUARDED || v->policy.in_place);
	assert_false(v->policy.getchar_waits);
	assert_int_equal(v->policy.unmapped, UNMAPPED_INJECT);
	assert_int_equal(v->policy.on_crash, ON_CRASH_STOP);
	assert_int_equal(v->policy.restart_limit, 3);
	assert_int_equal(v->policy.watchdog_ms, 0);
	assert_false(config.keep_machine || config.has_firmware);
	assert_int_equal(config.nr_firmware, 0);
	tree_free(&t);
}

static void test_memory_strings(void **state)
{
	static const struct {
		const char *text;
		uint64_t size, at, as;	/* size 0: refused; 1: neither */
	} cases[] = {
		{ "4K", 4 * KIB, 1, 1 },
		{ "16M", 16 * MIB, 1, 1 },
		{ "0x10M", 16 * MIB, 1, 1 },
		{ " 3G ", 3 * GIB, 1, 1 },
		{ "16M at 0x90000000", 16 * MIB, 0x90000000, 1 },
		{ "16M as 4096", 16 * MIB, 1, 4096 },
		{ "16M  at\t0x1000  as  0x2000 ", 16 * MIB, 0x1000, 0x2000 },
		{ "4K at 0xfffffffffffff000", 4 * KIB, 0xfffffffffffff000, 1 },
		{ "", 0, 0, 0 },
		{ "M", 0, 0, 0 },
		{ "0M", 0, 0, 0 },
		{ "16", 0, 0, 0 },
		{ "16m", 0, 0, 0 },
		{ "16MB", 0, 0, 0 },
		{ "-1M", 0, 0, 0 },
		{ "1K", 0, 0, 0 },
		{ "6K", 0, 0, 0 },
		{ "0xM", 0, 0, 0 },
		{ "99999999999999999999M", 0, 0, 0 },
		{ "17592186044416M", 0, 0, 0 },		/* 2^64 */
		{ "17592186044420M", 0, 0, 0 },		/* 2^64 and 4 MiB */
		{ "16M at", 0, 0, 0 },
		{ "16M at x", 0, 0, 0 },
		{ "16M at 0x1001", 0, 0, 0 },
		{ "16M at 0x1000x", 0, 0, 0 },
		{ "16M at 0x1000 at 0x2000", 0, 0, 0 },
		{ "16M as 0x1000 at 0x2000", 0, 0, 0 },
		{ "16M to 0x1000", 0, 0, 0 },
		{ "16M at0x1000", 0, 0, 0 },
		{ "8K at 0xfffffffffffff000", 0, 0, 0 },	/* wraps around */
		{ "4K at 0x10000000000000000", 0, 0, 0 },
	};
	struct config_memory m;
	const char *why;
	enum err e;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		e = config_parse_memory(&m, cases[i].text, &why);
		if ((e == OK) != !!cases[i].size)
			fail_msg("\"%s\": %s", cases[i].text, why ? why : "accepted");
		assert_int_equal(!why, e == OK);
		if (e)
			continue;
		assert_int_equal(m.size, cases[i].size);
		assert_int_equal(m.fixed, cases[i].at != 1);
		assert_int_equal(m.mapped, cases[i].as != 1);
		assert_int_equal(m.at, m.fixed ? cases[i].at : 0);
		assert_int_equal(m.as, m.mapped ? cases[i].as : 0);
	}
}

/* Exactly this one problem, and its words. */
static void check_refused(const char *guests, enum problem_code code, const char *path,
			  const char *prop, const char *words)
{
	struct tree t = tree_parts(guests);
	const struct problem *p;

	assert_int_equal(parse(&t), ERR_INVALID);
	p = kept_find(&kept, code, path, prop);
	if (!p || kept.r.count != 1 || !strstr(p->text, words) || !p->in_config) {
		kept_print(&kept);
		fail_msg("%s", guests);
	}
	tree_free(&t);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused("", PROBLEM_NO_GUESTS, "/", "", "no guests");
	check_refused("a { colour = \"red\"; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "colour",
		      "docs/config.md");
	check_refused("a { hart = <1>; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "hart", "\"harts\"");
	check_refused("a { trust_dma; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "trust_dma",
		      "\"trust-dma\"");
	check_refused("consol = \"x\"; a { };", PROBLEM_UNKNOWN_PROPERTY, "/", "consol", "\"console\"");
	check_refused("a { xarts; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "xarts", "\"harts\"");
	check_refused("a { ootargs; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "ootargs", "\"bootargs\"");
	check_refused("a { iinitrd; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "iinitrd", "\"initrd\"");
	check_refused("a { xxxolx-address; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "xxxolx-address", "config.md");
	check_refused("a { xxxsolx-address; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "xxxsolx-address", "config.md");
	check_refused("a { xxxsole-address; };", PROBLEM_UNKNOWN_PROPERTY, "/a", "xxxsole-address",
		      "\"console-address\"");
	check_refused("harts = <1>; a { };", PROBLEM_UNKNOWN_PROPERTY, "/", "harts", "of the root");
	check_refused("a { b { }; };", PROBLEM_UNKNOWN_NODE, "/a", "", "\"b\"");
	check_refused("Linux { };", PROBLEM_BAD_NAME, "/Linux", "", "lower-case");
	check_refused("a_b { };", PROBLEM_BAD_NAME, "/a_b", "", "lower-case");
	check_refused("a@1 { };", PROBLEM_BAD_NAME, "/a@1", "", "lower-case");
	check_refused("abcdefghijklmnopqrstuvwx { };", PROBLEM_BAD_NAME,
		      "/abcdefghijklmnopqrstuvwx", "", "at most 23");
	check_refused("a { harts; };", PROBLEM_BAD_VALUE, "/a", "harts", "<1 2>");
	check_refused("a { harts = [01 02]; };", PROBLEM_BAD_VALUE, "/a", "harts", "<1 2>");
	check_refused("a { harts = <3 4 3>; };", PROBLEM_DUPLICATE, "/a", "harts", "hart 3");
	check_refused("a { memory; };", PROBLEM_BAD_VALUE, "/a", "memory", "\"512M\"");
	check_refused("a { memory = [41]; };", PROBLEM_BAD_VALUE, "/a", "memory", "\"512M\"");
	check_refused("a { memory = \"1M\", \"x\"; };", PROBLEM_BAD_VALUE, "/a", "memory", "\"x\"");
	check_refused("a { devices = <1>; };", PROBLEM_BAD_VALUE, "/a", "devices", "node paths");
	check_refused("a { devices = \"/x\", \"/x\"; };", PROBLEM_DUPLICATE, "/a", "devices", "/x");
	check_refused("a { kernel = \"a\", \"b\"; };", PROBLEM_BAD_VALUE, "/a", "kernel", "one string");
	check_refused("a { kernel = \"\"; };", PROBLEM_BAD_VALUE, "/a", "kernel", "one string");
	check_refused("a { initrd = \"config\"; };", PROBLEM_BAD_VALUE, "/a", "initrd", "config");
	check_refused("a { kernel = \"abcdefghijklmnopqrstuvwxyz0123456\"; };", PROBLEM_BAD_VALUE, "/a",
		      "kernel", "longer than 31");
	check_refused("a { bootargs = <1>; };", PROBLEM_BAD_VALUE, "/a", "bootargs", "one string");
	check_refused("a { entry = \"here\"; };", PROBLEM_BAD_VALUE, "/a", "entry", "guest address");
	check_refused("a { entry = \"0x80200000 \"; };", PROBLEM_BAD_VALUE, "/a", "entry", "guest address");
	check_refused("a { entry = \"8020000x\"; };", PROBLEM_BAD_VALUE, "/a", "entry", "guest address");
	check_refused("a { entry = \"0x80200002\"; };", PROBLEM_BAD_VALUE, "/a", "entry",
		      "multiple of 4");
	check_refused("a { entry = <0x80200000>; };", PROBLEM_BAD_VALUE, "/a", "entry", "");
	check_refused("a { trust-dma = \"yes\"; };", PROBLEM_BAD_VALUE, "/a", "trust-dma", "no value");
	check_refused("a { images = \"move\"; };", PROBLEM_BAD_VALUE, "/a", "images", "\"copy\" or \"in-place\"");
	check_refused("a { plic-mode = \"fast\"; };", PROBLEM_BAD_VALUE, "/a", "plic-mode",
		      "\"guarded\" or \"mapped\" or \"emulated\"");
	check_refused("a { plic-mode = \"mapped\", \"mapped\"; };", PROBLEM_BAD_VALUE, "/a", "plic-mode",
		      "");
	check_refused("a { unmapped; };", PROBLEM_BAD_VALUE, "/a", "unmapped", "\"ignore\"");
	check_refused("a { on-crash = <1>; };", PROBLEM_BAD_VALUE, "/a", "on-crash", "\"restart\"");
	check_refused("a { restart-limit = \"3\"; };", PROBLEM_BAD_VALUE, "/a", "restart-limit", "<3>");
	check_refused("a { restart-limit = <3 3>; };", PROBLEM_BAD_VALUE, "/a", "restart-limit", "<3>");
	check_refused("a { restart-limit = [000003]; };", PROBLEM_BAD_VALUE, "/a", "restart-limit", "<3>");
	check_refused("a { watchdog-ms = [0000000900]; };", PROBLEM_BAD_VALUE, "/a", "watchdog-ms", "3600000");
	check_refused("console-hart = <0 1>; a { };", PROBLEM_BAD_VALUE, "/", "console-hart", "one hart id");
	check_refused("console-hart = [0000000000]; a { };", PROBLEM_BAD_VALUE, "/", "console-hart", "one hart id");
	check_refused("console-hart; a { };", PROBLEM_BAD_VALUE, "/", "console-hart", "one hart id");
	check_refused("a { watchdog-ms = <0>; };", PROBLEM_BAD_VALUE, "/a", "watchdog-ms", "3600000");
	check_refused("a { watchdog-ms = <3600001>; };", PROBLEM_BAD_VALUE, "/a", "watchdog-ms", "");
	check_refused("when-all-ended = \"reboot\"; a { };", PROBLEM_BAD_VALUE, "/", "when-all-ended",
		      "\"keep\"");
	check_refused("a{};b{};c{};d{};e{};f{};g{};h{};i{};", PROBLEM_LIMIT, "/", "", "8 guests");
	check_refused("a { memory = \"1M\",\"1M\",\"1M\",\"1M\",\"1M\",\"1M\",\"1M\",\"1M\",\"1M\","
		      "\"1M\",\"1M\",\"1M\",\"1M\",\"1M\",\"1M\",\"1M\",\"1M\"; };", PROBLEM_LIMIT, "/a",
		      "memory", "16");
}

/* All problems, not the first only. */
static void test_all_reported(void **state)
{
	struct tree t = tree_parts("a { harts; memory = \"x\", \"y\"; kernel = \"\"; foo; };"
				   "B { devices = <0>; };");

	(void)state;
	assert_int_equal(parse(&t), ERR_INVALID);
	assert_int_equal(kept.r.count, 7);
	assert_int_equal(kept.nr, 7);
	tree_free(&t);
}

static void test_wrong_kind(void **state)
{
	struct tree t = tree_file("virt");

	(void)state;
	assert_int_equal(parse(&t), ERR_INVALID);
	assert_non_null(kept_find(&kept, PROBLEM_BAD_VALUE, "/", "compatible"));
	tree_free(&t);
	t = tree_text("/dts-v1/; / { a { }; };");
	assert_int_equal(parse(&t), ERR_INVALID);
	assert_non_null(kept_find(&kept, PROBLEM_BAD_CONFIG, "/", ""));
	tree_free(&t);
}

/* What dtc would not write: the same property twice. */
static void test_property_twice(void **state)
{
	struct tree t = tree_parts("a { kernel = \"one\"; initrd = \"two\"; };");
	uint32_t at = 0;

	(void)state;
	while (memcmp(t.data + at, "initrd", 7))
		at++;
	/* In the strings block "initrd" is renamed to what is already there. */
	memcpy(t.data + at, "kernel", 7);
	assert_int_equal(parse(&t), ERR_INVALID);
	assert_non_null(kept_find(&kept, PROBLEM_DUPLICATE, "/a", "kernel"));
	tree_free(&t);
}

static void test_damaged(void **state)
{
	struct tree good = tree_parts(
		"console = \"/soc/x\"; linux { harts = <1 2 3>; memory = \"512M\", \"4K at 0x1000\";"
		" devices = \"/a\", \"/b\", \"/c\"; kernel = \"k\"; initrd = \"i\"; bootargs = \"b\";"
		" entry = \"0x1000\"; trust-dma; }; rt { harts = <4>; memory = \"1M\"; kernel = \"r\"; };");
	unsigned accepted = 0;

	(void)state;
	rng_seed(7);
	for (unsigned i = 0; i < 20000; i++) {
		struct tree t = tree_copy(good.data, rng_below(16) ? good.size : rng_below(good.size));

		for (unsigned k = rng_below(4); k && t.size; k--)
			t.data[rng_below(t.size)] = rng_below(3) ? (uint8_t)rng() : 0;
		if (parse(&t) == OK) {
			accepted++;
			assert_true(config.nr_vms > 0 && config.nr_vms <= MAX_VMS);
			assert_int_equal(kept.r.count, 0);
		} else {
			assert_true(kept.r.count > 0);
		}
		tree_free(&t);
	}
	assert_true(accepted > 1000);
	tree_free(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_memory_strings),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_all_reported),
		cmocka_unit_test(test_wrong_kind),
		cmocka_unit_test(test_property_twice),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
