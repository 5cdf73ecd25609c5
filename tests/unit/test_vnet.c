/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual network cards on the fake machine: registers, frames, lives. test_vnet_hostile.c has what no driver does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/vnet.h"

/* ---- registers ---- */

static void test_registers(void **state)
{
	static const struct { uint32_t reg, value; } want[] = {
		{ 0x00, 0x74726976 }, { 0x04, 2 }, { 0x08, 1 }, { 0x100, 0x62026200u & 0 }, { 0xb0, 0xffffffff },
		{ 0xb4, 0xffffffff },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(want); i++)
		if (want[i].reg != 0x100)
			assert_int_equal(in(want[i].reg), want[i].value);
	out(0x14, 0);
	assert_int_equal(in(0x10), 1u << 5 | 1u << 16 | EVENT_IDX | MRG_RXBUF | CSUM | GUEST_CSUM | HOST_TSO4 |
			 HOST_TSO6 | GUEST_TSO4 | GUEST_TSO6);
	out(0x14, 1);
	assert_int_equal(in(0x10), 1);
	out(0x14, 2);
	assert_int_equal(in(0x10), 0);
	assert_int_equal(in(0x100), 0x00006202);
	assert_int_equal(in(0x104), 0x00010a00);	/* two octets, and the link is up */
	for (uint32_t reg = 0x108; reg < 0x1000; reg += 4)
		assert_int_equal(in(reg), 0);
	out(0x30, 2);
	assert_int_equal(in(0x34), 0);
	assert_int_equal(in(0x44), 0);
	out(0x44, 1);
	assert_int_equal(in(STATUS), DRIVER_OK);
}

static void test_features(void **state)
{
	static const uint32_t wrong[][2] = {
		{ 1u << 5, 0 }, { 4, 1 }, { 1u << 28, 1 }, { 0, 3 }, { 0, 0xffffffff },
		{ HOST_TSO4, 1 }, { HOST_TSO6, 1 }, { GUEST_TSO4, 1 }, { GUEST_TSO6, 1 },	/* without checksums */
		{ HOST_TSO4 | GUEST_CSUM, 1 }, { GUEST_TSO4 | CSUM, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		out(STATUS, 0);
		out(STATUS, 3);
		out(0x24, 0), out(0x20, wrong[i][0]);
		out(0x24, 1), out(0x20, wrong[i][1]);
		out(STATUS, 11);
		assert_int_equal(in(STATUS), 3);
		out(STATUS, DRIVER_OK);		/* without FEATURES_OK there is none */
		assert_int_equal(in(STATUS), 3);
	}
	init_card();
	assert_works();
}

static void test_accesses(void **state)
{
	(void)state;
	code_at(BOOT_PC + 0x100, 0x00054583 /* lbu a1, 0(a0) */);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_CARD + 0x105, FAKE_CARD + 0x105, 0);
	assert_int_equal(hw()->x[11], 0xa);
	code_at(BOOT_PC + 0x100, 0x00055583 /* lhu */);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_CARD + 0x106, FAKE_CARD + 0x106, 0);
	assert_int_equal(hw()->x[11], 1);
	code_at(BOOT_PC, 0x00054583);	/* registers are words */
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_CARD + STATUS, FAKE_CARD + STATUS, 0);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_CARD + STATUS, BOOT_PC);
	code_at(BOOT_PC, 0x00053583 /* ld */);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_CARD + 0x100, FAKE_CARD + 0x100, 0);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_CARD + 0x100, BOOT_PC);
}

/* ---- frames ---- */

static void test_frame(void **state)
{
	(void)state;
	send(macs[B], macs[A], 0x5a, 60);
	assert_int_equal(used(TX), 1);
	assert_int_equal(used_id(TX, 0), 0);
	fake_ram_close();
	assert_true(interrupted());	/* its buffer is free */
	as(B, 0);
	assert_true(interrupted());
	assert_int_equal(answer(), 1);
	assert_int_equal(used(RX), 1);
	assert_int_equal(used_id(RX, 0), 0);
	assert_int_equal(used_size(RX, 0), 72);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(*at(BUFFERS + i), i == 10);	/* one buffer */
	assert_memory_equal(at(BUFFERS + 12), macs[B], 6);
	assert_memory_equal(at(BUFFERS + 18), macs[A], 6);
	for (unsigned i = 24; i < 72; i++)
		assert_int_equal(*at(BUFFERS + i), 0x5a);
	fake_ram_close();
	assert_false(interrupted());
	assert_int_equal(card_of(A)->counts.sent, 1);
	assert_int_equal(card_of(B)->counts.received, 1);
}

