/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums, segments and merged buffers of virtual network cards: a receives none of these, b what each test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/segments.h"

/* ---- checksums ---- */

static void check_complete(uint32_t size, bool whole)
{
	const uint8_t *e = got + HEADER;

	for (unsigned i = 0; i < HEADER; i++)
		assert_int_equal(got[i], i == 10);
	size -= HEADER + sent.tcp;
	assert_int_equal(naive_sum(e + sent.tcp, size, pseudo(e, size)), 0xffff);
	if (!sent.v6)
		assert_int_equal(naive_sum(e + sent.ip, 20 + sent.ip_options, 0), 0xffff);
	if (whole) {
		memcpy(got + HEADER + sent.tcp + 16, sent.byte + sent.tcp + 16, 2);
		assert_memory_equal(e, sent.byte, sent.size);
	}
}

static void test_checksum(void **state)
{
	uint32_t size;

	(void)state;
	memset(&sent, 0, sizeof(sent));
	for (uint32_t data = 0; data < 40; data++) {
		sent.v6 = data & 1;
		sent.vlan = data & 2;
		build(data);
		renew(GUEST_CSUM, 4, 1000);
		send_built(0, 0);
		assert_int_equal(take(0, &size), 1);
		assert_int_equal(size, HEADER + sent.size);
		assert_memory_equal(got + HEADER, sent.byte, sent.size);
		assert_int_equal(got[0], 1);
		assert_int_equal(got[1] | got[2] | got[3] | got[4] | got[5], 0);
		assert_int_equal(got[6] | got[7] << 8, sent.tcp);
		assert_int_equal(got[8], 16);
		renew(0, 4, 1000);
		send_built(0, 0);
		assert_int_equal(take(0, &size), 1);
		assert_int_equal(size, HEADER + sent.size);
		check_complete(size, true);
	}
}

/* Wherever it begins; and never 0, which says in UDP that there is none. */
static void test_checksum_anywhere(void **state)
{
	uint32_t size;

	(void)state;
	for (uint32_t start = 14; start < 40; start++)
		for (uint32_t fill = 0; fill < 256; fill += 51) {
			memset(&sent, 0, sizeof(sent));
			build(0);
			memset(sent.byte + 14, (int)fill, 60);
			sent.size = 14 + 60 - start % 3;
			sent.tcp = start;
			renew(0, 4, 1000);
			send_built(0, 0);
			assert_int_equal(take(0, &size), 1);
			assert_int_equal(size, HEADER + sent.size);
			assert_int_equal(naive_sum(got + HEADER + start, sent.size - start,
						   be16(sent.byte + start + 16)), 0xffff);
			assert_int_not_equal(got[HEADER + start + 16] | got[HEADER + start + 17], 0);
			memcpy(got + HEADER + start + 16, sent.byte + start + 16, 2);
			assert_memory_equal(got + HEADER, sent.byte, sent.size);
		}
}

/* ---- frames with segments ---- */

/* As they are, into buffers of any size, or into one. */
static void test_large(void **state)
{
	static const struct { uint32_t features, buffers, size; } takes[] = {
		{ 0, 1, 4000 }, { MRG_RXBUF, 1, 4000 }, { MRG_RXBUF, 3, 1300 }, { MRG_RXBUF, 30, 130 },
		{ MRG_RXBUF, 4, 1013 }, { MRG_RXBUF, 31, 127 },
	};
	uint32_t size;

	(void)state;
	memset(&sent, 0, sizeof(sent));
	for (unsigned i = 0; i < 4 * ARRAY_LEN(takes); i++) {
		uint32_t want;

		sent.v6 = i & 1;
		sent.vlan = i & 2;
		build(LARGE);
		want = (HEADER + sent.size + takes[i / 4].size - 1) / takes[i / 4].size;
		renew(TAKE | takes[i / 4].features, takes[i / 4].buffers, takes[i / 4].size);
		send_built(gso(), 1300);
		assert_int_equal(take(0, &size), want);
		as(B, 0);
		assert_int_equal(used(RX), want);
		fake_ram_close();
		assert_int_equal(size, HEADER + sent.size);
		assert_memory_equal(got + HEADER, sent.byte, sent.size);
		assert_int_equal(got[0], 1);
		assert_int_equal(got[1], gso());
		assert_int_equal(got[2] | got[3] << 8, sent.headers);
		assert_int_equal(got[4] | got[5] << 8, 1300);
		assert_int_equal(card_of(B)->counts.received, 1);
	}
}

