/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: hosts with APLIC and IMSIC, and what their guests see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "tests/unit/lib/plan_cases.h"

#define APLIC		"/soc/interrupt-controller@d000000"
#define IMSIC		"/soc/interrupt-controller@28000000"
#define CPU(n)		"/cpus/cpu@" #n
#define INTC		"/interrupt-controller"
#define TWO		"a { harts = <2 1>; memory = \"16M\"; kernel = \"rt\"; trust-dma; devices = " \
			"\"/soc/serial@10000000\", \"/soc/pci@30000000\"; };"

#define ZERO		"b { harts = <0>; memory = \"16M\"; kernel = \"rt\"; devices = \"/soc/rtc@101000\"; };"

static uint8_t dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));

static uint64_t cells(const char *path, const char *name, unsigned at, unsigned n)
{
	int size, node = fdt_path_offset(dtb, path);
	const fdt32_t *p = node < 0 ? NULL : fdt_getprop(dtb, node, name, &size);
	uint64_t value = 0;

	if (!p || size < (int)(4 * (at + n)))
		fail_msg("%s: %s", path, name);
	while (n--)
		value = value << 32 | fdt32_to_cpu(p[at++]);
	return value;
}

static bool has_prop(const char *path, const char *name)
{
	int node = fdt_path_offset(dtb, path);

	assert_true(node > 0);
	return fdt_getprop(dtb, node, name, NULL);
}

static void build(unsigned vm)
{
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, vm, &t.kept.r), OK);
}

static void test_plan_of_files(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];
	unsigned files = 0;

	(void)state;
	plan_good(tree_file("imsic"), TWO ZERO);
	assert_int_equal(t.plan.nr_intcs, 1);	/* that of S-level */
	assert_int_equal(t.plan.intcs[0].kind, INTC_APLIC);
	assert_int_equal(t.plan.intcs[0].base.v, 0xd000000);
	assert_int_equal(t.plan.intcs[0].ndev, 96);
	assert_int_equal(t.plan.file_ids, 255);
	assert_int_equal(t.plan.harts[2].file.v, 0x28009000);
	assert_int_equal(t.plan.harts[2].plic_context[0], 2);
	assert_true(v->files);
	for (unsigned i = 0; i < v->nr_regions; i++) {
		if (v->regions[i].kind != REGION_FILE)
			continue;
		files++;
		assert_int_equal(v->regions[i].gpa.v, v->regions[i].hpa.v);
		assert_int_equal(v->regions[i].size, PAGE_SIZE);
		assert_int_equal(v->regions[i].rights, RIGHT_R | RIGHT_W);
		assert_int_equal(v->regions[i].hpa.v, v->regions[i].device ? 0x28005000 : 0x28009000);
	}
	assert_int_equal(files, 2);
	assert_int_equal(v->nr_irqs, 3);
	assert_int_equal(t.plan.intcs[0].source_owner[10], 0);
	assert_int_equal(t.plan.intcs[0].source_owner[11], 1);
}

