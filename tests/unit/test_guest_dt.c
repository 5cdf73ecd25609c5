/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan/guest_dt.c, guest_refs.c and isa.c: what a guest's tree has and has not, read by
 * libfdt, which has no part in writing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "hyp/plan/isa.h"
#include "tests/unit/rng.h"
#include "tests/unit/lib/built_tree.h"

/* Places for seeds, and nothing of the host's. */
static void check_seeds(bool any)
{
	static const uint8_t zeroes[RNG_SEED_SIZE];

	if (!any) {
		has_no_prop("/chosen", "rng-seed");
		has_no_prop("/chosen", "kaslr-seed");
		assert_int_equal(guest_dt_chosen(dtb, "rng-seed", RNG_SEED_SIZE), 0);
		return;
	}
	assert_memory_equal(dtb + guest_dt_chosen(dtb, "rng-seed", RNG_SEED_SIZE), zeroes, RNG_SEED_SIZE);
	assert_memory_equal(dtb + guest_dt_chosen(dtb, "kaslr-seed", KASLR_SEED_SIZE), zeroes, KASLR_SEED_SIZE);
	assert_int_not_equal(guest_dt_chosen(dtb, "rng-seed", RNG_SEED_SIZE), 0);
	assert_int_not_equal(guest_dt_chosen(dtb, "kaslr-seed", KASLR_SEED_SIZE), 0);
	assert_int_equal(guest_dt_chosen(dtb, "rng-seed", RNG_SEED_SIZE - 1), 0);
}

static void test_no_seeds(void **state)
{
	(void)state;
	build(tree_edit("virt", "rng-seed = <1 2 3 4>;", "", NULL), LINUX_NODE, 0);
	check_seeds(false);
}

static void test_linux(void **state)
{
	(void)state;
	build(tree_file("virt"), LINUX_NODE, 0);
	check_string("/", "compatible", "riscv-virtio");
	check_string("/", "model", "riscv-virtio,qemu");
	CELLS("/", "#address-cells", 2);
	check_string("/chosen", "bootargs", "console=ttyS0");
	check_string("/chosen", "stdout-path", "/soc/serial@10000000:115200n8");
	CELLS("/chosen", "linux,initrd-start", 0, 0xa0300000);
	CELLS("/chosen", "linux,initrd-end", 0, 0xa0400000);
	check_seeds(true);

	CELLS("/memory@80600000", "reg", 0, 0x80600000, 0, 0x20000000 - PAGE_SIZE);	/* behind it: resets */
	check_string("/memory@80600000", "device_type", "memory");
	has_not("/memory@80000000");
	has_not("/reserved-memory");

	CELLS("/cpus", "timebase-frequency", 10000000);
	CELLS("/cpus/cpu@0", "reg", 0);
	CELLS("/cpus/cpu@1", "reg", 1);
	has_not("/cpus/cpu@2");
	has_not("/cpus/cpu-map");
	check_string("/cpus/cpu@1", "riscv,isa",
		     "rv64imafdc_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs_sstc");
	check_string("/cpus/cpu@0/interrupt-controller", "compatible", "riscv,cpu-intc");

	CELLS("/soc/plic@c000000", "interrupts-extended",
	      phandle("/cpus/cpu@0/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@0/interrupt-controller"), 9,
	      phandle("/cpus/cpu@1/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@1/interrupt-controller"), 9);
	CELLS("/soc/plic@c000000", "reg", 0, 0xc000000, 0, 0x600000);
	CELLS("/soc/plic@c000000", "riscv,ndev", 0x5f);
	CELLS("/soc/serial@10000000", "interrupts", 10);
	CELLS("/soc/serial@10000000", "interrupt-parent", phandle("/soc/plic@c000000"));
	assert_non_null(fdt_getprop(dtb, node("/soc"), "ranges", NULL));
	assert_true(node("/soc/virtio_mmio@10001000") > 0);

	has_not("/soc/virtio_mmio@10002000");
	has_not("/soc/rtc@101000");
	has_not("/soc/test@100000");
	has_not("/soc/clint@2000000");
	has_not("/poweroff");
	has_not("/pmu");
	check_string("/aliases", "serial0", "/soc/serial@10000000");
	has_no_prop("/aliases", "rtc0");
	has_no_prop("/aliases", "soc");
}