/* A receiver that has not negotiated them gets frames of their own. */
static void check_segments(uint32_t data, uint32_t each)
{
	uint32_t n = (data + each - 1) / each, size, next = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t part = i + 1 < n ? each : data - i * each;
		const uint8_t *e = got + HEADER, *ip = e + sent.ip, *tcp = e + sent.tcp;

		next += take(next, &size);
		assert_int_equal(size, HEADER + sent.headers + part);
		assert_int_equal(be16(sent.v6 ? ip + 4 : ip + 2), size - HEADER - sent.ip - (sent.v6 ? 40 : 0));
		if (!sent.v6)
			assert_int_equal(be16(ip + 4), (0xfffe + i) & 0xffff);
		assert_int_equal(be16(tcp + 4) << 16 | be16(tcp + 6), SEQUENCE + i * each);
		assert_int_equal(tcp[13], 0x10 | (i ? 0 : 0x80) | (i + 1 < n ? 0 : 0x09));
		assert_memory_equal(e + sent.headers, sent.byte + sent.headers + i * each, part);
		got[10] = 1;
		check_complete(size, false);
	}
	as(B, 0);
	assert_int_equal(used(RX), next);
	fake_ram_close();
}

static void test_segmented(void **state)
{
	static const uint32_t features[] = { 0, GUEST_CSUM, GUEST_CSUM | GUEST_TSO4, GUEST_CSUM | GUEST_TSO6 };
	static const uint32_t data[][2] = { { 500, 500 }, { 501, 500 }, { 1000, 333 }, { 1400, 1400 }, { 3, 1 } };

	(void)state;
	for (unsigned i = 0; i < 16 * ARRAY_LEN(data); i++) {
		uint32_t take_it = features[i % 4];

		memset(&sent, 0, sizeof(sent));
		sent.v6 = i & 4;
		sent.vlan = i & 8;
		sent.options = i % 5 * 4;
		sent.ip_options = sent.v6 ? 0 : i % 3 * 4;
		if (take_it & (sent.v6 ? GUEST_TSO6 : GUEST_TSO4))
			take_it = GUEST_CSUM;
		build(data[i / 16][0]);
		renew(take_it, data[i / 16][1] > 1000 ? 2 : 6, data[i / 16][1] > 1000 ? 1530 : 660);
		send_built(gso(), data[i / 16][1]);
		check_segments(data[i / 16][0], data[i / 16][1]);
	}
}

/* Merged buffers are for whole frames, too. */
static void test_segmented_into_several(void **state)
{
	(void)state;
	memset(&sent, 0, sizeof(sent));
	build(1000);
	renew(MRG_RXBUF, 31, 100);
	send_built(gso(), 400);
	check_segments(1000, 400);
}

/* 65,535 octets, in one exit; if there is another frame, it is for the next one. */
static void test_largest(void **state)
{
	uint32_t size = 0;

	(void)state;
	memset(&sent, 0, sizeof(sent));
	build(0);
	renew(TAKE | MRG_RXBUF, 31, 4000);
	as(B, 0);
	for (unsigned i = 0; i < 31; i++)
		describe(RX, i, RAM + BUFFERS, 4000, WRITE, 0);
	fake_ram_close();
	as(A, 0);
	put_header(BUFFERS, 1, 1, 1448);
	memcpy(at(BUFFERS + HEADER), sent.byte, sent.headers);
	describe(TX, 0, RAM + BUFFERS, HEADER + sent.headers, NEXT, 1);
	for (uint16_t i = 1; i <= 16; i++)
		describe(TX, i, RAM + BUFFERS + 1000, i < 16 ? 4096 : 65535 - 40 - 15 * 4096, i < 16 ? NEXT : 0,
			 (uint16_t)(i + 1));
	make_available(TX, 0);
	fake_ram_close();
	queue_frame(20, macs[B], macs[A], 1, 60);
	out(NOTIFY, TX);
	assert_int_equal(used(TX), 1);
	assert_true(card_of(A)->more);
	fake_settle();
	assert_int_equal(used(TX), 2);
	fake_ram_close();
	as(B, 0);
	for (unsigned i = 0; i < 17; i++)
		size += used_size(RX, i);
	assert_int_equal(used(RX), 18);
	assert_int_equal(size, HEADER + 14 + 65535);
	fake_ram_close();
}

/* ---- what is no such frame ---- */

