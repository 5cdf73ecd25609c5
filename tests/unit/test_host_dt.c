/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan/host_dt.c and host_query.c: what is read of several kinds of machines, what is refused,
 * and that no damaged tree does harm (AddressSanitizer watches; the tree ends where its memory
 * ends).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/rng.h"
#include "tests/unit/lib/parsed_host.h"

static void test_virt(void **state)
{
	struct tree t = tree_file("virt");
	struct range reg;
	char path[HOST_PATH_SIZE];

	(void)state;
	parse_good(&t);
	assert_int_equal(host.timebase_hz, 10000000);
	assert_int_equal(host.nr_harts, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(host.harts[i].id, i);
		assert_int_equal(host.harts[i].features, HART_H | HART_FD | HART_SSTC | HART_ZBC);
		assert_int_equal(host.harts[i].mmu_levels, 4);
		assert_int_equal(host.plics[0].context[i], 2 * i + 1);
	}
	assert_int_equal(host.nr_ram, 1);
	assert_range(host.ram[0], 0x80000000, GIB);
	assert_int_equal(host.nr_reserved, 1);	/* not the pool, which lies nowhere yet */
	assert_range(host.reserved[0].range, 0x80000000, 0x80000);
	assert_int_equal(host.nr_plics, 1);
	assert_range(host.plics[0].range, 0xc000000, 0x600000);
	assert_int_equal(host.plics[0].ndev, 0x5f);
	assert_int_equal(host.plics[0].nr_contexts, 8);
	assert_int_equal(host.plics[0].context[4], NO_CONTEXT);

	assert_int_equal(host_node_reg(&host, find("serial0"), 0, &reg), OK);
	assert_range(reg, 0x10000000, 0x100);
	assert_int_equal(host_node_reg(&host, find("serial0"), 1, &reg), ERR_NOTFOUND);
	assert_string_equal(host_path(&host, find("serial0"), path, sizeof(path)),
			    "/soc/serial@10000000");
	assert_string_equal(host_path(&host, find("serial0"), path, 12), "/soc...");
	assert_string_equal(host_path(&host, 0, path, sizeof(path)), "/");
	assert_int_equal(host_node_reg(&host, find("/soc/i2c@10070000/sensor@48"), 0, &reg), ERR_NOTFOUND);
	tree_free(&t);
}

static void test_find(void **state)
{
	struct tree t = tree_file("virt");
	char path[HOST_PATH_SIZE];
	uint16_t rtc;

	(void)state;
	parse_good(&t);
	rtc = find("/soc/rtc@101000");
	assert_int_not_equal(rtc, NO_NODE);
	assert_int_equal(find("rtc0"), rtc);
	assert_int_equal(find("soc/rtc@101000"), rtc);
	assert_int_equal(find("//soc//rtc@101000/"), rtc);
	assert_int_equal(find("/"), 0);
	assert_int_equal(find("/soc/rtc@10100"), NO_NODE);
	assert_int_equal(find("/soc/rtc"), NO_NODE);
	assert_int_equal(find("/soc/rtc@101000/x"), NO_NODE);
	assert_int_equal(find("soc/x"), NO_NODE);
	assert_int_equal(find("nothing"), NO_NODE);
	assert_int_equal(find(""), NO_NODE);
	assert_string_equal(host_path(&host, host_suggest(&host, "/soc/serial@1000000"), path,
				      sizeof(path)), "/soc/serial@10000000");
	assert_string_equal(host_path(&host, host_suggest(&host, "/serial@10000000"), path,
				      sizeof(path)), "/soc/serial@10000000");
	assert_int_equal(host_suggest(&host, "/soc/xyz"), NO_NODE);
	assert_true(host_is_disabled(&host, find("/soc/off@10080000")));
	assert_false(host_is_disabled(&host, rtc));
	assert_true(host_is_compatible(&host, find("/soc/test@100000"), "syscon"));
	assert_false(host_is_compatible(&host, find("/soc/test@100000"), "sysco"));
	tree_free(&t);
}

