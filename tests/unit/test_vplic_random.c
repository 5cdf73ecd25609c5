/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/vdev/vplic.c under two hostile guests and restless wires, against a naive PLIC that is wired to the
 * same devices: what a guest reads, its lines and what is pending must be the same, so no interrupt is
 * lost, doubled or seen by another VM. The guard of plic_machine.h watches the host's registers meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/plic.c"
#include "tests/unit/fake/plic_guest.h"
#include "tests/unit/rng.h"

#define STEPS		1200000
#define WINDOW		0x400000

static struct naive_plic refs[2];		/* what VM 0 and VM 1 must see */
static bool is_virtual[2][NAIVE_IDS];
static bool delayed;				/* interrupts reach the harts late */
static bool hostile;				/* another VM completes what is in flight */

static void add_virtual(int vm, uint32_t id)
{
	assert_int_equal(vplic_add_virtual(&vplics[vm], id), OK);
	is_virtual[vm][id] = true;
	touchable[vm][id] = false;
}

static void create_ref(int vm)
{
	struct naive_plic *ref = &refs[vm];

	memset(ref, 0, sizeof(*ref));
	ref->nr_contexts = 2 * plan.vms[vm].nr_vcpus;
	ref->priority_mask = 7;
	ref->claimer_completes = true;
	for (uint32_t context = 0; context < ref->nr_contexts; context += 2)
		ref->inert[context] = true;
	for (uint32_t id = 1; id <= GUEST_NDEV; id++)
		ref->exists[id] = touchable[vm][id] || is_virtual[vm][id];
}

static void reset(int vm)
{
	worker = vm;
	reset_vplic(vm);
	for (uint32_t id = 1; id <= GUEST_NDEV; id++)
		refs[vm].level[id] &= !is_virtual[vm][id];
	naive_reset(&refs[vm]);
}

/* Owners are random; three virtual sources for VM 0: above the host's ids, foreign, and one of its own. */
static void create_all(uint32_t priority_mask)
{
	machine_plan();
	for (uint32_t id = 1; id <= HW_NDEV; id++)
		plan.intcs[0].source_owner[id] = (uint8_t[]){ 0, 0, 0, 1, NO_OWNER }[rng_below(5)];
	plan.intcs[0].source_owner[7] = 1;
	plan.intcs[0].source_owner[8] = 0;
	machine_on(priority_mask);
	memset(is_virtual, 0, sizeof(is_virtual));
	hw.any_completes = expect_foreign = hostile;
	create_vplics();
	add_virtual(0, 48);
	add_virtual(0, 7);
	add_virtual(0, 8);
	add_virtual(1, 33);
	for (int vm = 0; vm < 2; vm++) {
		create_ref(vm);
		reset(vm);
	}
}

/* ---- what happens at random ---- */

/* Wires of sources without an owner, too: they must have no effect. */
static void toggle_wire(void)
{
	uint32_t id = 1 + rng_below(HW_NDEV);
	bool level = rng_below(2);

	naive_set_level(&hw, id, level);
	for (int vm = 0; vm < 2; vm++)
		if (touchable[vm][id])
			naive_set_level(&refs[vm], id, level);
}

static void toggle_virtual(void)
{
	uint32_t id = rng_below(64);
	bool level = rng_below(2);

	set_level(id, level);
	if (id < NAIVE_IDS && is_virtual[worker][id])
		naive_set_level(&refs[worker], id, level);
}

/* Mostly registers that mean something, sometimes any in the window. */
static uint64_t random_offset(void)
{
	uint32_t vcpu = rng_below(4);

	switch (rng_below(12)) {
	case 0: case 1: case 2:
		return PRIORITY(rng_below(55));
	case 3:
		return PENDING(rng_below(3));
	case 4: case 5: case 6:
		return ENABLE(vcpu, rng_below(3));
	case 7:
		return THRESHOLD(vcpu);
	case 8: case 9: case 10:
		return CLAIM(vcpu);
	default:
		return 4 * rng_below(WINDOW / 4);
	}
}

static uint32_t random_value(uint64_t offset)
{
	if (rng_below(16) == 0)
		return (uint32_t)rng();
	if (offset < 0x1000)
		return rng_below(8);
	if (offset < 0x200000)
		return (uint32_t)(rng() | rng());
	if (offset % 0x1000 == 0)
		return rng_below(4) ? 0 : rng_below(8);
	return rng_below(55);
}

/* With late delivery a claim may miss what a PLIC would have given, but nothing else. */
static uint32_t claim_like(struct naive_plic *ref, uint64_t offset, uint32_t got)
{
	uint32_t context = (uint32_t)((offset - 0x200000) / 0x1000);

	if (!delayed || !naive_context(ref, context))
		return naive_read(ref, offset);
	if (got) {
		assert_true(got < NAIVE_IDS);
		assert_true(naive_candidate(ref, context, got));
		naive_take(ref, got);
		ref->claimer[got] = context;
	}
	return got;
}