static void expect_bad(uint32_t where, uint32_t v, uint32_t size)
{
	renew(TAKE | MRG_RXBUF, 8, 500);
	put_header(BUFFERS, 1, gso(), 300);
	memcpy(at(BUFFERS + HEADER), sent.byte, sent.size);
	put(BUFFERS + where, v, size);
	describe(TX, 0, RAM + BUFFERS, HEADER + sent.size, 0, 0);
	make_available(TX, 0);
	fake_ram_close();
	out(NOTIFY, TX);
	fake_settle();
	assert_int_equal(used(TX), 1);
	fake_ram_close();
	assert_int_equal(card_of(A)->counts.bad, 1);
	assert_int_equal(card_of(B)->counts.received + card_of(B)->counts.lost, 0);
	assert_int_equal(in(STATUS), DRIVER_OK);
}

static void test_bad_headers(void **state)
{
	(void)state;
	memset(&sent, 0, sizeof(sent));
	for (unsigned v6 = 0; v6 < 2; v6++) {
		sent.v6 = v6;
		build(1000);
		for (unsigned flags = 0; flags < 256; flags += flags < 8 ? 1 : 13)
			if (flags != 1)
				expect_bad(0, flags, 1);
		for (unsigned type = 1; type < 256; type += type < 8 ? 1 : 17)
			if (type != gso())
				expect_bad(1, type, 1);
		expect_bad(4, 0, 2), expect_bad(4, 7, 2), expect_bad(4, 1518 - sent.headers + 1, 2);
		expect_bad(4, 0xffff, 2);
		for (unsigned start = 0; start < 66000; start += start < 80 ? 1 : 997)
			if (start != sent.tcp)
				expect_bad(6, start & 0xffff, 2);
		expect_bad(8, 0, 2), expect_bad(8, 6, 2), expect_bad(8, 15, 2), expect_bad(8, 0xffff, 2);
		expect_bad(HEADER, 0xff, 1);				/* to a group */
		expect_bad(HEADER + sent.ip - 2, 0x0608, 2);		/* no IP */
		expect_bad(HEADER + sent.ip, v6 ? 0x45 : 0x60, 1);
		expect_bad(HEADER + sent.ip + (v6 ? 6 : 9), 17, 1);	/* no TCP */
		expect_bad(HEADER + sent.tcp + 12, 0x40, 1);		/* options that are none, */
		if (!v6)
			expect_bad(HEADER + sent.ip, 0x44, 1), expect_bad(HEADER + sent.ip, 0x46, 1);
	}
	build(10);
	expect_bad(HEADER + sent.tcp + 12, 0xf0, 1);			/* and that are longer than the frame */
}

/* The field of a checksum lies in the frame, which has no segments. */
static void test_bad_fields(void **state)
{
	(void)state;
	memset(&sent, 0, sizeof(sent));
	build(100);
	for (uint32_t start = 14; start + 2 <= sent.size; start += 7)
		for (uint32_t beyond = 0; beyond < 60; beyond++) {
			renew(0, 8, 500);
			put_header(BUFFERS, 1, 0, 0);
			memcpy(at(BUFFERS + HEADER), sent.byte, sent.size);
			put(BUFFERS + 6, start, 2);
			put(BUFFERS + 8, sent.size - start - 2 + beyond, 2);
			describe(TX, 0, RAM + BUFFERS, HEADER + sent.size, 0, 0);
			make_available(TX, 0);
			fake_ram_close();
			out(NOTIFY, TX);
			fake_settle();
			fake_ram_close();
			assert_int_equal(card_of(A)->counts.bad, beyond > 0);
		}
}

/* A sender that has not negotiated it leaves nothing to its card; a frame without segments is not large. */
static void test_not_negotiated(void **state)
{
	static const uint32_t features[] = { 0, CSUM, CSUM | HOST_TSO4, CSUM | HOST_TSO6 };

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		memset(&sent, 0, sizeof(sent));
		sent.v6 = i & 1;
		build(1000);
		if (features[i / 2] & (sent.v6 ? HOST_TSO6 : HOST_TSO4))
			continue;
		renew(TAKE | MRG_RXBUF, 8, 500);
		vnet_features = features[i / 2];
		init_card();
		send_built(gso(), 500);
		assert_int_equal(card_of(A)->counts.bad, 1);
		send_built(0, 0);
		assert_int_equal(card_of(A)->counts.bad, features[i / 2] ? 1 : 2);
	}
	build(1519 - sent.headers);
	renew(TAKE | MRG_RXBUF, 8, 500);
	send_built(0, 0);
	assert_int_equal(card_of(A)->counts.bad, 1);
}

