/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each row of the table of exits (docs/architecture.md), and external interrupts in both modes, on the fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/exits.h"

#define PC	(BOOT_PC + 0x400)
#define VECTOR	0x80001000ull

/* vstvec in vectored mode, interrupts on, VS or VU. */
static void ready(bool sie, bool spie)
{
	csr()->vstvec = VECTOR | 1;
	csr()->vsstatus = (sie ? SSTATUS_SIE : 0) | (spie ? SSTATUS_SPIE : 0) | SSTATUS_SUM | SSTATUS_FS;
	hw()->x[0] = PC;
}

static void test_delegated_causes(void **state)
{
	static const uint8_t known[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15, 18, 19 };

	(void)state;
	for (unsigned i = 0; i < 16 * ARRAY_LEN(known); i++) {
		bool user = i & 1, sie = i & 2, spie = i & 4;
		uint64_t cause = known[i / 16];

		ready(sie, spie);
		fake_trap(self, &(struct fake_exit){ .cause = cause, .tval = 0x1234567, .user = user });
		assert_fault(cause, 0x1234567, PC);
		assert_int_equal(csr()->vsstatus, (user ? 0 : SSTATUS_SPP) | (sie ? SSTATUS_SPIE : 0) |
						  SSTATUS_SUM | SSTATUS_FS);
	}
}

static void test_unknown_causes(void **state)
{
	static const uint64_t unknown[] = { 9, 11, 14, 16, 17, 24, 31, 48, 63, 64, 65, 1ull << 62 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		ready(true, false);
		exit_with(unknown[i], 0x77, 0, 0);
		assert_fault(CAUSE_ILLEGAL, 0, PC);
	}
}

static void test_fetch_fault(void **state)
{
	(void)state;
	ready(true, false);
	hw()->x[0] = 0x123456789000;
	exit_with(CAUSE_FETCH_GUEST_PAGE, 0x123456789000, 0x5000, 0);
	assert_fault(CAUSE_FETCH_ACCESS, 0x123456789000, 0x123456789000);
	assert_true(fake_said("vm a: vcpu 0: unmapped fetch, pc 0x123456789000, address 0x5000"));
}

static void test_virtual_instruction(void **state)
{
	static const uint32_t insns[] = { 0x10200073, 0x10500073, 0x60002573 /* csrr hstatus */, 0x6a04c073 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
		ready(true, false);
		code_at(PC, insns[i]);
		exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0xdead, 0, 0);
		assert_fault(CAUSE_ILLEGAL, insns[i], PC);
	}
	ready(true, false);
	fake.code.n = 0;	/* it cannot be fetched any more */
	exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0xdead, 0, 0);
	assert_fault(CAUSE_ILLEGAL, 0, PC);
}

/* ---- loads and stores ---- */

static const uint64_t holes[] = {
	0, 0x1000, 0x80005000, 0x80004000 - 0x80000000, FAKE_PLIC - 4, FAKE_PLIC + FAKE_PLIC_SIZE, FAKE_RAM_HPA,
	FAKE_RAM_HPA + 0x5000, 1ull << 40, (1ull << 41) - 0x1000, 1ull << 41, 1ull << 55,
};

static void test_unmapped_inject(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(holes); i++) {
		uint64_t va = 0x3f00000000ull + holes[i] % 0x1000;

		ready(i & 1, true);
		code_at(PC, LW_A1_A0);
		exit_with(CAUSE_LOAD_GUEST_PAGE, va, holes[i], 0);
		assert_fault(CAUSE_LOAD_ACCESS, va, PC);
		ready(i & 1, true);
		exit_with(CAUSE_STORE_GUEST_PAGE, va, holes[i], 0);
		assert_fault(CAUSE_STORE_ACCESS, va, PC);
	}
	assert_int_equal(fake.nr_lines, COMPLAINTS_BURST);	/* and not one for each */
	fake.time += FAKE_HZ;
	exit_with(CAUSE_STORE_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_true(fake_said("vm a: 20 more such lines left out\n"));
	for (unsigned i = 0; i < 2; i++) {	/* they are reported once; the first of these only leaves the vector */
		ready(true, true);
		fake_count_from_here();
		fake.time += FAKE_HZ;
		exit_with(CAUSE_STORE_GUEST_PAGE, 0x1000, 0x1000, 0);
	}
	assert_int_equal(fake.nr_lines, 1);
}