static void random_read(void)
{
	struct naive_plic *ref = &refs[worker];
	uint64_t offset = random_offset();
	uint32_t got = rd(offset), want;

	if (offset >= 0x200000 && offset % 0x1000 == 4)
		want = claim_like(ref, offset, got);
	else
		want = naive_read(ref, offset);
	assert_int_equal(got, want);
}

static void random_write(void)
{
	uint64_t offset = random_offset();
	uint32_t value = random_value(offset);

	wr(offset, value);
	naive_write(&refs[worker], offset, value);
}

/* A driver that does its work: completes what it has claimed, where it is enabled. */
static void complete_something(void)
{
	uint32_t id = 1 + rng_below(GUEST_NDEV), vcpu = rng_below(3);

	wr(CLAIM(vcpu), id);
	naive_write(&refs[worker], CLAIM(vcpu), id);
}

/* A guest on another machine's worth of hardware, as it were: its completions reach any source. */
static void foreign_completion(void)
{
	naive_complete(&hw, (uint32_t)hart_context[3], 1 + rng_below(HW_NDEV));
}

/* What pends in the host while the guest has it claimed is a new request. */
static void note_requests(void)
{
	for (int vm = 0; vm < 2; vm++)
		for (uint32_t id = 1; id <= HW_NDEV; id++)
			if (touchable[vm][id] && hw.pending[id] && refs[vm].claimed[id])
				refs[vm].again[id] = true;
}

/* ---- what must hold ---- */

static void deliver(int vm, bool all)
{
	worker = vm;
	for (uint32_t vcpu = 0; vcpu < plan.vms[vm].nr_vcpus; vcpu++) {
		uint32_t context = (uint32_t)vplics[vm].context[vcpu];

		if (!naive_eip(&hw, context) || (!all && rng_below(4)))
			continue;
		physical(vcpu);
		assert_false(naive_eip(&hw, context));
	}
}

static void check_vm(int vm)
{
	worker = vm;
	for (uint32_t vcpu = 0; vcpu < plan.vms[vm].nr_vcpus; vcpu++)
		assert_int_equal(vplic_line(&vplics[vm], vcpu), naive_eip(&refs[vm], 2 * vcpu + 1));
	for (uint32_t word = 0; word < 2; word++)
		assert_int_equal(rd(PENDING(word)), naive_word(refs[vm].pending, word));
	assert_int_equal(vplics[vm].spurious, 0);
}

/* Everything that the host's PLIC waits for is in flight in exactly one VM. */
static void check_in_flight(void)
{
	for (uint32_t id = 1; id <= HW_NDEV; id++) {
		unsigned n = 0;

		for (int vm = 0; vm < 2; vm++)
			n += touchable[vm][id] && ((vplics[vm].pending[id / 32] | vplics[vm].claimed[id / 32]) &
						   BIT(id % 32));
		assert_int_equal(hw.claimed[id], n);
	}
}

static void step(void)
{
	worker = rng_below(3) == 0;
	switch (rng_below(10)) {
	case 0: case 1:
		toggle_wire();
		break;
	case 2:
		toggle_virtual();
		break;
	case 3: case 4: case 5:
		random_read();
		break;
	case 6: case 7:
		complete_something();
		break;
	default:
		random_write();
	}
	if (hostile && rng_below(4) == 0)
		foreign_completion();
	if (hostile)
		note_requests();
	if (rng_below(5000) == 0)
		reset(worker);
}

static void run(uint32_t steps, uint32_t priority_mask)
{
	create_all(priority_mask);
	for (uint32_t i = 0; i < steps; i++) {
		bool all = !delayed || rng_below(16) == 0;

		step();
		for (int vm = 0; vm < 2; vm++)
			deliver(vm, all);
		if (all)
			for (int vm = 0; vm < 2; vm++)
				check_vm(vm);
		if (i % 64 == 0 && !hostile)
			check_in_flight();
	}
	assert_true(nr_claims > steps / 50);
	assert_true(nr_completes > steps / (hostile ? 500 : 50));	/* a new request stands for one */
}

static void test_in_step(void **state)
{
	(void)state;
	delayed = false;
	run(STEPS / 4, 7);
	run(STEPS / 4, 1);
}

static void test_delayed(void **state)
{
	(void)state;
	delayed = true;
	run(STEPS / 4, 7);
	run(STEPS / 4, 0xe0);
}

/* In step: with late delivery a request is either one of before the completion or of after it. */
static void test_foreign_completions(void **state)
{
	(void)state;
	delayed = false;
	hostile = true;
	run(STEPS / 4, 7);
	hostile = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_step),
		cmocka_unit_test(test_delayed),
		cmocka_unit_test(test_foreign_completions),
	};

	rng_seed(0x91c);
	return cmocka_run_group_tests_name("vplic_random", tests, NULL, NULL);
}
