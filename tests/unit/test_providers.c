/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References of a guest's devices (docs/providers.md): hyp/plan/refs.c, guest_mark.c, guest_refs.c, guest_standins.c
 * and plan_standins.c. The guest's tree is read by libfdt, which has no part in writing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "hyp/plan/refs.h"
#include "tests/unit/lib/trees.h"

static struct test_plan t;
static uint8_t dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));

#define GUEST(rest)	"one { harts = <0>; memory = \"4M\"; kernel = \"rt\"; trust-dma; trust-control; " rest " };"

static void build_from(struct tree host, const char *guest)
{
	test_plan_make(&t, host, guest);
	if (t.result)
		kept_print(&t.kept);
	assert_int_equal(t.result, OK);
	kept_reset(&t.kept);
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), OK);
	assert_int_equal(fdt_check_header(dtb), 0);
}

static void build(const char *guest)
{
	build_from(tree_file("providers"), guest);
}

static const void *get(const char *path, const char *prop, int *size)
{
	int node = fdt_path_offset(dtb, path);

	if (node < 0)
		fail_msg("the guest has no %s", path);
	return fdt_getprop(dtb, node, prop, size);
}

static void has_not(const char *path, const char *prop)
{
	int size;

	if (!prop && fdt_path_offset(dtb, path) >= 0)
		fail_msg("the guest has %s", path);
	if (prop && get(path, prop, &size))
		fail_msg("%s has %s", path, prop);
}

/* The strings of a list, each followed by a blank. */
static void check_names(const char *path, const char *prop, const char *expected)
{
	int size;
	const char *list = get(path, prop, &size);
	char text[80] = "";

	assert_non_null(list);
	for (int at = 0; at < size; at += (int)strlen(list + at) + 1) {
		strcat(text, list + at);
		strcat(text, " ");
	}
	assert_string_equal(text, expected);
}

static uint32_t cell(const char *path, const char *prop, int index)
{
	int size;
	const fdt32_t *cells = get(path, prop, &size);

	if (!cells || size < 4 * index + 4)
		fail_msg("%s: %s has no cell %d", path, prop, index);
	return fdt32_to_cpu(cells[index]);
}

static int cells(const char *path, const char *prop)
{
	int size;

	assert_non_null(get(path, prop, &size));
	return size / 4;
}

/* The rate of the fixed clock that a cell refers to. */
static uint32_t rate_of(const char *path, int index)
{
	int size, clock = fdt_node_offset_by_phandle(dtb, cell(path, "clocks", index));
	const fdt32_t *hz;

	assert_true(clock >= 0);
	assert_int_equal(fdt_node_check_compatible(dtb, clock, "fixed-clock"), 0);
	hz = fdt_getprop(dtb, clock, "clock-frequency", &size);
	assert_non_null(hz);
	return fdt32_to_cpu(*hz);
}

static bool noted(const char *path, const char *prop, const char *text)
{
	const struct problem *p = kept_find(&t.kept, PROBLEM_NOTE, path, prop);

	return p && strstr(p->text, text);
}

#define UART0	"/soc/serial@10000000"
#define UART1	"/soc/serial@10001000"
#define MAC	"/soc/ethernet@10002000"
#define SPI	"/soc/spi@10003000"

/* A UART's clock-frequency is its clock's rate; pins and the power domain stay as they are. */
static void test_uart(void **state)
{
	(void)state;
	build(GUEST("devices = \"" UART0 "\";"));
	assert_int_equal(rate_of(UART0, 0), 3686400);
	has_not(UART0, "pinctrl-0");
	has_not(UART0, "pinctrl-1");
	has_not(UART0, "pinctrl-names");
	has_not(UART0, "power-domains");
	assert_true(noted(UART0, "pinctrl-0", "left out for guest one, which does not have "
					      "/soc/pinctrl@1002000/uart-pins"));
	assert_null(kept_find(&t.kept, PROBLEM_NOTE, UART0, "clocks"));
	has_not("/chosen", "bootargs");
	build(GUEST("devices = \"" UART0 "\", \"/soc/gpio@1008000\";"));
	has_not(UART0, "pinctrl-1");	/* states go together */
}

/* A page of the guest's RAM, which is not described as RAM, nor is anything else in it; the same line has the same
 * number. */
