/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: networks between guests, their cards, and the nodes of these in the guests' trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "tests/unit/lib/plan_cases.h"

#define NET(text)	"net = " text ";"

static const struct plan_vm *vm(unsigned i) { return &t.plan.vms[i]; }

static void test_two(void **state)
{
	const struct plan_card *a = &vm(0)->cards[0], *b = &vm(1)->cards[1];

	(void)state;
	plan_good(tree_file("virt"), A(NET("\"lan\"")) B(NET("\"dmz\", \"lan\"")));
	assert_int_equal(t.plan.nr_nets, 2);
	assert_string_equal(t.plan.nets[0].name, "lan");
	assert_int_equal(t.plan.nets[0].nr_ports, 2);
	assert_int_equal(t.plan.nets[1].nr_ports, 1);	/* a guest may be alone */
	assert_int_equal(a->net, 0);
	assert_int_equal(a->port, 0);
	assert_int_equal(b->port, 1);
	assert_int_equal(a->base.v, 0x10009000);
	assert_int_equal(b->base.v, 0x1000a000);
	assert_int_equal(a->irq, 1);
	assert_int_equal(b->irq, 2);
	assert_memory_not_equal(a->mac, b->mac, 6);
	assert_memory_not_equal(vm(1)->cards[0].mac, b->mac, 6);
}

/* An address depends on the names of guest and network alone. */
static void test_stable(void **state)
{
	uint8_t mac[6];

	(void)state;
	plan_good(tree_file("virt"), A() B(NET("\"lan\"")));
	memcpy(mac, vm(1)->cards[0].mac, 6);
	assert_int_equal(mac[0], 0x02);
	assert_int_equal(mac[1], 0x62);
	plan_good(tree_file("virt"), A(NET("\"lan\", \"x\"")) B(NET("\"x\", \"lan\"")));
	assert_memory_equal(vm(1)->cards[1].mac, mac, 6);
}

/* Beside a device, the virtual UART and a doorbell. */
static void test_beside(void **state)
{
	(void)state;
	plan_good(tree_file("virt"), "shared = \"m 4K\";" A("console = \"uart\"; trust-dma; shares = \"m\"; "
		  "devices = \"/soc/virtio_mmio@10001000\";" NET("\"lan\"")) B("shares = \"m\"; plic-mode = \"mapped\";"
		  NET("\"lan\"")));
	assert_int_equal(vm(0)->shares[0].doorbell.v, 0x10009000);
	assert_int_equal(vm(0)->cards[0].base.v, 0x1000a000);
	assert_int_equal(vm(0)->cards[0].irq, 3);	/* 1 the device's, 10 the UART's, 2 the doorbell's */
	assert_int_equal(vm(1)->policy.plic_mode, PLIC_GUARDED);
}

static void test_limit(void **state)
{
	(void)state;
	test_plan_make(&t, tree_file("virt"), A(NET("\"n0\", \"n1\", \"n2\", \"n3\""))
		       B(NET("\"n4\", \"n5\", \"n6\", \"n7\"")) "c { harts = <2>; memory = \"16M\"; kernel = \"rt\";"
		       NET("\"n8\"") " };");
	assert_int_equal(t.result, ERR_INVALID);
	assert_non_null(kept_find(&t.kept, PROBLEM_LIMIT, "/c", "net"));
}

static void test_tree(void **state)
{
	static uint64_t dtb[GUEST_DTB_MAX / 8];
	int node, size;

	(void)state;
	plan_good(tree_file("virt"), A(NET("\"lan\"")) B(NET("\"lan\"")));
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), OK);
	node = fdt_path_offset(dtb, "/virtio@10009000");
	assert_true(node > 0);
	assert_string_equal(fdt_getprop(dtb, node, "compatible", NULL), "virtio,mmio");
	assert_string_equal(fdt_getprop(dtb, node, "label", NULL), "lan");
	fdt_getprop(dtb, node, "reg", &size);
	assert_int_equal(size, 16);
	assert_non_null(fdt_getprop(dtb, node, "interrupts-extended", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two), cmocka_unit_test(test_stable), cmocka_unit_test(test_beside),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests(tests, NULL, plan_end);
}
