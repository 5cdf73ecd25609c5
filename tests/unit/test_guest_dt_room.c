/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan/guest_dt.c: how large the guests' trees may become, 32-bit cells, and damaged host trees. */
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

/* U-Boot adds to its tree where it lies: some KiB at the end of it are free, and nothing of them is the
 * hypervisor's. */
static void test_slack(void **state)
{
	uint32_t used;

	(void)state;
	build(tree_file("virt"), LINUX_NODE, 0);
	used = fdt_off_dt_strings(dtb) + fdt_size_dt_strings(dtb);
	assert_int_equal(fdt_totalsize(dtb), used + GUEST_DTB_SLACK);
	for (uint32_t i = 0; i < GUEST_DTB_SLACK; i++)
		assert_int_equal(dtb[used + i], 0);
	for (int i = 0; i < 100; i++) {
		char name[24];

		snprintf(name, sizeof(name), "added-%d", i);
		assert_int_equal(fdt_setprop_string(dtb, 0, name, "a property of a boot loader"), 0);
	}
}

static void test_no_room(void **state)
{
	size_t size;

	(void)state;
	build(tree_file("virt"), LINUX_NODE, 0);
	size = fdt_totalsize(dtb);
	/* Exactly enough is enough; a byte less is reported. AddressSanitizer watches the end. */
	for (; size > 0; size -= size > 120 ? 113 : 1) {
		struct tree small = tree_copy(dtb, size);

		kept_reset(&t.kept);
		if (size == fdt_totalsize(dtb)) {
			assert_int_equal(guest_dt_build(small.data, size, &t.plan, &t.host, 0, &t.kept.r), OK);
			assert_memory_equal(small.data, dtb, size);
		} else {
			assert_int_equal(guest_dt_build(small.data, size, &t.plan, &t.host, 0, &t.kept.r),
					 ERR_NOSPACE);
			assert_non_null(kept_find(&t.kept, PROBLEM_DTB_NO_ROOM, "/linux", "devices"));
		}
		tree_free(&small);
	}
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 1, &t.kept.r), ERR_RANGE);
}

/* 32-bit addresses in the host's tree cannot describe memory above 4 GiB. */
static void test_small_cells(void **state)
{
	struct tree host = tree_text(
		"/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; "
		"memory { device_type = \"memory\"; reg = <0x80000000 0x40000000>; }; "
		"cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <1>; "
		"c { device_type = \"cpu\"; reg = <0>; riscv,isa = \"rv64gch\"; mmu-type = \"riscv,sv39\"; "
		"i { interrupt-controller; #interrupt-cells = <1>; phandle = <1>; }; }; }; };");

	(void)state;
	test_plan_make(&t, host, "a { harts = <0>; memory = \"1M\", \"1M as 0x100000000\"; kernel = \"rt\"; };");
	assert_int_equal(t.result, OK);
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), ERR_INVALID);
	assert_non_null(kept_find(&t.kept, PROBLEM_ADDRESS_TOO_HIGH, "/a", "memory"));
}

/* Nor a virtual UART there; the page below is the last one that they can. */
static void test_small_cells_of_a_uart(void **state)
{
	static const char *const at[] = { "0xfffff000", "0x100000000", "0x100001000", "0x8000000000" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		struct tree host = tree_text(
			"/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; "
			"memory { device_type = \"memory\"; reg = <0x80000000 0x40000000>; }; "
			"cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <1>; "
			"c { device_type = \"cpu\"; reg = <0>; riscv,isa = \"rv64gch\"; mmu-type = \"riscv,sv48\"; "
			"i { interrupt-controller; #interrupt-cells = <1>; phandle = <1>; }; }; }; };");
		char text[200];

		snprintf(text, sizeof(text), "a { harts = <0>; memory = \"1M\"; kernel = \"rt\"; console = \"uart\"; "
			 "console-address = \"%s\"; };", at[i]);
		test_plan_make(&t, host, text);
		assert_int_equal(t.result, OK);
		assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r),
				 i ? ERR_INVALID : OK);
		assert_true(!i == !kept_find(&t.kept, PROBLEM_ADDRESS_TOO_HIGH, "/a", "console-address"));
	}
}

/* Damaged host trees that still make a plan make sound guest trees. */
static void test_damaged(void **state)
{
	static const char *const hosts[] = { "virt", "sockets", "three-contexts", "shared-pages" };
	unsigned k, accepted = 0;
	enum err e;

	(void)state;
	rng_seed(99);
	for (unsigned h = 0; h < ARRAY_LEN(hosts); h++) {
		struct tree good = tree_file(hosts[h]);
		const char *wrong;

		test_plan_make(&t, tree_copy(good.data, good.size), "a { harts = <0>; memory = \"16M\";"
			       " trust-dma; kernel = \"rt\"; devices = \"/soc/serial@10000000\"; };");
		t.config.vms[0].devices[0] = h == 2 ? "/soc/serial@300000" : h == 3 ?
					     "/soc/serial@50901000" : "/soc/serial@10000000";
		for (unsigned i = 0; i < 5000; i++) {
			struct tree bad = tree_copy(good.data, good.size);

			for (k = rng_below(3) + 1; k; k--)
				bad.data[rng_below(bad.size)] = rng_below(3) ? (uint8_t)rng() : 0;
			kept_reset(&t.kept);
			e = host_parse(&t.host, bad.data, bad.size, true, &t.kept.r);
			if (!e)
				e = plan_make(&t.plan, &t.host, &t.config, &t.package, test_hyp, &t.kept.r);
			if (!e) {
				wrong = oracle_check(&t.host, &t.config, &t.plan);
				if (wrong)
					fail_msg("%s", wrong);
				e = guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r);
			}
			if (!e) {
				accepted++;
				assert_int_equal(fdt_check_header(dtb), 0);
				for (k = 0; (int)k >= 0; k = fdt_next_node(dtb, k, NULL))
					;
				assert_int_equal((int)k, -FDT_ERR_NOTFOUND);
			}
			tree_free(&bad);
		}
		tree_free(&good);
	}
	print_message("%u of 20000 accepted\n", accepted);
	assert_true(accepted > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slack),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_small_cells),
		cmocka_unit_test(test_small_cells_of_a_uart),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("guest_dt_room", tests, NULL, end);
}