static void test_resets(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];
	uint64_t page;
	char path[60];

	(void)state;
	build(GUEST("devices = \"" UART0 "\", \"/soc/hdmi@10005000\";"));
	page = v->reset_page.v;
	assert_int_equal(page, v->regions[v->nr_regions - 1].gpa.v + v->regions[v->nr_regions - 1].size - PAGE_SIZE);
	snprintf(path, sizeof(path), "/reset-controller@%lx", page);
	check_names(path, "compatible", "snps,dw-high-reset ");
	assert_int_equal(cell(path, "reg", 1), page);
	assert_int_equal(cell(path, "reg", 3), PAGE_SIZE);
	assert_int_equal(cells(UART0, "resets"), 4);
	check_names(UART0, "reset-names", "a b ");
	assert_int_equal(cell(UART0, "resets", 0), cell(path, "phandle", 0));
	assert_int_equal(cell(UART0, "resets", 2), cell(path, "phandle", 0));
	assert_int_equal(cell("/soc/hdmi@10005000", "resets", 1), cell(UART0, "resets", 3));
	assert_int_not_equal(cell(UART0, "resets", 1), cell(UART0, "resets", 3));
	snprintf(path, sizeof(path), "/memory@%lx", v->regions[v->nr_regions - 1].gpa.v);
	assert_int_equal(cell(path, "reg", 3), 4 * MIB - PAGE_SIZE);
	assert_true(v->dtb.v + GUEST_DTB_MAX <= page);

	build(GUEST("devices = \"" UART0 "\", \"/soc/reset-controller@1001000\";"));
	assert_int_equal(cell(UART0, "resets", 1), 1);
	assert_int_equal(cell(path, "reg", 3), 4 * MIB);
	build_from(tree_file("providers"), "one { harts = <0>; memory = \"76K\"; kernel = \"rt\"; devices = "
					   "\"" UART0 "\"; };");
	assert_int_equal(v->dtb.v + GUEST_DTB_MAX, v->reset_page.v);
}

/* Assigned rates of this very clock; what is not known is said; what the guest has stays. */
static void test_rates(void **state)
{
	(void)state;
	build(GUEST("devices = \"" UART1 "\";"));
	assert_int_equal(cells(UART1, "clocks"), 3);
	assert_int_equal(rate_of(UART1, 0), 0);
	assert_int_equal(rate_of(UART1, 1), 24000000);
	assert_int_equal(rate_of(UART1, 2), 50000000);
	check_names(UART1, "clock-names", "baudclk ref apb_pclk ");
	assert_true(noted(UART1, "clocks", "the rate of clock 0 (baudclk) is not known"));

	build(GUEST("devices = \"" UART1 "\"; clock-rates = \"" UART1 "\", \"1k\", \"" UART1 ":baudclk\", \"200M\";"));
	assert_int_equal(rate_of(UART1, 0), 200000000);
	assert_int_equal(rate_of(UART1, 1), 24000000);
	assert_int_equal(rate_of(UART1, 2), 1000);
	assert_null(kept_find(&t.kept, PROBLEM_NOTE, UART1, "clocks"));

	build(GUEST("devices = \"" UART1 "\"; clock-rates = \"" UART1 ":0\", \"7\", \"" UART1 "\", \"4294967295\";"));
	assert_int_equal(rate_of(UART1, 0), 7);
	assert_int_equal(rate_of(UART1, 2), 4294967295u);
}

/* The only clock of a provider that is another's has the rate that its node names; one of several has not. */
static void test_rate_of_a_provider(void **state)
{
#define PLL(cells) "half: half@50000000 { compatible = \"v,pll\"; reg = <0 0x50000000 0 0x1000>; " \
		   "clock-frequency = <12345678>; #clock-cells = <" cells ">;"
	static const char half[] = "half: half {\n\t\tcompatible = \"fixed-factor-clock\";\n\t\t#clock-cells = <0>;";

	(void)state;
	build_from(tree_edit("providers", half, PLL("0"), NULL), GUEST("devices = \"" SPI "\";"));
	assert_int_equal(rate_of(SPI, 0), 12345678);
	build_from(tree_edit("providers", half, PLL("1"), "clocks = <&half>", "clocks = <&half 0>", NULL),
		   GUEST("devices = \"" SPI "\";"));
	assert_int_equal(rate_of(SPI, 0), 0);
#undef PLL
}

