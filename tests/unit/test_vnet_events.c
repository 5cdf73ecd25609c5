/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications and interrupts of virtual network cards: with the flags of the rings, and with VIRTIO_F_EVENT_IDX
 * (VIRTIO 1.2, 2.7.7 and 2.7.10). None may be lost, wherever in an exit the driver acts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/vnet.h"

#define USED_EVENT	(AVAIL + 4 + 2 * SIZE)
#define AVAIL_EVENT	(USED + 4 + 8 * SIZE)
#define ACCESSES	600u	/* of an exit, at most */

/* As the specification has it (2.7.10). */
static bool need_event(uint16_t event, uint16_t new, uint16_t old)
{
	return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

static void begin(uint32_t features)
{
	vnet_features = features;
	setup_in(config.plic, config.sswi);
}

static uint16_t word_of(uint64_t offset)
{
	uint16_t v = (uint16_t)get(offset, 2);

	fake_ram_close();
	return v;
}

static void set_word(uint64_t offset, uint16_t v)
{
	put(offset, v, 2);
	fake_ram_close();
}

/* ---- what the rings say ---- */

/* Without the feature: all frames are notified of, and no receive buffer. */
static void test_flags(void **state)
{
	(void)state;
	assert_int_equal(word_of(TX_PART + USED), 0);
	assert_int_equal(word_of(USED), 1);
	send(macs[B], macs[A], 1, 60);
	assert_int_equal(word_of(TX_PART + USED), 0);
	assert_int_equal(word_of(TX_PART + AVAIL_EVENT), 0);
}

static void test_notifications(void **state)
{
	uint16_t event;

	(void)state;
	begin(EVENT_IDX);
	assert_int_equal(word_of(USED), 0);
	event = word_of(AVAIL_EVENT);
	for (uint32_t made = 1; made < 65535; made += 64)
		assert_false(need_event(event, (uint16_t)made, 0));
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(word_of(TX_PART + AVAIL_EVENT), i);
		send(macs[B], macs[A], 1, 60);
	}
}

/* A driver that has reset its card and makes it work anew need not clear what the last life left in its rings. */
static void test_rings_used_again(void **state)
{
	(void)state;
	for (uint32_t features = 0; features <= EVENT_IDX; features += EVENT_IDX) {
		begin(features);
		out(STATUS, 0);
		memset(at(TX_PART + USED), 0x41, 6 + 8 * SIZE);
		put(TX_PART + AVAIL + 2, 0, 2);
		fake_ram_close();
		negotiate();
		set_queue(TX);
		out(STATUS, DRIVER_OK);
		assert_int_equal(word_of(TX_PART + (features ? AVAIL_EVENT : USED)), 0);
	}
}

/* More frames than one exit sends: none is notified of before the last one was sent. */
static void test_no_notification_within_a_batch(void **state)
{
	(void)state;
	begin(EVENT_IDX);
	for (unsigned i = 0; i < 16; i++)
		queue_frame(i, macs[B], macs[A], (uint8_t)i, 60);
	make_available(TX, 0);
	fake_ram_close();
	out(NOTIFY, TX);
	assert_int_equal(word_of(TX_PART + USED + 2), 16);
	assert_false(need_event(word_of(TX_PART + AVAIL_EVENT), 18, 17));
	fake_settle();
	assert_int_equal(word_of(TX_PART + AVAIL_EVENT), 17);
	assert_int_equal(word_of(TX_PART + USED + 2), 17);
}

/* As if so many buffers had come and gone before; 16 can be received. */
static void start_at(unsigned vm, uint16_t index)
{
	struct vring *rings[2] = { [RX] = &card_of(vm)->receive, [TX] = &card_of(vm)->transmit };

	as(vm, 0);
	for (unsigned q = RX; q <= TX; q++) {
		rings[q]->next_available = rings[q]->next_used = index;
		set_word(q * TX_PART + AVAIL + 2, index);
		set_word(q * TX_PART + USED + 2, index);
	}
	for (unsigned i = 0; i < 16; i++)
		make_available(RX, (uint16_t)i);
	fake_ram_close();
}

