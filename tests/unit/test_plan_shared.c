/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: memory that several guests have: its place, its guests, their views of it; and their device trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "tests/unit/lib/plan_cases.h"

#define SHARES(text)	"shares = " text ";"

static const struct plan_vm *vm(unsigned i) { return &t.plan.vms[i]; }

static void test_two(void **state)
{
	const struct plan_share *a = &vm(0)->shares[0], *b = &vm(1)->shares[0];
	const struct plan_shared *m = &t.plan.shared[0];

	(void)state;
	plan_good(tree_file("virt"), "shared = \"m 64K\", \"n 4M\";" A(SHARES("\"m\""))
		  B(SHARES("\"n\", \"m read-only\"")));
	assert_int_equal(t.plan.nr_shared, 2);
	assert_string_equal(m->name, "m");
	assert_int_equal(m->size, 64 * KIB);
	assert_int_equal(m->nr_peers, 2);
	assert_int_equal(m->peers[1], 1);
	assert_int_equal(t.plan.shared[1].nr_peers, 1);	/* a note reports it */
	assert_int_equal(t.kept.nr, 1);
	assert_int_equal(vm(0)->nr_shares, 1);
	assert_int_equal(vm(1)->nr_shares, 2);
	assert_int_equal(a->peer, 0);
	assert_int_equal(b->peer, 1);
	assert_false(a->read_only);
	assert_true(b->read_only);
	assert_int_equal(a->base.v, m->hpa.v);
	assert_int_equal(b->base.v, m->hpa.v);
	assert_int_equal(a->doorbell.v, 0x10009000);	/* the first page that the host does not use */
	assert_int_equal(b->doorbell.v, 0x10009000);
	assert_int_equal(vm(1)->shares[1].doorbell.v, 0x1000a000);
	assert_int_equal(a->irq, 1);
	assert_int_equal(vm(1)->shares[1].irq, 2);
}

/* What no guest lists takes no memory, and the plan is the same as without. */
static void test_unused(void **state)
{
	uint64_t free;

	(void)state;
	plan_good(tree_file("virt"), A() B());
	free = t.plan.free[0].size;
	plan_good(tree_file("virt"), "shared = \"m 1M\";" A() B());
	assert_int_equal(t.plan.nr_shared, 0);
	assert_int_equal(t.plan.free[0].size, free);
	assert_int_equal(t.kept.nr, 1);
}

/* A guest that has something else at the host's address sees the memory behind it. */
static void test_moved(void **state)
{
	const struct plan_share *s = &vm(1)->shares[0];
	char guests[512];
	uint64_t at;

	(void)state;
	plan_good(tree_file("virt"), "shared = \"m 1M\";" A(SHARES("\"m\"")) B(SHARES("\"m\"")));
	at = t.plan.shared[0].hpa.v;
	snprintf(guests, sizeof(guests), "shared = \"m 1M\";" A(SHARES("\"m\""))
		 "b { harts = <1>; memory = \"16M as 0x%lx\"; kernel = \"rt\"; shares = \"m\"; };", (unsigned long)(at - 4 * MIB));
	plan_good(tree_file("virt"), guests);
	assert_int_equal(t.plan.shared[0].hpa.v, at);
	assert_int_equal(vm(0)->shares[0].base.v, at);
	assert_int_equal(s->base.v, at + 12 * MIB);
}

/* Neither the doorbell's page nor its interrupt is a device's, or the virtual UART's. */
static void test_beside_devices(void **state)
{
	(void)state;
	plan_good(tree_file("virt"), "shared = \"m 1M\";" A("console = \"uart\"; console-address = \"0x10009000\"; "
		  "trust-dma; devices = \"/soc/virtio_mmio@10001000\";" SHARES("\"m\"")) B(SHARES("\"m\"")));
	assert_int_equal(vm(0)->shares[0].doorbell.v, 0x1000a000);
	assert_int_equal(vm(0)->shares[0].irq, 3);	/* 1 is the device's, 2 the UART's */
}