/* Clocks with the same rate are one node, and no other node has its phandle. */
static void test_standins_are_shared(void **state)
{
	(void)state;
	build(GUEST("devices = \"" UART0 "\", \"" UART1 "\"; clock-rates = \"" UART1 "\", \"3686400\";"));
	assert_int_equal(cell(UART0, "clocks", 0), cell(UART1, "clocks", 0));
	for (uint32_t i = 0; i < t.host.nr_nodes; i++)
		assert_int_not_equal(t.host.nodes[i].phandle, cell(UART0, "clocks", 0));
}

static void refused(const char *guest, enum problem_code code, const char *text)
{
	const struct problem *p;

	test_plan_make(&t, tree_file("providers"), guest);
	assert_int_not_equal(t.result, OK);
	p = kept_find(&t.kept, code, "/one", "clock-rates");
	if (!p || !strstr(p->text, text)) {
		kept_print(&t.kept);
		fail_msg("no such problem: %s", text);
	}
}

static void test_wrong_rates(void **state)
{
	static const char *const texts[] = { "0", "4294967296", "5G", "200MHz", "M", "1.5M", "", "-1", "1 M" };
	char guest[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		snprintf(guest, sizeof(guest), GUEST("devices = \"" UART0 "\"; clock-rates = \"" UART0 "\", \"%s\";"),
			 texts[i]);
		refused(guest, PROBLEM_BAD_VALUE, texts[i][0] ? "must have a rate in Hz behind it" :
			"must be pairs of strings");
	}
	refused(GUEST("devices = \"" UART0 "\"; clock-rates = \"" UART0 "\";"), PROBLEM_BAD_VALUE, "must have a rate");
	refused(GUEST("devices = \"" UART0 "\"; clock-rates = <1>;"), PROBLEM_BAD_VALUE, "must be pairs of strings");
	refused(GUEST("devices = \"" UART0 "\"; clock-rates = \"/soc/serail@10000000\", \"1M\";"),
		PROBLEM_UNKNOWN_DEVICE,
		"did you mean \"" UART0 "\"?");
	refused(GUEST("devices = \"" UART0 "\"; clock-rates = \"" UART1 "\", \"1M\";"), PROBLEM_BAD_VALUE,
		"is in none of the guest's devices");
	refused(GUEST("devices = \"" UART1 "\"; clock-rates = \"" UART1 ":baud\", \"1M\";"), PROBLEM_BAD_VALUE,
		"the node has no such clock");
	refused(GUEST("devices = \"" UART1 "\"; clock-rates = \"" UART1 ":3\", \"1M\";"), PROBLEM_BAD_VALUE,
		"no such clock");
	refused(GUEST("devices = \"/soc/gpio@1004000\"; clock-rates = \"/soc/gpio@1004000\", \"1M\";"),
		PROBLEM_BAD_VALUE,
		"no such clock");
}

/* Where there are names, an entry goes with its name; where drivers count, it takes those behind it along. */
static void test_entries(void **state)
{
	(void)state;
	build(GUEST("devices = \"" UART1 "\", \"" SPI "\", \"/soc/dma@1006000\", \"/soc/gpio@1008000\";"));
	assert_int_equal(cells(UART1, "dmas"), 3);
	assert_int_equal(cell(UART1, "dmas", 1), 2);
	check_names(UART1, "dma-names", "rx ");
	has_not(SPI, "dmas");
	has_not(UART1, "cts-gpios");
	assert_int_equal(cell(UART1, "dtr-gpios", 1), 2);
	assert_int_equal(cells(SPI, "cs-gpios"), 5);
	assert_int_equal(cell(SPI, "cs-gpios", 0), 0);
	assert_int_equal(cell(SPI, "cs-gpios", 2), 2);
	assert_int_equal(cell(SPI, "cs-gpios", 4), 0);

	build(GUEST("devices = \"" UART1 "\", \"" SPI "\", \"/soc/dma@1005000\";"));
	assert_int_equal(cells(UART1, "dmas"), 2);
	check_names(UART1, "dma-names", "tx ");
	assert_int_equal(cells(SPI, "dmas"), 2);
	has_not(SPI, "cs-gpios");
}

