/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vnet.c (registers) and vnet_switch.c (frames) share. */
#ifndef HYP_VDEV_VNET_INT_H
#define HYP_VDEV_VNET_INT_H

#include "hyp/vdev/vnet.h"

#define STATUS_DRIVER_OK	4u
#define STATUS_NEEDS_RESET	0x40u
#define PENDING_BUFFER		1u	/* interrupt status: a buffer was given back; */
#define PENDING_CONFIG		2u	/* the configuration has changed */

static inline bool vnet_runs(const struct vnet *n)
{
	return __atomic_load_n(&n->life, __ATOMIC_ACQUIRE) & 1;
}

static inline void vnet_count(uint32_t *frames)
{
	__atomic_fetch_add(frames, 1, __ATOMIC_RELAXED);
}

/*
 * vnet.c: makes an interrupt of a card pending; any hart, under one of the card's locks, so that a reset is before it
 * or after it. True: the hart of its guest needs mail to raise it, which vnet_mail() sends, without a lock; or, under
 * the card's `lock`, the caller updates the line.
 */
bool vnet_mark(struct vnet *n, uint32_t pending);
void vnet_mail(struct vnet *n);

/* vnet.c: a ring is broken: the device needs a reset, and the driver is to be interrupted. As vnet_mark(). */
bool vnet_fail(struct vnet *n);

/* vnet.c: the card at a port of a network. */
struct vnet *vnet_at(const struct vnet *n, uint32_t port);

/*
 * vnet_switch.c: sends what the driver has made available, at most VNET_BATCH frames; n->more is set if there may be
 * more. Under n->lock. The ports whose harts need mail, as bits; its own: this hart does, for what is left.
 */
uint32_t vnet_transmit(struct vnet *n);

#endif