static void test_unmapped_ignore(void **state)
{
	(void)state;
	config.policy[A].unmapped = UNMAPPED_IGNORE;
	boot();
	for (unsigned i = 0; i < ARRAY_LEN(holes); i++) {
		uint64_t va = 0x3f00000000ull + holes[i] % 0x1000;

		code_at(PC, LW_A1_A0);
		hw()->x[11] = 99;
		exit_with(CAUSE_LOAD_GUEST_PAGE, va, holes[i], 0);
		assert_int_equal(hw()->x[0], PC + 4);
		assert_int_equal(hw()->x[11], 0);
		code_at(PC, 0xc10c);	/* c.sw a1, 0(a0) */
		exit_with(CAUSE_STORE_GUEST_PAGE, va, holes[i], 0);
		assert_int_equal(hw()->x[0], PC + 2);
	}
	ready(true, false);	/* what cannot be stepped over faults even so */
	code_at(PC, 0x00b5202f);	/* amoadd.w */
	exit_with(CAUSE_STORE_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_fault(CAUSE_STORE_ACCESS, 0x1000, PC);
}

static unsigned count(const char *text)
{
	unsigned n = 0;

	fake.console[fake.console_len < FAKE_CONSOLE ? fake.console_len : FAKE_CONSOLE - 1] = 0;
	for (const char *at = fake.console; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* A guest that is linked for another address: it faults, and its trap vector is nowhere either. Once, in plain
 * words. */
static void test_trap_loop(void **state)
{
	static const struct { uint64_t cause, vector; } loops[] = {
		{ CAUSE_FETCH_GUEST_PAGE, 0 }, { CAUSE_FETCH_GUEST_PAGE, 0x50000000 }, { CAUSE_ILLEGAL, 0x80001000 },
		{ CAUSE_LOAD_GUEST_PAGE, 0x80002000 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(loops); i++) {
		boot();
		csr()->vstvec = loops[i].vector | 1;	/* exceptions go to BASE */
		code_at(PC, LW_A1_A0);
		for (unsigned k = 0; k < 1000; k++) {
			exit_with(loops[i].cause, hw()->x[0], hw()->x[0], 0);
			fake.time += FAKE_HZ / 10;
		}
		assert_int_equal(count(": faults at its own trap vector "), 1);
		assert_int_equal(count("again and again: is the image linked for another address?\n"), 1);
		assert_in_range(count("\n"), 1, 3);
		/* the next life is another matter */
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
		fake_settle();
		csr()->vstvec = loops[i].vector;
		for (unsigned k = 0; k < 3; k++)
			exit_with(loops[i].cause, hw()->x[0], hw()->x[0], 0);
		assert_int_equal(count(": faults at its own trap vector "), 2);
	}
	/* a trap from VU-mode comes from elsewhere, whatever its pc; nor is one elsewhere in VS-mode a loop */
	boot();
	csr()->vstvec = PC;
	hw()->x[0] = PC;
	fake_trap(self, &(struct fake_exit){ .cause = CAUSE_ILLEGAL, .user = true });
	hw()->x[0] = PC + 2;
	exit_with(CAUSE_ILLEGAL, 0, 0, 0);
	assert_false(fake_said("trap vector"));
}

static void test_unmapped_stop(void **state)
{
	(void)state;
	config.policy[A].unmapped = UNMAPPED_STOP;
	boot();
	code_at(PC, LW_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_int_equal(hw()->place, PLACE_WFI);
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_true(fake_said("vm a: vcpu 0: crash: unmapped access, pc 0x80000400\n"));
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	boot();
	exit_with(CAUSE_FETCH_GUEST_PAGE, 0x1000, 0x1000, 0);
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
}

/* The walk of the guest's page tables: the kind of the access, not of the walk. */
static void test_walk_faults(void **state)
{
	static const struct { uint64_t cause, htinst; uint32_t insn; uint64_t want; } walks[] = {
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, LW_A1_A0, CAUSE_LOAD_ACCESS },
		{ CAUSE_LOAD_GUEST_PAGE, 0x2000, LW_A1_A0, CAUSE_LOAD_ACCESS },
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, SW_A1_A0, CAUSE_STORE_ACCESS },
		{ CAUSE_LOAD_GUEST_PAGE, 0x3020, 0x00b5202f, CAUSE_STORE_ACCESS },	/* amoadd.w */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0x1005202f, CAUSE_LOAD_ACCESS },	/* lr.w */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0xe10c, CAUSE_STORE_ACCESS },		/* c.sd */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0x610c, CAUSE_LOAD_ACCESS },		/* c.ld */
		{ CAUSE_LOAD_GUEST_PAGE, 0x3000, 0xe02e, CAUSE_STORE_ACCESS },		/* c.sdsp */
		{ CAUSE_LOAD_GUEST_PAGE, 0, SW_A1_A0, CAUSE_STORE_ACCESS },
		{ CAUSE_STORE_GUEST_PAGE, 0x3020, LW_A1_A0, CAUSE_STORE_ACCESS },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(walks); i++) {
		ready(true, false);
		code_at(PC, walks[i].insn);
		exit_with(walks[i].cause, 0x7000000010, 0x5000, walks[i].htinst);
		assert_fault(walks[i].want, 0x7000000010, PC);
	}
	ready(true, false);	/* of the instruction's own page */
	fake.code.n = 0;
	exit_with(CAUSE_LOAD_GUEST_PAGE, PC, 0x5000, 0x3000);
	assert_fault(CAUSE_FETCH_ACCESS, PC, PC);
}

