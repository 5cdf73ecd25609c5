/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: devices that control the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"

static const struct plan_device *control_case(struct tree host, const char *guests, const char *words)
{
	const struct problem *p;

	test_plan_make(&t, host, guests);
	p = kept_find(&t.kept, PROBLEM_CONTROL_UNTRUSTED, "/a", "devices");
	if (!words) {
		if (t.result) {
			kept_print(&t.kept);
			fail_msg("refused: %s", guests);
		}
		assert_null(oracle_check(&t.host, &t.config, &t.plan));
	} else if (!p || !strstr(p->text, words) || !strstr(p->text, "trust-control") || t.kept.r.count != 1) {
		kept_print(&t.kept);
		fail_msg("not refused with: %s", words);
	}
	return t.plan.vms[0].devices;
}

/* What a node is, by properties, and by the words in its names. */
static void test_control_kinds(void **state)
{
	static const char *const kinds[][2] = {
		{ "#clock-cells = <1>;", "a clock controller" }, { "#reset-cells = <0>;", "a reset controller" },
		{ "#power-domain-cells = <1>;", "a power controller" },
		{ "#interconnect-cells = <1>;", "an interconnect" },
		{ "#mbox-cells = <1>;", "a mailbox" }, { "#hwlock-cells = <1>;", "locks between" },
		{ "#pinctrl-cells = <1>;", "a pin controller" },
		{ "#nvmem-cell-cells = <1>;", "others are set up from" },
		{ "system-power-controller;", "switches the machine off" },
		{ "x,system-power-controller;", "switches the" },
		{ "timeout-sec = <8>;", "a watchdog" }, { "cache-level = <2>;", "a cache controller" },
		{ "regulator-min-microvolt = <1>;", "a regulator" }, { "regulator-always-on;", "a regulator" },
		{ "sub { regulator-name = \"v\"; };", RTC "/sub in it is a regulator" },
		{ "watchdog@1 { };", "/watchdog@1 in it is a watchdog" },
	};
	static const char *const compatibles[][2] = {
		{ "v,thing\", \"syscon", "system registers" }, { "v,soc-sysctrl", "system registers" },
		{ "v,x-wdt", "a watchdog" }, { "v,x-watchdog-2\", \"v,x-watchdog", "a watchdog" },
		{ "v,a1-rst", "a reset controller" }, { "v,syscrg", "a clock controller" },
		{ "v,x-prci", "a clock controller" }, { "v,pinctrl", "a pin controller" }, { "v,x-pmu", "a power" },
		{ "v,l2-cache", "a cache controller" }, { "v,otp", "set up from" },
		{ "v,efuse-1\", \"v,efuse", "set up" },
		{ "cfi-flash", "boot from" }, { "v,mailbox", "a mailbox" }, { "v,debug-013", "a debug module" },
	};
	char text[128];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		snprintf(text, sizeof(text), "compatible = \"google,goldfish-rtc\"; %s", strchr(kinds[i][0], '{') ? "" :
			 kinds[i][0]);
		control_case(tree_edit("virt", RTC_IS(text), "interrupts = <11>;\n\t\t\tinterrupt-parent = <&plic>;\n",
				       strchr(kinds[i][0], '{') ? kinds[i][0] : "", NULL), A(DEVICE(RTC)), kinds[i][1]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(compatibles); i++) {
		snprintf(text, sizeof(text), "compatible = \"%s\";", compatibles[i][0]);
		control_case(tree_edit("virt", RTC_IS(text), NULL), A("trust-dma;" DEVICE(RTC)), compatibles[i][1]);
		control_case(tree_edit("virt", RTC_IS(text), NULL), A("trust-dma; trust-control;" DEVICE(RTC)), NULL);
		assert_non_null(t.plan.vms[0].devices[0].control);
	}
	/* What uses such a thing is none itself. */
	assert_null(control_case(tree_file("virt"), A(DEVICE("serial0")), NULL)->control);
	assert_null(control_case(tree_file("virt"), A(DEVICE(RTC)), NULL)->control);
	assert_false(control_case(tree_file("virt"), A(DEVICE(RTC)), NULL)->dma);
	assert_true(control_case(tree_file("virt"), A("trust-dma;" DEVICE("/soc/virtio_mmio@10001000")), NULL)->dma);
	assert_null(t.plan.vms[0].devices[0].control);
}