/* The guest's PLIC keeps three bits of a priority, whatever the host's does. */
static void test_max_priority(void **state)
{
	static const struct { const char *host; uint32_t guest; } cases[] = {
		{ "riscv,max-priority = <15>;", 7 }, { "riscv,max-priority = <8>;", 7 },
		{ "riscv,max-priority = <7>;", 7 },
		{ "riscv,max-priority = <3>;", 3 }, { "riscv,max-priority = <0xffffffff>;", 7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[80];

		snprintf(text, sizeof(text), "%s\n riscv,ndev = <", cases[i].host);
		build(tree_edit("virt", "riscv,ndev = <", text, NULL), LINUX_NODE, 0);
		CELLS("/soc/plic@c000000", "riscv,max-priority", cases[i].guest);
	}
}

/* A clock comes along with the clock behind it; a stand-in replaces a reset line of another owner. */
static void test_references(void **state)
{
	(void)state;
	build(tree_file("virt"), LINUX_NODE, 0);
	CELLS("/soc/serial@10000000", "clocks", phandle("/clocks/uart-clock"));
	check_string("/soc/serial@10000000", "clock-names", "baudclk");
	CELLS("/clocks/uart-clock", "clocks", phandle("/clocks/crystal"));
	has_not("/clocks/unused-clock");
	CELLS("/soc/serial@10000000", "resets", phandle("/reset-controller@a05ff000"), 0);
	check_string("/soc/serial@10000000", "reset-names", "uart");
	assert_int_equal(t.kept.nr, 0);

	build(tree_file("shared-pages"), "a { harts = <0>; memory = \"1M\"; kernel = \"rt\";"
	      " devices = \"/soc/serial@50900800\", \"/soc/serial@50900000\"; };", 0);
	has_no_prop("/soc/serial@50900800", "dmas");
	has_no_prop("/soc/serial@50900800", "dma-names");
	CELLS("/soc", "interrupt-parent", phandle("/soc/interrupt-controller@c000000"));
	check_string("/chosen", "stdout-path", "/soc/serial@50900800");	/* its first */

	build(tree_file("shared-pages"), "a { harts = <0>; memory = \"1M\"; kernel = \"rt\"; trust-dma;"
	      " devices = \"/soc/serial@50900800\", \"/soc/serial@50900000\","
	      " \"/soc/dma-controller@50430000\"; };", 0);
	CELLS("/soc/serial@50900800", "dmas", phandle("/soc/dma-controller@50430000"), 1,
	      phandle("/soc/dma-controller@50430000"), 2);
	assert_int_equal(fdt_stringlist_count(dtb, node("/soc/serial@50900800"), "dma-names"), 2);
}

/* A device comes with what is below it, and a controller between it and the PLIC. */
static void test_subtree(void **state)
{
	(void)state;
	build(tree_file("virt"), "a { harts = <0>; memory = \"1M\"; kernel = \"rt\";"
	      " devices = \"/soc/i2c@10070000\", \"/soc/gpio@10060000\"; };", 0);
	CELLS("/soc/i2c@10070000/sensor@48", "reg", 0x48);
	CELLS("/soc/i2c@10070000/sensor@48", "interrupt-parent", phandle("/soc/gpio@10060000"));
	CELLS("/soc/i2c@10070000/sensor@48", "reset-gpios", phandle("/soc/gpio@10060000"), 5, 0);
	has_no_prop("/chosen", "stdout-path");
	has_no_prop("/chosen", "bootargs");
	has_no_prop("/chosen", "linux,initrd-start");
}

static void test_virtual_uart(void **state)
{
	(void)state;
	build(tree_file("virt"), "a { harts = <0>; memory = \"1M\"; kernel = \"rt\"; console = \"uart\";"
	      " console-address = \"0x12345000\"; };", 0);
	check_string("/chosen", "stdout-path", "/serial@12345000");
	check_string("/serial@12345000", "compatible", "ns16550a");
	CELLS("/serial@12345000", "reg", 0, 0x12345000, 0, t.plan.vms[0].vuart.size);
	check_string("/aliases", "serial0", "/serial@12345000");
	/* A UART of its own beside it, which the host's tree calls serial0, is called so in the guest's. */
	build(tree_file("virt"), "a { harts = <0>; memory = \"1M\"; kernel = \"rt\"; console = \"uart\";"
	      " devices = \"serial0\"; console-address = \"0x12345000\"; };", 0);
	check_string("/chosen", "stdout-path", "/serial@12345000");
	check_string("/aliases", "serial0", "/soc/serial@10000000");
}

static void test_bare(void **state)
{
	(void)state;
	build(tree_file("virt"), LINUX_NODE "rt { harts = <2>; memory = \"16M as 0x40000000\", "
	      "\"1M at 0xb0000000\"; kernel = \"rt\"; };", 1);
	CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, 0x1000000);
	CELLS("/memory@b0000000", "reg", 0, 0xb0000000, 0, 0x100000);
	has_not("/cpus/cpu@1");
	CELLS("/soc/plic@c000000", "interrupts-extended",
	      phandle("/cpus/cpu@0/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@0/interrupt-controller"), 9);
	has_not("/soc/serial@10000000");
	has_not("/clocks");
	has_no_prop("/aliases", "serial0");
}