static void test_walk_stops(void **state)
{
	(void)state;
	config.policy[A].unmapped = UNMAPPED_STOP;
	boot();
	code_at(PC, LW_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, 0x7000000010, 0x5000, 0x3000);
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_true(fake_said("page tables where it has no memory"));
}

/* Only whole, aligned words of a PLIC, by plain loads and stores of the kind that trapped. */
static void test_device_refused(void **state)
{
	static const struct { uint64_t cause, offset; uint32_t insn; } refused[] = {
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00050583 },	/* lb */
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00051583 },	/* lh */
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00053583 },	/* ld */
		{ CAUSE_LOAD_GUEST_PAGE, 2, LW_A1_A0 },
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00052587 },	/* flw */
		{ CAUSE_LOAD_GUEST_PAGE, 0, SW_A1_A0 },		/* rewritten meanwhile */
		{ CAUSE_LOAD_GUEST_PAGE, 0, 0x00000013 },
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x00b50023 },	/* sb */
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x00b53023 },	/* sd */
		{ CAUSE_STORE_GUEST_PAGE, 1, SW_A1_A0 },
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x00b5202f },	/* amoadd.w */
		{ CAUSE_STORE_GUEST_PAGE, 0, 0x18b5262f },	/* sc.w */
		{ CAUSE_STORE_GUEST_PAGE, 0, LW_A1_A0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(refused); i++) {
		uint64_t at = FAKE_PLIC + refused[i].offset;

		ready(true, false);
		code_at(PC, refused[i].insn);
		exit_with(refused[i].cause, at, at, 0);
		assert_fault(refused[i].cause == CAUSE_LOAD_GUEST_PAGE ? 5 : 7, at, PC);
	}
}