/* Names that only bindings know, with what stands behind the phandle; no number is taken for one. */
static void test_bindings(void **state)
{
	(void)state;
	build(GUEST("devices = \"" MAC "\";"));
	assert_int_equal(cells(MAC, "snps,axi-config"), 1);
	assert_int_equal(cell(MAC, "vendor,number", 0), 5);
	has_not(MAC, "vendor,sys-syscon");
	has_not(MAC, "thermal-sensors");
	has_not(MAC, "assigned-clocks");
	has_not(MAC, "assigned-clock-parents");
	has_not(MAC, "assigned-clock-rates");
	assert_true(noted(MAC, "vendor,sys-syscon", "/soc/syscon@1003000"));

	build(GUEST("devices = \"" MAC "\", \"/soc/syscon@1003000\";"));
	assert_int_equal(cells(MAC, "vendor,sys-syscon"), 3);
	build(GUEST("devices = \"/soc/mmc@10004000\";"));
	has_not("/soc/mmc@10004000", "ethernet");
	build(GUEST("devices = \"/soc/gpio@1008000\", \"/soc/pinctrl@1002000\";"));
	assert_int_equal(cells("/soc/gpio@1008000", "gpio-ranges"), 8);
	build(GUEST("devices = \"/soc/gpio@1008000\";"));
	has_not("/soc/gpio@1008000", "gpio-ranges");
}