static void check_interrupts(uint16_t start, uint16_t event, unsigned frames)
{
	begin(EVENT_IDX);
	for (unsigned vm = A; vm <= B; vm++) {
		start_at(vm, start);
		for (unsigned q = RX; q <= TX; q++)
			set_word(q * TX_PART + USED_EVENT, event);
	}
	as(A, 0);
	for (uint16_t sent = start; (uint16_t)(sent - start) < 9; sent += (uint16_t)frames) {
		bool wanted = need_event(event, (uint16_t)(sent + frames), sent);

		for (unsigned i = 0; i < frames; i++)
			queue_frame(i, macs[B], macs[A], 1, 60);
		out(NOTIFY, TX);
		fake_settle();
		assert_int_equal(!!answer(), wanted);
		as(B, 0);
		assert_int_equal(!!answer(), wanted);
		as(A, 0);
	}
}

/* An interrupt comes when the used index goes beyond used_event, and else none: for one frame and for several. */
static void test_interrupts(void **state)
{
	(void)state;
	for (unsigned frames = 1; frames <= 3; frames++)
		for (uint16_t event = 0; event < 12; event++) {
			check_interrupts(0, event, frames);
			check_interrupts(65531, (uint16_t)(65531 + event), frames);
		}
}

/* ---- in the middle ---- */

/* As out(NOTIFY, TX), but the exit may have to wait for a lock of the suspended hart. */
static void notify(void)
{
	code_at(BOOT_PC + 0x200, SW_A1_A0);
	hw()->x[10] = FAKE_CARD + NOTIFY;
	hw()->x[11] = TX;
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_CARD + NOTIFY, FAKE_CARD + NOTIFY, 0);
}

/* A driver on another hart: makes a frame available, and notifies only if the rings say so. */
static void send_another(void *arg)
{
	unsigned was = self;
	bool wanted;

	(void)arg;
	as(A, 1);
	queue_frame(1, macs[B], macs[A], 2, 60);
	wanted = vnet_features & EVENT_IDX ? need_event(word_of(TX_PART + AVAIL_EVENT), 2, 1) :
		 !(word_of(TX_PART + USED) & 1);
	if (wanted)
		notify();
	self = was;
}

/* Each frame is sent, wherever in the exit for another one it was made available. */
static void test_no_frame_waits(void **state)
{
	unsigned n;

	(void)state;
	for (uint32_t features = 0; features <= EVENT_IDX; features += EVENT_IDX) {
		for (n = 0; n < ACCESSES; n++) {
			begin(features);
			assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), 0);
			fake_settle();
			queue_frame(0, macs[B], macs[A], 1, 60);
			fake_sibling(n, send_another, NULL);
			out(NOTIFY, TX);
			if (!fake_sibling_acted())
				break;
			fake_settle();
			assert_int_equal(word_of(TX_PART + USED + 2), 2);
			assert_int_equal(card_of(B)->counts.received, 2);
		}
		assert_in_range(n, 10, ACCESSES - 1);
	}
}

static uint16_t seen;

/* A driver that has polled, and goes to sleep: it asks for an interrupt, and then looks once more (2.7.7.1). */
static void sleep_of(unsigned vm, unsigned q)
{
	unsigned was = self;

	as(vm, 0);
	seen = word_of(q * TX_PART + USED + 2);
	set_word(q * TX_PART + USED_EVENT, seen);
	set_word(q * TX_PART + AVAIL, 0);
	seen = word_of(q * TX_PART + USED + 2);
	self = was;
}

static void sleep_of_receiver(void *arg) { (void)arg; sleep_of(B, RX); }
static void sleep_of_sender(void *arg) { (void)arg; sleep_of(A, TX); }

/* What the driver has not seen when it goes to sleep, an interrupt reports. */
static void test_no_driver_sleeps_on(void **state)
{
	unsigned n;

	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		unsigned vm = how & 1 ? A : B, q = how & 1 ? TX : RX;

		for (n = 0; n < ACCESSES; n++) {
			begin(how & 2 ? EVENT_IDX : 0);
			as(vm, 0);
			set_word(q * TX_PART + USED_EVENT, 0x8000);
			set_word(q * TX_PART + AVAIL, 1);
			as(A, 0);
			queue_frame(0, macs[B], macs[A], 1, 60);
			fake_sibling(n, how & 1 ? sleep_of_sender : sleep_of_receiver, NULL);
			out(NOTIFY, TX);
			if (!fake_sibling_acted())
				break;
			fake_settle();
			as(vm, 0);
			assert_int_equal(word_of(q * TX_PART + USED + 2), 1);
			assert_true(seen == 1 || interrupted());
		}
		assert_in_range(n, 10, ACCESSES - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_flags), EACH(test_notifications), EACH(test_rings_used_again),
		EACH(test_no_notification_within_a_batch), EACH(test_interrupts), EACH(test_no_frame_waits),
		EACH(test_no_driver_sleeps_on)
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