/* An access that begins in RAM and ends in a register is none of it, though the address that faulted is aligned. */
static void test_device_straddled(void **state)
{
	const uint64_t at = FAKE_PLIC + 0x203000;	/* the threshold of vcpu 1: a page that never is mapped here */

	(void)state;
	for (unsigned before = 0; before < 4; before++) {
		ready(true, false);
		code_at(PC, SW_A1_A0);
		hw()->x[10] = at - before;
		hw()->x[11] = 5;
		csr()->vscause = 99;
		exit_with(CAUSE_STORE_GUEST_PAGE, at, at, 0);
		if (before) {
			assert_fault(CAUSE_STORE_ACCESS, at, PC);
			ready(true, false);
			exit_with(CAUSE_STORE_GUEST_PAGE, at, at, 0x00b02023 | before << 15);
			assert_fault(CAUSE_STORE_ACCESS, at, PC);
		} else {
			assert_int_equal(csr()->vscause, 99);
			assert_int_equal(guest_lw(at), 5);
			guest_sw(at, 3);
		}
		assert_int_equal(guest_lw(at), 3);
	}
}

/* An instruction that is gone is fetched again by the guest, but not for ever. */
static void test_device_unfetchable(void **state)
{
	unsigned tries = 0;

	(void)state;
	ready(true, false);
	fake.code.n = 0;
	csr()->vscause = 99;
	while (csr()->vscause == 99 && ++tries < 100)
		exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC, FAKE_PLIC, 0);
	assert_in_range(tries, 2, 20);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_PLIC, PC);
}

static void test_device_by_htinst(void **state)
{
	(void)state;
	fake.code.n = 0;
	hw()->x[0] = PC;
	hw()->x[11] = 5;
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_PLIC + 4, FAKE_PLIC + 4, 0x00b02021);	/* was compressed */
	assert_int_equal(hw()->x[0], PC + 2);
	assert_int_equal(fake.plic.priority[1], 5);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC + 4, FAKE_PLIC + 4, 0x00002603);	/* lw a2 */
	assert_int_equal(hw()->x[0], PC + 6);
	assert_int_equal(hw()->x[12], 5);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC + 4, FAKE_PLIC + 4, 0x00002003);	/* lw zero */
	assert_int_equal(hw()->x[0], PC + 10);
	assert_int_equal(fake.nr_fetches, 0);
}

static void test_foreign_sources(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 1024; id++) {
		guest_sw(FAKE_PLIC + 4 * id, 7);
		assert_int_equal(guest_lw(FAKE_PLIC + 4 * id), id >= 1 && id <= 15 ? 7 : 0);
	}
	for (uint32_t w = 0; w < 32; w++) {
		guest_sw(FAKE_PLIC + 0x2080 + 4 * w, UINT32_MAX);
		assert_int_equal(guest_lw(FAKE_PLIC + 0x2080 + 4 * w), w ? 0 : 0xfffe);
	}
}

/* ---- external interrupts ---- */

#define WIRE	7

static void enable_wire(void)
{
	guest_sw(FAKE_PLIC + 4 * WIRE, 3);
	guest_sw(FAKE_PLIC + 0x2080, 1u << WIRE);
	csr()->vsstatus = SSTATUS_SIE;
	fake_csr_to(self, CSR_VSIE, SEIE);
	fake_count_from_here();
}

static uint64_t own_page(void)
{
	return 0x200000 + 0x1000 * (uint64_t)fake.plan.harts[self].plic_context[0];
}

static void test_two_exits(void **state)
{
	(void)state;
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));	/* exit 1 */
	assert_true(csr()->hvip & VSEIP && !(csr()->sie & SEIE));
	assert_int_equal(csr()->hstatus & HSTATUS_ARMED, HSTATUS_ARMED);
	assert_int_equal(naive_read(&fake.plic, own_page() + 4), WIRE);
	naive_set_level(&fake.plic, WIRE, false);
	naive_write(&fake.plic, own_page() + 4, WIRE);
	code_at(PC, 0x10200073);
	exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);	/* exit 2: executed again, for real */
	assert_int_equal(hw()->x[0], PC);
	assert_false(csr()->hstatus & HSTATUS_ARMED || csr()->hvip & VSEIP);
	assert_true(csr()->sie & SEIE);
	assert_int_equal(fake.nr_calls, 0);
}

