/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of virtual network cards for guests a and b of the fake machine, which have one network. It writes rings as
 * VIRTIO 1.2, 2.7 describes them. Included after <cmocka.h>.
 */
#ifndef TESTS_UNIT_FAKE_VNET_H
#define TESTS_UNIT_FAKE_VNET_H

#include "hyp/vdev/vnet.h"
#include "tests/unit/fake/exits.h"

#define CONTEXT		(FAKE_PLIC + 0x201000)
#define WORD		(FAKE_CARD_IRQ / 32)
#define BIT		(1u << FAKE_CARD_IRQ % 32)

/* Places in the RAM of a guest, from its start: the first page of a guest has its image at power-on. */
#define SIZE		32u
#define DESC		0x000u
#define AVAIL		0x220u		/* one descriptor that is none of the ring lies before it */
#define USED		0x280u
#define TX_PART		0x400u		/* the rings of the transmit queue, behind those of the receive queue */
#define BUFFERS		0x1000u		/* in the second page: 32 of 128 octets; receive 0 to 15, transmit 16 to 31 */
#define BUFFER		128u
#define RAM		0x80000000ull

#define NEXT		1u
#define WRITE		2u
#define INDIRECT	4u
#define RX		0u
#define TX		1u

enum { STATUS = 0x70, PENDING = 0x60, ACK = 0x64, NOTIFY = 0x50, DRIVER_OK = 15, NEEDS_RESET = 0x40 };

static const uint8_t macs[2][6] = { { 2, 0x62, 0, 0, 0, 0xa }, { 2, 0x62, 0, 0, 0, 0xb } };

static inline void as(unsigned vm, unsigned vcpu) { self = fake_hart_of(vm, vcpu); }
static inline uint32_t in(uint32_t reg) { return guest_lw(FAKE_CARD + reg); }
static inline void out(uint32_t reg, uint32_t v) { guest_sw(FAKE_CARD + reg, v); }
static inline bool interrupted(void) { return csr()->hvip & VSEIP; }
static inline unsigned me(void) { return fake_vm_of(self); }
static inline struct vnet *card_of(unsigned vm) { return &fake_vm(vm)->devs.cards[0]; }

/* ---- the driver's side of a ring ---- */

static inline uint8_t *at(uint64_t offset)
{
	uint8_t *p = fake_ram_at(me(), RAM + offset);

	assert_non_null(p);
	return p;
}

static inline void put(uint64_t offset, uint64_t v, unsigned size) { memcpy(at(offset), &v, size); }

static inline uint64_t get(uint64_t offset, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, at(offset), size);
	return v;
}

static inline void describe(unsigned q, unsigned i, uint64_t address, uint32_t size, uint16_t flags, uint16_t next)
{
	uint64_t d = q * TX_PART + DESC + 16 * i;

	put(d, address, 8);
	put(d + 8, size, 4);
	put(d + 12, flags, 2);
	put(d + 14, next, 2);
}

static inline void make_available(unsigned q, uint16_t head)
{
	uint16_t index = (uint16_t)get(q * TX_PART + AVAIL + 2, 2);

	put(q * TX_PART + AVAIL + 4 + 2 * (index % SIZE), head, 2);
	put(q * TX_PART + AVAIL + 2, index + 1u, 2);
}

static inline uint16_t used(unsigned q) { return (uint16_t)get(q * TX_PART + USED + 2, 2); }

static inline uint32_t used_id(unsigned q, unsigned n)
{
	return (uint32_t)get(q * TX_PART + USED + 4 + 8 * (n % SIZE), 4);
}

static inline uint32_t used_size(unsigned q, unsigned n)
{
	return (uint32_t)get(q * TX_PART + USED + 8 + 8 * (n % SIZE), 4);
}

static inline void set_queue(unsigned q)
{
	uint64_t base = RAM + q * TX_PART;

	out(0x30, q);
	assert_int_equal(in(0x34), VRING_MAX_SIZE);
	out(0x38, SIZE);
	out(0x80, (uint32_t)(base + DESC)), out(0x84, 0);
	out(0x90, (uint32_t)(base + AVAIL)), out(0x94, 0);
	out(0xa0, (uint32_t)(base + USED)), out(0xa4, 0);
	out(0x44, 1);
	assert_int_equal(in(0x44), 1);
}

