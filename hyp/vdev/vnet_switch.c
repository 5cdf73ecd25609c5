/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of frames from card to card; see vnet.h for locks and bounds. */
#include "hyp/vdev/vnet_int.h"

#include "hyp/base/str.h"

#define GROUP		0x01u	/* of the first octet of an address: multicast or broadcast */

static const uint8_t *destination_of(const struct frame *f) { return f->byte + VNET_HEADER; }
static const uint8_t *source_of(const struct frame *f) { return f->byte + VNET_HEADER + 6; }

/* ---- receiving ---- */

static bool lock_soon(struct lock *l)
{
	for (uint32_t i = 0; i < VNET_TRIES; i++)
		if (lock_try(l))
			return true;
	return false;
}

/* Octets done to done + n of the frame become the beginning of that buffer. */
static bool fill(const struct vnet *to, const struct vring_chain *c, const struct frame *f, uint32_t done, uint32_t n)
{
	uint64_t bounce[128];	/* of what is in the sender's RAM alone */

	for (uint32_t i = 0, part; i < n; i += part) {
		uint32_t at = done + i;
		const void *from = f->byte + at;

		part = n - i;
		if (at < sizeof(f->byte)) {
			part = part < sizeof(f->byte) - at ? part : (uint32_t)sizeof(f->byte) - at;
		} else {
			part = part < sizeof(bounce) ? part : (uint32_t)sizeof(bounce);
			if (!vring_copy_from(f->vm, f->chain, at, bounce, part))
				return false;
			from = bounce;
		}
		if (!vring_copy_to(to->vm, c, i, from, part))
			return false;
	}
	return true;
}

enum put { PUT_DONE, PUT_NO_BUFFER, PUT_BROKEN };

/* The receiver sees all buffers of a frame at once, or none of them. */
static enum put put(struct vnet *to, const struct frame *f)
{
	bool several = to->receives & VNET_MRG_RXBUF;
	uint32_t n = 0, pieces = 0;
	struct vring_chain c, first;

	for (uint32_t done = 0, part; done < f->size; done += part) {
		enum vring_result r = to->receive.ready ? vring_peek(&to->receive, to->vm, n, true, &c) : VRING_EMPTY;

		if (r == VRING_BROKEN)
			return PUT_BROKEN;
		if (r == VRING_EMPTY || (!n && c.size < (several ? VNET_HEADER : f->size)))
			return PUT_NO_BUFFER;
		pieces += c.nr;
		if (pieces > VNET_PIECES)
			return PUT_NO_BUFFER;
		part = c.size < f->size - done ? c.size : f->size - done;
		if (!fill(to, &c, f, done, part) || !vring_use(&to->receive, to->vm, n, c.head, part))
			return PUT_BROKEN;
		if (!n++)
			first = c;
	}
	if (n > 1 && !vring_copy_to(to->vm, &first, VNET_AT_BUFFERS, (const uint8_t []){ (uint8_t)n, 0 }, 2))
		return PUT_BROKEN;
	vring_take(&to->receive, n);
	if (!vring_give_back(&to->receive, to->vm, n))
		return PUT_BROKEN;
	vnet_count(&to->counts.received);
	return PUT_DONE;
}

static __attribute__((noinline)) enum put put_segments(struct vnet *to, const struct frame *f)
{
	enum put result = PUT_DONE;
	struct frame segment;

	for (uint32_t i = 0; result == PUT_DONE && vnet_segment(f, i, &segment); i++)
		result = put(to, &segment);
	return result;
}

/* What the receiver has not negotiated does not reach it. A frame that was completed is right for all others, too. */
static enum put put_as_taken(struct vnet *to, struct frame *f)
{
	if (f->headers && !vnet_takes_segments(f, to->receives))
		return put_segments(to, f);
	if (f->byte[VNET_AT_FLAGS] && !(to->receives & VNET_GUEST_CSUM))
		vnet_complete(f);
	return put(to, f);
}