/* Something still pends: the SRET or WFI is emulated, and the guest stays armed. */
static void test_still_armed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		bool to_user = i & 1, spie = i & 2;
		uint64_t pad = i & 4 ? SSTATUS_SPELP : 0;	/* one is expected where it returns to */

		boot();
		enable_wire();
		naive_set_level(&fake.plic, WIRE, true);
		fake_interrupt(self);
		code_at(PC, 0x10500073);
		exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);
		assert_int_equal(hw()->x[0], PC + 4);
		csr()->vsstatus = (to_user ? 0 : SSTATUS_SPP) | (spie ? SSTATUS_SPIE : SSTATUS_SIE) | pad;
		csr()->sstatus ^= i & 1 ? SSTATUS_SPELP : 0;
		csr()->vsepc = 0x80001234;
		code_at(PC, 0x10200073);
		exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);
		assert_int_equal(hw()->x[0], 0x80001234);
		assert_int_equal(csr()->vsstatus, SSTATUS_SPIE | (spie ? SSTATUS_SIE : 0));
		assert_int_equal(!(csr()->sstatus & SSTATUS_SPP), to_user);
		assert_int_equal(csr()->sstatus & SSTATUS_SPELP, pad);
		assert_true(csr()->hstatus & HSTATUS_ARMED && csr()->hvip & VSEIP);
	}
}

/* A guest that polls the claim register between suspensions: what it has served does not end the next one. */
static void test_settled_by_suspend(void **state)
{
	(void)state;
	enable_wire();
	csr()->hie = VSEIP;
	naive_set_level(&fake.plic, WIRE, true);
	fake_interrupt(self);
	sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0, 0, 0);
	assert_int_equal(hw()->place, PLACE_GUEST);	/* it pends: no sleep */
	assert_true(csr()->hstatus & HSTATUS_ARMED);
	assert_int_equal(naive_read(&fake.plic, own_page() + 4), WIRE);
	naive_set_level(&fake.plic, WIRE, false);
	naive_write(&fake.plic, own_page() + 4, WIRE);
	sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0, 0, 0);
	assert_int_equal(hw()->place, PLACE_WFI);
	assert_true(csr()->sie & SEIE && !(csr()->hvip & VSEIP));
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_true(csr()->hvip & VSEIP && csr()->hstatus & HSTATUS_ARMED && !(csr()->sie & SEIE));
}

/* A fault where a landing pad was expected (Zicfilp): the guest's handler finds that in SPELP, and begins without. */
static void test_landing_pad(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t pad = i & 1 ? SSTATUS_SPELP : 0;

		boot();
		csr()->sstatus = (csr()->sstatus & ~(uint64_t)SSTATUS_SPELP) | pad;
		csr()->vsstatus = i & 2 ? SSTATUS_SPELP : 0;	/* of an earlier trap */
		hw()->x[0] = PC;
		exit_with(CAUSE_FETCH_GUEST_PAGE, PC, 0x70000000, 0);
		assert_fault(CAUSE_FETCH_ACCESS, PC, PC);
		assert_int_equal(csr()->vsstatus & SSTATUS_SPELP, pad);
		assert_int_equal(csr()->sstatus & SSTATUS_SPELP, 0);
	}
}

/* From user mode, or another instruction: illegal to the guest, armed or not. */
static void test_armed_but_illegal(void **state)
{
	(void)state;
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	fake_interrupt(self);
	ready(true, false);
	code_at(PC, 0x10200073);
	fake_trap(self, &(struct fake_exit){ .cause = CAUSE_VIRTUAL_INSTRUCTION, .user = true });
	assert_fault(CAUSE_ILLEGAL, 0x10200073, PC);
	ready(true, false);
	code_at(PC, 0x60002573);
	exit_with(CAUSE_VIRTUAL_INSTRUCTION, 0, 0, 0);
	assert_fault(CAUSE_ILLEGAL, 0x60002573, PC);
	assert_true(csr()->hstatus & HSTATUS_ARMED);
}

