/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan: what is placed where, each reason to refuse, page tables against a table builder, the
 * printed plan, and random configurations against the oracle (lib/oracle.c).
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
#include "tests/unit/rng.h"

static struct test_plan t;

static void plan_good(struct tree host, const char *guests)
{
	const char *wrong;

	test_plan_make(&t, host, guests);
	if (t.result) {
		kept_print(&t.kept);
		fail_msg("refused: %s", guests);
	}
	wrong = oracle_check(&t.host, &t.config, &t.plan);
	if (wrong)
		fail_msg("%s", wrong);
}

#define A(...) "a { harts = <0>; memory = \"16M\"; kernel = \"rt\"; " __VA_ARGS__ " };"
#define B(...) "b { harts = <1>; memory = \"16M\"; kernel = \"rt\"; " __VA_ARGS__ " };"
#define DEVICE(path) "devices = \"" path "\";"
#define LINUX_NODE									\
	"linux { harts = <1 2>; memory = \"512M\"; trust-dma; kernel = \"linux\";"	\
	" devices = \"serial0\", \"/soc/virtio_mmio@10001000\"; initrd = \"initrd\";"	\
	" bootargs = \"console=ttyS0\"; };"
#define RT_NODE "rt { harts = <3>; memory = \"16M\"; kernel = \"rt\"; };"

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

/* The firmware's console given to a guest is worth a word, not a refusal. */
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
	/* One carve-out of somebody else's does not switch that off. */
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
	unsigned i;

	(void)state;
	for (i = 0; i < 24; i++)
		n += snprintf(text + n, sizeof(text) - n, "%s <0 0x%x 0 0x1000>", i ? "," : "",
			      0x80000000 + i * 0x2000);
	plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", text, NULL), A());
	assert_int_equal(t.plan.nr_firmware, MAX_FIRMWARE);
	expect_firmware(0, 0x80001000, 0x1000, false);
	expect_firmware(MAX_FIRMWARE - 1, 0x8001f000, 0x1e1000, false);
}