static void check_irq(const char *node, unsigned index, const char *parent, unsigned id)
{
	struct host_irq_cursor cursor = { 0 };
	struct host_irq irq = { 0 };

	for (unsigned i = 0; i <= index; i++)
		assert_int_equal(host_next_irq(&host, find(node), &cursor, &irq), OK);
	assert_int_equal(irq.parent, find(parent));
	assert_int_equal(irq.id, id);
}

static void test_interrupts(void **state)
{
	struct tree t = tree_edit("virt", "interrupts = <11>;",
				  "interrupts = <7>; interrupts-extended = <&gpio 4 1>, <&plic 9>;", NULL);
	struct host_irq_cursor cursor = { 0 };
	struct host_irq irq;

	(void)state;
	parse_good(&t);
	check_irq("/soc/serial@10000000", 0, "/soc/plic@c000000", 10);
	check_irq("/soc/gpio@10060000", 0, "/soc/plic@c000000", 20);
	check_irq("/soc/gpio@10060000", 1, "/soc/plic@c000000", 21);
	check_irq("/soc/i2c@10070000/sensor@48", 0, "/soc/gpio@10060000", 3);
	check_irq("rtc0", 0, "/soc/gpio@10060000", 4);	/* interrupts-extended goes before interrupts */
	check_irq("rtc0", 1, "/soc/plic@c000000", 9);
	assert_int_equal(host_next_irq(&host, find("/soc/test@100000"), &cursor, &irq), ERR_NOTFOUND);
	tree_free(&t);

	/* A controller above is the parent where nothing else is said. */
	t = tree_edit("virt", "#interrupt-cells = <2>;", "#interrupt-cells = <2>; "
		      "key { interrupts = <6 0>; deep { interrupts = <7 0>; }; };",
		      "interrupts = <11>;", "interrupts = <11 12 13>; interrupt-parent = <&gpio>;",
		      "interrupt-parent = <&plic>;\n\t\t};\n\n\t\tserial", "};\n\n\t\tserial", NULL);
	parse_good(&t);
	check_irq("/soc/gpio@10060000/key", 0, "/soc/gpio@10060000", 6);
	check_irq("/soc/gpio@10060000/key/deep", 0, "/soc/gpio@10060000", 7);
	check_irq("rtc0", 0, "/soc/gpio@10060000", 11);
	cursor.at = 0;
	assert_int_equal(host_next_irq(&host, find("rtc0"), &cursor, &irq), OK);
	assert_int_equal(host_next_irq(&host, find("rtc0"), &cursor, &irq), ERR_INVALID);	/* half of one */
	assert_int_equal(host_next_irq(&host, find("rtc0"), &cursor, &irq), ERR_NOTFOUND);
	tree_free(&t);
}

static void test_inherited_parent(void **state)
{
	struct tree t = tree_file("three-contexts");
	struct range reg;

	(void)state;
	parse_good(&t);
	assert_int_equal(host.nr_harts, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(host.harts[i].id, i < 4 ? i : 0x10 + i - 4);
		assert_int_equal(host.harts[i].features, HART_H | HART_FD);
		assert_int_equal(host.plics[0].context[i], 3 * i + 1);
	}
	assert_int_equal(host_find_hart(&host, 0x12), 6);
	assert_int_equal(host_find_hart(&host, 4), -1);
	check_irq("/soc/serial@300000", 0, "/interrupt-controller@9000000", 17);
	/* through ranges that move addresses */
	assert_int_equal(host_node_reg(&host, find("/soc/serial@300000"), 0, &reg), OK);
	assert_range(reg, 0x20300000, 0x10000);
	assert_int_equal(host_node_reg(&host, find("/soc/far@80000000"), 0, &reg), OK);
	assert_range(reg, 0x1000000000, 0x1000);
	assert_int_equal(host_node_reg(&host, find("/soc/outside@70000000"), 0, &reg), ERR_RANGE);
	tree_free(&t);
}