#define CSUM		(1u << 0)
#define GUEST_CSUM	(1u << 1)
#define GUEST_TSO4	(1u << 7)
#define GUEST_TSO6	(1u << 8)
#define HOST_TSO4	(1u << 11)
#define HOST_TSO6	(1u << 12)
#define MRG_RXBUF	(1u << 15)
#define EVENT_IDX	(1u << 29)

/* What the drivers accept besides MAC, STATUS and VERSION_1; 0 at the start of each test. */
static uint32_t vnet_features;

static inline void negotiate(void)
{
	out(STATUS, 0);
	assert_int_equal(in(STATUS), 0);
	out(STATUS, 1), out(STATUS, 3);
	out(0x24, 0), out(0x20, 1u << 5 | 1u << 16 | vnet_features);
	out(0x24, 1), out(0x20, 1);
	out(STATUS, 11);
	assert_int_equal(in(STATUS), 11);
}

/* As a driver of the guest that acts; it has so many buffers of so many octets to receive, one behind the other. */
static inline void init_card_with(unsigned n, uint32_t size)
{
	memset(at(0), 0, 0x1000);
	negotiate();
	for (unsigned i = 0; i < n; i++) {
		describe(RX, i, RAM + BUFFERS + size * i, size, WRITE, 0);
		make_available(RX, (uint16_t)i);
	}
	fake_ram_close();
	set_queue(RX);
	set_queue(TX);
	out(STATUS, DRIVER_OK);
	assert_int_equal(in(STATUS), DRIVER_OK);
	guest_sw(FAKE_PLIC + 4 * FAKE_CARD_IRQ, 1);
	guest_sw(FAKE_PLIC + 0x2080 + 4 * WORD, BIT);
	guest_sw(CONTEXT, 0);
}

static inline void init_card(void) { init_card_with(16, BUFFER); }

/* Puts a frame into transmit buffer n, by one descriptor, without a notification. */
static inline void queue_frame(unsigned n, const uint8_t *to, const uint8_t *from, uint8_t fill, uint32_t size)
{
	uint64_t buffer = BUFFERS + BUFFER * (16 + n);

	memset(at(buffer), 0, 12);
	memcpy(at(buffer + 12), to, 6);
	memcpy(at(buffer + 18), from, 6);
	memset(at(buffer + 24), fill, size - 12);
	describe(TX, n, RAM + buffer, 12 + size, 0, 0);
	make_available(TX, (uint16_t)n);
	fake_ram_close();
}

static inline void send(const uint8_t *to, const uint8_t *from, uint8_t fill, uint32_t size)
{
	queue_frame(0, to, from, fill, size);
	out(NOTIFY, TX);
	fake_settle();
}

/* Answers the interrupt; the pending bits. */
static inline uint32_t answer(void)
{
	uint32_t id = guest_lw(CONTEXT + 4), pending = in(PENDING);

	assert_true(!id || id == FAKE_CARD_IRQ);
	out(ACK, pending);
	guest_sw(CONTEXT + 4, id);
	return pending;
}

static inline int setup_in(enum plic_mode mode, bool sswi)
{
	setup(NULL);
	config.plic = mode;
	config.net = true;
	config.sswi = sswi;
	boot();
	fake_settle();
	for (unsigned vm = A; vm <= B; vm++) {
		as(vm, 0);
		init_card();
		answer();
	}
	as(A, 0);
	return 0;
}

static inline int setup_guarded(void **state)
{
	(void)state;
	vnet_features = 0;
	return setup_in(PLIC_GUARDED, false);
}

static inline int setup_emulated(void **state)
{
	(void)state;
	vnet_features = 0;
	return setup_in(PLIC_EMULATED, true);
}

static inline void assert_works(void)
{
	uint16_t before, sent;

	as(B, 0);
	answer();
	before = used(RX);
	fake_ram_close();
	as(A, 0);
	answer();
	sent = used(TX);
	send(macs[B], macs[A], 0x77, 60);
	assert_int_equal((uint16_t)(used(TX) - sent), 1);
	as(B, 0);
	assert_int_equal((uint16_t)(used(RX) - before), 1);
	assert_int_equal(used_size(RX, before), 72);
	fake_ram_close();
	assert_true(interrupted());
	assert_int_equal(in(STATUS), DRIVER_OK);
	as(A, 0);
}

#define EACH(test)	cmocka_unit_test_setup(test, setup_guarded), cmocka_unit_test_setup(test, setup_emulated)

#endif
