/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver; see card.h. VIRTIO 1.2: 2.7 (split virtqueues), 4.2.2 (MMIO), 5.1 (network). */
#include <string.h>
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/net/card.h"

#define SIZE		64u
#define HEADER		12u
#define FLAG_WRITE	2u

enum { RX, TX };

enum {
	MAGIC = 0x00, VERSION = 0x04, DEVICE_ID = 0x08, DRIVER_FEATURES = 0x20, DRIVER_SELECT = 0x24,
	QUEUE_SELECT = 0x30, QUEUE_SIZE = 0x38, QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50, PENDING = 0x60,
	ACKNOWLEDGE = 0x64, STATUS = 0x70, DESCRIPTORS = 0x80, DRIVER = 0x90, DEVICE = 0xa0, CONFIG = 0x100,
};

struct queue {
	struct { uint64_t address; uint32_t size; uint16_t flags, next; } desc[SIZE];
	struct { uint16_t flags, index, ring[SIZE], event; } driver;
	struct { uint16_t flags, index; struct { uint32_t id, size; } ring[SIZE]; uint16_t event; } device
		__attribute__((aligned(4)));
	uint16_t seen;
	uint8_t buffer[SIZE][HEADER + FRAME_MAX + 10];
} __attribute__((aligned(16)));

struct card card;
static struct queue queues[2];
static uint64_t base;

static uint32_t reg(uint32_t offset) { return *(volatile uint32_t *)(base + offset); }
static void set_reg(uint32_t offset, uint32_t v) { *(volatile uint32_t *)(base + offset) = v; }

static void set_address(uint32_t offset, const void *at)
{
	set_reg(offset, (uint32_t)(uint64_t)at);
	set_reg(offset + 4, (uint32_t)((uint64_t)at >> 32));
}

/* The buffer of that descriptor is the card's. */
static void give(struct queue *q, uint16_t id)
{
	q->driver.ring[q->driver.index % SIZE] = id;
	__atomic_store_n(&q->driver.index, (uint16_t)(q->driver.index + 1), __ATOMIC_RELEASE);
}

static void init_queue(uint32_t number)
{
	struct queue *q = &queues[number];

	for (uint32_t i = 0; i < SIZE; i++) {
		q->desc[i].address = (uint64_t)q->buffer[i];
		q->desc[i].size = sizeof(q->buffer[i]);
		q->desc[i].flags = number == RX ? FLAG_WRITE : 0;
		if (number == RX)
			give(q, (uint16_t)i);
	}
	set_reg(QUEUE_SELECT, number);
	set_reg(QUEUE_SIZE, SIZE);
	set_address(DESCRIPTORS, q->desc);
	set_address(DRIVER, &q->driver);
	set_address(DEVICE, &q->device);
	set_reg(QUEUE_READY, 1);
}

bool card_init(void)
{
	int node = dt_compatible(-1, "virtio,mmio");
	struct range r;

	if (node < 0 || !dt_reg(node, 0, &r))
		return false;
	base = r.base;
	card.source = dt_plic_source(node, 0);
	if (reg(MAGIC) != 0x74726976 || reg(VERSION) != 2 || reg(DEVICE_ID) != 1)
		return false;
	set_reg(STATUS, 0);
	set_reg(STATUS, 3);
	set_reg(DRIVER_SELECT, 0);
	set_reg(DRIVER_FEATURES, 1u << 5 | 1u << 16);	/* MAC, STATUS */
	set_reg(DRIVER_SELECT, 1);
	set_reg(DRIVER_FEATURES, 1);			/* VERSION_1 */
	set_reg(STATUS, 3 | 8);
	if (!(reg(STATUS) & 8))
		return false;
	for (uint32_t i = 0; i < 6; i++)
		card.mac[i] = *(volatile uint8_t *)(base + CONFIG + i);
	init_queue(RX);
	init_queue(TX);
	queues[TX].driver.flags = 1;	/* no interrupt: a buffer that was sent is found when the next one is needed */
	set_reg(STATUS, 3 | 8 | 4);
	return reg(STATUS) == 15;
}

bool card_link(void)
{
	return *(volatile uint16_t *)(base + CONFIG + 6) & 1;
}

bool card_send(const void *frame, uint32_t size)
{
	struct queue *q = &queues[TX];
	uint16_t id = q->driver.index % SIZE;

	if (size > FRAME_MAX ||
	    (uint16_t)(q->driver.index - __atomic_load_n(&q->device.index, __ATOMIC_ACQUIRE)) == SIZE)
		return false;
	memset(q->buffer[id], 0, HEADER);
	memcpy(q->buffer[id] + HEADER, frame, size);
	q->desc[id].size = HEADER + size;
	give(q, id);
	mb();
	set_reg(QUEUE_NOTIFY, TX);
	card.sent++;
	return !(reg(STATUS) & 0x40);
}

void card_interrupt(void (*receive)(uint8_t *frame, uint32_t size))
{
	struct queue *q = &queues[RX];
	uint32_t pending = reg(PENDING);

	set_reg(ACKNOWLEDGE, pending);
	card.changes += pending >> 1 & 1;
	mb();
	while (q->seen != __atomic_load_n(&q->device.index, __ATOMIC_ACQUIRE)) {
		uint32_t id = q->device.ring[q->seen % SIZE].id, size = q->device.ring[q->seen % SIZE].size;

		q->seen++;
		card.received++;
		receive(q->buffer[id] + HEADER, size - HEADER);
		give(q, (uint16_t)id);
	}
}
