/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of frames from card to card; see vnet.h for locks and bounds. */
#include "hyp/vdev/vnet_int.h"

#include "hyp/base/str.h"

#define HEADER_FLAGS	0u	/* offsets in struct virtio_net_hdr */
#define HEADER_GSO	1u
#define HEADER_BUFFERS	10u

#define GROUP		0x01u	/* of the first octet of an address: multicast or broadcast */

/* A frame with the header before it, as it lies in a buffer. */
struct frame {
	uint32_t size;		/* of both */
	uint8_t byte[VNET_HEADER + VNET_FRAME_MAX];
};

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

static enum put { PUT_DONE, PUT_NO_BUFFER, PUT_BROKEN } put(struct vnet *to, const struct frame *f)
{
	struct vring_chain c;
	enum vring_result r;

	if (!to->receive.ready)
		return PUT_NO_BUFFER;
	r = vring_peek(&to->receive, to->vm, true, &c);
	if (r == VRING_BROKEN)
		return PUT_BROKEN;
	if (r == VRING_EMPTY || c.size < f->size)
		return PUT_NO_BUFFER;
	vring_take(&to->receive);
	if (!vring_copy_to(to->vm, &c, f->byte, f->size) ||
	    !vring_give_back(&to->receive, to->vm, c.head, f->size))
		return PUT_BROKEN;
	vnet_count(&to->counts.received);
	return PUT_DONE;
}

/* Under receive_lock. False: the frame is lost. *mail: the receiver's hart needs mail. */
static bool receive(struct vnet *to, const struct frame *f, bool *mail)
{
	uint16_t used = to->receive.next_used;
	enum put result = put(to, f);

	if (result == PUT_BROKEN) {
		to->receive.ready = false;
		*mail = vnet_fail(to);
	}
	if (result == PUT_DONE)
		*mail = vring_wants_interrupt(&to->receive, to->vm, used) && vnet_mark(to, PENDING_BUFFER);
	return result == PUT_DONE;
}

/* Whether the receiver's hart needs mail. */
static bool deliver(struct vnet *to, const struct frame *f)
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
	memset(f->byte, 0, VNET_HEADER);
	f->byte[HEADER_BUFFERS] = 1;
	vnet_count(&from->counts.sent);
	for (uint32_t i = 0; i < from->net->nr_ports; i++) {
		struct vnet *to = vnet_at(from, i);

		if (to != from && (group || !memcmp(destination_of(f), to->plan->mac, 6)) && deliver(to, f))
			mail |= 1u << i;
	}
	return mail;
}

/* Reads the frame, once. False: the RAM is not there. *mail: as of forward(), added. */
static bool send(struct vnet *n, const struct vring_chain *c, uint32_t *mail)
{
	struct frame f;		/* not cleared: what counts is written below */

	f.size = c->size;
	if (c->size < VNET_HEADER + VNET_FRAME_MIN || c->size > sizeof(f.byte)) {
		vnet_count(&n->counts.bad);
		return true;
	}
	if (!vring_copy_from(n->vm, c, 0, f.byte, c->size))
		return false;
	if (f.byte[HEADER_FLAGS] || f.byte[HEADER_GSO])	/* no such feature was offered */
		vnet_count(&n->counts.bad);
	else
		*mail |= forward(n, &f);
	return true;
}

/* False: there is no frame, or none any more. */
static bool transmit_one(struct vnet *n, uint32_t *mail)
{
	struct vring_chain c;

	switch (vring_peek(&n->transmit, n->vm, false, &c)) {
	case VRING_EMPTY:
		return false;
	case VRING_CHAIN:
		break;
	case VRING_BROKEN:
		n->transmit.ready = false;
		vnet_fail(n);
		return false;
	}
	vring_take(&n->transmit);
	if (send(n, &c, mail) && vring_give_back(&n->transmit, n->vm, c.head, 0))
		return true;
	n->transmit.ready = false;
	vnet_fail(n);
	return false;
}

/* A frame that is there when the driver is allowed to notify is sent by mail: it does not lengthen this exit. */
uint32_t vnet_transmit(struct vnet *n)
{
	uint16_t used = n->transmit.next_used;
	uint32_t sent = 0, mail = 0;

	while (sent < VNET_BATCH && n->transmit.ready && transmit_one(n, &mail))
		sent++;
	n->more = sent == VNET_BATCH || (n->transmit.ready && vring_missed(&n->transmit, n->vm));
	if (sent && n->transmit.ready && vring_wants_interrupt(&n->transmit, n->vm, used))
		vnet_mark(n, PENDING_BUFFER);	/* the caller updates the line */
	return n->more ? mail | 1u << n->plan->port : mail;
}
