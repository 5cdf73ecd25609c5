/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine under hyp/vdev/vplic.c in unit tests: a naive PLIC behind the registers that drivers/plic.c
 * (which the test includes as it is) reads and writes, with a guard that ends the test when a register is
 * touched that the VM at work has no business with. Included by a test after <cmocka.h>.
 *
 * Harts 0..5 have the S-mode contexts of hart_context[]. VM 0 has three vcpus on harts 2, 0 and 4, VM 1 has
 * one on hart 1; hart 3 is spare; hart 5, VM 0's fourth vcpu where a test wants it, has no context.
 */
#ifndef TESTS_UNIT_FAKE_PLIC_MACHINE_H
#define TESTS_UNIT_FAKE_PLIC_MACHINE_H

#include "drivers/plic.h"
#include "hyp/riscv/mmio.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fence.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/naive_plic.h"
#include "tests/unit/fake/no_imsic.h"

#define HW_BASE		0x40000000ull
#define HW_CONTEXTS	14
#define HW_SIZE		(0x200000ull + HW_CONTEXTS * 0x1000)
#define HW_NDEV		45
#define GUEST_NDEV	50
#define NO_VM		(-1)

static const int16_t hart_context[] = { 8, 1, 5, 3, 13, NO_CONTEXT };

static struct plan plan;
static struct naive_plic hw;
static int worker;		/* index of the VM that vplic.c works for now; NO_VM: boot */
static bool expect_spurious;	/* foreign sources may be claimed, completed and masked */
static bool expect_foreign;	/* another VM completes what is in flight */
static bool in_reset;		/* completes everything, on each context of the VM */
static uint32_t broken_claim;	/* if not 0: what every claim returns, whatever is pending */
static uint64_t claimed_on[NAIVE_IDS];	/* context, of the last claim */
static unsigned nr_claims, nr_completes;

static int context_vm(uint64_t context)
{
	for (uint32_t h = 0; h < plan.nr_harts; h++)
		if (plan.harts[h].plic_context[0] == (int16_t)context)
			return plan.harts[h].vm;
	return NO_OWNER;
}

/* Sources whose host twin the VM may touch; a test takes those out that it makes virtual. */
static bool touchable[MAX_VMS][NAIVE_IDS];

static bool may_touch(uint64_t id)
{
	return id < NAIVE_IDS && touchable[worker][id];
}

static void guard_enables(uint64_t offset, uint32_t value)
{
	uint64_t context = (offset - 0x2000) / 0x80, word = offset % 0x80 / 4;
	uint32_t flipped = value ^ naive_word(hw.enable[context], word);

	assert_int_equal(context_vm(context), worker);
	for (uint32_t i = 0; i < 32; i++)
		if (flipped >> i & 1 && !expect_spurious)
			assert_true(may_touch(word * 32 + i));
}

/* Once for each claim, on the context of the claim, with the source enabled there. */
static void guard_complete(uint64_t context, uint32_t id)
{
	assert_true(id < NAIVE_IDS);
	assert_true(expect_spurious || may_touch(id));
	assert_true(hw.claimed[id] || expect_foreign || in_reset);
	if (!in_reset)
		assert_int_equal(claimed_on[id], context);
	assert_true(hw.enable[context][id]);
	nr_completes += !in_reset;
}

static void guard_write(uint64_t offset, uint32_t value)
{
	if (worker == NO_VM)
		return;
	if (offset < 0x1000) {
		assert_true(may_touch(offset / 4));
	} else if (offset >= 0x200000) {
		assert_int_equal(context_vm((offset - 0x200000) / 0x1000), worker);
		if (offset % 0x1000 == 4)
			guard_complete((offset - 0x200000) / 0x1000, value);
		else
			assert_int_equal(value, 0);	/* the host's threshold is never used */
	} else {
		assert_true(offset >= 0x2000);
		guard_enables(offset, value);
	}
}

