/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared memory and its doorbells on the fake machine: b is peer 0 and may only read, a is peer 1. Registers, rings,
 * lives, and siblings that act in the middle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/doorbell.h"
#include "hyp/vm/shared.h"
#include "tests/unit/fake/exits.h"

#define CONTEXT		(FAKE_PLIC + 0x201000)	/* of vcpu 0 */
#define WORD		(FAKE_DOORBELL_IRQ / 32)
#define BIT		(1u << FAKE_DOORBELL_IRQ % 32)
#define MAX_POINTS	300u

enum { PEER_B, PEER_A };

static void as(unsigned vm, unsigned vcpu)
{
	self = fake_hart_of(vm, vcpu);
}

static uint32_t in(uint32_t reg) { return guest_lw(FAKE_DOORBELL + reg); }
static void out(uint32_t reg, uint32_t v) { guest_sw(FAKE_DOORBELL + reg, v); }
static bool interrupted(void) { return csr()->hvip & VSEIP; }

static void enable(void)
{
	guest_sw(FAKE_PLIC + 4 * FAKE_DOORBELL_IRQ, 1);
	guest_sw(FAKE_PLIC + 0x2080 + 4 * WORD, BIT);
	guest_sw(CONTEXT, 0);
}

static int setup_in(enum plic_mode mode, bool sswi)
{
	setup(NULL);
	config.plic = mode;
	config.shared = true;
	config.sswi = sswi;
	boot();
	as(B, 0);
	enable();
	as(A, 0);
	enable();
	return 0;
}

static int setup_guarded(void **state) { (void)state; return setup_in(PLIC_GUARDED, false); }
static int setup_emulated(void **state) { (void)state; return setup_in(PLIC_EMULATED, true); }

/* As a driver: claims, reads who rang, completes. */
static uint32_t answer(void)
{
	uint32_t id = guest_lw(CONTEXT + 4), rang = in(DOORBELL_RANG);

	guest_sw(CONTEXT + 4, id);
	assert_true(!id || id == FAKE_DOORBELL_IRQ);
	return rang;
}

/* Both guests have started, in some order, and have answered the rings of these starts. */
static void forget_starts(void)
{
	fake_settle();
	as(B, 0);
	answer();
	as(A, 0);
	answer();
	fake_settle();
}

static unsigned ipis(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fake.nr_calls && i < FAKE_CALLS; i++)
		n += fake.calls[i].eid == SBI_EXT_IPI;
	return n;
}

/* ---- registers ---- */

static void test_registers(void **state)
{
	(void)state;
	forget_starts();
	for (unsigned vm = A; vm <= B; vm++) {
		as(vm, 0);
		assert_int_equal(in(DOORBELL_PEERS), 2);
		assert_int_equal(in(DOORBELL_SELF), vm == A ? PEER_A : PEER_B);
		assert_int_equal(in(DOORBELL_RING), 0);
		assert_int_equal(in(DOORBELL_LIFE), 1);
		assert_int_equal(in(DOORBELL_LIFE + 4), 1);
		for (uint32_t reg = 0x10; reg < PAGE_SIZE; reg += 4)
			if (reg != DOORBELL_LIFE && reg != DOORBELL_LIFE + 4)
				assert_int_equal(in(reg), 0);
	}
	for (uint32_t reg = 0; reg < 0x100; reg += 4)	/* none of these rings, or changes anything */
		out(reg, 2);
	out(DOORBELL_RING, 0x80000000u);
	out(DOORBELL_RANG, 0xffffffffu);
	fake_settle();
	assert_int_equal(in(DOORBELL_LIFE), 1);
	for (unsigned vm = A; vm <= B; vm++) {
		as(vm, 0);
		assert_int_equal(in(DOORBELL_RANG), 0);
		assert_false(interrupted());
	}
}

