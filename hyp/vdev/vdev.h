/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual devices of a VM: what a guest finds at a guest-physical address that the hypervisor emulates. One table
 * in vdev.c has a row for each kind: window, read, write. A further kind needs a row, and its state in struct vdevs.
 * Decoding of the guest's instruction and the policy for unmapped accesses are hyp/vm/vmmio.c's.
 */
#ifndef HYP_VDEV_VDEV_H
#define HYP_VDEV_VDEV_H

#include "hyp/riscv/gstage.h"
#include "hyp/vdev/doorbell.h"
#include "hyp/vdev/vaplic.h"
#include "hyp/vdev/vintc.h"
#include "hyp/vdev/vnet.h"
#include "hyp/vdev/vplic.h"
#include "hyp/vdev/vuart.h"

/*
 * An access at offset, bytes from the window's base and below its size. takes(): whether the device has an access of
 * size bytes (1, 2, 4 or 8) there; NULL: of 4 aligned bytes alone. Only then read() or write() follows. Both return
 * the vcpus whose external interrupt line may have changed (vintc.h). value: in the low bytes; a read of 32 bits is
 * extended with its sign.
 */
typedef bool (*vdev_takes_t)(const void *state, uint64_t offset, uint32_t size);
typedef uint64_t (*vdev_read_t)(void *state, uint64_t offset, uint64_t *value);
typedef uint64_t (*vdev_write_t)(void *state, uint64_t offset, uint32_t value);

/* A device of a VM. */
struct vdev {
	uint64_t base, size;	/* its window, guest-physical */
	void *state;
	vdev_takes_t takes;
	vdev_read_t read;	/* NULL: a window on the host's device at the same address (struct plan_window) */
	vdev_write_t write;
};

#define MAX_VDEVS	(MAX_INTCS + 1 + MAX_SHARED + MAX_VM_WINDOWS + MAX_CARDS)

/* An interrupt controller; own lock. */
union vintc_state {
	struct vplic plic;	/* where the host's is a PLIC */
	struct vaplic aplic;	/* where it is an APLIC */
};

struct vdevs {
	const struct plan_vm *plan;
	uint32_t nr;			/* of list: the rows of the table in vdev.c that the VM has */
	struct vdev list[MAX_VDEVS];
	uint8_t plic_mode;		/* enum plic_mode, of all its PLICs, as far as the machine allows it */
	uint32_t nr_intcs;
	struct vintc intcs[MAX_INTCS];	/* its interrupt controllers, as plan->vplics */
	struct vuart vuart;		/* own lock; plan NULL: none */
	struct doorbell doorbells[MAX_SHARED];	/* own locks; plan->nr_shares of them */
	struct vnet *cards;		/* own locks; plan->nr_cards of them */
	union vintc_state vintcs[MAX_INTCS];	/* last: there are plan->nr_vplics of them in memory */
};

/* From the plan; maps pages of PLIC contexts into the guest's G-stage if the plan says so. At boot, d zeroed but
 * vintcs. */
void vdevs_create(struct vdevs *d, const struct plan *plan, uint32_t vm, struct gstage *g);

/* The guest starts: its devices may raise interrupts from now on. Before a vcpu of the VM runs. */
void vdevs_start(struct vdevs *d);

/* A peer has rung, or sent a frame. Returns the changed vcpus (vintc.h). */
uint64_t vdevs_poke_links(struct vdevs *d);

/* State of power-on for all devices. Only while no vcpu of the VM runs. */
void vdevs_reset(struct vdevs *d);

/* Whether the guest claims in the hardware's interrupt controller. */
static inline bool vdevs_pass(const struct vdevs *d)
{
	return d->plic_mode != PLIC_EMULATED;
}

/* The device at that address and the offset in its window; NULL if none of the VM is there. */
const struct vdev *vdev_find(const struct vdevs *d, gpa_t address, uint64_t *offset);

/* Fills d->list from the table. At boot, after the devices have been created. */
void vdev_list(struct vdevs *d);

#endif