static uint64_t checked_offset(uint64_t addr, unsigned size)
{
	assert_int_equal(size, 4);
	assert_int_equal(addr % 4, 0);
	assert_true(addr >= HW_BASE && addr < HW_BASE + HW_SIZE);
	return addr - HW_BASE;
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	uint64_t offset = checked_offset(addr, size);
	uint32_t value;

	if (offset >= 0x200000 && worker != NO_VM)
		assert_int_equal(context_vm((offset - 0x200000) / 0x1000), worker);
	if (offset < 0x200000 || offset % 0x1000 != 4)
		return naive_read(&hw, offset);
	value = broken_claim ? broken_claim : naive_read(&hw, offset);
	if (value && value < NAIVE_IDS)
		claimed_on[value] = (offset - 0x200000) / 0x1000;
	nr_claims += value != 0;
	return value;
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	uint64_t offset = checked_offset(addr, size);

	guard_write(offset, (uint32_t)value);
	naive_write(&hw, offset, (uint32_t)value);
}

/* The hart that acts, where it matters: its line, and who it is. */
static uint32_t acting_vcpu;
static unsigned nr_fences;

void *fake_thread_pointer(void)
{
	static struct vcpu vcpu;
	static struct hart hart;

	vcpu.index = acting_vcpu;
	hart.vcpu = &vcpu;
	return &hart;
}

uint64_t fake_csr_read(unsigned csr)
{
	uint32_t hart = plan.vms[worker].vcpu_hart[acting_vcpu];

	assert_int_equal(csr, CSR_SIP);
	return naive_eip(&hw, (uint32_t)hart_context[hart]) ? 1ull << IRQ_SEI : 0;
}

void fake_fence(enum fake_fence kind, uint64_t va, uint64_t asid)
{
	(void)va, (void)asid;
	assert_int_equal(kind, FENCE_GVMA_ALL);
	nr_fences++;
}

static void add_hart(uint32_t hart, uint8_t vm, uint8_t vcpu)
{
	plan.harts[hart].vm = vm;
	plan.harts[hart].vcpu = vcpu;
	if (vm != NO_OWNER)
		plan.vms[vm].vcpu_hart[vcpu] = (uint8_t)hart;
}

/* Sources 1..HW_NDEV have no owner, until a test sets source_owner. */
static void machine_plan(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.nr_intcs = 1;
	plan.intcs[0].base = hpa(HW_BASE);
	plan.intcs[0].size = HW_SIZE;
	plan.intcs[0].ndev = HW_NDEV;
	memset(plan.intcs[0].source_owner, NO_OWNER, sizeof(plan.intcs[0].source_owner));
	plan.nr_harts = 6;
	for (uint32_t h = 0; h < plan.nr_harts; h++)
		plan.harts[h].plic_context[0] = hart_context[h];
	plan.nr_vms = 2;
	plan.vms[0].nr_vcpus = 3;
	plan.vms[1].nr_vcpus = 1;
	add_hart(0, 0, 1);
	add_hart(1, 1, 0);
	add_hart(2, 0, 0);
	add_hart(3, NO_OWNER, 0);
	add_hart(4, 0, 2);
	add_hart(5, 0, 3);
	for (uint32_t vm = 0; vm < plan.nr_vms; vm++) {
		plan.vms[vm].nr_vplics = 1;
		plan.vms[vm].vplics[0].ndev = GUEST_NDEV;
		plan.vms[vm].vplics[0].size = 0x400000;
	}
}

/* Switches the machine on; its PLIC is in no clean state. priority_mask: what the host implements. */
static void machine_on(uint32_t priority_mask)
{
	memset(&hw, 0, sizeof(hw));
	hw.nr_contexts = HW_CONTEXTS;
	hw.priority_mask = priority_mask;
	for (uint32_t id = 1; id <= HW_NDEV; id++) {
		hw.exists[id] = true;
		hw.priority[id] = id & priority_mask;
		hw.enable[hart_context[0]][id] = id % 3 == 0;
	}
	for (uint32_t h = 0; h < 5; h++)
		hw.threshold[hart_context[h]] = priority_mask;
	memset(touchable, 0, sizeof(touchable));
	for (uint32_t vm = 0; vm < plan.nr_vms; vm++)
		for (uint32_t id = 1; id <= HW_NDEV; id++)
			touchable[vm][id] = plan.intcs[0].source_owner[id] == vm;
	worker = NO_VM;
	expect_spurious = expect_foreign = in_reset = false;
	broken_claim = 0;
	nr_claims = nr_completes = 0;
	intc_init(&plan);
}

#endif