static void test_tree(void **state)
{
	(void)state;
	plan_good(tree_file("imsic"), TWO ZERO);
	build(0);
	/* Its own files alone, in the order of its harts, at the host's addresses, with the host's layout. */
	assert_int_equal(cells(IMSIC, "reg", 0, 2), 0x28009000);
	assert_int_equal(cells(IMSIC, "reg", 2, 2), PAGE_SIZE);
	assert_int_equal(cells(IMSIC, "reg", 4, 2), 0x28005000);
	assert_int_equal(cells(IMSIC, "riscv,guest-index-bits", 0, 1), 2);
	assert_int_equal(cells(IMSIC, "riscv,hart-index-bits", 0, 1), 2);
	assert_int_equal(cells(IMSIC, "riscv,num-ids", 0, 1), 255);
	assert_int_equal(cells(IMSIC, "interrupts-extended", 0, 1), cells(CPU(0) INTC, "phandle", 0, 1));
	assert_int_equal(cells(IMSIC, "interrupts-extended", 1, 1), 9);
	assert_int_equal(cells(IMSIC, "interrupts-extended", 2, 1), cells(CPU(1) INTC, "phandle", 0, 1));
	assert_int_equal(cells(APLIC, "msi-parent", 0, 1), cells(IMSIC, "phandle", 0, 1));
	assert_int_equal(cells(APLIC, "reg", 0, 2), 0xd000000);
	assert_int_equal(cells("/soc/pci@30000000", "msi-parent", 0, 1), cells(IMSIC, "phandle", 0, 1));
	assert_int_equal(cells("/soc/serial@10000000", "interrupt-parent", 0, 1), cells(APLIC, "phandle", 0, 1));
	assert_true(fdt_path_offset(dtb, "/soc/interrupt-controller@c000000") < 0);
	assert_true(fdt_path_offset(dtb, "/soc/interrupt-controller@24000000") < 0);
	assert_non_null(strstr(fdt_getprop(dtb, fdt_path_offset(dtb, "/cpus/cpu@0"), "riscv,isa", NULL), "_ssaia"));
	assert_null(strstr(fdt_getprop(dtb, fdt_path_offset(dtb, "/cpus/cpu@0"), "riscv,isa", NULL), "smaia"));
	build(1);
	assert_int_equal(cells(IMSIC, "reg", 0, 2), 0x28005000 - 0x4000);
	/* Fewer identities in guest files; bits that the host gives. */
	plan_good(tree_edit("imsic", "riscv,guest-index-bits = <2>;", "riscv,guest-index-bits = <2>; "
			    "riscv,num-guest-ids = <63>; riscv,hart-index-bits = <3>;", NULL), TWO);
	build(0);
	assert_int_equal(t.plan.file_ids, 63);
	assert_int_equal(cells(IMSIC, "riscv,num-ids", 0, 1), 63);
	assert_int_equal(cells(IMSIC, "riscv,hart-index-bits", 0, 1), 3);
	assert_false(has_prop(IMSIC, "riscv,num-guest-ids"));
	assert_false(has_prop(APLIC, "riscv,children"));
}

/* The page of setipnum is the guest's if no write there can harm another owner, or miss a source of its own. */
static void test_setipnum(void **state)
{
	static const struct {
		const char *guests;
		bool mapped[2];
	} cases[] = {
		{ TWO "b { harts = <0>; memory = \"16M\"; kernel = \"rt\"; };", { true, false } },
		{ TWO ZERO, { false, false } },		/* both have sources */
		{ "a { harts = <1 2>; memory = \"16M\"; kernel = \"rt\"; console = \"uart\"; devices = "
		  "\"/soc/rtc@101000\"; };", { false } },	/* a source that is not in the host's APLIC */
		{ "a { harts = <1 2>; memory = \"16M\"; kernel = \"rt\"; net = \"n\"; devices = "
		  "\"/soc/rtc@101000\"; };", { false } },	/* likewise */
		{ "shared = \"s 4K\"; a { harts = <1 2>; memory = \"16M\"; kernel = \"rt\"; shares = \"s\"; devices "
		  "= \"/soc/rtc@101000\"; };", { false } },
		/* The console's source: a level that the hypervisor takes; inactive, as no hart is free; and below, an
		 * edge. */
		{ "console = \"/soc/serial@10000000\"; " ZERO, { true } },
		{ "console = \"/soc/serial@10000000\"; " ZERO
		  "a { harts = <1 2 3>; memory = \"16M\"; kernel = \"rt\"; };",
		  { true, false } },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		plan_good(tree_file("imsic"), cases[i].guests);
		for (unsigned vm = 0; vm < t.plan.nr_vms; vm++)
			if (t.plan.vms[vm].vplics[0].setipnum != cases[i].mapped[vm])
				fail_msg("case %u, guest %u", i, vm);
	}
	plan_good(tree_edit("imsic", "interrupts = <10 4>", "interrupts = <10 1>", NULL),
		  cases[ARRAY_LEN(cases) - 2].guests);
	assert_false(t.plan.vms[0].vplics[0].setipnum);
}

