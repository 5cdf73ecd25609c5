/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot/memory.c: what the hypervisor's address space holds, page by page, and which mode of page tables is chosen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/memory.c"

/*
 * As linker/bulkhead.ld has them: the package, the core, and work space behind it, of which the stacks are the first
 * part and page tables the second.
 */
#define PACKAGE	0xb000
#define BOOT	0x2000
#define CODE	0x5000
#define CONST	0x3000
#define DATA	0x7000
#define WORK	0x40000
static uint8_t area[PACKAGE + BOOT + CODE + CONST + DATA + WORK] __attribute__((aligned(4096)));
__asm__(".globl __image_start, __run_start, __text_end, __rodata_end, __image_end\n"
	".set __image_start, area + 0xb000\n"
	".set __run_start, area + 0xd000\n"
	".set __text_end, area + 0x12000\n"
	".set __rodata_end, area + 0x15000\n"
	".set __image_end, area + 0x1c000\n");
_Static_assert(PACKAGE + BOOT + CODE + CONST + DATA == 0x1c000 && PACKAGE + BOOT == 0xd000, "the symbols above");

#define PLIC	0xc000000ul
#define SSWI	0x2f00000ul
#define UART	0x10000000ul
#define HIGH	(1ul << 37)

static struct {
	struct { struct range range; unsigned rights; } maps[64];
	uint32_t nr, fails_at, levels;
	struct range pieces[2];	/* of the hypervisor's memory */
	uint8_t *work;		/* the first that is not taken */
} made;
static struct plan plan;

enum err sstage_init(uint32_t levels, uint64_t (*pool)[PAGING_ENTRIES], uint32_t pool_size)
{
	assert_true((uint8_t *)pool + pool_size * PAGE_SIZE <= made.work);
	made.levels = levels;
	return made.fails_at == 0 ? ERR_NOSPACE : OK;
}

void *work_take(uint64_t size, uint64_t align)
{
	uint8_t *at = made.work;

	assert_int_equal(align, PAGE_SIZE);
	assert_int_equal(size % PAGE_SIZE, 0);
	made.work += size;
	assert_true(made.work <= area + sizeof(area));
	return at;
}

enum err sstage_map(uint64_t base, uint64_t size, unsigned rights)
{
	assert_true(made.nr < ARRAY_LEN(made.maps));
	assert_true(size && !(base % PAGE_SIZE));
	assert_true(made.nr < made.fails_at);	/* nothing is mapped after an error */
	made.maps[made.nr].range = range_pages((struct range){ base, size });
	made.maps[made.nr++].rights = rights;
	return made.nr == made.fails_at ? ERR_RANGE : OK;
}

bool plan_hyp_piece(const struct plan *of, uint64_t at, struct range *piece)
{
	assert_ptr_equal(of, &plan);
	for (uint32_t i = 0; i < ARRAY_LEN(made.pieces); i++) {
		uint64_t end = range_last(made.pieces[i]) + 1;

		if (!made.pieces[i].size || end <= at)
			continue;
		piece->base = made.pieces[i].base > at ? made.pieces[i].base : at;
		piece->size = end - piece->base;
		return true;
	}
	return false;
}

/* Rights of an address; a page is in one piece at most. */
static unsigned rights_at(uint64_t at)
{
	unsigned rights = 0;

	for (uint32_t i = 0; i < made.nr; i++) {
		if (!range_contains(made.maps[i].range, at, 1))
			continue;
		assert_int_equal(rights, 0);
		rights = made.maps[i].rights;
	}
	return rights;
}

static void expect(uint64_t base, uint64_t size, unsigned rights)
{
	for (uint64_t at = base; at < base + size; at += PAGE_SIZE)
		assert_int_equal(rights_at(at), rights);
}

/* Of the harts that run, with a page before each that is not mapped. */
static void expect_stacks(void)
{
	uint64_t at = (uintptr_t)__image_end;

	for (uint32_t i = 0; i < plan.nr_harts; i++) {
		if (i == 2) {
			assert_int_equal(memory_stack_top(i), 0);
			continue;
		}
		assert_int_equal(memory_stack_top(i), at + PAGE_SIZE + HART_STACK_SIZE);
		expect(at, PAGE_SIZE, 0);
		expect(at + PAGE_SIZE, HART_STACK_SIZE, RIGHT_R | RIGHT_W);
		at += PAGE_SIZE + HART_STACK_SIZE;
	}
	expect(at, (uintptr_t)area + sizeof(area) - at, RIGHT_R | RIGHT_W);
}

/*
 * Four harts, of which two share a page of SSWI registers and one has none and is spare; two PLICs; a UART; a package
 * with a hole.
 */
