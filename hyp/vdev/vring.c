/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's side of a split virtqueue; see vring.h. VIRTIO 1.2, 2.7. */
#include "hyp/vdev/vring.h"

#include "hyp/base/str.h"
#include "hyp/vdev/guestram.h"

#define FLAG_NEXT	1u
#define FLAG_WRITE	2u
#define FLAG_INDIRECT	4u	/* not offered */
#define NO_INTERRUPT	1u	/* of the available ring's flags */

struct descriptor {		/* little-endian, as the hart */
	uint64_t address;
	uint32_t size;
	uint16_t flags, next;
};

bool vring_is_sound(const struct vring *r)
{
	return r->size && r->size <= VRING_MAX_SIZE && !(r->size & (r->size - 1)) && r->descriptors % 16 == 0 &&
	       r->driver % 2 == 0 && r->device % 4 == 0;
}

/* Adds what a descriptor names to the chain; false if that is not a buffer of the guest. */
static bool add_piece(const struct plan_vm *p, const struct descriptor *d, bool writable, struct vring_chain *c)
{
	if (d->flags & FLAG_INDIRECT || !(d->flags & FLAG_WRITE) == writable || c->nr == VRING_MAX_CHAIN)
		return false;
	if (!guestram_valid(p, gpa(d->address), d->size) || d->size > UINT32_MAX - c->size)
		return false;
	c->piece[c->nr].at = gpa(d->address);
	c->piece[c->nr++].size = d->size;
	c->size += d->size;
	return true;
}

/* A chain that loops has more descriptors than a chain may have. */
static bool read_chain(const struct vring *r, const struct plan_vm *p, bool writable, struct vring_chain *c)
{
	struct descriptor d = { .next = c->head };

	c->nr = c->size = 0;
	do {
		if (d.next >= r->size ||
		    guestram_read(p, &d, gpa(r->descriptors + sizeof(d) * d.next), sizeof(d)) != OK ||
		    !add_piece(p, &d, writable, c))
			return false;
	} while (d.flags & FLAG_NEXT);
	return true;
}

/* The available ring has used_event behind its entries, the used ring has avail_event. */
static gpa_t used_event(const struct vring *r) { return gpa(r->driver + 4 + 2 * r->size); }
static gpa_t avail_event(const struct vring *r) { return gpa(r->device + 4 + 8 * r->size); }

enum vring_result vring_peek(const struct vring *r, const struct plan_vm *p, uint32_t ahead, bool writable,
			     struct vring_chain *c)
{
	uint16_t available, waiting;

	if (guestram_read16(p, &available, gpa(r->driver + 2)) != OK)
		return VRING_BROKEN;
	waiting = (uint16_t)(available - r->next_available);
	if (waiting > r->size)
		return VRING_BROKEN;
	if (waiting <= ahead)
		return VRING_EMPTY;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);	/* the entry was written before the index */
	if (guestram_read16(p, &c->head, gpa(r->driver + 4 + 2 * ((r->next_available + ahead) % r->size))) != OK)
		return VRING_BROKEN;
	return read_chain(r, p, writable, c) ? VRING_CHAIN : VRING_BROKEN;
}

/* The part of a buffer at offset that is in one piece: up to n bytes from *at on. */
static uint32_t part_of(const struct vring_chain *c, uint32_t offset, uint32_t n, gpa_t *at)
{
	for (uint32_t i = 0; i < c->nr; i++) {
		uint32_t size = c->piece[i].size;

		if (offset < size) {
			*at = gpa(c->piece[i].at.v + offset);
			return size - offset < n ? size - offset : n;
		}
		offset -= size;
	}
	return 0;
}

bool vring_copy_from(const struct plan_vm *p, const struct vring_chain *c, uint32_t offset, void *to, uint32_t n)
{
	gpa_t at;

	for (uint32_t done = 0, part; done < n; done += part) {
		part = part_of(c, offset + done, n - done, &at);
		if (!part || guestram_read(p, (uint8_t *)to + done, at, part) != OK)
			return false;
	}
	return true;
}

bool vring_copy_to(const struct plan_vm *p, const struct vring_chain *c, uint32_t offset, const void *from, uint32_t n)
{
	gpa_t at;

	for (uint32_t done = 0, part; done < n; done += part) {
		part = part_of(c, offset + done, n - done, &at);
		if (!part || guestram_write(p, at, (const uint8_t *)from + done, part) != OK)
			return false;
	}
	return true;
}

bool vring_use(const struct vring *r, const struct plan_vm *p, uint32_t ahead, uint16_t head, uint32_t written)
{
	const uint32_t element[2] = { head, written };

	return guestram_write(p, gpa(r->device + 4 + sizeof(element) * ((r->next_used + ahead) % r->size)), element,
			      sizeof(element)) == OK;
}

void vring_take(struct vring *r, uint32_t n)
{
	r->next_available = (uint16_t)(r->next_available + n);
}

bool vring_give_back(struct vring *r, const struct plan_vm *p, uint32_t n)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);	/* buffers and elements before the index */
	r->next_used = (uint16_t)(r->next_used + n);
	return guestram_write16(p, gpa(r->device + 2), r->next_used) == OK;
}

/*
 * The used index was written before; flags or used_event are read after it. The driver writes those, and then reads the
 * index once more (2.7.7.1, 2.7.10). With a full fence on both sides, one of them sees what the other has written.
 */
bool vring_wants_interrupt(const struct vring *r, const struct plan_vm *p, uint16_t old)
{
	uint16_t word;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (guestram_read16(p, &word, r->events ? used_event(r) : gpa(r->driver)) != OK)
		return false;
	if (!r->events)
		return !(word & NO_INTERRUPT);
	return (uint16_t)(r->next_used - word - 1) < (uint16_t)(r->next_used - old);
}

/* With events, "not at all" is the entry before the next one: the driver comes there after 65,535 others. */
bool vring_start(const struct vring *r, const struct plan_vm *p, bool notify)
{
	gpa_t at = r->events ? avail_event(r) : gpa(r->device);

	return guestram_write16(p, at, r->events ? (uint16_t)(r->next_available - !notify) : !notify) == OK;
}

/* The same the other way round: avail_event is written, and then the driver's index is read. */
bool vring_missed(const struct vring *r, const struct plan_vm *p)
{
	uint16_t available;

	if (r->events && !vring_start(r, p, true))
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return guestram_read16(p, &available, gpa(r->driver + 2)) == OK && available != r->next_available;
}
