/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual network card and the switch between the cards of a network (docs/links.md): a virtio-mmio device of version
 * 2 with device id 1 (VIRTIO 1.2, 4.2.2 and 5.1), one receive and one transmit queue. Features: VERSION_1, MAC, STATUS,
 * EVENT_IDX, MRG_RXBUF, and checksums and TCP segments in both directions.
 *
 * The hart that notifies the transmit queue copies each frame, once from the sender's buffer into its stack, and from
 * there into the buffers of the receivers. Frames go by the plan's table of addresses; nothing is learned. A frame
 * whose source is not the card's address is dropped and counted, as is one for which a receiver has no buffer. A
 * checksum or segments that a sender has left to its card pass as they are, if the receiver has negotiated that;
 * otherwise the sender's hart completes them. An exit sends at most VNET_BATCH frames, fewer if they are larger than
 * VNET_FRAME_MAX; the hart sends mail to itself for the rest.
 *
 * Locks: `lock` protects the registers and the transmit queue; harts of the guest alone take it. `receive_lock`
 * protects the receive queue; harts of the guest take it behind `lock`, and a sender's hart, behind its own card's
 * `lock`, tries it VNET_TRIES times. If it does not get it, the frame is lost. It is held for one frame. Interrupt
 * controllers' locks come behind `lock`.
 */
#ifndef HYP_VDEV_VNET_H
#define HYP_VDEV_VNET_H

#include "hyp/plan/plan.h"
#include "hyp/riscv/lock.h"
#include "hyp/vdev/vintc.h"
#include "hyp/vdev/vring.h"

#define VNET_BATCH	16u	/* frames of one exit; a larger one ends it */
#define VNET_TRIES	256u
#define VNET_HEADER	12u	/* struct virtio_net_hdr */
#define VNET_FRAME_MIN	14u
#define VNET_FRAME_MAX	1518u	/* 1500, Ethernet header and a VLAN tag */
#define VNET_LARGE_MAX	(18u + 40u + 65535u)	/* of segments: Ethernet, VLAN tag, IPv6, and the rest */
#define VNET_SEGMENTS	128u	/* of a frame */
#define VNET_PIECES	64u	/* descriptors of all buffers for a frame */

struct hart;

/* Frames, since the machine started; atomic. */
struct vnet_counts {
	uint32_t sent, received;
	uint32_t foreign;		/* sent with a source that is not the card's address */
	uint32_t bad;			/* sent with a size or header that no frame has */
	uint32_t lost;			/* not received, as there was no buffer, or the queue was in use */
};

struct vnet {
	/* Constant after vnet_create(). */
	const struct plan_card *plan;		/* NULL: none */
	const struct plan_vm *vm;
	const struct plan_net *net;
	const struct vintc *intc;
	struct hart *hart;			/* gets the mail */

	struct lock lock;
	/* lock protects: */
	uint64_t driver_features;
	uint32_t device_select, driver_select, queue_select;
	struct vring set[2];			/* as the driver has written them */
	struct vring transmit;
	bool more;				/* frames are left for the next mail */
	bool level;				/* the line's last state at the controller */

	struct lock receive_lock;		/* protects: */
	struct vring receive;
	uint64_t receives;			/* features of its driver */

	uint32_t status;			/* atomic: device status */
	uint32_t pending;			/* atomic: interrupt status */
	uint32_t life;				/* atomic: one more at each start and end of the guest; odd: it runs */
	struct vnet_counts counts;
};

/* Number index of the VM's cards. hart: of its first vcpu. At boot, before any guest runs. */
void vnet_create(struct vnet *n, const struct plan *plan, uint32_t vm, uint32_t index, const struct vintc *intc,
		 struct hart *hart);

/* The guest starts: the cards of others see a link. Before a vcpu of it runs. */
void vnet_start(struct vnet *n);

/* State of power-on. Only while no vcpu of the VM runs, and before the interrupt controller is reset. */
void vnet_reset(struct vnet *n);

/* Mail has come. Returns the changed vcpus (vintc.h). */
uint64_t vnet_poke(struct vnet *n);

/* Its network and counts as text for people, in the size bytes of text; returns the length. Any hart. */
size_t vnet_describe(const struct vnet *n, char *text, size_t size);

/* As vdev.h has them. */
bool vnet_takes(const void *state, uint64_t offset, uint32_t size);
uint64_t vnet_read(void *state, uint64_t offset, uint64_t *value);
uint64_t vnet_write(void *state, uint64_t offset, uint32_t value);

#endif
