/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual network cards on the fake machine, as no driver uses them: whatever a guest writes, and whenever a sibling or
 * a peer acts, its own card fails, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/vnet.h"

/* ---- what no driver writes ---- */

static void assert_failed(unsigned vm)
{
	as(vm, 0);
	assert_int_equal(in(STATUS), DRIVER_OK | NEEDS_RESET);
	assert_true(answer() & 2);
	out(NOTIFY, TX);
	assert_int_equal(in(STATUS), DRIVER_OK | NEEDS_RESET);
	init_card();
	assert_int_equal(in(STATUS), DRIVER_OK);
	assert_works();
}

/* Each breaks queue q of the guest that acts. */
static void break_ring(unsigned q, unsigned how)
{
	uint16_t direction = q == RX ? WRITE : 0;
	uint64_t buffer = RAM + BUFFERS, part = q * TX_PART;
	uint16_t seen = used(q);

	describe(q, SIZE, buffer, 72, direction, 0);	/* behind the ring: it is none */
	switch (how) {
	case 0: put(part + AVAIL + 2, seen + SIZE + 1, 2); break;
	case 1: put(part + AVAIL + 2, (uint16_t)(seen - 1), 2); break;
	case 2: put(part + AVAIL + 4 + 2 * (seen % SIZE), SIZE, 2); put(part + AVAIL + 2, seen + 1, 2); break;
	case 3: put(part + AVAIL + 4 + 2 * (seen % SIZE), 0xffff, 2); put(part + AVAIL + 2, seen + 1, 2); break;
	case 4: describe(q, 0, buffer, 1, direction | NEXT, SIZE); break;
	case 5: describe(q, 0, buffer, 1, direction | NEXT, 0); break;			/* a loop */
	case 6: describe(q, 0, buffer, 16, direction | INDIRECT, 0); break;
	case 7: describe(q, 0, buffer, 72, direction ^ WRITE, 0); break;
	case 8: describe(q, 0, RAM - 1, 72, direction, 0); break;
	case 9: describe(q, 0, FAKE_PLIC, 72, direction, 0); break;
	case 10: describe(q, 0, buffer, 0xffffffff, direction, 0); break;
	case 11: describe(q, 0, UINT64_MAX - 10, 72, direction, 0); break;
	case 12: describe(q, 0, buffer, 0, direction, 0); break;
	case 13: describe(q, 0, 0x10000000, 72, direction, 0); break;		/* registers of its device */
	}
	if (how >= 4) {
		put(part + AVAIL + 4 + 2 * (seen % SIZE), 0, 2);
		put(part + AVAIL + 2, seen + 1, 2);
	}
	fake_ram_close();
}

static void test_hostile_sender(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 14; how++) {
		setup_in(config.plic, config.sswi);
		break_ring(TX, how);
		out(NOTIFY, TX);
		assert_int_equal(card_of(B)->counts.received, 0);
		assert_failed(A);
	}
}

static void test_hostile_receiver(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 14; how++) {
		setup_in(config.plic, config.sswi);
		as(B, 0);
		break_ring(RX, how);
		as(A, 0);
		send(macs[B], macs[A], 1, 60);
		assert_int_equal(used(TX), 1);
		fake_ram_close();
		assert_int_equal(in(STATUS), DRIVER_OK);
		assert_int_equal(card_of(B)->counts.lost, 1);
		assert_failed(B);
	}
}

/* Rings where the guest has no RAM, or that are no rings. */
static void test_hostile_rings(void **state)
{
	static const struct { uint32_t reg, value; bool refused; } rings[] = {
		{ 0x38, 0, true }, { 0x38, 3, true }, { 0x38, 512, true }, { 0x38, 0xffffffff, true },
		{ 0x80, RAM + 8, true }, { 0x90, RAM + 1, true }, { 0xa0, RAM + 2, true }, { 0x84, 1, false },
		{ 0x94, 0xffffffff, false }, { 0xa4, 1, false }, { 0x90, FAKE_PLIC, false }, { 0x80, 0, false },
		{ 0xa0, RAM + 0x40000000, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rings); i++) {
		setup_in(config.plic, config.sswi);
		out(STATUS, 0);
		memset(at(0), 0, 0x1000);
		fake_ram_close();
		negotiate();
		set_queue(RX);
		out(0x30, TX);
		out(0x38, SIZE);
		out(0x80, RAM + TX_PART + DESC), out(0x90, RAM + TX_PART + AVAIL), out(0xa0, RAM + TX_PART + USED);
		out(rings[i].reg, rings[i].value);
		out(0x44, 1);
		assert_int_equal(in(0x44), !rings[i].refused);
		if (!rings[i].refused) {
			out(STATUS, DRIVER_OK);
			send(macs[B], macs[A], 1, 60);
		}
		assert_true(in(STATUS) & NEEDS_RESET);
		init_card();
		assert_works();
	}
}