static void test_addresses(void **state)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 }, group[6] = { 1, 0, 0x5e, 0, 0, 1 };
	static const uint8_t other[6] = { 2, 0x62, 0, 0, 0, 0xc };

	(void)state;
	send(all, macs[A], 1, 60);
	send(group, macs[A], 2, 60);
	assert_int_equal(card_of(B)->counts.received, 2);
	send(other, macs[A], 3, 60);	/* no card has it */
	send(macs[A], macs[A], 4, 60);	/* nor does it come back */
	assert_int_equal(card_of(B)->counts.received, 2);
	assert_int_equal(card_of(A)->counts.received, 0);
	send(macs[B], macs[B], 5, 60);	/* a foreign source */
	send(all, other, 6, 60);
	assert_int_equal(card_of(A)->counts.foreign, 2);
	assert_int_equal(card_of(B)->counts.received, 2);
	assert_int_equal(card_of(A)->counts.sent, 4);
	assert_int_equal(used(TX), 6);
	fake_ram_close();
}

/* A receiver that has no buffers loses frames; the sender does not notice. */
static void test_lost(void **state)
{
	char text[100];

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		send(macs[B], macs[A], (uint8_t)i, 60);
	assert_int_equal(used(TX), 20);
	fake_ram_close();
	assert_int_equal(card_of(B)->counts.received, 16);
	assert_int_equal(card_of(B)->counts.lost, 4);
	vnet_describe(card_of(B), text, sizeof(text));
	assert_string_equal(text, "network n: frames sent 0, received 16, lost 4, of a foreign source 0, malformed 0");
	as(B, 0);
	answer();
	make_available(RX, 3);
	fake_ram_close();
	assert_works();
}

static void test_sizes(void **state)
{
	(void)state;
	for (uint32_t size = 0; size < 27; size++) {	/* with the header */
		describe(TX, 0, RAM + BUFFERS + BUFFER * 16, size ? size : 1, 0, 0);
		make_available(TX, 0);
		fake_ram_close();
		out(NOTIFY, TX);
		assert_int_equal(card_of(A)->counts.bad + card_of(A)->counts.foreign, size + 1);
	}
	describe(TX, 0, RAM, 1531, 0, 0);
	make_available(TX, 0);
	fake_ram_close();
	out(NOTIFY, TX);
	assert_int_equal(card_of(B)->counts.received, 0);
	assert_int_equal(in(STATUS), DRIVER_OK);
	/* a buffer that is too small for the frame is not used */
	send(macs[B], macs[A], 1, 116);
	assert_int_equal(card_of(B)->counts.received, 1);
	queue_frame(1, macs[B], macs[A], 1, 100);
	describe(TX, 1, RAM + BUFFERS + BUFFER * 17, 12 + 117, 0, 0);
	fake_ram_close();
	out(NOTIFY, TX);
	assert_int_equal(card_of(B)->counts.lost, 1);
	assert_works();
}

/* Buffers of several pieces, on both sides. */
static void test_pieces(void **state)
{
	static const uint32_t cuts[] = { 1, 11, 1, 12, 20, 27 };	/* 72 */
	uint64_t from = RAM + BUFFERS + BUFFER * 16;

	(void)state;
	as(B, 0);
	for (unsigned i = 0; i < 10; i++)
		describe(RX, i, RAM + BUFFERS + 9 * i, 9, WRITE | NEXT, (uint16_t)(i + 1));
	describe(RX, 9, RAM + BUFFERS + 81, 9, WRITE, 0);
	fake_ram_close();
	as(A, 0);
	queue_frame(0, macs[B], macs[A], 0x33, 60);
	for (unsigned i = 0; i < ARRAY_LEN(cuts); from += cuts[i++])
		describe(TX, i, from, cuts[i], i + 1 < ARRAY_LEN(cuts) ? NEXT : 0, (uint16_t)(i + 1));
	fake_ram_close();
	out(NOTIFY, TX);
	fake_settle();
	as(B, 0);
	assert_int_equal(used(RX), 1);
	assert_int_equal(used_size(RX, 0), 72);
	assert_memory_equal(at(BUFFERS + 12), macs[B], 6);
	for (unsigned i = 24; i < 72; i++)
		assert_int_equal(*at(BUFFERS + i), 0x33);
	fake_ram_close();
}

