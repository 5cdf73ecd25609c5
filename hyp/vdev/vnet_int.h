/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vnet.c (registers) and vnet_switch.c (frames) share. */
#ifndef HYP_VDEV_VNET_INT_H
#define HYP_VDEV_VNET_INT_H

#include "hyp/vdev/vnet.h"

#define STATUS_DRIVER_OK	4u
#define STATUS_NEEDS_RESET	0x40u
#define PENDING_BUFFER		1u	/* interrupt status: a buffer was given back; */
#define PENDING_CONFIG		2u	/* the configuration has changed */

/* Features of VIRTIO 1.2, 5.1.3. */
#define VNET_CSUM		(1ull << 0)	/* the driver leaves checksums to the card; */
#define VNET_GUEST_CSUM		(1ull << 1)	/* it takes frames without; */
#define VNET_MAC		(1ull << 5)
#define VNET_GUEST_TSO4		(1ull << 7)	/* it takes TCP segments of 64 KiB; */
#define VNET_GUEST_TSO6		(1ull << 8)
#define VNET_HOST_TSO4		(1ull << 11)	/* it sends them; */
#define VNET_HOST_TSO6		(1ull << 12)
#define VNET_MRG_RXBUF		(1ull << 15)	/* it takes a frame in several buffers */
#define VNET_STATUS		(1ull << 16)

/* struct virtio_net_hdr: offsets, and values. */
#define VNET_AT_FLAGS		0u
#define VNET_AT_GSO		1u
#define VNET_AT_HEADERS		2u
#define VNET_AT_SIZE		4u
#define VNET_AT_START		6u
#define VNET_AT_OFFSET		8u
#define VNET_AT_BUFFERS		10u
#define VNET_NEEDS_CSUM		1u
#define VNET_GSO_TCPV4		1u
#define VNET_GSO_TCPV6		4u

/*
 * A frame with the header before it, as a buffer has it. What is behind byte[] is in the sender's RAM alone; such a
 * frame has segments. The header is the hypervisor's own: vnet_check() has built it.
 */
struct frame {
	const struct plan_vm *vm;
	const struct vring_chain *chain;
	uint32_t size;		/* octets, of header and frame */
	uint32_t headers;	/* of these before the data of the segments; 0: there are none */
	uint8_t byte[VNET_HEADER + VNET_FRAME_MAX] __attribute__((aligned(8)));
};

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

/*
 * vnet_offload.c. Checks the header that a driver with these features has written, and replaces it by one with the
 * same meaning. f->byte has the frame, or the beginning of it. False: there is no such frame.
 */
bool vnet_check(struct frame *f, uint64_t features);

/* Whether a driver with these features takes the segments of f in one frame. */
bool vnet_takes_segments(const struct frame *f, uint64_t features);

/* Writes the checksum that f lacks; f has no segments. */
void vnet_complete(struct frame *f);

/* Segment number i of f as a frame of its own, complete. False: f has no more. Only number 0 is always there. */
bool vnet_segment(const struct frame *f, uint32_t i, struct frame *segment);

#endif
