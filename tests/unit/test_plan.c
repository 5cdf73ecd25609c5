/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: what is placed where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"

static void test_two_guests(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];

	(void)state;
	plan_good(tree_file("virt"), "console = \"/soc/virtio_mmio@10008000\";" LINUX_NODE RT_NODE);
	assert_int_equal(t.kept.nr, 0);
	assert_int_equal(t.plan.timebase_hz, 10000000);
	assert_int_equal(t.plan.nr_vms, 2);
	assert_int_equal(t.plan.harts[0].vm, NO_OWNER);
	assert_int_equal(t.plan.harts[2].vm, 0);
	assert_int_equal(t.plan.harts[2].vcpu, 1);
	assert_int_equal(t.plan.harts[3].vm, 1);
	assert_int_equal(t.plan.harts[3].plic_context[0], 7);
	assert_int_equal(t.plan.harts[3].plic_context[1], NO_CONTEXT);
	assert_int_equal(t.plan.nr_firmware, 1);	/* what it has not reserved */
	assert_int_equal(t.plan.firmware[0].range.base, 0x80080000);
	assert_int_equal(t.plan.firmware[0].range.size, 0x180000);
	assert_int_equal(t.plan.console.kind, CONSOLE_VIRTIO);
	assert_int_equal(t.plan.console.base.v, 0x10008000);
	assert_int_equal(t.plan.intcs[0].source_owner[8], OWNER_HYP);
	assert_int_equal(t.plan.intcs[0].source_owner[10], 0);
	assert_int_equal(t.plan.intcs[0].source_owner[1], 0);
	assert_int_equal(t.plan.intcs[0].source_owner[2], NO_OWNER);

	assert_string_equal(v->name, "linux");
	assert_string_equal(v->config_path, "/linux");
	assert_int_equal(v->nr_regions, 3);
	assert_int_equal(v->regions[0].gpa.v, 0x10000000);
	assert_int_equal(v->regions[0].size, PAGE_SIZE);	/* whole pages: its registers have 256 bytes */
	assert_int_equal(v->regions[2].gpa.v, 0x80600000);
	assert_int_equal(v->regions[2].hpa.v, 0x80600000);
	assert_int_equal(v->entry.v, 0x80600000);
	assert_int_equal(v->dtb.v, 0xa0400000);
	assert_int_equal(v->images[IMAGE_INITRD].target.v, 0xa0300000);
	assert_int_equal(v->images[IMAGE_KERNEL].source.v, TEST_PACKAGE_ADDRESS + 2 * PAGE_SIZE);
	assert_int_equal(v->gstage_levels, 3);
	assert_true(v->sstc && v->owns_console && v->trust_dma);
	assert_int_equal(v->nr_resets, 1);
	assert_int_equal(v->resets[0].v, 0x10001000);
	assert_int_equal(v->nr_vplics, 1);
	assert_int_equal(v->vplics[0].base.v, 0xc000000);
	assert_int_equal(v->vplics[0].ndev, 0x5f);
	v++;
	assert_int_equal(v->entry.v, 0xa0600000);
	assert_false(v->owns_console || v->trust_dma);
	assert_int_equal(v->nr_vplics, 1);
	assert_int_equal(v->nr_irqs, 0);
}

/* The firmware's console given to a guest leads to a note, not to a refusal. */
static void test_note(void **state)
{
	(void)state;
	plan_good(tree_file("virt"), LINUX_NODE);
	assert_int_equal(t.kept.r.count, 0);
	assert_non_null(kept_find(&t.kept, PROBLEM_NOTE, "/linux", "devices"));
}