/* Two PLICs; a hart that one of them does not serve still has its two contexts there. */
static void test_sockets(void **state)
{
	static const char extensions[] =
		"i\0m\0a\0f\0d\0c\0zicbom\0zicboz\0zicntr\0zicsr\0zifencei\0sstc\0svadu\0svpbmt";
	const char *s;
	int size;

	(void)state;
	build(tree_file("sockets"), "a { harts = <1 2>; memory = \"1G\", \"4G\"; kernel = \"rt\"; trust-dma;"
	      " devices = \"/soc/virtio_mmio@10001000\", \"/soc/serial@10000000\"; };", 0);
	CELLS("/soc/plic@c000000", "interrupts-extended",
	      phandle("/cpus/cpu@0/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@0/interrupt-controller"), 9,
	      phandle("/cpus/cpu@1/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@1/interrupt-controller"), 0xffffffff);
	CELLS("/soc/plic@c600000", "interrupts-extended",
	      phandle("/cpus/cpu@0/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@0/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@1/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@1/interrupt-controller"), 9);
	has_no_prop("/soc/plic@c000000", "numa-node-id");
	has_no_prop("/cpus/cpu@0", "numa-node-id");
	has_not("/distance-map");
	CELLS("/memory@2000000000", "reg", 0x20, 0, 1, 0);
	check_string("/cpus/cpu@1", "riscv,isa", "rv64imafdc_zicsr");
	check_string("/cpus/cpu@1", "riscv,isa-base", "rv64i");
	s = fdt_getprop(dtb, node("/cpus/cpu@1"), "riscv,isa-extensions", &size);
	assert_non_null(s);
	assert_int_equal(size, sizeof(extensions));
	assert_memory_equal(s, extensions, sizeof(extensions));
}