/* ---- receivers ---- */

/* Too few buffers, or too many pieces: the frame is lost, and no buffer of it is used up. */
static void test_too_few(void **state)
{
	(void)state;
	memset(&sent, 0, sizeof(sent));
	build(LARGE);
	renew(TAKE | MRG_RXBUF, 31, 110);
	send_built(gso(), 1400);
	assert_int_equal(card_of(B)->counts.lost, 1);
	as(B, 0);
	assert_int_equal(used(RX), 0);
	fake_ram_close();
	assert_works();
	renew(TAKE | MRG_RXBUF, 31, 130);
	as(B, 0);
	for (unsigned i = 0; i < 31; i++)	/* each of them all of the others, too: three pieces */
		describe(RX, i, RAM + BUFFERS + 40 * i, i % 3 < 2 ? 40 : 50, i % 3 < 2 ? WRITE | NEXT : WRITE,
			 (uint16_t)(i + 1));
	fake_ram_close();
	send_built(gso(), 1400);
	assert_int_equal(card_of(B)->counts.lost, 1);
	as(B, 0);
	assert_int_equal(used(RX), 0);
	fake_ram_close();
}

/* A first buffer that has no room for the header is never used. */
static void test_no_room_for_the_header(void **state)
{
	(void)state;
	memset(&sent, 0, sizeof(sent));
	build(100);
	renew(TAKE | MRG_RXBUF, 31, 11);
	send_built(0, 0);
	assert_int_equal(card_of(B)->counts.lost, 1);
	renew(TAKE | MRG_RXBUF, 31, 12);
	send_built(0, 0);
	assert_int_equal(card_of(B)->counts.lost, 0);
}

/* ---- in the middle ---- */

static unsigned how;

static void meddle(void *arg)
{
	unsigned was = self;

	(void)arg;
	as(how < 2 ? A : B, 0);
	switch (how) {
	case 0: memset(at(BUFFERS), 0xff, 200); break;			/* the header, and those behind it */
	case 1: describe(TX, 1, FAKE_PLIC, 1000, NEXT, 0); break;
	case 2: describe(RX, 1, FAKE_PLIC, 1000, WRITE, 0); break;
	case 3: describe(RX, 0, RAM + BUFFERS, 4, WRITE | NEXT, 0); break;
	case 4: sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0); break;
	}
	if (how != 4)
		fake_ram_close();
	self = was;
}

/*
 * The sender rewrites what was checked, or the receiver what was read: b gets a frame with a header that means what was
 * sent, or none; its card works, or needs a reset; and a does not notice.
 */
static void test_meddled(void **state)
{
	unsigned n, step = getenv("BULKHEAD_LONG") ? 1 : 7;
	uint32_t size;

	(void)state;
	memset(&sent, 0, sizeof(sent));
	build(2500);
	for (how = 0; how < 10; how++) {
		uint32_t features = how < 5 ? TAKE | MRG_RXBUF : 0;

		how %= 5;
		for (n = 0; n < 4000; n += step) {
			renew(features, features ? 5 : 3, features ? 600 : 1300);
			queue_built(gso(), 1000);
			fake_sibling(n, meddle, NULL);
			out(NOTIFY, TX);
			if (!fake_sibling_acted())
				break;
			fake_settle();
			assert_true(in(STATUS) == DRIVER_OK || (how < 2 && in(STATUS) == (DRIVER_OK | NEEDS_RESET)));
			if (how < 2 && card_of(B)->counts.received && features) {
				assert_int_equal(take(0, &size), 5);
				assert_int_equal(size, HEADER + sent.size);
				assert_int_equal(got[0], 1);
				assert_int_equal(got[4] | got[5] << 8, 1000);
				assert_memory_equal(got + HEADER, sent.byte, 60);
			}
			assert_in_range(card_of(B)->counts.received + card_of(B)->counts.lost, 0, 3);
		}
		assert_in_range(n, 100, 3999);
		how += features ? 0 : 5;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_checksum), EACH(test_checksum_anywhere), EACH(test_large), EACH(test_segmented),
		EACH(test_segmented_into_several), EACH(test_largest), EACH(test_bad_headers), EACH(test_bad_fields),
		EACH(test_not_negotiated), EACH(test_too_few), EACH(test_no_room_for_the_header), EACH(test_meddled)
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
