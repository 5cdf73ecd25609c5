/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of tests that start and end VM A of the fake machine: its neighbours B and C must not change. Included after
 * <cmocka.h>. */
#ifndef TESTS_UNIT_FAKE_LIVES_H
#define TESTS_UNIT_FAKE_LIVES_H

#include "hyp/riscv/paging.h"
#include "tests/unit/fake/exits.h"

static struct fake_hw neighbours[FAKE_HARTS];
static uint8_t neighbours_ram[3 * PAGE_SIZE];	/* of B and C */

static inline void watch_neighbours(void)
{
	memcpy(neighbours, fake.hw, sizeof(neighbours));
	memcpy(neighbours_ram, fake_ram() + 4 * PAGE_SIZE, sizeof(neighbours_ram));
	fake_ram_close();
}

static inline void assert_neighbours_kept(void)
{
	for (unsigned h = 0; h < FAKE_HARTS; h++)
		if (fake_vm_of(h) != A)
			assert_memory_equal(&neighbours[h], &fake.hw[h], sizeof(neighbours[h]));
	assert_memory_equal(neighbours_ram, fake_ram() + 4 * PAGE_SIZE, sizeof(neighbours_ram));
	fake_ram_close();
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	assert_int_equal(fake_vm(C)->state, VM_RUNNING);
}

static inline void start_all(void)
{
	for (unsigned v = 1; v < 3; v++)
		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, v, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	for (unsigned v = 0; v < 3; v++)
		assert_int_equal(fake.hw[fake_hart_of(A, v)].place, PLACE_GUEST);
}

static inline void pass(uint64_t ticks)
{
	fake.time += ticks;
	fake_settle();
}

#define STATUS	(0x70 / 4)	/* of a virtio device */

/* The byte that A must find at that address after a start. */
static inline uint8_t fresh_byte(uint64_t offset)
{
	if (offset < FAKE_KERNEL_SIZE)
		return fake_image(A, IMAGE_KERNEL)[offset];
	if (offset - (PAGE_SIZE + 17) < FAKE_INITRD_SIZE)
		return fake_image(A, IMAGE_INITRD)[offset - (PAGE_SIZE + 17)];
	if (offset - FAKE_DTB_AT < 8)
		return ((const uint8_t []){ 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, FAKE_DTB_SIZE })[offset - FAKE_DTB_AT];
	return offset - FAKE_DTB_AT < FAKE_DTB_SIZE ? 0xd0 : 0;
}

static inline void assert_fresh(void)
{
	for (uint64_t offset = 0; offset < 5 * PAGE_SIZE; offset += offset < 2 * PAGE_SIZE ? 1 : 7)
		assert_int_equal(*fake_ram_at(A, BOOT_PC + offset), fresh_byte(offset));
	fake_ram_close();
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_int_equal(hw()->x[0], BOOT_PC);
	assert_int_equal(hw()->x[10], 0);
	assert_int_equal(hw()->x[11], BOOT_PC + FAKE_DTB_AT);
	assert_int_equal(csr()->hie | csr()->vsatp | csr()->vstvec | csr()->vsstatus | csr()->hvip, 0);
	assert_int_equal(csr()->vstimecmp, UINT64_MAX);
	assert_int_equal(csr()->scounteren, 7);
	assert_int_equal(fake.virtio[A][STATUS], 0);
}

/* A guest that has left its marks everywhere. */
static inline void make_a_mess(void)
{
	for (unsigned page = 0; page < 5; page++)
		memset(fake_ram_at(A, BOOT_PC + page * PAGE_SIZE), 0xee, PAGE_SIZE);
	fake_ram_close();
	fake.virtio[A][STATUS] = 0xf;
	guest_sw(FAKE_PLIC + 4 * 7, 3);
	guest_sw(FAKE_PLIC + 0x2080, 0xfffe);
	naive_set_level(&fake.plic, 7, true);
	naive_claim(&fake.plic, (uint32_t)fake.plan.harts[self].plic_context[0]);
	for (unsigned v = 0; v < 3; v++) {
		struct fake_csrs *c = &fake.hw[fake_hart_of(A, v)].csr;

		c->vsatp = 8ull << 60 | 5;
		c->vstvec = 0x80001000;
		c->vsstatus = SSTATUS_SIE | SSTATUS_FS;
		c->vstimecmp = 5;
		c->scounteren = 8;
	}
}

#endif