/* Words alone; and a guest that has no share has nothing there. */
static void test_accesses(void **state)
{
	static const uint32_t loads[] = { 0x00050583 /* lb */, 0x00051583 /* lh */, 0x00053583 /* ld */ };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(loads); i++) {
		code_at(BOOT_PC, loads[i]);
		exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_DOORBELL + DOORBELL_RANG, FAKE_DOORBELL + DOORBELL_RANG, 0);
		assert_fault(CAUSE_LOAD_ACCESS, FAKE_DOORBELL + DOORBELL_RANG, BOOT_PC);
	}
	as(C, 0);
	code_at(BOOT_PC, LW_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_DOORBELL, FAKE_DOORBELL, 0);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_DOORBELL, BOOT_PC);
}

/* ---- the memory ---- */

static void test_rights(void **state)
{
	uint64_t pte;

	(void)state;
	assert_int_equal(fake_walk(fake_vm(A)->hgatp, FAKE_SHARED, &pte), FAKE_SHARED_HPA);
	assert_int_equal(pte & 0xe, 0x6);
	assert_int_equal(fake_walk(fake_vm(B)->hgatp, FAKE_SHARED, &pte), FAKE_SHARED_HPA);
	assert_int_equal(pte & 0xe, 0x2);
	assert_int_equal(fake_walk(fake_vm(C)->hgatp, FAKE_SHARED, &pte), 0);
	as(B, 0);	/* its store, and a fetch */
	code_at(BOOT_PC, SW_A1_A0);
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_SHARED, FAKE_SHARED, 0);
	assert_fault(CAUSE_STORE_ACCESS, FAKE_SHARED, BOOT_PC);
	hw()->x[0] = FAKE_SHARED;
	exit_with(CAUSE_FETCH_GUEST_PAGE, FAKE_SHARED, FAKE_SHARED, 0);
	assert_fault(CAUSE_FETCH_ACCESS, FAKE_SHARED, FAKE_SHARED);
}

/* The hypervisor neither reads nor writes it for a guest: a peer could change it meanwhile. */
static void test_no_buffer(void **state)
{
	(void)state;
	assert_int_equal(sbi(SBI_EXT_DBCN, SBI_DBCN_WRITE, 4, FAKE_SHARED, 0), SBI_ERR_INVALID_PARAM);
	assert_int_equal(sbi(SBI_EXT_DBCN, SBI_DBCN_READ, 4, FAKE_SHARED, 0), SBI_ERR_INVALID_PARAM);
}

/* All of it, and on a machine with Zicbom in the memory behind the caches; nothing beside it. */
static void test_clear(void **state)
{
	uint8_t *ram;

	(void)state;
	setup(NULL);
	config.cbom = true;
	boot();
	fake.plan.nr_shared = 2;
	for (unsigned i = 0; i < 2; i++)	/* two pages of a's, as if they were shared */
		fake.plan.shared[i] = (struct plan_shared){ .hpa = hpa(FAKE_RAM_HPA + (1 + i) * PAGE_SIZE),
							    .size = PAGE_SIZE, .nr_peers = 2 };
	memset(fake_ram(), 0x5a, 4 * PAGE_SIZE);
	fake_dram_power_on();
	fake.running = (int)fake_hart_of(A, 0);
	shared_clear(&fake.plan);
	fake.running = -1;
	ram = fake_ram();
	for (uint32_t i = 0; i < 4 * PAGE_SIZE; i++) {
		bool cleared = i / PAGE_SIZE == 1 || i / PAGE_SIZE == 2;

		assert_int_equal(ram[i], cleared ? 0 : 0x5a);
		if (cleared)
			assert_int_equal(fake_dram()[i], 0);
	}
	fake_ram_close();
}

/* ---- rings ---- */

static void test_ring(void **state)
{
	(void)state;
	forget_starts();
	out(DOORBELL_RING, PEER_B);
	fake_settle();
	assert_false(interrupted());
	as(B, 0);
	assert_true(interrupted());
	assert_int_equal(guest_lw(CONTEXT + 4), FAKE_DOORBELL_IRQ);
	assert_int_equal(in(DOORBELL_RANG), 1u << PEER_A);
	guest_sw(CONTEXT + 4, FAKE_DOORBELL_IRQ);
	assert_false(interrupted());
	assert_int_equal(in(DOORBELL_RANG), 0);
	out(DOORBELL_RING, PEER_A);
	fake_settle();
	as(A, 0);
	assert_true(interrupted());
	assert_int_equal(in(DOORBELL_RANG), 1u << PEER_B);
}