/* ---- too much, and rings in rings ---- */

/* Notifications without a frame are no work for others; neither are frames while the last interrupt is not answered. */
static void test_storm(void **state)
{
	uint64_t runs = fake_runs;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		out(NOTIFY, TX);
		fake_settle();
	}
	assert_int_equal(fake_runs - runs, 100);
	as(B, 0);
	assert_false(interrupted());
	as(A, 0);
	send(macs[B], macs[A], 1, 60);
	runs = fake_runs;
	for (unsigned i = 0; i < 100; i++)
		send(macs[B], macs[A], 1, 60);
	assert_int_equal(fake_runs - runs, 100);
	assert_int_equal(card_of(B)->counts.received, 16);
	assert_int_equal(card_of(B)->counts.lost, 85);
	assert_int_equal(used(TX), 101);
	fake_ram_close();
	as(B, 0);
	assert_true(interrupted());
	init_card();
	assert_works();
}

static void refill(void *arg)
{
	unsigned was = self;

	as(A, 0);
	put(TX_PART + AVAIL + 2, used(TX) + SIZE, 2);
	fake_sibling(*(unsigned *)arg, refill, arg);
	self = was;
}

/* A sibling makes frames available as fast as they are sent: the exit ends after its batch. */
static void test_endless(void **state)
{
	unsigned step = 5;
	uint16_t sent;

	(void)state;
	queue_frame(0, macs[B], macs[A], 1, 60);
	fake_sibling(0, refill, &step);
	out(NOTIFY, TX);
	fake_sibling_acted();
	sent = used(TX);
	fake_ram_close();
	assert_int_equal(sent, VNET_BATCH);
	assert_true(card_of(A)->more);
	out(STATUS, 0);
	fake_settle();
	assert_false(card_of(A)->more);
	init_card();
	as(B, 0);
	init_card();	/* all of its buffers have frames */
	assert_works();
}

/* All three rings of a queue, or of both, at one place, which is full of the same byte. */
static void test_rings_in_rings(void **state)
{
	(void)state;
	for (unsigned fill = 0; fill < 256; fill += 5) {
		setup_in(config.plic, config.sswi);
		out(STATUS, 0);
		memset(at(0), (int)fill, 0x1000);
		fake_ram_close();
		negotiate();
		for (unsigned q = RX; q <= TX; q++) {
			out(0x30, q);
			out(0x38, SIZE);
			for (uint32_t reg = 0x80; reg <= 0xa0; reg += 0x10)
				out(reg, RAM + 0x100), out(reg + 4, 0);
			out(0x44, 1);
		}
		out(STATUS, DRIVER_OK);
		for (unsigned i = 0; i < 20; i++)
			out(NOTIFY, TX);
		as(B, 0);
		send(macs[A], macs[B], (uint8_t)fill, 60);
		assert_int_equal(in(STATUS), DRIVER_OK);
		as(A, 0);
		out(STATUS, 0);
		fake_settle();
		init_card();
		assert_works();
	}
}

/* Buffers of a receiver that lie over its own rings: what it gets there is its own. */
static void test_buffers_over_rings(void **state)
{
	(void)state;
	for (unsigned where = 0; where < 0x400; where += 24) {
		setup_in(config.plic, config.sswi);
		as(B, 0);
		for (unsigned i = 0; i < 16; i++)
			describe(RX, i, RAM + where, BUFFER, WRITE, 0);
		fake_ram_close();
		as(A, 0);
		for (unsigned i = 0; i < 20; i++)
			send(macs[B], macs[A], (uint8_t)(where + i), 100);
		assert_int_equal(used(TX), 20);
		fake_ram_close();
		assert_int_equal(in(STATUS), DRIVER_OK);
		as(B, 0);
		init_card();
		assert_works();
	}
}

/* ---- in the middle ---- */

static uint32_t rewrite_to;

