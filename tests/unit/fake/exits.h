/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests of the fake machine do in tests of exits: calls, faults, accesses. Included after <cmocka.h>. */
#ifndef TESTS_UNIT_FAKE_EXITS_H
#define TESTS_UNIT_FAKE_EXITS_H

#include "hyp/riscv/csr.h"
#include "hyp/riscv/sbi_defs.h"
#include "tests/unit/fake/machine.h"

enum { A, B, C };	/* the VMs */

#define BOOT_PC		0x80000000ull
#define VSEIP		(1ull << IRQ_VSEI)
#define VSSIP		(1ull << IRQ_VSSI)
#define SEIE		(1ull << IRQ_SEI)

static struct fake_config config;
static unsigned self;	/* the hart that acts: vcpu 0 of A's after boot() */

static int teardown(void **state)
{
	(void)state;
	print_message("%lu exits and wakes\n", fake_runs);
	return 0;
}

static inline struct fake_hw *hw(void) { return &fake.hw[self]; }
static inline struct fake_csrs *csr(void) { return &fake.hw[self].csr; }

static inline void boot(void)
{
	fake_boot(&config);
	fake_count_from_here();
	self = fake_hart_of(A, 0);
}

static int setup(void **state)
{
	(void)state;
	config = fake_default_config();
	boot();
	return 0;
}

/* An SBI call: a0, after checks of what every call has in common. */
static inline long sbi5(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	const uint64_t arg[5] = { a0, a1, a2, a3, a4 };
	uint32_t starts = fake_vm(fake_vm_of(self))->starts;
	struct fake_hw was;

	for (unsigned i = 1; i < 32; i++)
		hw()->x[i] = 0x1111111111111111ull * i;
	for (unsigned i = 0; i < 5; i++)
		hw()->x[10 + i] = arg[i];
	hw()->x[16] = fid;
	hw()->x[17] = eid;
	was = *hw();
	fake_trap(self, &(struct fake_exit){ .cause = CAUSE_ECALL_VS });
	if (hw()->place != PLACE_GUEST || fake_vm(fake_vm_of(self))->starts != starts)
		return 0;	/* it does not return */
	assert_int_equal(hw()->x[0], was.x[0] + 4);
	for (unsigned i = 1; i < 32; i++)
		if (i != 10 && i != 11)
			assert_int_equal(hw()->x[i], was.x[i]);
	return (long)hw()->x[10];
}

#define sbi(eid, fid, a0, a1, a2) sbi5(eid, fid, a0, a1, a2, 0, 0)
#define value() (hw()->x[11])

static inline void exit_with(uint64_t cause, uint64_t tval, uint64_t gpa_, uint64_t htinst)
{
	fake_trap(self, &(struct fake_exit){ cause, tval, gpa_ >> 2, htinst, false });
}

static inline void code_at(uint64_t pc, uint32_t insn)
{
	hw()->x[0] = pc;
	fake.code = (struct fake_code){ .base = pc, .n = (insn & 3) == 3 ? 2 : 1,
					.parcel = { (uint16_t)insn, (uint16_t)(insn >> 16) } };
}

#define LW_A1_A0	0x00052583u	/* lw a1, 0(a0) */
#define SW_A1_A0	0x00b52023u

/* The guest's lw and sw at a guest-physical address, by a virtual one that ends alike; in the hardware if it is
 * mapped. */
static inline uint32_t guest_lw(uint64_t at)
{
	uint64_t host = fake_plic_passes(self, at - FAKE_PLIC, false);

	if (at - FAKE_PLIC < FAKE_PLIC_SIZE && host)
		return naive_read(&fake.plic, host);
	code_at(BOOT_PC + 0x100, LW_A1_A0);
	hw()->x[10] = 0xffffffc000000000ull | at;
	exit_with(CAUSE_LOAD_GUEST_PAGE, 0xffffffc000000000ull | at, at, 0);
	assert_int_equal(hw()->x[0], BOOT_PC + 0x104);
	assert_int_equal(hw()->x[11], (uint64_t)(int64_t)(int32_t)hw()->x[11]);
	return (uint32_t)hw()->x[11];
}

static inline void guest_sw(uint64_t at, uint32_t v)
{
	uint64_t host = fake_plic_passes(self, at - FAKE_PLIC, true);

	if (at - FAKE_PLIC < FAKE_PLIC_SIZE && host) {
		naive_write(&fake.plic, host, v);
		return;
	}
	code_at(BOOT_PC + 0x200, SW_A1_A0);
	hw()->x[10] = 0xffffffc000000000ull | at;
	hw()->x[11] = v | 0xabcdef0000000000ull;
	exit_with(CAUSE_STORE_GUEST_PAGE, 0xffffffc000000000ull | at, at, 0);
	assert_int_equal(hw()->x[0], BOOT_PC + 0x204);
}

/* The guest has got this exception at that pc, from VS-mode with interrupts on if so. */
static inline void assert_fault(uint64_t cause, uint64_t tval, uint64_t pc)
{
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_int_equal(csr()->vscause, cause);
	assert_int_equal(csr()->vstval, tval);
	assert_int_equal(csr()->vsepc, pc);
	assert_int_equal(hw()->x[0], csr()->vstvec & ~3ull);
	assert_true(csr()->sstatus & SSTATUS_SPP);
	assert_false(csr()->vsstatus & SSTATUS_SIE);
}

#define PC	(BOOT_PC + 0x400)
#define VECTOR	0x80001000ull

/* vstvec in vectored mode, interrupts on, VS or VU. */
static inline void ready(bool sie, bool spie)
{
	csr()->vstvec = VECTOR | 1;
	csr()->vsstatus = (sie ? SSTATUS_SIE : 0) | (spie ? SSTATUS_SPIE : 0) | SSTATUS_SUM | SSTATUS_FS;
	hw()->x[0] = PC;
}

#endif
