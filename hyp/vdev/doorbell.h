/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doorbell of a guest at a shared memory (docs/links.md): a page with registers of 32 bits. A write rings at a
 * peer, which is interrupted; a register says which peers rang, or have started or ended.
 *
 * No guest waits for another: a ring sets a bit of the peer's word `rang` (atomic) and, if that was 0, sends mail to
 * the peer's first hart. That hart raises the interrupt (doorbell_poke()). So a peer that does not answer gets one
 * mail.
 *
 * Lock: doorbell.lock protects level; held together with the interrupt controller's behind it. Harts of the guest alone
 * take it. rang and life are atomic, and other guests' harts use them.
 */
#ifndef HYP_VDEV_DOORBELL_H
#define HYP_VDEV_DOORBELL_H

#include "hyp/plan/plan.h"
#include "hyp/riscv/lock.h"
#include "hyp/vdev/vintc.h"

/* Registers: offsets in the page. Others read as 0 and ignore writes. */
#define DOORBELL_PEERS	0x00u	/* R: number of peers, this guest included */
#define DOORBELL_SELF	0x04u	/* R: this guest's number */
#define DOORBELL_RING	0x08u	/* W: the number of the peer to ring at; reads as 0 */
#define DOORBELL_RANG	0x0cu	/* R: bit n: peer n rang; bit 16 + n: its life changed. Reading clears it */
#define DOORBELL_LIFE	0x40u	/* R: 4 bytes a peer: one more at each start and each end; odd: it runs */

#define RANG_LIFE_SHIFT	16u
_Static_assert(MAX_VMS <= RANG_LIFE_SHIFT, "a bit a peer");

struct hart;

struct doorbell {
	/* Constant after doorbell_create(). */
	const struct plan_share *plan;		/* NULL: none */
	const struct plan_shared *memory;
	const struct vintc *intc;		/* NULL: no interrupt */
	struct hart *hart;			/* gets the mail */

	struct lock lock;
	bool level;				/* lock: the line's last state at the controller */
	uint32_t rang;				/* atomic: as the register */
	uint32_t life;				/* atomic: as the register; the hart that starts or ends the VM adds */
};

/* Number index of the VM's shares. hart: of its first vcpu. At boot, before any guest runs. */
void doorbell_create(struct doorbell *d, const struct plan *plan, uint32_t vm, uint32_t index, const struct vintc *intc,
		     struct hart *hart);

/* The guest starts: nothing has rung, and its peers are rung at. Before a vcpu of it runs. */
void doorbell_start(struct doorbell *d);

/* State of power-on; if the guest ran, its peers are rung at. Only while no vcpu of the VM runs, and before the
 * interrupt controller is reset. */
void doorbell_reset(struct doorbell *d);

/* Mail has come. Returns the changed vcpus (vintc.h). */
uint64_t doorbell_poke(struct doorbell *d);

/* As vdev.h has them. */
uint64_t doorbell_read(void *state, uint64_t offset, uint64_t *value);
uint64_t doorbell_write(void *state, uint64_t offset, uint32_t value);

#endif