/* The image in memory that somebody has marked. */
static void test_image_reserved(void **state)
{
	(void)state;
	test_plan_make(&t, tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x805ff000 0 0x2000>", NULL),
		       A());
	assert_non_null(kept_find(&t.kept, PROBLEM_BAD_HOST, "/reserved-memory/mmode_resv0@80000000", ""));
	assert_int_equal(t.kept.r.count, 1);
	plan_good(tree_edit("virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x80600000 0 0x2000>", NULL), A());
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
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
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

struct refusal {
	const char *host, *guests;
	enum problem_code code;
	const char *path, *prop, *words;
};

static const struct refusal refusals[] = {
	{ "virt", "a { memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_NO_HARTS, "/a", "harts", "<1>" },
	{ "virt", "a { harts = <7>; memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_UNKNOWN_HART, "/a",
	  "harts", "hart 7; it has 0 1 2 3" },
	{ "virt", A() "b { harts = <2 0>; memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_HART_TAKEN, "/b",
	  "harts", "hart 0 is also claimed by guest a" },
	{ "shared-pages", "a { harts = <4>; memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_HART_NO_H, "/a",
	  "harts", "hart 4" },
	{ "shared-pages", "a { harts = <0 3>; memory = \"1M\"; kernel = \"rt\"; };",
	  PROBLEM_HARTS_DIFFER, "/a", "harts", "only one of them has v" },
	{ "virt", "a { harts = <0>; kernel = \"rt\"; };", PROBLEM_NO_MEMORY, "/a", "memory", "512M" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x70000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_NOT_RAM, "/a", "memory", "1M at 0x70000000" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0xbff80000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_NOT_RAM, "/a", "memory", "not wholly" },
	{ "shared-pages", "a { harts = <0>; memory = \"1M at 0xc000000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "/reserved-memory/uncached@c000000000" },
	{ "shared-pages", "a { harts = <0>; memory = \"1M at 0x80000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "a memory reservation" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x80000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "mmode_resv0" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x80500000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "the hypervisor" },
	{ "three-contexts", "a { harts = <0>; memory = \"1M at 0x80000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "the firmware" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x90000000\"; kernel = \"rt\"; };"
	  "b { harts = <1>; memory = \"4K at 0x900ff000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/b", "memory", "guest a" },
	{ "virt", "a { harts = <0>; memory = \"1G\"; kernel = \"rt\"; };", PROBLEM_MEMORY_NO_ROOM, "/a",
	  "memory", "1G" },
	{ "virt", "a { harts = <0>; memory = \"16M\", \"1M as 0x80700000\"; kernel = \"rt\"; };",
	  PROBLEM_GUEST_OVERLAP, "/a", "memory", "memory and by memory" },
	{ "virt", "a { harts = <0>; memory = \"16M as 0xb800000\"; kernel = \"rt\"; };",
	  PROBLEM_GUEST_OVERLAP, "/a", "memory", "/soc/plic@c000000" },
	{ "virt", "a { harts = <0>; memory = \"16M as 0xf800000\"; kernel = \"rt\"; devices = \"serial0\";};",
	  PROBLEM_GUEST_OVERLAP, "/a", "memory", "/soc/serial@10000000" },
	{ "shared-pages", "a { harts = <3>; memory = \"1M as 0x20000000000\"; kernel = \"rt\"; };",
	  PROBLEM_ADDRESS_TOO_HIGH, "/a", "memory", "Sv39x4" },
	{ "virt", "a { harts = <0>; memory = \"1M as 0x4000000000000\"; kernel = \"rt\"; };",
	  PROBLEM_ADDRESS_TOO_HIGH, "/a", "memory", "Sv48x4" },
	{ "virt", "a { harts = <0>; memory = \"256M at 0x90001000 as 0x40000000\"; kernel = \"rt\"; };",
	  PROBLEM_TOO_FRAGMENTED, "/a", "memory", "multiples of 2M" },
	{ "virt", A(DEVICE("/soc/serial@1000000")), PROBLEM_UNKNOWN_DEVICE, "/a", "devices",
	  "did you mean \"/soc/serial@10000000\"" },
	{ "virt", A(DEVICE("/zzz")), PROBLEM_UNKNOWN_DEVICE, "/a", "devices", "full path" },
	{ "virt", A(DEVICE("serial0")) B(DEVICE("/soc/serial@10000000")), PROBLEM_DEVICE_TAKEN, "/b",
	  "devices", "/soc/serial@10000000 is also claimed by guest a" },
	{ "virt", A("devices = \"/soc/i2c@10070000\", \"/soc/gpio@10060000\";")
	  B(DEVICE("/soc/i2c@10070000/sensor@48")),
	  PROBLEM_DEVICE_TAKEN, "/b", "devices", "guest a" },
	{ "virt", A("devices = \"serial0\", \"/soc/serial@10000000\";"), PROBLEM_DUPLICATE, "/a",
	  "devices", "listed twice" },
	{ "virt", A(DEVICE("/")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "whole machine" },
	{ "virt", A(DEVICE("/soc")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "because of /soc/test" },
	{ "virt", A(DEVICE("/cpus/cpu@1")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "\"harts\"" },
	{ "virt", A(DEVICE("/memory@80000000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "\"memory\"" },
	{ "virt", A(DEVICE("/reserved-memory/pool")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "no guest" },
	{ "virt", A(DEVICE("/chosen")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "not a device" },
	{ "virt", A(DEVICE("/soc/plic@c000000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "virtual PLIC" },
	{ "virt", A(DEVICE("/soc/clint@2000000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "timer" },
	{ "virt", A(DEVICE("/soc/test@100000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "whole machine" },
	{ "virt", A(DEVICE("/poweroff")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "whole machine" },
	{ "virt", A(DEVICE("/pmu")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "counters" },
	{ "virt", A(DEVICE("/soc/off@10080000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "disabled" },
	{ "virt", "console = \"serial0\";" A(DEVICE("serial0")), PROBLEM_DEVICE_REFUSED, "/a", "devices",
	  "hypervisor's console" },
	{ "virt", A(DEVICE("/soc/i2c@10070000/sensor@48")), PROBLEM_DEVICE_REGISTERS, "/a", "devices",
	  "controller" },
	{ "three-contexts", A("trust-dma;" DEVICE("/soc/outside@70000000")), PROBLEM_DEVICE_REGISTERS, "/a", "devices",
	  "outside of the \"ranges\"" },
	{ "shared-pages", A(DEVICE("/soc/serial@50900000")), PROBLEM_PAGE_SHARED, "/a", "devices",
	  "/soc/serial@50900800, which no guest has" },
	{ "shared-pages", A(DEVICE("/soc/serial@50900000")) B(DEVICE("/soc/serial@50900800")),
	  PROBLEM_PAGE_SHARED, "/a", "devices", "which guest b has" },
	{ "shared-pages", "console = \"/soc/serial@50900800\";" A(DEVICE("/soc/serial@50900000")),
	  PROBLEM_PAGE_SHARED, "/a", "devices", "which the hypervisor has" },
	{ "shared-pages", A("devices = \"/soc/serial@50900000\", \"/soc/serial@50900800\";")
	  B(DEVICE("/soc/serial@50901000")), PROBLEM_IRQ_TAKEN, "/b", "devices",
	  "interrupt 100 of /soc/interrupt-controller@c000000" },
	{ "shared-pages", "console = \"/soc/serial@50900000\";" A(DEVICE("/soc/serial@50901000")),
	  PROBLEM_IRQ_TAKEN, "/a", "devices", "the hypervisor" },
	{ "virt", A(DEVICE("/soc/virtio_mmio@10001000")), PROBLEM_DMA_UNTRUSTED, "/a", "devices",
	  "trust-dma" },
	{ "virt", "a { harts = <0>; memory = \"16M as 0x40000000\"; kernel = \"rt\"; trust-dma;"
	  " devices = \"/soc/virtio_mmio@10001000\"; };", PROBLEM_DMA_REMAPPED, "/a", "devices", "\"as\"" },
	{ "sockets", A("trust-dma;" DEVICE("/soc/virtio_mmio@10001000")), PROBLEM_IRQ_UNROUTABLE, "/a",
	  "devices", "no S-mode context" },
	{ "virt", "a { harts = <0>; memory = \"1M\"; };", PROBLEM_NO_KERNEL, "/a", "kernel", "NAME" },
	{ "virt", "a { harts = <0>; memory = \"1M\"; kernel = \"x\"; };", PROBLEM_IMAGE_MISSING, "/a",
	  "kernel", "-i x=FILE" },
	{ "virt", A("initrd = \"y\";"), PROBLEM_IMAGE_MISSING, "/a", "initrd", "\"y\"" },
	{ "virt", "a { harts = <0>; memory = \"22M\"; kernel = \"linux\"; };", PROBLEM_IMAGE_NO_ROOM, "/a",
	  "kernel", "24M in memory" },
	{ "virt", "a { harts = <0>; memory = \"68K\"; kernel = \"rt\"; };", PROBLEM_IMAGE_NO_ROOM, "/a",
	  "kernel", "68K" },
	{ "virt", "a { harts = <0>; memory = \"1M\"; kernel = \"rt\"; initrd = \"initrd\"; };",
	  PROBLEM_IMAGE_NO_ROOM, "/a", "initrd", "1M in memory" },
	{ "virt", A("entry = \"0x80000000\";"), PROBLEM_BAD_ENTRY, "/a", "entry", "not in" },
	{ "virt", "a { harts = <0>; memory = \"64M\"; kernel = \"linux\"; entry = \"0x80700000\"; };",
	  PROBLEM_BAD_ENTRY, "/a", "entry", "multiple of 2M" },
	{ "virt", "console = \"/nowhere\";" A(), PROBLEM_BAD_CONSOLE, "/", "console", "not in" },
	{ "virt", "console = \"rtc0\";" A(), PROBLEM_BAD_CONSOLE, "/", "console", "no UART" },
	{ "virt", "console = \"/soc/off@10080000\";" A(), PROBLEM_BAD_CONSOLE, "/", "console", "disabled" },
};

/* Each is refused for this one reason. */
static void test_refused(void **state)
{
	const struct problem *p;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *c = &refusals[i];

		test_plan_make(&t, tree_file(c->host), c->guests);
		p = kept_find(&t.kept, c->code, c->path, c->prop);
		if (t.result != ERR_INVALID || !p || !strstr(p->text, c->words) ||
		    t.kept.r.count != 1) {
			kept_print(&t.kept);
			fail_msg("case %u, %s, %s", i, problem_name(c->code), c->guests);
		}
	}
}

/* Reasons that need another machine. */
static void test_refused_hosts(void **state)
{
	static const struct {
		const char *old, *new, *guests, *words;
		enum problem_code code;
	} cases[] = {
		{ "interrupts = <10>", "interrupts = <96>", A(DEVICE("serial0")), "riscv,ndev",
		  PROBLEM_IRQ_UNROUTABLE },
		{ "interrupts = <10>", "interrupts = <0>", A(DEVICE("serial0")), "interrupt id is 0",
		  PROBLEM_IRQ_UNROUTABLE },
		{ "interrupts = <10>", "interrupts-extended = <&intc0 5>", A(DEVICE("serial0")),
		  "no other kind", PROBLEM_IRQ_UNROUTABLE },
		{ "interrupts = <10>", "interrupts-extended = <77 5>", A(DEVICE("serial0")),
		  "not in the host's", PROBLEM_IRQ_UNROUTABLE },
		{ "clock-names = \"baudclk\"", "interrupt-map = <0>", A(DEVICE("serial0")),
		  "interrupt-map", PROBLEM_IRQ_UNROUTABLE },
		{ "clock-names = \"baudclk\"", "device_type = \"pci\"", A(DEVICE("serial0")), "PCI",
		  PROBLEM_DEVICE_REFUSED },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0x90000000 0 0x100>", A(DEVICE("serial0")),
		  "lie in RAM", PROBLEM_DEVICE_REGISTERS },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0xffffffff 0xfffff000 0 0x1000>",
		  A(DEVICE("serial0")), "(/soc/serial@10000000)", PROBLEM_ADDRESS_TOO_HIGH },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0x10000000 0 0>", A(DEVICE("serial0")),
		  "has a size of 0", PROBLEM_DEVICE_REGISTERS },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0xc5fff80 0 0x100>",
		  "console = \"/soc/virtio_mmio@10008000\";" A(DEVICE("serial0")), "the hypervisor",
		  PROBLEM_PAGE_SHARED },
		{ "reg = <0 0x80000000 0 0x40000000>", "reg = <0 0x90000000 0 0x30000000>", A(),
		  "not RAM", PROBLEM_BAD_HOST },
		{ "reg = <0 0xc000000 0 0x600000>", "reg = <0 0xc000000 0 0x201000>", A(), "two contexts",
		  PROBLEM_LIMIT },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0x10000000 0x1000 0x100>",
		  "console = \"serial0\";" A(), "lie in RAM", PROBLEM_BAD_CONSOLE },
		{ "compatible = \"ns16550a\";", "compatible = \"ns16550a\"; reg-shift = <9>;",
		  "console = \"serial0\";" A(), "reg-shift", PROBLEM_BAD_CONSOLE },
	};
	bool found;
	unsigned i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		test_plan_make(&t, tree_edit("virt", cases[i].old, cases[i].new, NULL), cases[i].guests);
		for (found = false, j = 0; j < t.kept.nr; j++)
			found |= t.kept.problems[j].code == cases[i].code &&
				 strstr(t.kept.problems[j].text, cases[i].words);
		if (!found || !t.result) {
			kept_print(&t.kept);
			fail_msg("case %u: %s", i, cases[i].new);
		}
	}
}

/* An interrupt of a controller that the guest has, too, goes through. */
static void test_cascade(void **state)
{
	(void)state;
	plan_good(tree_file("virt"),
		  A("devices = \"/soc/i2c@10070000\", \"/soc/gpio@10060000\";"));
	assert_int_equal(t.plan.vms[0].nr_irqs, 3);
	test_plan_make(&t, tree_file("virt"), A(DEVICE("/soc/i2c@10070000")));
	assert_non_null(kept_find(&t.kept, PROBLEM_IRQ_UNROUTABLE, "/a", "devices"));
}

/* ---- machine control ---- */

#define RTC_IS(text)	"compatible = \"google,goldfish-rtc\";", text
#define RTC_NAMED(text)	"rtc@101000 {", "rtc: rtc@101000 { " text
#define UART_HAS(text)	"clock-names = \"baudclk\";", text
#define RTC		"/soc/rtc@101000"

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
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		snprintf(text, sizeof(text), "compatible = \"google,goldfish-rtc\"; %s", strchr(kinds[i][0], '{') ? "" :
			 kinds[i][0]);
		control_case(tree_edit("virt", RTC_IS(text), "interrupts = <11>;\n\t\t\tinterrupt-parent = <&plic>;\n",
				       strchr(kinds[i][0], '{') ? kinds[i][0] : "", NULL), A(DEVICE(RTC)), kinds[i][1]);
	}
	for (i = 0; i < ARRAY_LEN(compatibles); i++) {
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
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(uses); i++) {
		snprintf(words, sizeof(words), "by \"%.*s\"", (int)strcspn(uses[i], " ;"), uses[i]);
		control_case(tree_edit("virt", RTC_NAMED(""), "test: test@", "other: test: test@",
				       "#reset-cells = <1>;", "",
				       "resets = <&test 1>;", "", UART_HAS(uses[i]), NULL), A(DEVICE(RTC)), words);
		/* With the node that depends on it, nobody else is concerned. */
		assert_null(control_case(tree_edit("virt", RTC_NAMED(""), "test: test@", "other: test: test@",
			"#reset-cells = <1>;", "", "resets = <&test 1>;", "", UART_HAS(uses[i]), NULL),
			A("devices = \"serial0\", \"" RTC "\";"), NULL)->control);
	}
	for (i = 0; i < ARRAY_LEN(harmless); i++)
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

/* Registers by which something switches the machine off are nobody's, whatever he is trusted with. */
static void test_control_off(void **state)
{
	static const char *const how[][2] = {
		{ "regmap", "regmap = <&test>" }, { "syscon", "syscon = <&test>" },
		{ "v,syscon", "v,syscon = <&test 0>" },
	};
	const struct problem *p;
	unsigned i, trusted;

	(void)state;
	for (i = 0; i < ARRAY_LEN(how); i++) {
		for (trusted = 0; trusted < 2; trusted++) {
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

/* Guest addresses above Sv39x4's on harts that can do Sv48x4. */
static void test_high_addresses(void **state)
{
	(void)state;
	plan_good(tree_file("virt"),
		  "a { harts = <0>; memory = \"1M as 0x20000000000\"; kernel = \"rt\"; };");
	assert_int_equal(t.plan.vms[0].gstage_levels, 4);
}

/* ---- page tables: counted by building the tree of them --------------------------------------- */

struct table_set {
	uint64_t keys[8192];
	unsigned count;
};

static void table_add(struct table_set *s, unsigned level, uint64_t index)
{
	uint64_t key = (uint64_t)level << 60 | index;
	unsigned i;

	for (i = 0; i < s->count; i++)
		if (s->keys[i] == key)
			return;
	assert_true(s->count < ARRAY_LEN(s->keys));
	s->keys[s->count++] = key;
}

static unsigned count_tables(const struct plan_vm *v)
{
	static struct table_set s;
	unsigned i;

	s.count = 0;
	for (i = 0; i < v->nr_regions; i++) {
		uint64_t g = v->regions[i].gpa.v, h = v->regions[i].hpa.v, left = v->regions[i].size, n;

		for (; left; g += n, h += n, left -= n) {
			n = left >= GIB && !((g | h) % GIB) ? GIB :
			    left >= 2 * MIB && !((g | h) % (2 * MIB)) ? 2 * MIB : PAGE_SIZE;
			if (v->gstage_levels == 4)
				table_add(&s, 3, g >> 39);
			if (n < GIB)
				table_add(&s, 2, g >> 30);
			if (n < 2 * MIB)
				table_add(&s, 1, g >> 21);
		}
	}
	return s.count;
}

static void test_tables(void **state)
{
	static const uint64_t steps[] = { PAGE_SIZE, 64 * KIB, 2 * MIB, 512 * MIB, GIB };
	struct plan_vm v;
	unsigned i, k;

	(void)state;
	rng_seed(5);
	for (i = 0; i < 1500; i++) {
		uint64_t g = (uint64_t)rng_below(8) * GIB, h;

		memset(&v, 0, sizeof(v));
		v.gstage_levels = 3 + rng_below(2);
		for (k = rng_below(6) + 1; k; k--) {
			struct plan_region *m = &v.regions[v.nr_regions++];
			uint64_t step = steps[rng_below(ARRAY_LEN(steps))];

			h = (uint64_t)rng_below(1 << 10) * steps[rng_below(ARRAY_LEN(steps))];
			if (rng_below(2))	/* congruent: large leaves are possible */
				h = g + (uint64_t)rng_below(4) * GIB;
			m->gpa = gpa(g);
			m->hpa = hpa(h);
			m->size = step * (rng_below(3) + 1);
			if ((g ^ h) % (2 * MIB) && m->size > 64 * MIB)
				m->size = 64 * MIB;	/* keeps the slow count short */
			g += m->size + steps[rng_below(ARRAY_LEN(steps))] * rng_below(3);
			g = align_up(g, PAGE_SIZE);
		}
		assert_int_equal(plan_gstage_tables(&v), count_tables(&v));
	}
}

/*
 * ---- the printed plan
 * ---------------------------------------------------------------------------
 */

static char printed[8192];

static void collect(void *arg, const char *text)
{
	(void)arg;
	assert_null(strchr(text, '\n'));
	strcat(strcat(printed, text), "\n");
}

static void test_print(void **state)
{
	static const char expected[] =
		"machine      4 harts, timebase 10000000 Hz, 1 PLIC\n"
		"hypervisor   0x0080200000-0x00805fffff     4M\n"
		"firmware     0x0080080000-0x00801fffff  1536K assumed: below the image, not reserved\n"
		"console      /soc/virtio_mmio@10008000 (virtio)\n"
		"  hart       none: the hart that writes a line waits for the device and the lines of other harts; see "
		"console-hart\nentropy      rng-seed of the device tree\n"
		"guest        linux (trusted with DMA)\n"
		"  harts      1 2 as 0 to 1, timer by Sstc, Sv39x4\n"
		"  memory     0x0080600000-0x00a05fffff   512M\n"
		"  device     /soc/serial@10000000, irq 10\n"
		"             0x0010000000-0x0010000fff     4K\n"
		"  device     /soc/virtio_mmio@10001000, DMA, irq 1\n"
		"             0x0010001000-0x0010001fff     4K\n"
		"  plic       0x000c000000-0x000c5fffff     6M for /soc/plic@c000000, guarded\n"
		"  kernel     0x0080600000 \"linux\", 20971520 bytes\n"
		"  initrd     0x00a0300000 \"initrd\", 1048576 bytes\n"
		"  entry      0x0080600000, device tree at 0x00a0400000\n"
		"  bootargs   console=ttyS0\n"
		"guest        m\n"
		"  harts      3 as 0, timer by Sstc, Sv39x4\n"
		"  memory     0x0040000000-0x0040ffffff    16M at host 0x00a0600000\n"
		"  plic       0x000c000000-0x000c5fffff     6M for /soc/plic@c000000, emulated\n"
		"  kernel     0x0040000000 \"rt\", 5000 bytes\n"
		"  entry      0x0040000000, device tree at 0x0040e00000\n"
		"  policy     an unmapped access is ignored, watchdog 50 ms, restarts after a crash, 7 times\n"
		"  bootargs   ?[2Jevil\n"	/* nothing steers the terminal */
		"spare harts  0\n"
		"free RAM     0x00a1600000-0x00bfffffff   490M\n";

	(void)state;
	plan_good(tree_file("virt"), "console = \"/soc/virtio_mmio@10008000\";" LINUX_NODE
		  "m { harts = <3>; memory = \"16M as 0x40000000\"; kernel = \"rt\";"
		  " bootargs = \"\\x1b[2Jevil\"; plic-mode = \"emulated\"; unmapped = \"ignore\";"
		  " on-crash = \"restart\"; restart-limit = <7>; watchdog-ms = <50>; };");
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	assert_string_equal(printed, expected);
}

static char *line_with(const char *label)
{
	char *at = strstr(printed, label);

	assert_non_null(at);
	return at;
}

/* What a configuration says beside the default is told. */
static void test_print_settings(void **state)
{
	(void)state;
	plan_good(tree_file("virt"), "console = \"/soc/virtio_mmio@10008000\"; console-style = \"colour\";"
		  "when-all-ended = \"keep\";"
		  "m { harts = <3>; memory = \"16M\"; kernel = \"rt\"; ram-at-boot = \"keep\"; };");
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	line_with("\nconsole      /soc/virtio_mmio@10008000 (virtio), in colour\n");
	line_with("\nat the end   the machine stays when all guests have ended\n");
	line_with("\n  memory     0x0080600000-0x00815fffff    16M, not cleared at boot\n");
	plan_good(tree_edit("virt", RTC_IS("compatible = \"google,goldfish-rtc\"; #clock-cells = <0>;"), NULL),
		  "firmware = \"512K at 0x80000000\";" A("trust-dma; trust-control; devices = \"" RTC "\","
		  " \"/soc/virtio_mmio@10001000\", \"serial0\";") B("trust-control;"));
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	line_with("\nfirmware     0x0080000000-0x008007ffff   512K as configured\n");
	line_with("\nguest        a (trusted with DMA and machine control)\n");
	line_with("\n  device     " RTC ", machine control, irq 11\n");
	line_with("\n  device     /soc/virtio_mmio@10001000, DMA, irq 1\n");
	line_with("\n  device     /soc/serial@10000000, irq 10\n");
	line_with("\nguest        b (trusted with machine control)\n");
	plan_good(tree_file("virt"), "firmware = \"reserved\";" A());
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	line_with("\nfirmware     only what the machine's tree reserves, as configured\n");
}

/* What stands behind the label, and below it, one line after the other; each line within its columns. */
static void joined(const char *label, char *out)
{
	const char *line = line_with(label), *next;

	for (*out = 0; ; line = next + 1) {
		next = strchr(line, '\n');
		assert_non_null(next);
		assert_true(next - line > 12 && next - line <= 101);	/* a comma at the end may stand out */
		strncat(out, line + 12, next - line - 12);
		if (strncmp(next + 1, "            ", 12))
			return;
	}
}

static void test_print_bootargs(void **state)
{
	static char text[700], config[1000], out[1000];
	size_t words, n, i;

	(void)state;
	for (words = 0; words < 120; words++) {
		for (i = n = 0; i < words && n < 500; i++)
			n += snprintf(text + n, sizeof(text) - n, "%s%.*s", i ? rng_below(9) ? " " : "  " : "",
				     (int)(1 + rng_below(rng_below(6) ? 20 : 160)),
				     "a,b=cdefghijklmnopqrstuvwxyz,ABCDEFGHIJKLMNOPQRSTUVWXYZ,0123456789,a,b=cdefghijkl"
				     "mnopqrstuvwxyz,ABCDEFGHIJKLMNOPQRSTUVWXYZ,0123456789,abcdefghijklmnopqrstuvw");
		if (!n)
			continue;
		snprintf(config, sizeof(config), "m { harts = <3>; memory = \"16M\"; kernel = \"rt\"; "
			"bootargs = \"%s\"; };", text);
		plan_good(tree_file("virt"), config);
		printed[0] = 0;
		plan_print(&t.plan, collect, NULL);
		joined("  bootargs  ", out);
		assert_int_equal(out[0], ' ');
		assert_string_equal(out + 1, text);
	}
	line_with("bootargs   ");
}

/* As many harts and interrupts as there may be: none is cut off. */
static void test_print_many(void **state)
{
	static struct plan plan;
	static char out[8192];
	struct plan_vm *v = &plan.vms[0];
	char number[32];
	uint32_t i;

	(void)state;
	plan.nr_vms = 1;
	plan.nr_intcs = 2;
	plan.nr_harts = v->nr_vcpus = MAX_HARTS;
	v->bootargs = "";
	v->nr_devices = 1;
	strcpy(v->devices[0].path, "/soc/gpio@10000");
	v->nr_irqs = MAX_VM_IRQS;
	for (i = 0; i < MAX_HARTS; i++) {
		plan.harts[i].id = 100000 + i;
		v->vcpu_hart[i] = (uint8_t)i;
	}
	for (i = 0; i < MAX_VM_IRQS; i++)
		v->irqs[i] = (struct plan_irq){ .intc = 1, .id = (uint16_t)(i + 500) };
	printed[0] = 0;
	plan_print(&plan, collect, NULL);
	joined("  harts     ", out);
	for (i = 0; i < MAX_HARTS; i++) {
		snprintf(number, sizeof(number), " %u", 100000 + i);
		assert_non_null(strstr(out, number));
	}
	assert_non_null(strstr(out, " as 0 to 63, timer by SBI, Sv39x4"));
	joined("  device    ", out);
	for (i = 0; i < MAX_VM_IRQS; i++) {
		snprintf(number, sizeof(number), " %u of PLIC 1", i + 500);
		assert_non_null(strstr(out, number));
	}
}

/*
 * ---- random configurations
 * ------------------------------------------------------------------------
 */

static const char *const some_devices[] = {
	"serial0", "/soc/serial@10000000", "/soc/virtio_mmio@10001000", "/soc/virtio_mmio@10002000",
	"/soc/rtc@101000", "/soc/gpio@10060000", "/soc/i2c@10070000", "/soc", "/soc/plic@c000000",
	"/soc/serial@50900000", "/soc/serial@50900800", "/soc/serial@50901000",
	"/soc/dma-controller@50430000", "/soc/serial@300000", "/soc/far@80000000",
};

static uint64_t some_address(void)
{
	static const uint64_t bases[] = {
		0x80000000, 0x80200000, 0x80600000, 0x90000000, 0xbff00000, 0xc0000000, 0x100000000,
		0x10000000, 0xc000000, 0x0, 0x2000000000, 0x20000000000,
	};

	return bases[rng_below(ARRAY_LEN(bases))] +
	       (rng_below(3) ? 0 : (uint64_t)rng_below(16) * (rng_below(2) ? PAGE_SIZE : MIB));
}

static void random_guest(struct config_vm *v, unsigned index)
{
	static const char *const images[] = {
		"rt", "rt", "rt", "rt", "rt", "rt", "rt", "rt", "linux", "initrd", "none",
	};
	unsigned i, n;

	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "g%u", index);
	v->bootargs = "";
	for (i = 0; i < 4; i++)		/* mostly harts of its own */
		if (rng_below(40) == 0 || (i % 3 == index && rng_below(16)))
			v->harts[v->nr_harts++] = i;
	for (n = rng_below(16) ? 1 + rng_below(2) : rng_below(4); n; n--) {
		struct config_memory *m = &v->memory[v->nr_memory++];

		m->size = (rng_below(64) + 1) * (rng_below(4) ? MIB : 64 * KIB);
		m->fixed = !rng_below(8);
		m->at = m->fixed ? some_address() : 0;
		m->mapped = !rng_below(8);
		m->as = m->mapped ? some_address() : 0;
	}
	for (n = rng_below(2) + !rng_below(4); n; n--)
		v->devices[v->nr_devices++] = some_devices[rng_below(ARRAY_LEN(some_devices))];
	v->images[IMAGE_KERNEL] = images[rng_below(ARRAY_LEN(images))];
	v->images[IMAGE_INITRD] = rng_below(3) ? NULL : images[rng_below(ARRAY_LEN(images))];
	v->trust_dma = rng_below(8) != 0;
	v->trust_control = rng_below(4) == 0;
	v->has_entry = !rng_below(16);
	v->entry = v->has_entry ? some_address() : 0;
}

static void test_random(void **state)
{
	static const char *const hosts[] = { "virt", "sockets", "three-contexts", "shared-pages" };
	static uint8_t dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));
	unsigned h, i, k, accepted = 0;
	const char *wrong;
	struct range loaded = test_hyp;
	enum err e;

	(void)state;
	rng_seed(11);
	for (h = 0; h < ARRAY_LEN(hosts); h++) {
		test_plan_make(&t, tree_file(hosts[h]), A());
		for (i = 0; i < 10000; i++) {
			t.config.nr_vms = rng_below(3) + 1;
			t.config.console = rng_below(8) ? NULL :
					   some_devices[rng_below(ARRAY_LEN(some_devices))];
			for (k = 0; k < t.config.nr_vms; k++)
				random_guest(&t.config.vms[k], k);
			t.config.has_firmware = !rng_below(3);
			t.config.nr_firmware = t.config.has_firmware ? rng_below(3) : 0;
			for (k = 0; k < t.config.nr_firmware; k++)
				t.config.firmware[k] = (struct range){ some_address(), (1 + rng_below(16)) * 64 * KIB };
			t.config.hyp_place = rng_below(3);
			t.config.hyp_address = some_address();
			loaded.base = rng_below(3) ? test_hyp.base : some_address();
			t.package.address.v = loaded.base + (TEST_PACKAGE_ADDRESS - test_hyp.base);
			kept_reset(&t.kept);
			e = plan_make(&t.plan, &t.host, &t.config, &t.package, loaded, &t.kept.r);
			assert_int_equal(e == OK, t.kept.r.count == 0);
			if (e)
				continue;
			accepted++;
			wrong = oracle_check(&t.host, &t.config, &t.plan);
			if (wrong)
				fail_msg("%s: %s", hosts[h], wrong);
			for (k = 0; k < t.plan.nr_vms; k++)
				assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, k,
								&t.kept.r), OK);
		}
	}
	print_message("%u of 40000 accepted\n", accepted);
	assert_true(accepted > 2000);
}

static int end(void **state)
{
	(void)state;
	test_plan_free(&t);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_guests),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_placement),
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_firmware_stated),
		cmocka_unit_test(test_firmware_pieces),
		cmocka_unit_test(test_image_reserved),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_vplics),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_page_together),
		cmocka_unit_test(test_long_hart_list),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_hosts),
		cmocka_unit_test(test_cascade),
		cmocka_unit_test(test_control_kinds),
		cmocka_unit_test(test_control_references),
		cmocka_unit_test(test_control_off),
		cmocka_unit_test(test_high_addresses),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_settings),
		cmocka_unit_test(test_print_bootargs),
		cmocka_unit_test(test_print_many),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, end);
}