static void rewrite(void *arg)
{
	unsigned was = self;

	(void)arg;
	as(A, 0);
	describe(TX, 0, rewrite_to ? FAKE_PLIC : RAM + BUFFERS + BUFFER * 16, rewrite_to ? 72 : 13, 0, 0);
	memcpy(at(BUFFERS + BUFFER * 16 + 18), macs[B], 6);
	fake_ram_close();
	self = was;
}

/* A frame of a to b; the sibling acts at the n-th access of that exit. False: the exit has fewer. */
static bool send_meanwhile(unsigned n, void (*act)(void *arg))
{
	queue_frame(0, macs[B], macs[A], 0x5a, 60);
	fake_sibling(n, act, NULL);
	out(NOTIFY, TX);
	if (!fake_sibling_acted())
		return false;
	fake_settle();
	return true;
}

/* A sibling rewrites descriptor and frame after each access: b gets the frame as it was, or nothing. */
static void test_rewritten(void **state)
{
	unsigned n;

	(void)state;
	for (rewrite_to = 0; rewrite_to < 2; rewrite_to++) {
		for (n = 0; n < 500; n++) {
			setup_in(config.plic, config.sswi);
			if (!send_meanwhile(n, rewrite))
				break;
			as(B, 0);
			assert_int_equal(in(STATUS), DRIVER_OK);
			assert_int_equal(used(RX), card_of(B)->counts.received);
			if (used(RX)) {
				assert_int_equal(used_size(RX, 0), 72);
				assert_memory_equal(at(BUFFERS + 18), macs[A], 6);
			}
			fake_ram_close();
		}
		assert_in_range(n, 10, 499);
	}
}

/* As out(), but the exit may have to wait for a lock of the suspended hart. */
static void store_zero(uint32_t reg)
{
	code_at(BOOT_PC + 0x200, SW_A1_A0);
	hw()->x[10] = FAKE_CARD + reg;
	hw()->x[11] = 0;
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_CARD + reg, FAKE_CARD + reg, 0);
}

static void rewrite_b(void *arg)
{
	unsigned was = self;

	(void)arg;
	as(B, 0);
	switch (rewrite_to) {
	case 0: describe(RX, 0, FAKE_PLIC, BUFFER, WRITE, 0); break;
	case 1: describe(RX, 0, RAM + BUFFERS, 20, WRITE | NEXT, 0); break;
	case 2: put(AVAIL + 2, 0x8000, 2); break;
	case 3: put(AVAIL + 4, 0xffff, 2); break;
	case 4: store_zero(STATUS); break;
	case 5: store_zero(0x44); break;	/* the receive queue was selected by the test */
	}
	fake_ram_close();
	self = was;
}

/* The receiver changes its ring, or takes it away, after each access: the sender does not notice. */
static void test_receiver_rewrites(void **state)
{
	unsigned n;

	(void)state;
	for (rewrite_to = 0; rewrite_to < 6; rewrite_to++) {
		for (n = 0; n < 500; n++) {
			setup_in(config.plic, config.sswi);
			as(B, 0);
			out(0x30, RX);
			as(A, 0);
			if (!send_meanwhile(n, rewrite_b))
				break;
			assert_int_equal(in(STATUS), DRIVER_OK);
			assert_int_equal(used(TX), 1);
			fake_ram_close();
			assert_int_equal(card_of(B)->counts.received + card_of(B)->counts.lost, 1);
			as(B, 0);
			init_card();
			assert_works();
		}
		assert_in_range(n, 10, 499);
	}
}

static void restart_b(void *arg)
{
	unsigned was = self;

	(void)arg;
	as(B, 0);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	self = was;
}

/* b restarts in the middle of a frame: its new life finds a card as at power-on, and a continues. */
static void test_restart_in_frame(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 500; n++) {
		setup_in(config.plic, config.sswi);
		if (!send_meanwhile(n, restart_b))
			break;
		assert_int_equal(in(STATUS), DRIVER_OK);
		assert_int_equal(used(TX), 1);
		fake_ram_close();
		as(B, 0);
		assert_int_equal(in(STATUS), 0);
		assert_int_equal(in(PENDING), 0);
		init_card();
		assert_int_equal(used(RX), 0);
		fake_ram_close();
		assert_works();
	}
	assert_in_range(n, 10, 499);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_hostile_sender), EACH(test_hostile_receiver), EACH(test_hostile_rings),
		EACH(test_storm), EACH(test_endless),
		EACH(test_rings_in_rings), EACH(test_buffers_over_rings), EACH(test_rewritten),
		EACH(test_receiver_rewrites), EACH(test_restart_in_frame)
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
