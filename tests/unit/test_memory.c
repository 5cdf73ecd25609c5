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

/* As linker/bulkhead.ld has them, around the stacks; nothing lies there but the stacks. */
#define CODE	0x5000
#define CONST	0x3000
#define DATA	0x7000
__asm__(".globl __image_start, __text_end, __rodata_end, __image_end\n"
	".set __image_start, stacks - 0xf000\n"
	".set __text_end, stacks - 0xa000\n"
	".set __rodata_end, stacks - 0x7000\n"
	".set __image_end, stacks + 0x200000\n");
_Static_assert(CODE + CONST + DATA == 0xf000 && CONST + DATA == 0xa000 && sizeof(stacks) < 0x200000,
	       "the symbols above");

#define PLIC	0xc000000ul
#define SSWI	0x2f00000ul
#define UART	0x10000000ul
#define HIGH	(1ul << 37)

static struct {
	struct { struct range range; unsigned rights; } maps[64];
	uint32_t nr, fails_at, levels;
	struct range pieces[2];	/* of the package */
} made;
static struct plan plan;

enum err sstage_init(uint32_t levels)
{
	made.levels = levels;
	return made.fails_at == 0 ? ERR_NOSPACE : OK;
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

static void expect_stacks(void)
{
	for (uint32_t i = 0; i < MAX_HARTS; i++) {
		uint64_t top = memory_stack_top(i);
		unsigned rights = i < plan.nr_harts ? RIGHT_R | RIGHT_W : 0;

		assert_true(top - HART_STACK_SIZE - PAGE_SIZE >= (uintptr_t)stacks &&
			    top <= (uintptr_t)(stacks + MAX_HARTS));
		assert_true(!i || top - memory_stack_top(i - 1) == HART_STACK_SIZE + PAGE_SIZE);
		expect(top - HART_STACK_SIZE, HART_STACK_SIZE, rights);
		expect(top - HART_STACK_SIZE - PAGE_SIZE, PAGE_SIZE, 0);
	}
}

/* Four harts, of which two share a page of SSWI registers and one has none; two PLICs; a UART; a package with a
 * hole. */
static int prepare(void **state)
{
	(void)state;
	memset(&made, 0, sizeof(made));
	memset(&plan, 0, sizeof(plan));
	made.fails_at = UINT32_MAX;
	made.pieces[0] = (struct range){ (uintptr_t)__image_start,
					 (uintptr_t)__image_end + 0x3000 - (uintptr_t)__image_start };
	made.pieces[1] = (struct range){ (uintptr_t)__image_end + 0x8000, 0x2000 };
	plan.nr_harts = 4;
	for (uint32_t i = 0; i < 4; i++)
		plan.harts[i].mmu_levels = 4;
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
	plan.hyp = (struct range){ 0x80200000, 0x400000 };
	return 0;
}

static void test_every_page(void **state)
{
	uint64_t image = (uintptr_t)__image_start, end = (uintptr_t)__image_end;

	(void)state;
	for (int kind = CONSOLE_SBI; kind <= CONSOLE_VIRTIO; kind++) {
		plan.console.kind = kind;
		made.nr = 0;
		assert_int_equal(memory_map_self(&plan), OK);
		expect(image - PAGE_SIZE, PAGE_SIZE, 0);
		expect(image, CODE, RIGHT_R | RIGHT_X);
		expect(image + CODE, CONST, RIGHT_R);
		expect(image + CODE + CONST, DATA, RIGHT_R | RIGHT_W);
		expect_stacks();
		expect((uintptr_t)(stacks + MAX_HARTS), end - (uintptr_t)(stacks + MAX_HARTS), RIGHT_R | RIGHT_W);
		expect(end, 0x3000, RIGHT_R);
		expect(end + 0x3000, 0x5000, 0);	/* an image in place: its guest's */
		expect(end + 0x8000, 0x2000, RIGHT_R);
		expect(end + 0xa000, PAGE_SIZE, 0);
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
