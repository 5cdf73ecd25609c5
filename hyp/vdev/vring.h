/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A split virtqueue, as the device sees it (VIRTIO 1.2, 2.7). All of it lies in the guest's RAM, and the guest may
 * write anything into it at any time. So each word is read once, into a copy that is checked; chains are bounded; and a
 * ring that makes no sense is *broken*: the device needs a reset. No lock here: the device's.
 */
#ifndef HYP_VDEV_VRING_H
#define HYP_VDEV_VRING_H

#include "hyp/plan/plan.h"

#define VRING_MAX_SIZE	256u	/* descriptors */
#define VRING_MAX_CHAIN	24u	/* descriptors of one chain */

struct vring {
	bool ready;			/* the fields below are as the driver has set them, and checked */
	bool events;			/* VIRTIO_F_EVENT_IDX: used_event and avail_event in place of the flags */
	uint32_t size;			/* a power of two */
	uint64_t descriptors, driver, device;	/* guest-physical */
	uint16_t next_available, next_used;
};

/* A buffer: pieces of the guest's RAM, checked. */
struct vring_chain {
	uint16_t head;
	uint32_t nr;
	uint32_t size;			/* bytes, of all pieces */
	struct {
		gpa_t at;
		uint32_t size;
	} piece[VRING_MAX_CHAIN];
};

enum vring_result { VRING_EMPTY, VRING_CHAIN, VRING_BROKEN };

/* Whether size and addresses are what the specification allows. */
bool vring_is_sound(const struct vring *r);

/*
 * The buffer that the driver has made available behind the next `ahead` ones; all stay so until vring_take().
 * writable: the device writes it; otherwise it reads it. At most VRING_MAX_CHAIN descriptors are read.
 */
enum vring_result vring_peek(const struct vring *r, const struct plan_vm *p, uint32_t ahead, bool writable,
			     struct vring_chain *c);

/* Copy between a buffer and n bytes that begin at offset in it; offset + n must be within its size. False if the RAM
 * is not there. */
bool vring_copy_from(const struct plan_vm *p, const struct vring_chain *c, uint32_t offset, void *to, uint32_t n);
bool vring_copy_to(const struct plan_vm *p, const struct vring_chain *c, uint32_t offset, const void *from, uint32_t n);

/* The buffer of that head is to be given back behind the next `ahead` ones, with so many bytes written. False: the ring
 * is broken. */
bool vring_use(const struct vring *r, const struct plan_vm *p, uint32_t ahead, uint16_t head, uint32_t written);

/* The next n buffers were taken. vring_give_back(): and are the driver's again, all at once, after vring_use() of each;
 * false: the ring is broken. */
void vring_take(struct vring *r, uint32_t n);
bool vring_give_back(struct vring *r, const struct plan_vm *p, uint32_t n);

/*
 * Whether the driver wants an interrupt for the buffers that were given back since next_used was `old`. After
 * vring_give_back(): the fence between is here.
 */
bool vring_wants_interrupt(const struct vring *r, const struct plan_vm *p, uint16_t old);

/*
 * What the driver finds when the queue starts: it is to notify the device of the next buffer that it makes available,
 * or (notify false) need not notify it at all. False: the ring's RAM is not there.
 */
bool vring_start(const struct vring *r, const struct plan_vm *p, bool notify);

/*
 * At the end of a device's work: the driver is to notify the device of the next buffer. True: there is one already, of
 * which it may not notify any more.
 */
bool vring_missed(const struct vring *r, const struct plan_vm *p);

#endif