/* At itself, and from another hart. */
static void test_ring_self(void **state)
{
	(void)state;
	forget_starts();
	as(A, 0);
	sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0);
	fake_settle();
	as(A, 1);
	out(DOORBELL_RING, PEER_A);
	fake_settle();
	as(A, 0);
	assert_true(interrupted());
	assert_int_equal(in(DOORBELL_RANG), 1u << PEER_A);
}

/* A peer that does not answer costs one interrupt of its hart, not one for each ring. */
static void test_one_mail(void **state)
{
	(void)state;
	forget_starts();
	fake.nr_calls = 0;
	for (unsigned i = 0; i < 10; i++)
		out(DOORBELL_RING, PEER_B);
	fake_settle();
	for (unsigned i = 0; i < 10; i++)
		out(DOORBELL_RING, PEER_B);
	assert_int_equal(ipis(), config.sswi ? 0 : 1);
	fake_settle();
	as(B, 0);
	assert_int_equal(in(DOORBELL_RANG), 1u << PEER_A);
	assert_int_equal(in(DOORBELL_RANG), 0);
}

/* The first hart of the peer may be stopped: the one that has enabled the interrupt gets it. */
static void test_other_hart(void **state)
{
	(void)state;
	forget_starts();
	as(B, 0);
	guest_sw(FAKE_PLIC + 0x2080 + 4 * WORD, 0);
	sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0);
	fake_settle();
	as(B, 1);
	guest_sw(FAKE_PLIC + 0x2180 + 4 * WORD, BIT);
	guest_sw(CONTEXT + 0x2000, 0);
	as(B, 0);
	sbi(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0);
	fake_settle();
	as(A, 0);
	out(DOORBELL_RING, PEER_B);
	fake_settle();
	as(B, 1);
	assert_true(interrupted());
	assert_int_equal(guest_lw(CONTEXT + 0x2004), FAKE_DOORBELL_IRQ);
}

/* ---- lives ---- */

static void test_starts_ring(void **state)
{
	(void)state;
	fake_settle();
	/* the guest that started second has rung at the other one */
	as(B, 0);
	uint32_t b = in(DOORBELL_RANG);
	as(A, 0);
	uint32_t a = in(DOORBELL_RANG);
	assert_true((!b && a == 1u << (RANG_LIFE_SHIFT + PEER_B)) || (!a && b == 1u << (RANG_LIFE_SHIFT + PEER_A)));
}

static void test_restart(void **state)
{
	(void)state;
	for (uint32_t life = 1; life < 21; life += 2) {
		forget_starts();
		assert_int_equal(in(DOORBELL_LIFE + 4 * PEER_B), life);
		out(DOORBELL_RING, PEER_B);	/* in its earlier life: the next one does not see it */
		fake_settle();
		as(B, 0);
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
		fake_settle();
		assert_int_equal(hw()->place, PLACE_GUEST);
		assert_false(interrupted());
		assert_int_equal(in(DOORBELL_RANG), 0);
		enable();
		assert_false(interrupted());
		as(A, 0);
		assert_true(interrupted());
		assert_int_equal(in(DOORBELL_RANG), 1u << (RANG_LIFE_SHIFT + PEER_B));
		assert_int_equal(in(DOORBELL_LIFE + 4 * PEER_B), life + 2);
		assert_int_equal(in(DOORBELL_LIFE + 4 * PEER_A), 1);
	}
}

static void test_stopped(void **state)
{
	(void)state;
	forget_starts();
	as(B, 0);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0);
	fake_settle();
	as(A, 0);
	assert_true(interrupted());
	assert_int_equal(answer(), 1u << (RANG_LIFE_SHIFT + PEER_B));
	assert_int_equal(in(DOORBELL_LIFE + 4 * PEER_B), 2);
	assert_false(interrupted());
	fake.nr_calls = 0;
	for (unsigned i = 0; i < 5; i++)
		out(DOORBELL_RING, PEER_B);
	assert_int_equal(ipis(), 0);
	fake.running = (int)fake_hart_of(B, 0);
	assert_null(vm_ask(fake_vm(B), ASK_START));
	fake.running = -1;
	fake_settle();
	assert_int_equal(in(DOORBELL_LIFE + 4 * PEER_B), 3);
	assert_int_equal(in(DOORBELL_RANG), 1u << (RANG_LIFE_SHIFT + PEER_B));
	as(B, 0);
	assert_int_equal(in(DOORBELL_RANG), 0);
}