static void test_kinds(void **state)
{
	static const struct { const char *name; bool is; } cases[] = {
		{ "clocks", true }, { "clock-names", false }, { "reset-gpios", true }, { "-gpios", false },
		{ "pinctrl-0", true },
		{ "pinctrl-names", false }, { "vin-supply", true }, { "gpio-ranges", true },
		{ "remote-endpoint", true },
		{ "mmc-pwrseq", true }, { "snps,axi-config", true }, { "eswin,hsp_sp_csr", true },
		{ "reg-shift", false },
		{ "ac97-gpio", true }, { "xlnx,rproc", true }, { "access-controllers", true }, { "zzz", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if ((refs_find(cases[i].name) != NO_REFERENCE) != cases[i].is)
			fail_msg("%s", cases[i].name);
	}
}

/* What only makes sense as a whole. */
static void test_wholes(void **state)
{
	(void)state;
	build(GUEST("devices = \"" SPI "\", \"/soc/mmc@10004000\";"));
	has_not("/cpus/cpu@0", "clocks");
	has_not("/cpus/cpu@0", "clock-names");
	has_not("/cpus/cpu@0", "assigned-clocks");
	has_not("/cpus/cpu@0", "assigned-clock-rates");
	has_not("/cpus/cpu@0", "operating-points-v2");
	has_not("/cpus/cpu@0", "cpu-idle-states");
	has_not("/cpus/cpu@0", "cpu-supply");
	has_not("/cpus/cpu@0", "#cooling-cells");
	assert_int_equal(cell("/cpus/cpu@0", "i-cache-size", 0), 32768);
	has_not("/opp-table-cpu", NULL);
	assert_int_equal(cell("/opp-table-gpu/opp-500000000", "opp-hz", 1), 500000000);
	assert_int_equal(cell("/soc/mmc@10004000", "operating-points-v2", 0), cell("/opp-table-gpu", "phandle", 0));

	assert_int_equal(rate_of("/half", 0), 0);	/* a clock behind a clock */
	assert_true(noted("/half", "clocks", "the rate of clock 0 is not known"));
	has_not("/regulator-3v3", "gpio");
	has_not("/regulator-3v3", "vin-supply");
	assert_int_equal(cell(SPI, "vmmc-supply", 0), cell("/regulator-3v3", "phandle", 0));
	has_not(SPI, "vqmmc-supply");
	has_not(SPI, "mmc-pwrseq");
	has_not("/pwrseq-emmc", NULL);
	has_not("/pwrseq-wifi", "reset-gpios");
	assert_int_equal(cell("/soc/mmc@10004000", "mmc-pwrseq", 0), cell("/pwrseq-wifi", "phandle", 0));
}

static void test_graphs(void **state)
{
	(void)state;
	build(GUEST("devices = \"/soc/hdmi@10005000\";"));
	has_not("/soc/hdmi@10005000/ports/port@0/endpoint", NULL);
	assert_int_equal(cell("/soc/hdmi@10005000/ports/port@0", "reg", 0), 0);
	assert_int_equal(cell("/soc/hdmi@10005000/ports/port@1/endpoint", "remote-endpoint", 0),
			 cell("/connector/port/endpoint", "phandle", 0));
	check_names("/connector", "type", "a ");

	build(GUEST("devices = \"/soc/hdmi@10005000\", \"/soc/display@10006000\";"));
	assert_int_equal(cell("/soc/hdmi@10005000/ports/port@0/endpoint", "remote-endpoint", 0),
			 cell("/soc/display@10006000/port/endpoint", "phandle", 0));
	build(GUEST("devices = \"/soc/display@10006000\";"));
	has_not("/soc/display@10006000/port/endpoint", NULL);
	has_not("/connector", NULL);
}

/* A device behind a controller that is no PLIC: the message has the remedy. */
static void test_controller(void **state)
{
	const struct problem *p;

	(void)state;
	test_plan_make(&t, tree_file("virt"), GUEST("devices = \"/soc/i2c@10070000\";"));
	assert_int_not_equal(t.result, OK);
	p = kept_find(&t.kept, PROBLEM_IRQ_UNROUTABLE, "/one", "devices");
	assert_non_null(p);
	assert_non_null(strstr(p->text, "its interrupts go to /soc/gpio@10060000; add that one to \"devices\", too"));
	build_from(tree_file("virt"), GUEST("devices = \"/soc/i2c@10070000\", \"/soc/gpio@10060000\";"));
}

/* Memory is placed where the devices reach it. */
static void test_dma_window(void **state)
{
	const struct plan_region *m;

	(void)state;
	build_from(tree_edit("providers", "\t\tranges;\n\n\t\tplic",
			     "\t\tranges;\n\t\tdma-ranges = <0 0 0 0x90000000 0 0x1000000>,"
			     "<0 0x1000000 0 0xa0000000 0 0x800000>;\n\n\t\tplic", NULL),
		   "one { harts = <0>; memory = \"12M\", \"8M\"; kernel = \"rt\"; trust-dma; trust-control; devices = "
		   "\"" MAC "\"; };");
	m = t.plan.vms[0].regions;
	assert_int_equal(t.plan.vms[0].nr_regions, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(m[i].kind == REGION_DEVICE || (m[i].hpa.v >= 0x90000000 &&
							   m[i].hpa.v + m[i].size <= 0x91000000) ||
			    (m[i].hpa.v == 0xa0000000 && m[i].size == 8 * MIB));
	assert_int_equal(cell("/soc", "dma-ranges", 3), 0x90000000);
}

/* The owner has the real thing, and keeps on what others use. */
static void test_owner(void **state)
{
	(void)state;
	build(GUEST("devices = \"" UART0 "\", \"/soc/clock-controller@1000000\"; bootargs = \"quiet\";"));
	assert_int_equal(cells(UART0, "clocks"), 2);
	assert_int_equal(cell(UART0, "clocks", 1), 1);
	assert_int_equal(cells(UART0, "power-domains"), 2);
	check_names("/chosen", "bootargs", "quiet clk_ignore_unused ");
	assert_true(noted("/one", "bootargs", "gets \"clk_ignore_unused\" in addition"));

	build(GUEST("devices = \"" UART1 "\", \"/soc/clock-controller@1000000\";"));
	check_names("/chosen", "bootargs", " clk_ignore_unused pd_ignore_unused ");
	build(GUEST("devices = \"" UART1 "\", \"/soc/reset-controller@1001000\";"));
	has_not("/chosen", "bootargs");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uart),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_rate_of_a_provider),
		cmocka_unit_test(test_standins_are_shared),
		cmocka_unit_test(test_wrong_rates),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_wholes),
		cmocka_unit_test(test_graphs),
		cmocka_unit_test(test_controller),
		cmocka_unit_test(test_dma_window),
		cmocka_unit_test(test_owner),
	};

	return cmocka_run_group_tests_name("providers", tests, NULL, NULL);
}