/* A completion of a source that the hardware lacks has to trap. */
static void test_mode(void **state)
{
	(void)state;
	plan_good(tree_file("virt"), "shared = \"m 1M\";" A("plic-mode = \"mapped\";" SHARES("\"m\""))
		  B("plic-mode = \"emulated\";" SHARES("\"m\"")) "c { harts = <2>; memory = \"16M\"; kernel = \"rt\";"
		  " plic-mode = \"mapped\"; };");
	assert_int_equal(vm(0)->policy.plic_mode, PLIC_GUARDED);
	assert_int_equal(vm(1)->policy.plic_mode, PLIC_EMULATED);
	assert_int_equal(vm(2)->policy.plic_mode, PLIC_MAPPED);
}

/* All that this build has room for. */
static void test_most(void **state)
{
	static const char all[] = "\"m0\", \"m1\", \"m2\", \"m3\", \"m4\", \"m5\", \"m6\", \"m7\"";
	char guests[1024];

	(void)state;
	snprintf(guests, sizeof(guests), "shared = \"m0 4K\", \"m1 4K\", \"m2 4K\", \"m3 4K\", \"m4 4K\", \"m5 4K\","
		 "\"m6 4K\", \"m7 4K\"; a { harts = <0>; memory = \"16M\"; kernel = \"rt\"; shares = %s; };"
		 "b { harts = <1>; memory = \"16M\"; kernel = \"rt\"; shares = %s; };", all, all);
	plan_good(tree_file("virt"), guests);
	assert_int_equal(t.plan.nr_shared, MAX_SHARED);
	assert_int_equal(vm(1)->nr_shares, MAX_SHARED);
	assert_int_equal(vm(1)->shares[7].irq, 8);
}

static void test_tree(void **state)
{
	static uint64_t dtb[GUEST_DTB_MAX / 8];
	const char *names;
	int node, size;

	(void)state;
	plan_good(tree_file("virt"), "shared = \"m 64K\";" A(SHARES("\"m\"")) B(SHARES("\"m read-only\"")));
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 1, &t.kept.r), OK);
	node = fdt_node_offset_by_compatible(dtb, -1, "bulkhead,shared-memory-v1");
	assert_true(node > 0);
	assert_string_equal(fdt_getprop(dtb, node, "label", NULL), "m");
	assert_non_null(fdt_getprop(dtb, node, "bulkhead,read-only", NULL));
	names = fdt_getprop(dtb, node, "bulkhead,peers", &size);
	assert_int_equal(size, 4);
	assert_memory_equal(names, "a\0b", 4);
	fdt_getprop(dtb, node, "reg", &size);
	assert_int_equal(size, 32);
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), OK);
	node = fdt_node_offset_by_compatible(dtb, -1, "bulkhead,shared-memory-v1");
	assert_null(fdt_getprop(dtb, node, "bulkhead,read-only", NULL));
}

/* Names and sizes as people write them; configs/bad has what is wrong. */
static void test_texts(void **state)
{
	struct config_shared m;
	struct config_share s;
	const char *why;

	(void)state;
	assert_int_equal(config_parse_shared(&m, " a-1\t0x10K ", &why), OK);
	assert_string_equal(m.name, "a-1");
	assert_int_equal(m.size, 16 * KIB);
	assert_int_equal(config_parse_share(&s, " a23456789-123456789-123  read-only ", &why), OK);
	assert_string_equal(s.name, "a23456789-123456789-123");
	assert_true(s.read_only);
	for (unsigned i = 0; i < 8; i++) {
		static const char *const wrong[] = { "", " ", "1a", "-a", "a_b", "a read-onl", "a read-onlyx", "A" };

		assert_int_equal(config_parse_share(&s, wrong[i], &why), ERR_INVALID);
		assert_non_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two), cmocka_unit_test(test_unused), cmocka_unit_test(test_moved),
		cmocka_unit_test(test_beside_devices), cmocka_unit_test(test_mode), cmocka_unit_test(test_most),
		cmocka_unit_test(test_tree), cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, plan_end);
}