static void test_sparse(void **state)
{
	(void)state;
	build(tree_file("three-contexts"), "a { harts = <0x13 0x10>; memory = \"16M\"; kernel = \"rt\";"
	      " devices = \"/soc/serial@300000\"; };", 0);
	CELLS("/cpus/cpu@0", "reg", 0, 0);
	CELLS("/cpus/cpu@1", "reg", 0, 1);
	CELLS("/soc/serial@300000", "reg", 0x300000, 0x10000);	/* the bus moves it */
	CELLS("/soc", "ranges", 0, 0, 0x20000000, 0x10000000, 0x80000000, 0x10, 0, 0x1000000);
	CELLS("/", "interrupt-parent", phandle("/interrupt-controller@9000000"));
	CELLS("/interrupt-controller@9000000", "interrupts-extended",
	      phandle("/cpus/cpu@0/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@0/interrupt-controller"), 9,
	      phandle("/cpus/cpu@1/interrupt-controller"), 0xffffffff,
	      phandle("/cpus/cpu@1/interrupt-controller"), 9);
	has_not("/soc/far@80000000");
}

/*
 * Without Sstc in the plan (a hart lacks it, or the firmware keeps it) the guest does not see it.
 */
static void test_no_sstc(void **state)
{
	(void)state;
	build(tree_file("virt"), LINUX_NODE, 0);
	t.plan.vms[0].sstc = false;
	kept_reset(&t.kept);
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), OK);
	check_string("/cpus/cpu@0", "riscv,isa", "rv64imafdc_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs");
}

static void test_isa_strip(void **state)
{
	static const struct {
		const char *isa, *left;
		uint32_t given;
	} cases[] = {
		{ "rv64imafdch", "rv64imafdc", HART_SSTC },
		{ "rv64imafdch_zicsr", "rv64imafdc_zicsr", HART_SSTC },
		{ "rv64gcvh_sstc", "rv64gcv_sstc", HART_SSTC },
		{ "rv64gcvh_sstc", "rv64gcv", 0 },
		{ "rv64hgc", "rv64gc", HART_SSTC },
		{ "rv64gc_h", "rv64gc", HART_SSTC },
		{ "rv64i2p1m2p0h1p0_zicsr2p0", "rv64i2p1m2p0_zicsr2p0", HART_SSTC },
		{ "rv64gch_shcounterenw_shtvala_smaia_smstateen_ssaia_zba", "rv64gc_zba", HART_SSTC },
		{ "rv64gch_sha_zihintpause_zihpm", "rv64gc_zihintpause", HART_SSTC },
		{ "RV64GCH_SHA_SMAIA_ZBA", "RV64GC_ZBA", HART_SSTC },
		{ "rv64gc_zfh_zvfhmin_xthead_svinval", "rv64gc_zfh_zvfhmin_xthead_svinval", HART_SSTC },
		{ "rv64gc_sdtrig_zicfilp_ssdbltrp_ssnpm", "rv64gc_ssnpm", HART_SSTC },
		{ "rv64gc_zk_zkn_zknd_zkr_zks_zkt", "rv64gc_zkn_zknd_zks_zkt", HART_SSTC },
		{ "rv64imafdcsu", "rv64imafdcsu", HART_SSTC },
		{ "rv64", "rv64", HART_SSTC },
		{ "rv64_", "rv64", HART_SSTC },
		{ "rv64h", "rv64", HART_SSTC },
		{ "rv64gc_zicbom_svpbmt_sstc", "rv64gc", 0 },
		{ "rv64gc_zicbom_svpbmt_sstc", "rv64gc_zicbom_svpbmt", HART_ZICBOM | HART_SVPBMT },
		{ "rv64gc_zicbom_zicboz_svpbmt", "rv64gc_zicbom_zicboz", HART_ZICBOM },
		{ "rv64gc_zicsr_Zhinx", "rv64gc_zicsr_Zhinx", HART_SSTC },
	};
	char out[128];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		memset(out, 'x', sizeof(out));
		assert_int_equal(isa_strip(out, cases[i].isa, cases[i].given), strlen(cases[i].left));
		assert_string_equal(out, cases[i].left);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_max_priority),
		cmocka_unit_test(test_no_seeds),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_subtree),
		cmocka_unit_test(test_virtual_uart),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_no_sstc),
		cmocka_unit_test(test_isa_strip),
	};

	return cmocka_run_group_tests_name("guest_dt", tests, NULL, end);
}