/* ---- in the middle ---- */

static void ring_from_a(void *arg)
{
	unsigned was = self;

	(void)arg;
	as(A, 0);
	out(DOORBELL_RING, PEER_B);
	self = was;
}

/* b reads who rang while a rings again: each ring is read, or raises the line. */
static void test_ring_while_read(void **state)
{
	uint32_t at, later = 0;

	(void)state;
	for (at = 0; at < MAX_POINTS; at++) {
		uint32_t first, second;
		bool line;

		setup_in(config.plic, config.sswi);
		forget_starts();
		out(DOORBELL_RING, PEER_B);
		fake_settle();
		as(B, 0);
		guest_sw(CONTEXT + 4, guest_lw(CONTEXT + 4));
		fake_sibling(at, ring_from_a, NULL);
		first = in(DOORBELL_RANG);
		if (!fake_sibling_acted())
			break;
		assert_int_equal(first, 1u << PEER_A);
		fake_settle();
		as(B, 0);
		line = interrupted();
		second = answer();
		assert_true(line || !second);	/* not lost */
		later += second != 0;
		assert_int_equal(in(DOORBELL_RANG), 0);
		assert_false(interrupted());
	}
	assert_true(later > 1 && later < at);
	assert_in_range(at, 5, MAX_POINTS - 1);
}

/* Nothing waits: a's ring does not need a lock that b's hart holds. */
static void test_no_wait(void **state)
{
	uint32_t at;

	(void)state;
	for (at = 0; at < MAX_POINTS; at++) {
		setup_in(config.plic, config.sswi);
		forget_starts();
		as(B, 0);
		fake_sibling(at, ring_from_a, NULL);
		guest_sw(FAKE_PLIC + 0x2080 + 4 * WORD, BIT);
		if (!fake_sibling_acted())
			break;
		assert_int_equal(fake.hw[fake_hart_of(A, 0)].place, PLACE_GUEST);
		fake_settle();
		as(B, 0);
		assert_true(interrupted());
		assert_int_equal(in(DOORBELL_RANG), 1u << PEER_A);
	}
	assert_in_range(at, 1, MAX_POINTS - 1);
}

static void end_b(void *arg)
{
	unsigned was = self;

	(void)arg;
	as(B, 0);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	self = was;
}

/* b restarts in the middle of a's ring: it comes in its new life, or not at all; the guests go on. */
static void test_restart_while_rung(void **state)
{
	uint32_t at;

	(void)state;
	for (at = 0; at < MAX_POINTS; at++) {
		setup_in(config.plic, config.sswi);
		forget_starts();
		fake_sibling(at, end_b, NULL);
		out(DOORBELL_RING, PEER_B);
		if (!fake_sibling_acted())
			break;
		fake_settle();
		as(B, 0);
		assert_int_equal(in(DOORBELL_LIFE + 4 * PEER_B), 3);
		assert_int_equal(in(DOORBELL_RANG) & ~(1u << PEER_A), 0);
		as(A, 0);
		assert_int_equal(in(DOORBELL_RANG), 1u << (RANG_LIFE_SHIFT + PEER_B));
	}
	assert_in_range(at, 3, MAX_POINTS - 1);
}

#define EACH(test)	cmocka_unit_test_setup(test, setup_guarded), cmocka_unit_test_setup(test, setup_emulated)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_registers), EACH(test_accesses), EACH(test_rights), EACH(test_no_buffer),
		cmocka_unit_test(test_clear), EACH(test_ring),
		EACH(test_ring_self), EACH(test_one_mail), EACH(test_other_hart), EACH(test_starts_ring),
		EACH(test_restart), EACH(test_stopped), EACH(test_ring_while_read), EACH(test_no_wait),
		EACH(test_restart_while_rung),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
