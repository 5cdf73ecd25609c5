/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual devices of a VM: what a guest finds at a guest-physical address that the hypervisor emulates. One table in
 * vdev.c has a row for each kind: window, read, write. A further kind needs a row, and its state in struct vdevs. Decoding of
 * the guest's instruction and the policy for unmapped accesses are hyp/vm/vmmio.c's.
 */
#ifndef HYP_VDEV_VDEV_H
#define HYP_VDEV_VDEV_H

#include "hyp/riscv/gstage.h"
#include "hyp/vdev/vintc.h"
#include "hyp/vdev/vplic.h"
#include "hyp/vdev/vuart.h"

struct vdevs {
	const struct plan_vm *plan;
	uint8_t plic_mode;		/* enum plic_mode, of all its PLICs, as far as the machine allows it */
	uint32_t nr_intcs;
	struct vintc intcs[MAX_PLICS];	/* its interrupt controllers, as plan->vplics */
	struct vuart vuart;		/* own lock; plan NULL: none */
	struct vplic vplics[MAX_PLICS];	/* own lock each; last: vplic_create() sets all of it */
};

/* From the plan; maps pages of PLIC contexts into the guest's G-stage if the plan wants that. At boot, d zeroed but vplics. */
void vdevs_create(struct vdevs *d, const struct plan *plan, uint32_t vm, struct gstage *g);

/* State of power-on for all devices. Only while no vcpu of the VM runs. */
void vdevs_reset(struct vdevs *d);

/* Whether the guest claims in the hardware's interrupt controller. */
static inline bool vdevs_pass(const struct vdevs *d)
{
	return d->plic_mode != PLIC_EMULATED;
}

struct vdev_kind;

/* A place in a window of a device. */
struct vdev_place {
	const struct vdev_kind *kind;
	uint32_t number;	/* of the devices of this kind */
	uint64_t offset;	/* bytes from the window's base, below its size */
};

/* False if no device of the VM has that address. */
bool vdev_find(const struct vdevs *d, gpa_t address, struct vdev_place *at);

/*
 * An access of size bytes (1, 2, 4 or 8). False if the device takes no access of that size or alignment there; nothing has
 * happened then. *changed: vcpus whose external interrupt line may have changed (vintc.h). value: in the low bytes; a read of
 * 32 bits is extended with its sign.
 */
bool vdev_read(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t *value, uint64_t *changed);
bool vdev_write(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t value, uint64_t *changed);

#endif
