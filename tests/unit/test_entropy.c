/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeds of guests (hyp/vm/entropy.c) on the fake machine: each start of each guest has its own, nothing of the host's
 * is in them or stays behind, and a source that does not work is not counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vm/entropy.h"
#include "tests/unit/fake/exits.h"
#include "tests/unit/lib/trees.h"

#define SEEDS_SIZE	(RNG_SEED_SIZE + KASLR_SEED_SIZE)

/* The host's, 32 octets that no hash is likely to repeat in parts. */
#define SEED_TEXT	"<0x01234567 0x89abcdef 0xfedcba98 0x76543210 0x0f1e2d3c 0x4b5a6978 0x8796a5b4 0xc3d2e1f0>"
static const uint8_t host_seed[] = {
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10,
	0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x69, 0x78, 0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0,
};

static struct host host;
static struct kept kept;
static struct tree tree, copy;	/* as the firmware has left it */

static void parse(struct tree t)
{
	if (tree.data)
		tree_free(&tree);
	tree = t;
	kept_reset(&kept);
	assert_int_equal(host_parse(&host, tree.data, tree.size, true, &kept.r), OK);
}

static int free_tree(void **state)
{
	tree_free(&tree);
	tree_free(&copy);
	return teardown(state);
}

/* A host whose tree has this for a seed, as entropy_gather() leaves it; hart 0 asks. */
static void gather(const char *seed, bool zkr)
{
	parse(tree_edit("virt", "rng-seed = <1 2 3 4>", seed, NULL));
	host.entropy |= zkr ? ENTROPY_ZKR : 0;
	if (copy.data)
		tree_free(&copy);
	copy = tree_copy(tree.data, tree.size);
	fake.config.zkr = zkr;
	fake.running = 0;
	entropy_gather(&host, (void *[]){ copy.data }, 1, zkr);
	fake.running = -1;
}

static void boot_with(uint32_t entropy, bool zkr)
{
	config.entropy = entropy;
	config.zkr = zkr;
	boot();
}

/* What lies in a VM's RAM where its tree has its seeds. */
static void read_seeds(unsigned vm, uint8_t out[SEEDS_SIZE])
{
	static const unsigned first_page[] = { 0, 4, 6 };
	const uint8_t *dtb = fake_ram() + first_page[vm] * PAGE_SIZE + FAKE_DTB_AT;

	memcpy(out, dtb + FAKE_RNG_SEED, RNG_SEED_SIZE);
	memcpy(out + RNG_SEED_SIZE, dtb + FAKE_KASLR_SEED, KASLR_SEED_SIZE);
	fake_ram_close();
}

/* No 8 octets of b are together in a. */
static void assert_apart(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	for (size_t i = 0; i + 8 <= na; i++)
		for (size_t k = 0; k + 8 <= nb; k++)
			assert_memory_not_equal(a + i, b + k, 8);
}

static void reboot_a(void)
{
	assert_int_equal(hw()->place, PLACE_GUEST);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
}

/* Three guests, and three lives of one: no two seeds have anything in common, in themselves neither. */
static void test_all_differ(void **state)
{
	uint8_t seeds[5][SEEDS_SIZE];

	(void)state;
	gather("rng-seed = " SEED_TEXT, false);
	assert_int_equal(host.entropy, ENTROPY_TREE);
	boot_with(host.entropy, false);
	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		read_seeds(vm, seeds[vm]);
	for (unsigned life = 0; life < 2; life++) {
		fake.time = 1000;	/* not by the time alone */
		reboot_a();
		read_seeds(A, seeds[3 + life]);
	}
	for (unsigned i = 0; i < 5; i++) {
		assert_apart(seeds[i], SEEDS_SIZE, host_seed, sizeof(host_seed));
		assert_apart(seeds[i], 32, seeds[i] + 32, SEEDS_SIZE - 32);
		assert_apart(seeds[i] + 32, 32, seeds[i] + 64, KASLR_SEED_SIZE);
		for (unsigned k = 0; k < i; k++)
			assert_apart(seeds[i], SEEDS_SIZE, seeds[k], SEEDS_SIZE);
	}
}

/* The same machine at the same time gives the same: so each of these inputs counts. */
static void run_once(const char *seed, bool zkr, uint64_t time, uint8_t out[SEEDS_SIZE])
{
	fake.nr_seeds = 0;
	gather(seed, zkr);
	config.entropy = host.entropy;
	config.zkr = zkr;
	fake_create(&config);
	fake.time = time;
	fake.nr_seeds = 1000;
	for (unsigned h = 0; h < FAKE_HARTS; h++)
		fake_wake(h);
	fake_settle();
	read_seeds(A, out);
}

static void test_each_input_counts(void **state)
{
	uint8_t base[SEEDS_SIZE], again[SEEDS_SIZE];
	static const struct { const char *seed; bool zkr; uint64_t time; } cases[] = {
		{ "rng-seed = <1 2 3 5>", false, 1000 },
		{ "rng-seed = <1 2 3 4>; kaslr-seed = <1 2>", false, 1000 },
		{ "rng-seed = <1 2 3 4>", true, 1000 },
		{ "rng-seed = <1 2 3 4>", false, 1001 },
	};

	(void)state;
	run_once("rng-seed = <1 2 3 4>", false, 1000, base);
	run_once("rng-seed = <1 2 3 4>", false, 1000, again);
	assert_memory_equal(base, again, SEEDS_SIZE);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		run_once(cases[i].seed, cases[i].zkr, cases[i].time, again);
		assert_apart(base, SEEDS_SIZE, again, SEEDS_SIZE);
	}
}