static void test_emulated_plic(void **state)
{
	(void)state;
	config.plic = PLIC_EMULATED;
	boot();
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));
	assert_true(csr()->hvip & VSEIP && csr()->sie & SEIE);
	assert_false(fake_sip(self) & SEIE);	/* claimed, so the wire does not storm */
	assert_int_equal(guest_lw(FAKE_PLIC + 0x201004), WIRE);
	assert_false(csr()->hvip & VSEIP);
	assert_true(fake.plic.claimed[WIRE]);
	guest_sw(FAKE_PLIC + 0x201004, WIRE);
	assert_false(fake.plic.claimed[WIRE]);
	assert_true(fake_interrupt(self));	/* still up */
	assert_true(csr()->hvip & VSEIP);
}

/* An interrupt of the PLIC comes first, and takes mail along that would wait behind one after the other. */
static void test_emulated_beside_mail(void **state)
{
	(void)state;
	config.plic = PLIC_EMULATED;
	boot();
	enable_wire();
	naive_set_level(&fake.plic, WIRE, true);
	hart_get(self)->mailbox |= MAIL_IPI;
	fake.hw[self].csr.ssip = 1ull << IRQ_SSI;
	assert_true(fake_interrupt(self));
	assert_true(csr()->hvip & VSEIP);
	assert_true(csr()->hvip & 1ull << IRQ_VSSI);
	assert_false(fake_sip(self) & 1ull << IRQ_SSI);
}

/* A sibling's line changes: it is notified through its mailbox. */
static void test_emulated_for_sibling(void **state)
{
	unsigned sibling = fake_hart_of(A, 1);

	(void)state;
	config.plic = PLIC_EMULATED;
	boot();
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	enable_wire();
	guest_sw(FAKE_PLIC + 0x2180, 1u << WIRE);
	naive_set_level(&fake.plic, WIRE, true);
	assert_true(fake_interrupt(self));
	assert_true(fake.hw[sibling].csr.ssip);
	assert_true(fake_interrupt(sibling));
	assert_true(fake.hw[sibling].csr.hvip & VSEIP);
	assert_int_equal(guest_lw(FAKE_PLIC + 0x201004), WIRE);
	assert_true(fake_interrupt(sibling));
	assert_false(fake.hw[sibling].csr.hvip & VSEIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_delegated_causes, setup),
		cmocka_unit_test_setup(test_unknown_causes, setup),
		cmocka_unit_test_setup(test_fetch_fault, setup),
		cmocka_unit_test_setup(test_virtual_instruction, setup),
		cmocka_unit_test_setup(test_unmapped_inject, setup),
		cmocka_unit_test_setup(test_unmapped_ignore, setup),
		cmocka_unit_test_setup(test_trap_loop, setup),
		cmocka_unit_test_setup(test_unmapped_stop, setup),
		cmocka_unit_test_setup(test_walk_faults, setup),
		cmocka_unit_test_setup(test_walk_stops, setup),
		cmocka_unit_test_setup(test_device_straddled, setup),
		cmocka_unit_test_setup(test_device_refused, setup),
		cmocka_unit_test_setup(test_device_unfetchable, setup),
		cmocka_unit_test_setup(test_device_by_htinst, setup),
		cmocka_unit_test_setup(test_foreign_sources, setup),
		cmocka_unit_test_setup(test_two_exits, setup),
		cmocka_unit_test_setup(test_still_armed, setup),
		cmocka_unit_test_setup(test_landing_pad, setup),
		cmocka_unit_test_setup(test_settled_by_suspend, setup),
		cmocka_unit_test_setup(test_armed_but_illegal, setup),
		cmocka_unit_test_setup(test_emulated_plic, setup),
		cmocka_unit_test_setup(test_emulated_beside_mail, setup),
		cmocka_unit_test_setup(test_emulated_for_sibling, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
