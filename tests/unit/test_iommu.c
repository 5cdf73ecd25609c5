/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drivers/iommu.c and iommu_dir.c on a model of IOMMUs (tests/unit/lib/iommu_model.h): what each device id reaches, in
 * which order things become invalid, and that nothing which an IOMMU does or does not do stops the hypervisor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/iommu.h"
#include "hyp/base/panic.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/lock.h"
#include "hyp/riscv/mmio.h"
#include "hyp/riscv/work.h"
#include "tests/unit/lib/iommu_model.h"

#define QEMU_10		0x78e2cf0f10ull
#define BASE_FORMAT	(QEMU_10 & ~(1ull << 22))
#define OPENED(vm)	(8ull << 60 | (uint64_t)((vm) + 1) << 44 | (0x1000u + 4 * (vm)))
#define TIME_LIMIT	2000000u	/* ticks: 0.2 s */

static struct plan plan;

void panic_assert(const char *expression, const char *file, int line)
{
	fail_msg("%s:%d: %s", file, line, expression);
	abort();
}

/* Of the plan's memory; the tests begin anew with it each time. */
static uint8_t pages[(IOMMU_TABLES + 2 * MODELS) * PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t pages_taken;

void *work_take(uint64_t size, uint64_t align)
{
	void *at = pages + pages_taken;

	assert_int_equal(align, PAGE_SIZE);
	pages_taken += size;
	assert_true(pages_taken <= sizeof(pages));
	return at;
}

struct ids {
	uint8_t vm, iommu;
	uint32_t first, count;
};

static void plan_of(const struct ids *ids, unsigned n)
{
	memset(&plan, 0, sizeof(plan));
	memset(pages, 0xaa, sizeof(pages));
	pages_taken = 0;
	plan.timebase_hz = 10000000;
	plan.nr_iommus = MODELS;
	plan.nr_vms = 3;
	for (unsigned i = 0; i < MODELS; i++)
		plan.iommus[i].base = hpa(MODEL_BASE(i));
	for (unsigned i = 0; i < plan.nr_vms; i++)
		plan.vms[i].gstage_levels = 3;
	for (unsigned i = 0; i < n; i++) {
		struct plan_vm *v = &plan.vms[ids[i].vm];
		uint32_t last = ids[i].first + ids[i].count - 1;

		v->dma_ids[v->nr_dma_ids++] = (struct plan_dma_ids){ .iommu = ids[i].iommu, .first = ids[i].first,
								     .count = ids[i].count };
		if (last > plan.iommus[ids[i].iommu].last_id)
			plan.iommus[ids[i].iommu].last_id = last;
	}
}

static void begin(const struct ids *ids, unsigned n, uint64_t capabilities)
{
	uint32_t index;

	plan_of(ids, n);
	for (unsigned i = 0; i < MODELS; i++)
		model_reset(&models[i], capabilities);
	assert_null(iommu_init(&plan, &index));
	assert_int_equal(iommu_count(), MODELS);
}

/* The first of the open VMs that has the id, or NO_OWNER. */
static uint8_t expected(unsigned iommu, uint32_t id, unsigned open)
{
	for (uint8_t vm = 0; vm < plan.nr_vms; vm++)
		for (unsigned i = 0; open >> vm & 1 && i < plan.vms[vm].nr_dma_ids; i++)
			if (plan.vms[vm].dma_ids[i].iommu == iommu && id - plan.vms[vm].dma_ids[i].first <
			    plan.vms[vm].dma_ids[i].count)
				return vm;
	return NO_OWNER;
}

/* Each id of each IOMMU: translated as its VM, if that is open, and otherwise blocked. */
static void check_ids(unsigned open, uint32_t up_to)
{
	uint64_t dc[8];

	for (unsigned i = 0; i < MODELS; i++)
		for (uint32_t id = 0; id < up_to; id++) {
			uint8_t vm = expected(i, id, open);
			unsigned cause = model_access(&models[i], id, dc);

			if (vm == NO_OWNER && cause != MODEL_INVALID && cause != MODEL_DISALLOWED)
				fail_msg("IOMMU %u: id 0x%x is not blocked: %u", i, id, cause);
			if (vm != NO_OWNER && (cause || dc[0] != 1 || dc[1] != OPENED(vm)))
				fail_msg("IOMMU %u: id 0x%x: cause %u, context 0x%lx 0x%lx", i, id, cause, dc[0],
					 dc[1]);
		}
}

static void check_lives(uint32_t up_to)
{
	check_ids(0, up_to);
	iommu_open(1, OPENED(1));
	check_ids(2, up_to);
	iommu_open(0, OPENED(0));
	check_ids(3, up_to);
	assert_int_equal(iommu_close(1), OK);
	check_ids(1, up_to);
	iommu_open(2, OPENED(2));
	check_ids(5, up_to);
	assert_int_equal(iommu_close(0), OK);
	assert_int_equal(iommu_close(2), OK);
	check_ids(0, up_to);
	assert_int_equal(iommu_close(2), OK);
}

static void test_directory(void **state)
{
	/* A bus of QEMU 10; functions beside each other; ranges that cross pages and tables; many ids. */
	static const struct ids bus[] = { { 0, 0, 0, 0xffff }, { 1, 1, 0, 0x10000 } };
	static const struct ids few[] = { { 0, 0, 5, 1 }, { 1, 0, 6, 1 }, { 2, 0, 63, 1 }, { 0, 1, 0, 1 } };
	static const struct ids some[] = { { 0, 0, 60, 200 }, { 1, 0, 260, 500 }, { 2, 1, 64, 64 } };
	static const struct ids far[] = { { 0, 0, 0x7fc0, 0x80 }, { 1, 0, 0x12345, 0x8000 }, { 2, 0, 0x1f000, 1 },
					  { 2, 1, 0x10000, 0x10000 }, { 0, 1, 0x8000, 0x4000 } };
	static const struct { const struct ids *ids; unsigned n; uint32_t up_to; unsigned extended, base; } cases[] = {
		{ bus, 2, 0x10100, 4, 3 }, { few, 4, 0x1000, 2, 2 }, { some, 3, 0x2000, 3, 3 },
		{ far, 5, 0x30000, 4, 4 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		begin(cases[i].ids, cases[i].n, QEMU_10);
		assert_int_equal(models[0].ddtp & 15, cases[i].extended);
		check_lives(cases[i].up_to);
		begin(cases[i].ids, cases[i].n, BASE_FORMAT);
		assert_int_equal(models[0].ddtp & 15, cases[i].base);
		check_lives(cases[i].up_to);
	}
	begin(bus, 0, QEMU_10);		/* no guest has a device: all is blocked */
	check_ids(7, 0x10000);
}

/* Contexts become invalid before what is cached of them; the fence comes last. */
static void test_order(void **state)
{
	static const struct ids ids[] = { { 1, 0, 8, 8 }, { 0, 0, 16, 8 } };
	uint64_t dc[8];

	(void)state;
	begin(ids, 2, QEMU_10);
	iommu_open(1, OPENED(1));
	assert_int_equal(model_access(&models[0], 9, dc), MODEL_OK);
	assert_int_equal(iommu_close(1), OK);
	assert_int_equal(model_access(&models[0], 9, dc), MODEL_INVALID);
	assert_int_equal(models[0].last[0], 3);
	assert_int_equal(models[0].last[1], 1 | 1ull << 33 | 2ull << 44);
	assert_int_equal(models[0].last[2], 1 | 1 << 7 | 1ull << 33 | 2ull << 44);
	assert_int_equal(models[0].last[3] & 0xffffffff, 2 | 1 << 10 | 1 << 12 | 1 << 13);
	assert_int_equal(models[0].fctl, 0);
	assert_int_equal(models[1].commands[3], 1);	/* at boot only */
	for (unsigned i = 0; i < 200; i++) {		/* around the queue */
		iommu_open(1, OPENED(1));
		assert_int_equal(model_access(&models[0], 9, dc), MODEL_OK);
		assert_int_equal(iommu_close(1), OK);
		assert_int_equal(model_access(&models[0], 9, dc), MODEL_INVALID);
	}
	assert_int_equal(fake_locks_held, 0);
}

static const char *init_with(void (*spoil)(struct model *m), bool needed)
{
	static const struct ids ids[] = { { 0, 0, 0, 0x10000 } };
	uint64_t before = model_time;
	uint32_t index = 77;
	const char *why;

	plan_of(ids, needed);
	for (unsigned i = 0; i < MODELS; i++)
		model_reset(&models[i], QEMU_10);
	spoil(&models[0]);
	why = iommu_init(&plan, &index);
	assert_true(!why || index == 0);
	assert_true(model_time - before < TIME_LIMIT);
	return why;
}

static void of_version_2(struct model *m) { m->capabilities += 0x10; }
static void without_sv39x4(struct model *m) { m->capabilities &= ~(1ull << 17); }
static void big_endian(struct model *m) { m->fctl_ones = 1; }
static void for_32_bits(struct model *m) { m->fctl_ones = 4; }
static void of_few_bits(struct model *m) { m->capabilities = (m->capabilities & ~(0x3full << 32)) | 20ull << 32; }
static void of_two_levels(struct model *m) { m->max_levels = 2; }
static void dead(struct model *m) { m->dead = true; }
static void without_fence(struct model *m) { m->no_fence = true; }
static void always_busy(struct model *m) { m->busy = UINT32_MAX; }

static void stuck_queue(struct model *m)
{
	m->stuck_queue = true;
	m->cqcsr = 1u << 16;
}

static void test_unfit(void **state)
{
	static void (*const faults[])(struct model *m) = {
		of_version_2, without_sv39x4, big_endian, for_32_bits, of_few_bits, of_two_levels, dead, without_fence,
		always_busy, stuck_queue,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(faults); i++) {
		uint64_t dc[8];

		if (!init_with(faults[i], true))
			fail_msg("fault %u", i);
		assert_null(init_with(faults[i], false));
		/* The other one is in use, whatever this one is. */
		assert_int_equal(model_access(&models[1], 3, dc), MODEL_INVALID);
	}
}

/* A directory that a boot loader has left, and a queue that is on. */
static void test_left_on(void **state)
{
	static const struct ids ids[] = { { 0, 0, 0, 16 } };
	uint32_t index;

	(void)state;
	plan_of(ids, 1);
	model_reset(&models[0], QEMU_10);
	model_reset(&models[1], QEMU_10);
	models[0].ddtp = 4 | 0x80000ull << 10;
	models[0].cqcsr = models[0].fqcsr = 1 | 1u << 16;
	models[0].cqh = 7;
	models[1].ddtp = 1;	/* Bare */
	assert_null(iommu_init(&plan, &index));
	check_lives(0x1000);
}

static void test_commands_fail(void **state)
{
	static const struct ids ids[] = { { 0, 0, 0, 16 } };
	uint64_t dc[8], before;

	(void)state;
	begin(ids, 1, QEMU_10);
	iommu_open(0, OPENED(0));
	assert_int_equal(model_access(&models[0], 3, dc), MODEL_OK);
	models[0].refuse = 1;
	assert_int_equal(iommu_close(0), OK);		/* the second try */
	assert_int_equal(model_access(&models[0], 3, dc), MODEL_INVALID);
	models[0].refuse = 2;
	assert_int_equal(iommu_close(0), ERR_FAULT);
	assert_int_equal(iommu_close(0), OK);
	before = model_time;
	models[0].no_fence = true;
	assert_int_equal(iommu_close(0), ERR_FAULT);
	models[0].no_fence = false;
	models[0].dead = true;
	assert_int_equal(iommu_close(0), ERR_FAULT);
	assert_true(model_time - before < TIME_LIMIT);
	models[0].dead = false;
	assert_int_equal(iommu_close(0), OK);
	assert_int_equal(fake_locks_held, 0);
}

static void test_faults(void **state)
{
	static const struct ids ids[] = { { 0, 0, 0x100, 0x100 }, { 2, 0, 0x240, 1 } };
	struct iommu_fault f;
	unsigned n;

	(void)state;
	begin(ids, 2, QEMU_10);
	assert_false(iommu_take_fault(0, &f));
	model_fault(&models[0], 23, 0x1ff, 0x90000000);
	model_fault(&models[0], 258, 0x240, 0);
	model_fault(&models[0], 258, 0x241, 0);
	model_fault(&models[0], 260, 0xffffff, 0);
	assert_true(iommu_take_fault(0, &f));
	assert_true(f.cause == 23 && f.id == 0x1ff && f.address == 0x90000000 && f.vm == 0);
	assert_true(iommu_take_fault(0, &f) && f.id == 0x240 && f.vm == 2);
	assert_true(iommu_take_fault(0, &f) && f.id == 0x241 && f.vm == NO_OWNER);
	assert_true(iommu_take_fault(0, &f) && f.id == 0xffffff && f.vm == NO_OWNER);
	assert_false(iommu_take_fault(0, &f));
	assert_false(iommu_take_fault(1, &f));
	for (unsigned round = 0; round < 3; round++) {		/* more than the queue holds */
		for (unsigned i = 0; i < 300; i++)
			model_fault(&models[0], 21, 0x100, i);
		for (n = 0; iommu_take_fault(0, &f); n++)
			assert_int_equal(f.address, n);
		assert_int_equal(n, 127);
		assert_int_equal(models[0].fqcsr & 0x300, 0);
	}
	models[0].fqcsr |= 1u << 8;	/* the queue's memory */
	assert_false(iommu_take_fault(0, &f));
	model_fault(&models[0], 21, 0x100, 5);
	models[0].fqh += 128;		/* what no IOMMU may do */
	assert_true(iommu_take_fault(0, &f) && f.address == 5);
	for (unsigned cause = 0; cause < 300; cause++)
		assert_non_null(iommu_cause_name(cause));
}

static void test_silence(void **state)
{
	static const struct ids ids[] = { { 0, 0, 0, 0x1000 }, { 1, 0, 0x1000, 1 } };
	uint64_t dc[8];

	(void)state;
	begin(ids, 2, QEMU_10);
	iommu_open(0, OPENED(0));
	iommu_open(1, OPENED(1));
	assert_int_equal(model_access(&models[0], 0xfff, dc), MODEL_OK);
	assert_true(iommu_silence(0));
	assert_int_equal(model_access(&models[0], 0xfff, dc), MODEL_OK);
	assert_int_equal(dc[0], 1 | 1 << 4);
	assert_int_equal(model_access(&models[0], 0x1000, dc), MODEL_OK);
	assert_int_equal(dc[0], 1);
	assert_int_equal(iommu_close(0), OK);
	assert_true(iommu_silence(0));		/* what is blocked stays so */
	assert_int_equal(model_access(&models[0], 0xfff, dc), MODEL_INVALID);
	iommu_open(0, OPENED(0));
	assert_int_equal(model_access(&models[0], 0xfff, dc), MODEL_OK);
	assert_int_equal(dc[0], 1);
	models[0].dead = true;
	assert_false(iommu_silence(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_left_on),
		cmocka_unit_test(test_commands_fail),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests_name("iommu", tests, NULL, NULL);
}