static void test_placement(void **state)
{
	(void)state;
	/* A fixed region is in the way of an automatic one, though it comes later. */
	plan_good(tree_file("virt"), "a { harts = <0>; memory = \"16M\"; kernel = \"rt\"; };"
		  "b { harts = <1>; memory = \"2M at 0x81000000\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x81200000);
	/* Odd sizes still begin at 2 MiB. */
	plan_good(tree_file("virt"), "a { harts = <0>; memory = \"132K\", \"68K\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x80600000);
	assert_int_equal(t.plan.vms[0].regions[1].hpa.v, 0x80800000);
	/* A guest address: host memory congruent to it, so that large leaves map it. */
	plan_good(tree_file("virt"),
		  "a { harts = <0>; memory = \"4M as 0x40010000\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x80610000);
	assert_int_equal(t.plan.vms[0].regions[0].gpa.v, 0x40010000);
	/* 1 GiB alignment where it is to be had, the far bank where nothing else is. */
	plan_good(tree_file("sockets"), "a { harts = <0>; memory = \"1G\"; kernel = \"rt\"; };"
		  "b { harts = <1>; memory = \"2G\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0xc0000000);
	assert_int_equal(t.plan.vms[1].regions[0].hpa.v, 0x2000000000);
	/* A bank that begins at an odd place. */
	plan_good(tree_edit("virt", "<0 0x80000000 0 0x40000000>",
			    "<0 0x80000000 0 0x600000>, <0 0x90001000 0 0x1000000>", NULL),
		  "a { harts = <0>; memory = \"1M\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x90200000);
	/* Not to be had: 2 MiB alignment then. */
	plan_good(tree_edit("virt", "0 0x40000000>", "0 0x60000000>", NULL),
		  "a { harts = <0>; memory = \"1G\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x80600000);
	/* RAM at 0, the hypervisor's firmware below it though nothing was reserved. */
	plan_good(tree_edit("shared-pages", "/memreserve/ 0x80000000 0x40000;", "",
			    "<0x0 0x80000000 0x1 0x0>", "<0x0 0x80000000 0x0 0x40000000>",
			    "<0xc0 0x0 0x1 0x0>;\n\t};\n\n\tres",
			    "<0x1 0x0 0x1 0x0>;\n\t};\n\n\tres", NULL),
		  "a { harts = <0>; memory = \"1G\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.nr_firmware, 1);
	assert_int_equal(t.plan.firmware[0].range.base, 0x80000000);
	assert_int_equal(t.plan.firmware[0].range.size, 0x200000);
	assert_int_equal(t.plan.vms[0].regions[0].hpa.v, 0x100000000);
}

static void test_images(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];

	(void)state;
	/* A remapped guest with its kernel where it was linked. */
	plan_good(tree_file("virt"), "a { harts = <0>; memory = \"16M as 0x80000000\"; kernel = \"rt\";"
		  " initrd = \"initrd\"; entry = \"0x80200000\"; };");
	assert_int_equal(v->entry.v, 0x80200000);
	assert_int_equal(v->images[IMAGE_KERNEL].target.v, 0x80200000);
	assert_int_equal(v->dtb.v, 0x80e00000);
	assert_int_equal(v->images[IMAGE_INITRD].target.v, 0x80d00000);
	/* A Linux image is put at 2 MiB within a region that does not begin there. */
	plan_good(tree_file("virt"),
		  "a { harts = <0>; memory = \"64M as 0x40001000\"; kernel = \"linux\"; };");
	assert_int_equal(v->entry.v, 0x40200000);
	/* The first string's region, wherever it lies. */
	plan_good(tree_file("virt"), "a { harts = <0>; memory = \"1M at 0x90000000\", "
		  "\"1M at 0x88000000\"; kernel = \"rt\"; };");
	assert_int_equal(v->entry.v, 0x90000000);
	/* A small region: the device tree at its very end. */
	plan_good(tree_file("virt"), "a { harts = <0>; memory = \"128K\"; kernel = \"rt\"; };");
	assert_int_equal(v->dtb.v, 0x80610000);
	/* Exactly enough. */
	plan_good(tree_file("virt"), "a { harts = <0>; memory = \"72K\"; kernel = \"rt\"; };");
	assert_int_equal(v->dtb.v, 0x80602000);
}

/* Plans guests with their images in place: the package's payloads begin at that address. */
static enum err plan_in_place(uint64_t payloads, const char *guests)
{
	static const struct test_image images[] = {
		{ "linux", 8192, 12288 }, { "initrd", 4097, 0 }, { "rt", 5000, 0 }, { "full", 2 * MIB, 4096 },
	};
	const struct range hyp = { 0x80200000, 0x400000 };
	const char *wrong;

	test_plan_make(&t, tree_file("virt"), guests);
	kept_reset(&t.kept);	/* of that package */
	tree_free(&t.package_tree);
	t.package_tree = test_package(images, ARRAY_LEN(images));
	assert_int_equal(package_open(&t.package, t.package_tree.data, t.package_tree.size,
				      hpa(payloads - 2 * PAGE_SIZE)), OK);
	t.result = plan_make(&t.plan, &t.host, &t.config, &t.package, hyp, &t.kept.r);
	wrong = t.result ? NULL : oracle_check(&t.host, &t.config, &t.plan);
	if (wrong)
		fail_msg("%s", wrong);
	return t.result;
}

#define IN_PLACE(name, hart, ...) \
	name " { harts = <" hart ">; memory = \"16M\"; images = \"in-place\"; " __VA_ARGS__ " };"

static void test_in_place(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];
	struct range piece;

	(void)state;
	assert_int_equal(plan_in_place(0x80402000, IN_PLACE("a", "0", "kernel = \"rt\"; initrd = \"initrd\";")), OK);
	assert_int_equal(v->nr_regions, 3);
	assert_int_equal(v->regions[0].gpa.v, 0x80404000);	/* the initrd, behind linux */
	assert_int_equal(v->regions[0].size, 2 * PAGE_SIZE);
	assert_int_equal(v->regions[1].hpa.v, 0x80406000);
	assert_int_equal(v->entry.v, 0x80406000);
	assert_int_equal(v->images[IMAGE_KERNEL].target.v, 0x80406000);
	assert_int_equal(v->dtb.v, 0x81400000);			/* in the memory that was asked for */
	/* What the hypervisor keeps: what is before, between (nothing) and behind. */
	assert_true(plan_hyp_piece(&t.plan, 0, &piece));
	assert_int_equal(piece.base, 0x80200000);
	assert_int_equal(piece.size, 0x204000);
	assert_true(plan_hyp_piece(&t.plan, range_last(piece) + 1, &piece));
	assert_int_equal(piece.base, 0x80408000);
	assert_int_equal(range_last(piece), 0x805fffff);
	assert_false(plan_hyp_piece(&t.plan, range_last(piece) + 1, &piece));
	assert_true(plan_hyp_piece(&t.plan, 0x80300000, &piece));
	assert_int_equal(piece.base, 0x80300000);
	/* A kernel with a header: not where it lies, or without the memory that it asks for. */
	assert_int_equal(plan_in_place(0x80401000, IN_PLACE("a", "0", "kernel = \"linux\";")), ERR_INVALID);
	assert_non_null(kept_find(&t.kept, PROBLEM_BAD_ENTRY, "/a", "kernel"));
	assert_int_equal(plan_in_place(0x80400000, IN_PLACE("a", "0", "kernel = \"linux\";")), ERR_INVALID);
	assert_non_null(kept_find(&t.kept, PROBLEM_IMAGE_NO_ROOM, "/a", "kernel"));
	/* Both in order; two guests in place, and one that copies. */
	assert_int_equal(plan_in_place(0x803fa000, IN_PLACE("a", "0", "kernel = \"full\";")
				       IN_PLACE("b", "1", "kernel = \"rt\";") "c { harts = <2>; memory = \"32M\";"
				       " kernel = \"linux\"; initrd = \"initrd\"; };"), OK);
	assert_int_equal(v->entry.v, 0x80400000);
	assert_int_equal(t.plan.vms[1].entry.v, 0x803fe000);
	assert_int_equal(t.plan.vms[2].entry.v % (2 * MIB), 0);
	assert_int_equal(t.plan.vms[2].nr_regions, 1);
}

static void test_vplics(void **state)
{
	(void)state;
	/* All that serve one of its harts, whatever devices it has. */
	plan_good(tree_file("sockets"), "a { harts = <1 2>; memory = \"1G\"; kernel = \"rt\"; trust-dma;"
		  " devices = \"/soc/virtio_mmio@10001000\"; };");
	assert_int_equal(t.plan.vms[0].nr_vplics, 2);
	plan_good(tree_file("sockets"), "a { harts = <3 0>; memory = \"1G\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].nr_vplics, 2);
	assert_int_equal(t.plan.vms[0].vplics[0].plic, 0);
	assert_int_equal(t.plan.vms[0].vplics[1].plic, 1);
	assert_int_equal(t.plan.vms[0].vplics[1].base.v, 0xc600000);
	plan_good(tree_file("sockets"), "a { harts = <3 2>; memory = \"1G\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].nr_vplics, 1);
	assert_int_equal(t.plan.vms[0].vplics[0].plic, 1);
}

/* All pages that registers touch, whatever their alignment. */
static void test_pages(void **state)
{
	(void)state;
	plan_good(tree_file("three-contexts"), A(DEVICE("/soc/serial@300000")));
	assert_int_equal(t.plan.vms[0].regions[0].gpa.v, 0x20300000);
	assert_int_equal(t.plan.vms[0].regions[0].size, 0x10000);
	plan_good(tree_edit("three-contexts", "reg = <0x300000 0x10000>", "reg = <0x300ffe 0x1004>", NULL),
		  A(DEVICE("/soc/serial@300000")));
	assert_int_equal(t.plan.vms[0].regions[0].gpa.v, 0x20300000);
	assert_int_equal(t.plan.vms[0].regions[0].size, 3 * PAGE_SIZE);
}

/* A device around, or within, what another guest has. */
static void test_nested(void **state)
{
	static const char *const order[] = {
		A(DEVICE("/soc/serial@300000")) B("trust-dma;" DEVICE("/soc")),
		A("trust-dma;" DEVICE("/soc")) B(DEVICE("/soc/serial@300000")),
	};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		test_plan_make(&t, tree_edit("three-contexts", "reg = <0x70000000 0x1000>",
					     "status = \"disabled\"", NULL), order[i]);
		assert_non_null(kept_find(&t.kept, PROBLEM_DEVICE_TAKEN, "/b", "devices"));
		assert_int_equal(t.kept.r.count, 1);
	}
}

/* Two devices of one page, given together, are one mapping. */
static void test_page_together(void **state)
{
	(void)state;
	plan_good(tree_file("shared-pages"), "a { harts = <0>; memory = \"1M\"; kernel = \"rt\";"
		  " devices = \"/soc/serial@50900000\", \"/soc/serial@50900800\"; };");
	assert_int_equal(t.plan.vms[0].nr_devices, 2);
	assert_int_equal(t.plan.vms[0].nr_regions, 2);
	assert_int_equal(t.plan.vms[0].nr_irqs, 2);
}

/* The list of harts in a message ends where the next id might have no room. */
static void test_long_hart_list(void **state)
{
	static const struct {
		unsigned first;
		const char *list;
	} cases[] = {
		{ 10000000, "it has 10000000 10000001 10000002 10000003 10000004 10000005 10000006 10000007 ..." },
		{ 9999999, "it has 9999999 10000000 10000001 10000002 10000003 10000004 10000005 10000006 0 ..." },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char harts[8 * 256 + 64];
		const struct problem *p;
		size_t n = 0;

		for (unsigned k = 0; k < 8; k++)
			n += (size_t)snprintf(harts + n, sizeof(harts) - n,
					      "far%u { device_type = \"cpu\"; reg = <%u>; riscv,isa = \"rv64gch\"; "
					      "i { interrupt-controller; #interrupt-cells = <1>; "
					      "phandle = <%u>; }; };\n", k, cases[i].first + k, 0x1000 + k);
		snprintf(harts + n, sizeof(harts) - n, "cpu0: cpu@0 {");
		test_plan_make(&t, tree_edit("virt", "cpu0: cpu@0 {", harts, NULL),
			       "a { harts = <77>; memory = \"1M\"; kernel = \"rt\"; };");
		p = kept_find(&t.kept, PROBLEM_UNKNOWN_HART, "/a", "harts");
		assert_non_null(p);
		assert_non_null(strstr(p->text, cases[i].list));
	}
}

/* Guest addresses above Sv39x4's on harts that can do Sv48x4. */
static void test_high_addresses(void **state)
{
	(void)state;
	plan_good(tree_file("virt"),
		  "a { harts = <0>; memory = \"1M as 0x20000000000\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].gstage_levels, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_guests),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_placement),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_vplics),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_page_together),
		cmocka_unit_test(test_long_hart_list),
		cmocka_unit_test(test_high_addresses),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, plan_end);
}
