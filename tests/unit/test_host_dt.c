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

#include "tests/unit/lib/trees.h"
#include "tests/unit/rng.h"

static struct host host;
static struct kept kept;

static enum err parse_as(struct tree *t, bool assume_h)
{
	memset(&host, 0xa5, sizeof(host));
	kept_reset(&kept);
	return host_parse(&host, t->data, t->size, assume_h, &kept.r);
}

static void parse_good(struct tree *t)
{
	enum err e = parse_as(t, false);

	if (e)
		kept_print(&kept);
	assert_int_equal(e, OK);
	assert_int_equal(kept.nr, 0);
	for (uint32_t i = 0; i < host.nr_regs; i++) {	/* memory is not what a device has */
		uint16_t node = (uint16_t)host.regs[i].node;

		assert_false(host.nodes[node].flags & NODE_MEMORY);
		assert_false(host.reserved_memory != NO_NODE && host_is_within(&host, node, host.reserved_memory));
	}
}

static uint16_t find(const char *path)
{
	return host_find(&host, path, strlen(path));
}

static void assert_range(struct range r, uint64_t base, uint64_t size)
{
	assert_int_equal(r.base, base);
	assert_int_equal(r.size, size);
}

static void test_virt(void **state)
{
	struct tree t = tree_file("virt");
	struct range reg;
	char path[HOST_PATH_SIZE];
	unsigned i;

	(void)state;
	parse_good(&t);
	assert_int_equal(host.timebase_hz, 10000000);
	assert_int_equal(host.nr_harts, 4);
	for (i = 0; i < 4; i++) {
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
	unsigned i;

	for (i = 0; i <= index; i++)
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

#define SSWI(reg, entries) "\t\tsswi@2f00000 { compatible = \"riscv,aclint-sswi\"; reg = <" reg ">; " \
	"interrupts-extended = <" entries ">; };\n\n\t\tclint@2000000 {"

/* Registers by which harts are interrupted: by the place in interrupts-extended, of S-mode software interrupts. */
static void test_sswi(void **state)
{
	static const char good[] = SSWI("0 0x2f00000 0 0x4000", "&intc3 1 &intc0 3 &intc1 1 &intc0 1");
	static const char disabled[] = "\t\tsswi@2f00000 { compatible = \"riscv,aclint-sswi\"; status = \"disabled\"; "
		"reg = <0 0x2f00000 0 0x4000>; interrupts-extended = <&intc0 1>; };\n\n\t\tclint@2000000 {";
	static const char *const bad[] = {
		SSWI("0 0x2f00000 0 0xf", "&intc3 1 &intc0 3 &intc1 1 &intc0 1"),
		SSWI("0 0x2f00002 0 0x4000", "&intc3 1"), SSWI("0 0x80000000 0 0x4000", "&intc3 1"),
		SSWI("0 0x2f00000 0 0", "&intc3 1"), SSWI("0 0x2f00000 0 0x4000", "&intc3"),
		SSWI("0 0x2f00000 0 0x4000", "&intc3 1 99 1"),
	};
	struct tree t = tree_edit("virt", "\t\tclint@2000000 {", good, NULL);

	(void)state;
	parse_good(&t);
	assert_int_equal(host.harts[0].setssip, 0x2f0000c);
	assert_int_equal(host.harts[1].setssip, 0x2f00008);
	assert_int_equal(host.harts[2].setssip, 0);
	assert_int_equal(host.harts[3].setssip, 0x2f00000);
	tree_free(&t);
	t = tree_edit("virt", "\t\tclint@2000000 {", disabled, NULL);
	parse_good(&t);
	assert_int_equal(host.harts[0].setssip, 0);
	tree_free(&t);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		t = tree_edit("virt", "\t\tclint@2000000 {", bad[i], NULL);
		assert_int_not_equal(parse_as(&t, false), OK);
		assert_non_null(kept_find(&kept, PROBLEM_BAD_HOST, "/soc/sswi@2f00000",
					  i < 4 ? "reg" : "interrupts-extended"));
		tree_free(&t);
	}
}

static void test_inherited_parent(void **state)
{
	struct tree t = tree_file("three-contexts");
	struct range reg;
	unsigned i;

	(void)state;
	parse_good(&t);
	assert_int_equal(host.nr_harts, 8);
	for (i = 0; i < 8; i++) {
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

static void test_sockets(void **state)
{
	struct tree t = tree_file("sockets");
	unsigned i, p;

	(void)state;
	parse_good(&t);
	assert_int_equal(host.nr_ram, 2);	/* the adjacent banks are one */
	assert_range(host.ram[0], 0x80000000, 2 * GIB);
	assert_range(host.ram[1], 0x2000000000, 64 * GIB);
	assert_int_equal(host.nr_plics, 2);
	for (p = 0; p < 2; p++)
		for (i = 0; i < 4; i++)
			assert_int_equal(host.plics[p].context[i],
					 i / 2 == p ? (int)(2 * (i % 2) + 1) : NO_CONTEXT);
	for (i = 0; i < 4; i++) {
		assert_int_equal(host.harts[i].features, HART_H | HART_FD | HART_SSTC | HART_SVADU |
				 HART_SVPBMT | HART_ZICBOM | HART_ZICBOZ);
		assert_int_equal(host.harts[i].mmu_levels, 5);
	}
	tree_free(&t);
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

/* What is wrong with a hart's interrupt controller is said of the one that is there. */
static void test_interrupt_controllers(void **state)
{
	static const struct { const char *node, *why; } cases[] = {
		{ "", "the hart has no interrupt controller below it" },
		{ "i { phandle = <1>; };", "the hart has no interrupt controller below it" },
		{ "i { interrupt-controller; #interrupt-cells = <1>; };",
		  "the hart's interrupt controller has no phandle, " },
		{ "i { interrupt-controller; #interrupt-cells = <1>; }; j { };",
		  "the hart's interrupt controller has no phandle, " },
		{ "i { interrupt-controller; #interrupt-cells = <2>; phandle = <1>; };",
		  "the hart's interrupt controller must have #interrupt-cells = <1>" },
		{ "i { interrupt-controller; #interrupt-cells = <2>; phandle = <1>; }; "
		  "j { interrupt-controller; #interrupt-cells = <1>; phandle = <2>; };", NULL },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char text[1000];
		struct tree tree;

		snprintf(
			text, sizeof(text),
			"/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
			"memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x40000000>; }; "
			"cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <1>; "
			"cpu@0 { device_type = \"cpu\"; reg = <0>; riscv,isa = \"rv64gch\"; mmu-type = \"riscv,sv39\"; "
			"%s }; }; };",
			cases[i].node);
		tree = tree_text(text);
		assert_int_equal(parse_as(&tree, false), cases[i].why ? ERR_INVALID : OK);
		if (cases[i].why) {
			const struct problem *p = kept_find(&kept, PROBLEM_BAD_HOST, "/cpus/cpu@0", "");

			assert_non_null(p);
			assert_ptr_equal(strstr(p->text, cases[i].why), p->text);
		} else {
			assert_int_equal(host.harts[0].intc_phandle, 2);
		}
		tree_free(&tree);
	}
}

/* Neighbours in the tree whose ISA is described by other properties, in all orders: each has its own, and no
 * other's. */
static void test_mixed_isa_properties(void **state)
{
	static const char *const isa[] = {
		"riscv,isa-base = \"rv64i\"; riscv,isa-extensions = \"i\", \"m\", \"a\", \"f\", \"d\", \"c\", \"h\", "
		"\"sstc\";",
		"riscv,isa = \"rv64imafdch\";",
		"riscv,isa = \"rv64imafdch_sstc_svadu\";",
	};
	static const uint32_t features[] = { HART_H | HART_FD | HART_SSTC, HART_H | HART_FD,
					     HART_H | HART_FD | HART_SSTC | HART_SVADU };

	(void)state;
	for (unsigned order = 0; order < 81; order++) {
		char text[3000];
		struct tree tree;
		size_t n = (size_t)snprintf(text, sizeof(text),
					    "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
			"memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x40000000>; }; "
			"cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <1>; ");

		for (unsigned hart = 0, rest = order; hart < 4; hart++, rest /= 3)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "cpu@%u { device_type = \"cpu\"; reg = <%u>; %s "
				"mmu-type = \"riscv,sv39\"; i { interrupt-controller; compatible = \"riscv,cpu-intc\"; "
				"#interrupt-cells = <1>; phandle = <%u>; }; }; ", hart, hart, isa[rest % 3], hart + 1);
		snprintf(text + n, sizeof(text) - n, "}; };");
		tree = tree_text(text);
		parse_good(&tree);
		assert_int_equal(host.nr_harts, 4);
		for (unsigned hart = 0, rest = order; hart < 4; hart++, rest /= 3)
			assert_int_equal(host.harts[hart].features, features[rest % 3]);
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

static void test_isa_forms(void **state)
{
	static const struct {
		const char *isa;
		uint32_t features;
	} cases[] = {
		{ "rv64gch", HART_FD | HART_H },
		{ "rv64gc", HART_FD },
		{ "RV64IMAFDCH_Sstc", HART_FD | HART_H | HART_SSTC },
		{ "rv64i2p1m2p0a2p1f2p2d2p2c2p0h1p0_sstc1p0", HART_FD | HART_H | HART_SSTC },
		{ "rv64imac_zch", 0 },
		{ "rv64imafdcsu", HART_FD },
		{ "rv64imafdch_svpbmt_zicbop_smstateen_svade",
		  HART_FD | HART_H | HART_SVPBMT | HART_ZICBOP | HART_SMSTATEEN | HART_SVADE },
		{ "rv64imafdcv_zvl128b_h", HART_FD | HART_V | HART_H },
		{ "rv64imac_sstcx_xsstc", 0 },
	};
	char new[128];
	struct tree t;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(new, sizeof(new), "riscv,isa = \"%s\"", cases[i].isa);
		t = tree_edit("shared-pages", "riscv,isa = \"rv64imafdcvh\"", new, NULL);
		parse_good(&t);
		assert_int_equal(host.harts[3].isa, cases[i].features);
		tree_free(&t);
	}
}

/* Without a block size that makes sense there is no Zicbom, and then no Svpbmt. */
static void test_cbom_block(void **state)
{
	static const struct {
		const char *prop;
		uint16_t block;
	} cases[] = {
		{ "riscv,cbom-block-size = <0x40>;", 64 }, { "riscv,cbom-block-size = <0x8>;", 8 },
		{ "riscv,cbom-block-size = <0x1000>;", 4096 }, { "", 0 }, { "riscv,cbom-block-size = <0>;", 0 },
		{ "riscv,cbom-block-size = <0x4>;", 0 }, { "riscv,cbom-block-size = <0x30>;", 0 },
		{ "riscv,cbom-block-size = <0x2000>;", 0 }, { "riscv,cbom-block-size = <0x40000040>;", 0 },
		{ "riscv,cbom-block-size = <0 0x40>;", 0 }, { "riscv,cbom-block-size;", 0 },
	};
	const uint32_t both = HART_ZICBOM | HART_SVPBMT;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct tree t = tree_edit("sockets", "riscv,cbom-block-size = <0x40>;", cases[i].prop, NULL);

		parse_good(&t);
		assert_int_equal(host.harts[0].cbom_block, cases[i].block);
		assert_int_equal(host.harts[0].features & both, cases[i].block ? both : 0);
		assert_int_equal(host.harts[0].isa & both, both);
		assert_int_equal(host.harts[1].cbom_block, 64);	/* its own */
		assert_int_equal(host.harts[1].features & both, both);
		tree_free(&t);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *host, *old, *new, *path, *prop;
		enum problem_code code;
	} cases[] = {
		{ "virt", "device_type = \"memory\";\n\t\treg = <0 0x80000000 0 0x40000000>;", "",
		  "/", "", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>", "reg = <0 0x80000000 0 0>",
		  "/", "", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>", "reg = <0 0x80000000 0>",
		  "/memory@80000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>",
		  "reg = <0xffffffff 0x80000000 0 0x80000001>", "/memory@80000000", "reg",
		  PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>",
		  "reg = <0x1000000 0 0 0x40000000>", "/memory@80000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0x1>;", "reg = <0x0>;", "/cpus/cpu@1", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0x1>;", "reg = <0x0 0x1>;", "/cpus/cpu@1", "reg", PROBLEM_BAD_HOST },
		{ "virt", "riscv,isa = \"rv64", "riscv,isa = \"rv128", "/cpus/cpu@0", "riscv,isa",
		  PROBLEM_BAD_HOST },
		{ "virt", "timebase-frequency = <10000000>;", "", "/cpus", "timebase-frequency",
		  PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0xc000000 0 0x600000>", "reg = <0 0xc000000 0 0x4001000>",
		  "/soc/plic@c000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0xc000000 0 0x600000>", "reg = <0 0x7fc00000 0 0x600000>",
		  "/soc/plic@c000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "riscv,ndev = <0x5f>", "riscv,ndev = <1024>", "/soc/plic@c000000", "riscv,ndev",
		  PROBLEM_BAD_HOST },
		{ "virt", "riscv,ndev = <0x5f>", "riscv,ndev = <0>", "/soc/plic@c000000", "riscv,ndev",
		  PROBLEM_BAD_HOST },
		{ "virt", "interrupts-extended = <&intc0 0xffffffff>,", "interrupts-extended = <99 1>,",
		  "/soc/plic@c000000", "interrupts-extended", PROBLEM_BAD_HOST },
		{ "virt", "<&intc3 9>;\n\t\t\tinterrupt-controller",
		  "<&intc3>;\n\t\t\tinterrupt-controller", "/soc/plic@c000000", "interrupts-extended",
		  PROBLEM_BAD_HOST },
		{ "virt", "#address-cells = <2>;", "#address-cells = <3>;", "/", "#address-cells",
		  PROBLEM_BAD_HOST },
		{ "virt", "#address-cells = <2>;", "#address-cells = <0>;", "/", "#address-cells",
		  PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x80000000 0>",
		  "/reserved-memory/mmode_resv0@80000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "/dts-v1/;", "/dts-v1/;\n/memreserve/ 0xffffffffffff0000 0x20000;", "/", "",
		  PROBLEM_BAD_HOST },
		{ "virt", "\tcpus {", "\tcpu5 {", "/", "", PROBLEM_BAD_HOST },
		{ "virt", "#interrupt-cells = <1>;", "", "/cpus/cpu@0", "", PROBLEM_BAD_HOST },
	};
	struct tree t;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		t = tree_edit(cases[i].host, cases[i].old, cases[i].new, NULL);
		assert_int_not_equal(parse_as(&t, false), OK);
		if (!kept_find(&kept, cases[i].code, cases[i].path, cases[i].prop)) {
			kept_print(&kept);
			fail_msg("case %u: %s", i, cases[i].new);
		}
		tree_free(&t);
	}
}

/* Harts with the same ISA string are read once: a fault of theirs is reported once. Another one's is its own. */
static void test_same_isa(void **state)
{
	struct tree t;

	(void)state;
	t = tree_edit("virt", "riscv,isa = \"rv64imafdch", "riscv,isa = \"rv128imafdch",
		      "riscv,isa = \"rv64imafdch", "riscv,isa = \"rv128imafdch",
		      "riscv,isa = \"rv64imafdch", "riscv,isa = \"rv128imafdc", NULL);
	assert_int_not_equal(parse_as(&t, false), OK);
	assert_non_null(kept_find(&kept, PROBLEM_BAD_HOST, "/cpus/cpu@0", "riscv,isa"));
	assert_null(kept_find(&kept, PROBLEM_BAD_HOST, "/cpus/cpu@1", "riscv,isa"));
	assert_non_null(kept_find(&kept, PROBLEM_BAD_HOST, "/cpus/cpu@2", "riscv,isa"));
	assert_null(kept_find(&kept, PROBLEM_BAD_HOST, "/cpus/cpu@3", "riscv,isa"));
	tree_free(&t);
}

#define MEMORY	"memory@80000000 {\n\t\tdevice_type = \"memory\";\n\t\treg = <0 0x80000000 0 0x40000000>;"
#define BANK(name, reg)	"memory@" name " { device_type = \"memory\"; reg = <" reg ">; };\n\t"
#define RESERVED "mmode_resv0@80000000 {\n\t\t\treg = <0 0x80000000 0 0x80000>;"

/* What is merely empty, unsorted or stated twice is no reason to refuse a machine. */
static void test_odd(void **state)
{
	static const struct {
		const char *old, *new;
		uint32_t nr_ram, nr_reserved;
		uint64_t base, size;		/* of the first bank */
		unsigned notes;
	} cases[] = {
		/* a socket without memory, before, behind and within */
		{ MEMORY, BANK("40000000", "0 0x40000000 0 0") MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, BANK("100000000", "1 0 0 0") MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, "memory@90000000 { device_type = \"memory\"; };\n\t" MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, "memory@90000000 { device_type = \"memory\"; reg; };\n\t" MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, BANK("90000000", "1 0 0 0 1 0 0 0x1000 2 0 0 0") MEMORY, 2, 1, 0x80000000, GIB, 0 },
		/* disabled, unsorted, adjacent on both sides, overlapping, twice the same */
		{ MEMORY, "memory@1 { device_type = \"memory\"; status = \"disabled\"; reg = <0 1 0>; };\n\t" MEMORY,
		  1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, BANK("200000000", "2 0 0 0x1000 0 0x70000000 0 0x1000 1 0 0 0x1000") MEMORY,
		  4, 1, 0x70000000, 0x1000, 0 },
		{ MEMORY, BANK("c0000000", "0 0xc0000000 0 0x1000 0 0x7ffff000 0 0x1000") MEMORY,
		  1, 1, 0x7ffff000, GIB + 0x2000, 0 },
		{ MEMORY, BANK("b0000000", "0 0xb0000000 0 0x20000000") MEMORY, 1, 1, 0x80000000, GIB + 256 * MIB, 1 },
		{ MEMORY, BANK("80000001", "0 0x80000000 0 0x40000000 2 0 0 0x1000") "memory@2 {"
		  "device_type = \"memory\"; reg = <0 0x80000000 0 0x1000>; };\n\t" MEMORY, 2, 1, 0x80000000, GIB, 2 },
		/* a bank that joins all the others */
		{ MEMORY, BANK("0", "0 0x70000000 0 0x1000 0 0x72000000 0 0x1000 0 0xc8000000 0 0x1000"
		  " 0 0x70000800 0 0x58000000") MEMORY, 1, 1, 0x70000000, 0x58001000, 4 },
		/* reserved: nothing, nowhere yet, and where "ranges" is forgotten */
		{ RESERVED, "mmode_resv0@80000000 {\n\t\t\treg = <0 0x80000000 0 0>;", 1, 0, 0x80000000, GIB, 0 },
		{ RESERVED, "mmode_resv0@80000000 {\n\t\t\treg;", 1, 0, 0x80000000, GIB, 0 },
		{ RESERVED, "a { reg = <0 0x90000000 0 0 0 0x91000000 0 0x1000>; }; " RESERVED, 1, 2, 0x80000000, GIB,
		  0 },
		{ "\t\tranges;\n\n\t\tmmode_resv0", "\t\tmmode_resv0", 1, 1, 0x80000000, GIB, 0 },
		{ "/dts-v1/;", "/dts-v1/;\n/memreserve/ 0x80000000 0;\n/memreserve/ 0x90000000 0x1000;",
		  1, 2, 0x80000000, GIB, 0 },
	};
	struct tree t;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		t = tree_edit("virt", cases[i].old, cases[i].new, NULL);
		if (parse_as(&t, false) || host.nr_ram != cases[i].nr_ram || host.nr_reserved != cases[i].nr_reserved ||
		    host.ram[0].base != cases[i].base || host.ram[0].size != cases[i].size ||
		    kept.nr != cases[i].notes) {
			kept_print(&kept);
			fail_msg("case %u: %u banks, %u reserved", i, host.nr_ram, host.nr_reserved);
		}
		tree_free(&t);
	}
}

/* Banks that join are no more than one, however many there are; apart from each other they have a limit. */
static void test_many_banks(void **state)
{
	static char text[HOST_MAX_RAM * 80], word[80];
	struct tree t;
	unsigned i, step;

	(void)state;
	for (step = 1; step <= 2; step++) {
		text[0] = 0;
		for (i = 2 * HOST_MAX_RAM; i--;) {	/* from the highest down */
			snprintf(word, sizeof(word), " 0 0x%x 0 0x1000", 0x80000000 + i * step * 0x1000);
			strcat(text, word);
		}
		t = tree_edit("virt", " 0 0x80000000 0 0x40000000" + 1, text, NULL);
		assert_int_equal(parse_as(&t, false), step == 1 ? OK : ERR_INVALID);
		if (step == 1)
			assert_range(host.ram[0], 0x80000000, 2 * HOST_MAX_RAM * 0x1000);
		else
			assert_non_null(kept_find(&kept, PROBLEM_LIMIT, "/memory@80000000", ""));
		tree_free(&t);
	}
}

/* Each cause has its own words: what a person mends is another thing each time. */
static void test_causes(void **state)
{
	static uint8_t room[1 << 16] __attribute__((aligned(8)));
	static const struct {
		unsigned at;
		uint8_t value;
		const char *word;
	} header[] = {
		{ 0, 0x7f, "d0 0d fe ed" }, { 5, 0xff, "cut off" }, { 23, 16, "version" }, { 27, 18, "version" },
		{ 9, 0xff, "blocks" },
	};
	struct tree t = tree_file("virt");
	unsigned i;

	(void)state;
	assert_true(t.size < sizeof(room) - 8);
	for (i = 0; i < ARRAY_LEN(header); i++) {
		memcpy(room, t.data, t.size);
		room[header[i].at] = header[i].value;
		assert_non_null(strstr(dt_fault(room, t.size), header[i].word));
	}
	assert_non_null(strstr(dt_fault(NULL, 0), "address is 0"));
	assert_non_null(strstr(dt_fault(t.data, 16), "d0 0d fe ed"));
	for (i = 1; i < 8; i++) {	/* copied by the firmware, which asks for its size */
		memmove(room + i, t.data, t.size);
		assert_non_null(strstr(dt_fault(room + i, t.size), "multiple of 8"));
		assert_int_equal(dt_size(room + i, t.size), t.size);
		assert_int_equal(dt_size(room + i, t.size - 1), 0);
	}
	assert_int_equal(dt_size(NULL, 100), 0);
	assert_int_equal(dt_size(t.data, 39), 0);
	tree_free(&t);
}

/* All harts disabled: said, not crashed over. */
static void test_no_hart(void **state)
{
	struct tree t = tree_edit("shared-pages", "reg = <3>;", "reg = <3>; status = \"disabled\";",
				  "reg = <4>;", "reg = <4>; status = \"disabled\";",
				  "status = \"okay\"", "status = \"disabled\"",
				  "status = \"okay\"", "status = \"fail\"",
				  "mmu-type = \"riscv,sv48\"", "mmu-type = \"riscv,none\"",
				  "mmu-type = \"riscv,sv48\"", "mmu-type = \"riscv,none\"",
				  "mmu-type = \"riscv,sv48\"", "mmu-type = \"riscv,none\"", NULL);

	(void)state;
	assert_int_equal(parse_as(&t, true), ERR_INVALID);
	assert_non_null(kept_find(&kept, PROBLEM_BAD_HOST, "/cpus", ""));
	tree_free(&t);
}

static char *append(char *text, size_t room, const char *more)
{
	strncat(text, more, room - strlen(text) - 1);
	return text;
}

static void test_limits(void **state)
{
	size_t room = 1 << 20;
	char *text = calloc(1, room), word[160];
	struct tree t;
	unsigned i;

	(void)state;
	assert_non_null(text);
	/* nested deeper than any real tree */
	append(text, room, "/dts-v1/; / {");
	for (i = 0; i < DT_MAX_DEPTH; i++)
		append(text, room, " a {");
	for (i = 0; i < DT_MAX_DEPTH; i++)
		append(text, room, " };");
	t = tree_text(append(text, room, " };"));
	assert_int_equal(parse_as(&t, false), ERR_INVALID);
	tree_free(&t);

	/* more nodes than there is room for */
	strcpy(text, "/dts-v1/; / {");
	for (i = 0; i < HOST_MAX_NODES; i++) {
		snprintf(word, sizeof(word), "n%u{};", i);
		strcpy(text + strlen(text), word);
	}
	t = tree_text(append(text, room, " };"));
	assert_int_equal(parse_as(&t, false), ERR_NOSPACE);
	assert_non_null(kept_find(&kept, PROBLEM_BAD_HOST, "/", ""));
	tree_free(&t);

	/* more harts than there is room for: named, not cut off */
	strcpy(text, "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
		     "memory { device_type = \"memory\"; reg = <0 0 1 0>; }; "
		     "cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <1>;");
	for (i = 0; i <= MAX_HARTS; i++) {
		snprintf(word, sizeof(word), "c%u { device_type = \"cpu\"; reg = <%u>; riscv,isa = \"rv64gch\";"
			 "i%u: i { interrupt-controller; #interrupt-cells = <1>; phandle = <%u>; }; };",
			 i, i, i, i + 1);
		append(text, room, word);
	}
	t = tree_text(append(text, room, " }; };"));
	assert_int_equal(parse_as(&t, false), ERR_INVALID);
	assert_non_null(kept_find(&kept, PROBLEM_LIMIT, "/cpus", ""));
	tree_free(&t);
	free(text);
}

static void test_not_a_tree(void **state)
{
	struct tree t = tree_file("virt"), cut;
	size_t size;

	(void)state;
	for (size = 0; size < t.size; size += size < 64 ? 1 : 97) {
		cut = tree_copy(t.data, size);
		assert_int_not_equal(parse_as(&cut, false), OK);
		tree_free(&cut);
	}
	t.data[0] ^= 1;
	assert_int_equal(parse_as(&t, false), ERR_INVALID);
	tree_free(&t);
	assert_int_equal(host_parse(&host, NULL, 0, false, &kept.r), ERR_INVALID);
}

/* Whatever was read is consistent, or it was refused. */
static void check_consistent(void)
{
	struct host_irq_cursor cursor;
	struct host_irq irq;
	struct range reg;
	char path[40];
	unsigned i, j;

	for (i = 0; i < host.nr_ram; i++) {
		assert_true(range_valid(host.ram[i]));
		assert_true(!i || range_last(host.ram[i - 1]) < host.ram[i].base);
	}
	for (i = 0; i < host.nr_nodes; i++) {
		assert_true(host.nodes[i].end > i && host.nodes[i].end <= host.nr_nodes);
		assert_true(!i || host.nodes[i].parent < i);
		assert_true(strlen(host_path(&host, i, path, sizeof(path))) < sizeof(path));
		for (j = 0; host_node_reg(&host, i, j, &reg) != ERR_NOTFOUND; j++)
			assert_true(j < host.dt.size);
		cursor = (struct host_irq_cursor){ 0 };
		for (j = 0; host_next_irq(&host, i, &cursor, &irq) == OK; j++)
			assert_true(j < host.dt.size);
		host_is_disabled(&host, i);
	}
}

static void test_damaged(void **state)
{
	static const char *const names[] = { "virt", "sockets", "three-contexts", "shared-pages" };
	unsigned n, i, k, accepted = 0;

	(void)state;
	rng_seed(20240501);
	for (n = 0; n < ARRAY_LEN(names); n++) {
		struct tree good = tree_file(names[n]);

		for (i = 0; i < 6000; i++) {
			struct tree t = tree_copy(good.data, good.size);

			for (k = rng_below(4) + 1; k; k--) {
				uint32_t at = rng_below(t.size), v = rng_below(6);

				at = rng_below(8) ? at : rng_below(64);	/* the header more often */
				t.data[at] = v == 0 ? 0 : v == 1 ? 0xff : v == 2 ? t.data[at] + 1 :
					     v == 3 ? t.data[at] - 1 : (uint8_t)rng();
			}
			if (parse_as(&t, rng_below(2)) == OK) {
				accepted++;
				check_consistent();
			} else {
				assert_true(kept.r.count > 0);
			}
			tree_free(&t);
		}
		tree_free(&good);
	}
	assert_true(accepted > 1000);	/* otherwise the damage is too great to be a test */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_virt),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_sswi),
		cmocka_unit_test(test_inherited_parent),
		cmocka_unit_test(test_cells_of_outer_bus),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_reg_of_any_size),
		cmocka_unit_test(test_interrupt_controllers),
		cmocka_unit_test(test_mixed_isa_properties),
		cmocka_unit_test(test_shared_pages),
		cmocka_unit_test(test_isa_forms),
		cmocka_unit_test(test_same_isa),
		cmocka_unit_test(test_cbom_block),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_many_banks),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_no_hart),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_not_a_tree),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("host_dt", tests, NULL, NULL);
}