/* A bus whose #address-cells or #size-cells cannot be used moves no address up, be "ranges" empty or not. */
static void test_cells_of_outer_bus(void **state)
{
	static const struct {
		const char *cells;
		enum err err;
	} cases[] = {
		{ "#address-cells = <2>; #size-cells = <2>; ranges;", OK },
		{ "#address-cells = <2>; #size-cells = <0>; ranges;", ERR_NOTFOUND },
		{ "#address-cells = <2>; #size-cells = <3>; ranges;", ERR_NOTFOUND },
		{ "#address-cells = <0>; #size-cells = <2>; ranges;", ERR_NOTFOUND },
		{ "#address-cells = <3>; #size-cells = <2>; ranges;", ERR_NOTFOUND },
		{ "#address-cells = <2>; #size-cells = <2>;", ERR_NOTFOUND },
		{ "#address-cells = <2>; #size-cells = <0>; ranges = <0 0 0 0>;", ERR_NOTFOUND },
	};
	struct range reg;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char node[512];
		struct tree t;

		snprintf(node, sizeof(node), "outer { %s inner { #address-cells = <1>; #size-cells = <1>; ranges = <0 "
			 "%s 0x1000>; dev@10 { reg = <0x10 0x10>; }; }; }; rtc@101000 {", cases[i].cells,
			 strstr(cases[i].cells, "address-cells = <0>") ? "" :
				 strstr(cases[i].cells, "address-cells = <3>") ?
			 "0 0 0x30000000" : "0 0x30000000");
		t = tree_edit("virt", "rtc@101000 {", node, NULL);
		parse_as(&t, true);
		assert_int_equal(host_node_reg(&host, find("/soc/outer/inner/dev@10"), 0, &reg), cases[i].err);
		if (cases[i].err == OK)
			assert_range(reg, 0x30000010, 0x10);
		tree_free(&t);
	}
}

/* A reg of any size: as many entries as begin in it, none of them valid if the last one does not end there. */
static void test_reg_of_any_size(void **state)
{
	(void)state;
	for (unsigned size = 1; size <= 48; size++) {
		char bytes[3 * 48 + 1] = "", text[1000];
		struct range range;
		struct tree tree;

		for (unsigned i = 0; i < size; i++)
			strcat(bytes, i % 16 < 4 || i % 16 > 14 ? "01 " : "00 ");
		snprintf(text, sizeof(text), "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
			 "memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x40000000>; }; "
			 "cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <1>; "
			 "cpu@0 { device_type = \"cpu\"; reg = <0>; riscv,isa = \"rv64gch\"; "
			 "mmu-type = \"riscv,sv39\"; i { interrupt-controller; #interrupt-cells = <1>; "
			 "phandle = <1>; }; }; }; d { reg = [ %s]; }; };", bytes);
		tree = tree_text(text);
		parse_good(&tree);
		for (unsigned index = 0; index < 5; index++) {
			enum err want = 16 * index >= size ? ERR_NOTFOUND : size % 16 ? ERR_INVALID : OK;

			assert_int_equal(host_node_reg(&host, find("/d"), index, &range), want);
			if (want == OK)
				assert_range(range, 0x0101010100000000, 1);
		}
		tree_free(&tree);
	}
}

static void test_shared_pages(void **state)
{
	struct tree t = tree_file("shared-pages");

	(void)state;
	parse_good(&t);
	assert_int_equal(host.nr_harts, 5);	/* not the disabled one */
	assert_int_equal(host.harts[2].features, HART_H | HART_FD);
	assert_int_equal(host.harts[3].features, HART_H | HART_FD | HART_V);
	assert_int_equal(host.harts[4].features, 0);
	assert_int_equal(host.harts[4].mmu_levels, 0);
	assert_int_equal(host.plics[0].ndev, 520);
	assert_int_equal(host.plics[0].context[0], 2);	/* the disabled cpu's entry counts */
	assert_int_equal(host.nr_reserved, 2);
	assert_range(host.reserved[0].range, 0x80000000, 0x40000);
	assert_int_equal(host.reserved[0].node, NO_NODE);
	assert_range(host.reserved[1].range, 0xc000000000, 4 * GIB);

	/* The firmware probed one hart. The tree shows H for others, so this one has none. */
	assert_int_equal(parse_as(&t, true), OK);
	assert_int_equal(host.harts[4].features, 0);
	tree_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_virt),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_inherited_parent),
		cmocka_unit_test(test_cells_of_outer_bus),
		cmocka_unit_test(test_reg_of_any_size),
		cmocka_unit_test(test_shared_pages),
	};

	return cmocka_run_group_tests_name("host_dt", tests, NULL, NULL);
}