/* What a node that the guest does not have depends on. */
static void test_control_references(void **state)
{
	static const char *const uses[] = {
		"regmap = <&rtc>;", "syscon = <&rtc 4>;", "v,syscon = <&rtc 4>;", "v,sys-syscon = <&rtc>;",
		"v,a_csr = <&rtc>;",
		"resets = <&other>, <&rtc>;", "power-domains = <0>, <&rtc>;", "assigned-clocks = <&rtc>;",
		"assigned-clock-parents = <&rtc>;", "vdd-supply = <&rtc>;", "reset-gpios = <&rtc>;", "a-gpio = <&rtc>;",
		"gpios = <&rtc>;", "gpio = <&rtc>;", "pinctrl-1 = <&rtc>;", "nvmem = <&rtc>;", "nvmem-cells = <&rtc>;",
		"mboxes = <&rtc>;", "interconnects = <&other &rtc>;", "pwms = <&rtc>;", "hwlocks = <&rtc>;",
		"next-level-cache = <&rtc>;", "mmc-pwrseq = <&rtc>;",
	};
	static const char *const harmless[] = {
		"phys = <&rtc>;", "dmas = <&rtc>;", "memory-region = <&rtc>;", "io-channels = <&rtc>;",
		"v,thing = <&rtc>;",
		"clock-names = \"a\";", "regmap = <0>;", "regmap = <0x7777>;", "resets = <0x7777 &rtc>;", "regmap;",
		"-supply = <&rtc>;", "pinctrl-names = \"x\";",
	};
	char words[64];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(uses); i++) {
		snprintf(words, sizeof(words), "by \"%.*s\"", (int)strcspn(uses[i], " ;"), uses[i]);
		control_case(tree_edit("virt", RTC_NAMED(""), "test: test@", "other: test: test@",
				       "#reset-cells = <1>;", "",
				       "resets = <&test 1>;", "", UART_HAS(uses[i]), NULL), A(DEVICE(RTC)), words);
		/* With the node that depends on it, no other owner is concerned. */
		assert_null(control_case(tree_edit("virt", RTC_NAMED(""), "test: test@", "other: test: test@",
			"#reset-cells = <1>;", "", "resets = <&test 1>;", "", UART_HAS(uses[i]), NULL),
			A("devices = \"serial0\", \"" RTC "\";"), NULL)->control);
	}
	for (unsigned i = 0; i < ARRAY_LEN(harmless); i++)
		assert_null(control_case(tree_edit("virt", RTC_NAMED(""), "resets = <&test 1>;", "",
						   UART_HAS(harmless[i]),
						   NULL), A(DEVICE(RTC)), NULL)->control);
	/* A disabled node and another guest's count; the device itself, and what is below it, do not. */
	control_case(tree_edit("virt", RTC_NAMED(""), UART_HAS("regmap = <&rtc>; status = \"disabled\";"), NULL),
		     A(DEVICE(RTC)), "/soc/serial@10000000 depends on it");
	control_case(tree_edit("virt", RTC_NAMED(""), UART_HAS("regmap = <&rtc>;"), NULL),
		     A(DEVICE(RTC)) B(DEVICE("serial0")), "/soc/serial@10000000 depends on it");
	control_case(tree_edit("virt", RTC_NAMED(" regmap = <&rtc>;"), NULL), A(DEVICE(RTC)), NULL);
	control_case(tree_edit("virt", "resets = <&test 1>;", "", NULL), A(DEVICE("/soc/gpio@10060000")),
		     "/soc/i2c@10070000/sensor@48 depends on it by \"reset-gpios\"");
	/* Nothing without registers acts by itself. */
	assert_null(control_case(tree_file("virt"), A(DEVICE("/clocks/uart-clock")), NULL)->control);
}

/* Registers that switch the machine off are no guest's, whatever the guest is trusted with. */
static void test_control_off(void **state)
{
	static const char *const how[][2] = {
		{ "regmap", "regmap = <&test>" }, { "syscon", "syscon = <&test>" },
		{ "v,syscon", "v,syscon = <&test 0>" },
	};
	const struct problem *p;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(how); i++) {
		for (unsigned trusted = 0; trusted < 2; trusted++) {
			test_plan_make(&t, tree_edit("virt", "\"sifive,test1\", \"sifive,test0\", \"syscon\"",
						     "\"v,sysctl\", \"syscon\"", "regmap = <&test>", how[i][1], NULL),
				       trusted ? A("trust-dma; trust-control;" DEVICE("/soc/test@100000")) :
				       A(DEVICE("/soc/test@100000")));
			p = kept_find(&t.kept, PROBLEM_DEVICE_REFUSED, "/a", "devices");
			assert_non_null(p);
			assert_non_null(strstr(p->text, "as /poweroff uses it by"));
			assert_non_null(strstr(p->text, how[i][0]));
			assert_int_equal(t.kept.r.count, 1);
		}
	}
	/* A pin that does so can be given to who is trusted with the machine. */
	control_case(tree_edit("virt", "syscon-poweroff", "gpio-poweroff", "regmap = <&test>", "gpios = <&gpio 1 0>",
			       "reset-gpios = <&gpio 5 0>;", "", NULL),
		     A(DEVICE("/soc/gpio@10060000")), "/poweroff depends on it by \"gpios\"");
	control_case(tree_edit("virt", "syscon-poweroff", "gpio-poweroff", "regmap = <&test>", "gpios = <&gpio 1 0>",
			       NULL),
		     A("trust-control;" DEVICE("/soc/gpio@10060000")), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_kinds),
		cmocka_unit_test(test_control_references),
		cmocka_unit_test(test_control_off),
	};

	return cmocka_run_group_tests_name("plan_control", tests, NULL, plan_end);
}
