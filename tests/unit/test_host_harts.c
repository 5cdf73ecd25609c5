/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan/host_cpus.c and isa.c: the harts of several kinds of machines, and their ISA. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/rng.h"
#include "tests/unit/lib/parsed_host.h"

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

static void test_sockets(void **state)
{
	struct tree t = tree_file("sockets");

	(void)state;
	parse_good(&t);
	assert_int_equal(host.nr_ram, 2);	/* the adjacent banks are one */
	assert_range(host.ram[0], 0x80000000, 2 * GIB);
	assert_range(host.ram[1], 0x2000000000, 64 * GIB);
	assert_int_equal(host.nr_plics, 2);
	for (unsigned p = 0; p < 2; p++)
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(host.plics[p].context[i],
					 i / 2 == p ? (int)(2 * (i % 2) + 1) : NO_CONTEXT);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(host.harts[i].features, HART_H | HART_FD | HART_SSTC | HART_SVADU |
				 HART_SVPBMT | HART_ZICBOM | HART_ZICBOZ);
		assert_int_equal(host.harts[i].mmu_levels, 5);
	}
	tree_free(&t);
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

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(new, sizeof(new), "riscv,isa = \"%s\"", cases[i].isa);
		t = tree_edit("shared-pages", "riscv,isa = \"rv64imafdcvh\"", new, NULL);
		parse_good(&t);
		assert_int_equal(host.harts[3].isa, cases[i].features);
		tree_free(&t);
	}
}

/* A hart of 32 bits is left out, as one without an MMU is; whichever property says it. */
static void test_rv32(void **state)
{
	static const char *const cases[] = {
		"riscv,isa = \"rv32gch\"",
		"riscv,isa = \"RV32imac\"",
		"riscv,isa-base = \"rv32i\"; riscv,isa-extensions = \"i\", \"h\"",
		"riscv,isa-base = \"rv32i\"; riscv,isa = \"rv64gch\"",
		"riscv,isa = \"rv64imafdcvh\"",			/* from here on: fit */
		"riscv,isa-base = \"rv64i\"; riscv,isa-extensions = \"i\", \"h\"",
	};
	struct tree t;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		t = tree_edit("shared-pages", "riscv,isa = \"rv64imafdcvh\"", cases[i], NULL);
		parse_good(&t);
		assert_int_equal(host.nr_harts, i < 4 ? 4 : 5);
		if (i < 4)
			assert_string_equal(host_hart_fault(&host, 3), "it is an RV32 hart");
		else
			assert_null(host_hart_fault(&host, 3));
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

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sswi),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_interrupt_controllers),
		cmocka_unit_test(test_mixed_isa_properties),
		cmocka_unit_test(test_isa_forms),
		cmocka_unit_test(test_rv32),
		cmocka_unit_test(test_same_isa),
		cmocka_unit_test(test_cbom_block),
		cmocka_unit_test(test_no_hart),
	};

	return cmocka_run_group_tests_name("host_harts", tests, NULL, NULL);
}