/* Under receive_lock. False: the frame, or a part of it, is lost. *mail: the receiver's hart needs mail. */
static bool receive(struct vnet *to, struct frame *f, bool *mail)
{
	uint16_t used = to->receive.next_used;
	enum put result = put_as_taken(to, f);

	if (result == PUT_BROKEN) {
		to->receive.ready = false;
		*mail = vnet_fail(to);
	} else if (to->receive.next_used != used) {
		*mail = vring_wants_interrupt(&to->receive, to->vm, used) && vnet_mark(to, PENDING_BUFFER);
	}
	return result == PUT_DONE;
}

/* Whether the receiver's hart needs mail. */
static bool deliver(struct vnet *to, struct frame *f)
{
	bool done = false, mail = false;

	if (!vnet_runs(to))
		return false;
	if (lock_soon(&to->receive_lock)) {
		done = receive(to, f, &mail);
		lock_release(&to->receive_lock);
	}
	if (!done)
		vnet_count(&to->counts.lost);
	return mail;
}

/* ---- sending ---- */

/* The ports whose harts need mail, as bits. */
static uint32_t forward(struct vnet *from, struct frame *f)
{
	bool group = destination_of(f)[0] & GROUP;
	uint32_t mail = 0;

	if (memcmp(source_of(f), from->plan->mac, 6)) {
		vnet_count(&from->counts.foreign);
		return 0;
	}
	vnet_count(&from->counts.sent);
	for (uint32_t i = 0; i < from->net->nr_ports; i++) {
		struct vnet *to = vnet_at(from, i);

		if (to != from && (group || !memcmp(destination_of(f), to->plan->mac, 6)) && deliver(to, f))
			mail |= 1u << i;
	}
	return mail;
}

/*
 * Reads the frame, once; of a large one the beginning, with all headers: the data of its segments is the receiver's to
 * check. False: the RAM is not there. *mail: as of forward(), added.
 */
static bool send(struct vnet *n, const struct vring_chain *c, uint32_t *mail)
{
	struct frame f;		/* not cleared: what counts is written below */

	f.vm = n->vm;
	f.chain = c;
	f.size = c->size;
	if (c->size < VNET_HEADER + VNET_FRAME_MIN || c->size > VNET_HEADER + VNET_LARGE_MAX) {
		vnet_count(&n->counts.bad);
		return true;
	}
	if (!vring_copy_from(n->vm, c, 0, f.byte, c->size < sizeof(f.byte) ? c->size : (uint32_t)sizeof(f.byte)))
		return false;
	if (!vnet_check(&f, n->driver_features) || (f.headers && destination_of(&f)[0] & GROUP))
		vnet_count(&n->counts.bad);
	else
		*mail |= forward(n, &f);
	return true;
}

/* The octets of the frame; 0: there is none, or none any more. */
static uint32_t transmit_one(struct vnet *n, uint32_t *mail)
{
	struct vring_chain c;

	switch (vring_peek(&n->transmit, n->vm, 0, false, &c)) {
	case VRING_EMPTY:
		return 0;
	case VRING_CHAIN:
		break;
	case VRING_BROKEN:
		n->transmit.ready = false;
		vnet_fail(n);
		return 0;
	}
	vring_take(&n->transmit, 1);
	if (send(n, &c, mail) && vring_use(&n->transmit, n->vm, 0, c.head, 0) &&
	    vring_give_back(&n->transmit, n->vm, 1))
		return c.size;
	n->transmit.ready = false;
	vnet_fail(n);
	return 0;
}

/* A frame that is there at the end is sent by mail: it does not lengthen this exit. */
uint32_t vnet_transmit(struct vnet *n)
{
	uint16_t used = n->transmit.next_used;
	uint32_t left = VNET_BATCH, mail = 0, size;

	while (left && n->transmit.ready && (size = transmit_one(n, &mail)))
		left = size > VNET_HEADER + VNET_FRAME_MAX ? 0 : left - 1;
	n->more = n->transmit.ready && vring_missed(&n->transmit, n->vm);
	if (n->transmit.next_used != used && n->transmit.ready && vring_wants_interrupt(&n->transmit, n->vm, used))
		vnet_mark(n, PENDING_BUFFER);	/* the caller updates the line */
	return n->more ? mail | 1u << n->plan->port : mail;
}