static int prepare(void **state)
{
	(void)state;
	memset(&made, 0, sizeof(made));
	memset(&plan, 0, sizeof(plan));
	made.fails_at = UINT32_MAX;
	made.pieces[0] = (struct range){ (uintptr_t)area, 0x3000 };
	made.pieces[1] = (struct range){ (uintptr_t)area + 0x8000, sizeof(area) - 0x8000 };
	made.work = (uint8_t *)__image_end;
	plan.nr_harts = 4;
	for (uint32_t i = 0; i < 4; i++) {
		plan.harts[i].mmu_levels = 4;
		plan.harts[i].vm = i == 2 ? NO_OWNER : 0;
	}
	plan.work.own_tables = 7;
	plan.harts[0].setssip = hpa(SSWI + 4);
	plan.harts[1].setssip = hpa(SSWI + PAGE_SIZE + 8);
	plan.harts[3].setssip = hpa(SSWI + PAGE_SIZE + 12);
	plan.nr_intcs = 2;
	plan.intcs[0].base = hpa(PLIC);
	plan.intcs[1].base = hpa(2 * PLIC);
	plan.intcs[0].size = plan.intcs[1].size = 0x400000;
	plan.console.kind = CONSOLE_NS16550;
	plan.console.base = hpa(UART);
	plan.console.size = 0x100;
	plan.hyp = (struct range){ (uintptr_t)area, sizeof(area) };
	memory_take(&plan);
	assert_int_equal(made.work - (uint8_t *)__image_end, 3 * (PAGE_SIZE + HART_STACK_SIZE) + 7 * PAGE_SIZE);
	return 0;
}

static void test_every_page(void **state)
{
	uint64_t base = (uintptr_t)area, core = (uintptr_t)__image_start;

	(void)state;
	for (int kind = CONSOLE_SBI; kind <= CONSOLE_VIRTIO; kind++) {
		plan.console.kind = kind;
		made.nr = 0;
		assert_int_equal(memory_map_self(&plan), OK);
		expect(base - PAGE_SIZE, PAGE_SIZE, 0);
		expect(base, 0x3000, RIGHT_R);
		expect(base + 0x3000, 0x5000, 0);	/* an image in place: its guest's */
		expect(base + 0x8000, 0x3000, RIGHT_R);
		expect(core, BOOT, 0);			/* no guest runs while this does */
		expect(core + BOOT, CODE, RIGHT_R | RIGHT_X);
		expect(core + BOOT + CODE, CONST, RIGHT_R);
		expect(core + BOOT + CODE + CONST, DATA, RIGHT_R | RIGHT_W);
		expect_stacks();
		expect(base + sizeof(area), PAGE_SIZE, 0);
		expect(0, PAGE_SIZE, 0);
		expect(SSWI - PAGE_SIZE, PAGE_SIZE, 0);
		expect(SSWI, 2 * PAGE_SIZE, RIGHT_R | RIGHT_W);
		expect(SSWI + 2 * PAGE_SIZE, PAGE_SIZE, 0);
		expect(PLIC, 0x400000, RIGHT_R | RIGHT_W);
		expect(2 * PLIC, 0x400000, RIGHT_R | RIGHT_W);
		expect(UART, PAGE_SIZE, kind == CONSOLE_SBI ? 0 : RIGHT_R | RIGHT_W);
	}
}

/* A table that cannot be made is an error at once, whichever it is. */
static void test_every_error(void **state)
{
	uint32_t pieces;

	(void)state;
	assert_int_equal(memory_map_self(&plan), OK);
	pieces = made.nr;
	assert_true(pieces > 10);
	for (uint32_t i = 0; i <= pieces; i++) {
		made.nr = 0;
		made.fails_at = i;
		assert_int_equal(memory_map_self(&plan), i ? ERR_RANGE : ERR_NOSPACE);
		assert_int_equal(made.nr, i);
	}
}

static uint32_t levels(void)
{
	made.nr = 0;
	assert_int_equal(memory_map_self(&plan), OK);
	return made.levels;
}

/* Whatever is mapped asks for Sv48 where it lies beyond Sv39, and no hart gets Sv48 that has Sv39 alone. */
static void test_levels(void **state)
{
	uint64_t *far[] = { &plan.harts[0].setssip.v, &plan.harts[3].setssip.v, &plan.intcs[0].base.v,
			    &plan.intcs[1].base.v,
			    &plan.console.base.v, &plan.hyp.base };

	(void)state;
	plan.hyp = (struct range){ 0x80200000, 0x400000 };	/* not where this test's process happens to lie */
	assert_int_equal(levels(), 3);
	for (uint32_t i = 0; i < ARRAY_LEN(far); i++) {
		uint64_t was = *far[i];

		*far[i] = 2 * HIGH;
		assert_int_equal(levels(), 4);
		for (uint32_t hart = 0; hart < plan.nr_harts; hart++) {
			plan.harts[hart].mmu_levels = 3;
			assert_int_equal(levels(), 3);
			plan.harts[hart].mmu_levels = hart % 2 ? 4 : 5;
		}
		plan.harts[plan.nr_harts].mmu_levels = 3;	/* of no hart of the plan */
		assert_int_equal(levels(), 4);
		*far[i] = was;
	}
	plan.console.kind = CONSOLE_SBI;	/* not mapped, wherever it says that it is */
	plan.console.base = hpa(2 * HIGH);
	assert_int_equal(levels(), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_page, prepare),
		cmocka_unit_test_setup(test_every_error, prepare),
		cmocka_unit_test_setup(test_levels, prepare),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