/* More than one exit may send: the rest follows by mail to itself. */
static void test_batch(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++)
		queue_frame(i, macs[B], macs[A], (uint8_t)i, 60);
	for (unsigned i = 0; i < 14; i++)
		make_available(TX, (uint16_t)i);
	fake_ram_close();
	out(NOTIFY, TX);
	assert_int_equal(used(TX), VNET_BATCH);
	fake_ram_close();
	fake_settle();
	assert_int_equal(used(TX), 30);
	fake_ram_close();
	assert_int_equal(card_of(B)->counts.received, 16);
	assert_int_equal(card_of(B)->counts.lost, 14);
}

static void test_no_interrupt(void **state)
{
	(void)state;
	as(B, 0);
	put(AVAIL, 1, 2);
	fake_ram_close();
	as(A, 0);
	put(TX_PART + AVAIL, 1, 2);
	fake_ram_close();
	send(macs[B], macs[A], 1, 60);
	assert_false(interrupted());
	as(B, 0);
	assert_int_equal(used(RX), 1);
	fake_ram_close();
	assert_false(interrupted());
}

/* ---- lives ---- */

static void test_restart(void **state)
{
	uint32_t generation = in(0xfc);

	(void)state;
	send(macs[B], macs[A], 1, 60);
	answer();
	as(B, 0);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	fake_settle();
	assert_int_equal(in(STATUS), 0);
	assert_int_equal(in(PENDING), 0);
	out(0x30, RX);
	assert_int_equal(in(0x44), 0);
	as(A, 0);
	assert_true(interrupted());
	assert_int_equal(answer(), 2);
	assert_int_equal(in(0xfc), generation + 2);
	assert_int_equal(in(0x104), 0x00010a00);
	send(macs[B], macs[A], 2, 60);		/* it has no buffers yet */
	as(B, 0);
	init_card();
	assert_int_equal(used(RX), 0);
	fake_ram_close();
	assert_works();
}

/* A driver that resets its card gets no frame any more, and nothing is pending; the other card works. */
static void test_driver_resets(void **state)
{
	(void)state;
	as(B, 0);
	out(STATUS, 0);
	as(A, 0);
	send(macs[B], macs[A], 1, 60);
	assert_int_equal(used(TX), 1);
	fake_ram_close();
	as(B, 0);
	assert_int_equal(used(RX), 0);
	fake_ram_close();
	assert_int_equal(in(PENDING), 0);
	assert_int_equal(card_of(B)->counts.lost, 1);
	init_card();
	assert_works();
}

static void test_stop(void **state)
{
	(void)state;
	as(B, 0);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0);
	fake_settle();
	assert_true(fake_said("vm b: network n: frames sent 0, received 0, lost 0, "));
	as(A, 0);
	assert_int_equal(answer(), 2);
	assert_int_equal(in(0x104), 0x00000a00);	/* no link */
	send(macs[B], macs[A], 1, 60);
	assert_int_equal(used(TX), 1);
	fake_ram_close();
	assert_int_equal(card_of(B)->counts.received, 0);
	assert_int_equal(in(STATUS), DRIVER_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_registers), EACH(test_features), EACH(test_accesses), EACH(test_frame),
		EACH(test_addresses), EACH(test_lost), EACH(test_sizes), EACH(test_pieces), EACH(test_batch),
		EACH(test_no_interrupt), EACH(test_restart), EACH(test_driver_resets), EACH(test_stop)
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