/* Neither the tree nor what belongs to the hypervisor has the host's octets or the pool any more. */
static void test_host_is_erased(void **state)
{
	(void)state;
	gather("rng-seed = " SEED_TEXT "; kaslr-seed = <0x31415926 0x53589793>", false);
	assert_apart(tree.data, tree.size, host_seed, sizeof(host_seed));
	assert_apart(copy.data, copy.size, host_seed, sizeof(host_seed));
	assert_apart(tree.data, tree.size, (const uint8_t *)"\x31\x41\x59\x26\x53\x58\x97\x93", 8);
	boot_with(host.entropy, false);
	for (unsigned vm = 0; vm < FAKE_VMS; vm++) {
		uint8_t seeds[SEEDS_SIZE];

		read_seeds(vm, seeds);
		assert_apart((const uint8_t *)fake_vm(vm), sizeof(struct vm), seeds, SEEDS_SIZE);
		assert_apart(fake_vm(vm)->dtb, FAKE_DTB_SIZE, seeds, SEEDS_SIZE);
		assert_apart((const uint8_t *)fake_vm(vm), sizeof(struct vm), host_seed, sizeof(host_seed));
	}
}

/* A secret that is made behind the last VM's depends on nothing any more: the pool is gone. */
static void test_pool_is_erased(void **state)
{
	struct vm late[2] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		gather(i ? "rng-seed = " SEED_TEXT : "rng-seed = <1 2 3 4>", false);
		boot_with(host.entropy, false);
		entropy_create(&late[i]);
		assert_memory_not_equal(late[i].secret, fake_vm(A)->secret, sizeof(late[i].secret));
	}
	assert_memory_equal(late[0].secret, late[1].secret, sizeof(late[0].secret));
}

static void test_what_counts_as_a_source(void **state)
{
	static const struct { const char *seed; uint32_t entropy; } cases[] = {
		{ "rng-seed = <1 2 3 4>", ENTROPY_TREE },
		{ "rng-seed = <1 2 3>", 0 },
		{ "rng-seed = <0 0 0 0 0 0 0 0>", 0 },
		{ "rng-seed", 0 },
		{ "kaslr-seed = <1 2>", 0 },
		{ "bootargs = \"\"", 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		gather(cases[i].seed, false);
		assert_int_equal(host.entropy, cases[i].entropy);
	}
	gather("rng-seed = <1 2 3>", true);
	assert_int_equal(host.entropy, ENTROPY_ZKR);
	gather("rng-seed = " SEED_TEXT, true);
	assert_int_equal(host.entropy, ENTROPY_TREE | ENTROPY_ZKR);
}

/* A source that never has anything, or dies, costs a bounded number of questions and does not count. */
static void test_bad_sources(void **state)
{
	(void)state;
	for (unsigned how = SEED_NEVER_READY; how <= SEED_DIES; how++) {
		fake.seed = how;
		fake.nr_seeds = 0;
		gather("rng-seed = <1 2 3>", true);
		assert_int_equal(host.entropy, 0);
		assert_true(fake.nr_seeds <= 2048);
	}
	fake.seed = SEED_WORKS;
	fake.tree_read_only = true;
	gather("rng-seed = " SEED_TEXT, true);
	assert_int_equal(host.entropy, ENTROPY_ZKR);
	gather("rng-seed = " SEED_TEXT, false);
	assert_int_equal(host.entropy, 0);
	fake.tree_read_only = false;
}

/* Zkr counts if all harts have it, as any may be the boot hart or load a guest. */
static void test_zkr_of_the_tree(void **state)
{
	static const char isa[] = "_zbs_sstc\"", with[] = "_zbs_sstc_zkr\"";

	(void)state;
	parse(tree_edit("virt", "rng-seed = <1 2 3 4>", "bootargs = \"\"", isa, with, isa, with, isa, with, NULL));
	assert_int_equal(host.entropy, 0);
	parse(tree_edit("virt", "rng-seed = <1 2 3 4>", "bootargs = \"\"", isa, with, isa, with, isa, with, isa, with,
			NULL));
	assert_int_equal(host.entropy, ENTROPY_ZKR);
}

/* Without a source, nothing is written and nothing asked. */
static void test_none(void **state)
{
	uint8_t seeds[SEEDS_SIZE];

	(void)state;
	fake.nr_seeds = 0;
	boot_with(0, true);
	read_seeds(A, seeds);
	for (unsigned i = 0; i < SEEDS_SIZE; i++)
		assert_int_equal(seeds[i], 0xd0);
	assert_int_equal(fake.nr_seeds, 0);
}

/* The seed CSR dies after boot: a start continues without it. */
static void test_source_dies_later(void **state)
{
	uint8_t before[SEEDS_SIZE], after[SEEDS_SIZE];

	(void)state;
	gather("rng-seed = <1 2 3>", true);
	boot_with(host.entropy, true);
	read_seeds(A, before);
	fake.seed = SEED_DIES;
	reboot_a();
	read_seeds(A, after);
	assert_apart(before, SEEDS_SIZE, after, SEEDS_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all_differ, setup),
		cmocka_unit_test_setup(test_each_input_counts, setup),
		cmocka_unit_test_setup(test_host_is_erased, setup),
		cmocka_unit_test_setup(test_pool_is_erased, setup),
		cmocka_unit_test_setup(test_what_counts_as_a_source, setup),
		cmocka_unit_test_setup(test_bad_sources, setup),
		cmocka_unit_test_setup(test_zkr_of_the_tree, setup),
		cmocka_unit_test_setup(test_none, setup),
		cmocka_unit_test_setup(test_source_dies_later, setup),
	};

	return cmocka_run_group_tests(tests, NULL, free_tree);
}