/* Two sockets: groups of harts, each with registers of its own. */
static void test_groups(void **state)
{
	(void)state;
	plan_good(tree_edit("imsic", "reg = <0 0x28000000 0 0x10000>;", "reg = <0 0x28000000 0 0x8000>, "
			    "<0 0x29000000 0 0x8000>; riscv,group-index-bits = <1>; riscv,group-index-shift = <24>; "
			    "riscv,hart-index-bits = <1>;", NULL),
		  "a { harts = <1 3>; memory = \"1M\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.harts[1].file.v, 0x28005000);
	assert_int_equal(t.plan.harts[1].plic_context[0], 1);
	assert_int_equal(t.plan.harts[2].file.v, 0x29001000);
	assert_int_equal(t.plan.harts[3].file.v, 0x29005000);
	assert_int_equal(t.plan.harts[3].plic_context[0], 3);
	build(0);
	assert_int_equal(cells(IMSIC, "reg", 4, 2), 0x29005000);
	assert_int_equal(cells(IMSIC, "riscv,group-index-bits", 0, 1), 1);
}

/* Hosts whose guests have no files: no interrupts, and nothing of AIA in their trees. */
static void test_no_files(void **state)
{
	static const char *const edits[][2] = {
		{ "riscv,guest-index-bits = <2>;", "" },
		{ "riscv,guest-index-bits = <2>;", "riscv,guest-index-bits = <2>; status = \"disabled\";" },
		{ "reg = <0 0x28000000 0 0x10000>;", "reg = <0 0x28000000 0 0x1000>;" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(edits); i++) {
		plan_good(tree_edit("imsic", edits[i][0], edits[i][1], NULL),
			  "a { harts = <1>; memory = \"1M\"; kernel = \"rt\"; };");
		assert_false(t.plan.vms[0].files);
		build(0);
		assert_true(fdt_path_offset(dtb, IMSIC) < 0 && fdt_path_offset(dtb, APLIC) < 0);
		assert_null(strstr(fdt_getprop(dtb, fdt_path_offset(dtb, "/cpus/cpu@0"), "riscv,isa", NULL), "ssaia"));
		test_plan_make(&t, tree_edit("imsic", edits[i][0], edits[i][1], NULL),
			       A(DEVICE("/soc/serial@10000000")));
		assert_non_null(kept_find(&t.kept, PROBLEM_IRQ_UNROUTABLE, "/a", "devices"));
	}
	/* A hart that lacks Ssaia differs from others. */
	test_plan_make(&t, tree_edit("imsic", "_smaia_ssaia", "", NULL),
		       "a { harts = <0 1>; memory = \"1M\"; kernel = \"rt\"; };");
	assert_non_null(strstr(kept_find(&t.kept, PROBLEM_HARTS_DIFFER, "/a", "harts")->text, "guest interrupt files"));
}

static void test_refused(void **state)
{
	static const struct {
		const char *old, *new;
		enum problem_code code;
		const char *path, *words;
	} cases[] = {
		{ "riscv,num-ids = <255>;\n\t\t\triscv,guest", "riscv,num-ids = <200>;\n\t\t\triscv,guest",
		  PROBLEM_BAD_HOST, IMSIC, "64 * n - 1" },
		{ "riscv,guest-index-bits = <2>", "riscv,guest-index-bits = <7>", PROBLEM_BAD_HOST, IMSIC,
		  "make no sense" },
		{ "riscv,guest-index-bits = <2>", "riscv,guest-index-bits = <2>; riscv,hart-index-bits = <15>",
		  PROBLEM_BAD_HOST, IMSIC, "make no sense" },
		{ "riscv,guest-index-bits = <2>", "riscv,guest-index-bits = <2>; riscv,group-index-bits = <2>; "
		  "riscv,group-index-shift = <14>", PROBLEM_BAD_HOST, IMSIC, "make no sense" },
		{ "reg = <0 0x28000000 0 0x10000>", "reg = <0 0x28001000 0 0x10000>", PROBLEM_BAD_HOST, IMSIC,
		  "no multiple" },
		{ "reg = <0 0x28000000 0 0x10000>", "reg = <0 0x80000000 0 0x10000>", PROBLEM_BAD_HOST, IMSIC, "RAM" },
		{ "reg = <0 0x28000000 0 0x10000>", "reg = <0 0x28000000 0 0x4000>, <0 0x28000000 0 0x10000>",
		  PROBLEM_BAD_HOST, IMSIC, "two harts" },
		/* Another file, but the same index for APLICs. */
		{ "reg = <0 0x28000000 0 0x10000>", "reg = <0 0x28000000 0 0x4000>, <0 0x28010000 0 0xc000>",
		  PROBLEM_BAD_HOST, IMSIC, "two harts" },
		{ "riscv,num-sources = <96>;\n\t\t\tmsi", "riscv,num-sources = <1024>;\n\t\t\tmsi",
		  PROBLEM_BAD_HOST, APLIC, "1 to 1023" },
		{ "reg = <0 0xd000000 0 0x8000>", "reg = <0 0xd000000 0 0x1000>", PROBLEM_BAD_HOST, APLIC, "16 KiB" },
		{ "reg = <0 0xd000000 0 0x8000>", "reg = <0 0xd000800 0 0x8000>", PROBLEM_BAD_HOST, APLIC, "4K" },
		{ "interrupts = <10 4>", "interrupts = <97 4>", PROBLEM_IRQ_UNROUTABLE, "/a", "riscv,num-sources" },
		{ "interrupts = <10 4>", "interrupts = <11 4>", PROBLEM_IRQ_TAKEN, "/b", "interrupt 11" },
		{ "reg = <0 0x101000 0 0x1000>", "reg = <0 0x2800a000 0 0x1000>", PROBLEM_REGISTERS_SHARED, "/b", "" },
		{ "msi-parent = <&imsic>;\n\t\t\tinterrupt-controller;\n\t\t\t#interrupt-cells = <2>",
		  "interrupts-extended = <&intc0 9>;\n\t\t\tinterrupt-controller;\n\t\t\t#interrupt-cells = <2>",
		  PROBLEM_IRQ_UNROUTABLE, "/a", "no messages" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		bool found = false;

		test_plan_make(&t, tree_edit("imsic", cases[i].old, cases[i].new, NULL),
			       A(DEVICE("/soc/serial@10000000")) B(DEVICE("/soc/rtc@101000")));
		for (unsigned k = 0; k < t.kept.nr; k++)
			found |= t.kept.problems[k].code == cases[i].code &&
				 !strcmp(t.kept.problems[k].path, cases[i].path) &&
				 strstr(t.kept.problems[k].text, cases[i].words);
		if (!found) {
			kept_print(&t.kept);
			fail_msg("case %u", i);
		}
	}
}

/* The console's interrupt, by the wire that the tree names; without such a wire its hart polls. */
static void test_console(void **state)
{
	static const char config[] = "console = \"/soc/serial@10000000\"; a { harts = <1 2>; memory = \"16M\"; "
				     "kernel = \"rt\"; };";
	static const struct {
		const char *cells;
		unsigned flags;		/* 0: none */
	} cases[] = {
		{ "10 4", 4 }, { "10 8", 8 }, { "10 1", 1 }, { "10 2", 2 }, { "10 0", 0 }, { "10 3", 0 }, { "97 4", 0 },
	};
	const struct plan_console *c = &t.plan.console;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char with[64];

		snprintf(with, sizeof(with), "interrupts = <%s>;", cases[i].cells);
		plan_good(tree_edit("imsic", "interrupts = <10 4>;", with, NULL), config);
		assert_int_equal(c->drive, cases[i].flags ? CONSOLE_OWN_HART : CONSOLE_DIRECT);
		assert_int_equal(c->irq, cases[i].flags ? 10 : 0);
		assert_int_equal(c->irq_flags, cases[i].flags);
	}
	/* A hart without a guest file has no index in target registers that the plan knows. */
	plan_good(tree_edit("imsic", "riscv,guest-index-bits = <2>;", "", NULL),
		  "console = \"/soc/serial@10000000\"; console-hart = <0>; "
		  "a { harts = <1 2>; memory = \"16M\"; kernel = \"rt\"; };");
	assert_int_equal(c->drive, CONSOLE_OWN_HART);
	assert_int_equal(c->irq, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_of_files),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_setipnum),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_console),
	};

	return cmocka_run_group_tests_name("plan_aia", tests, NULL, plan_end);
}
