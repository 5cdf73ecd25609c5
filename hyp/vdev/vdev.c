/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of virtual devices; see vdev.h. No lock: the devices have their own. */
#include "hyp/vdev/vdev.h"

struct vdev_kind {
	/* The window of the device of that number; false if the VM has fewer. */
	bool (*window)(const struct plan_vm *plan, uint32_t number, struct range *window);
	bool (*read)(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t *value, uint64_t *changed);
	bool (*write)(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t value, uint64_t *changed);
};

/* ---- PLICs: 32 bits wide and aligned, as the registers of the specification ---- */

static bool plic_window(const struct plan_vm *plan, uint32_t number, struct range *window)
{
	if (number >= plan->nr_vplics)
		return false;
	*window = (struct range){ plan->vplics[number].base.v, plan->vplics[number].size };
	return true;
}

static bool plic_read(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t *value, uint64_t *changed)
{
	struct vplic *p = &d->vplics[at->number];

	if (size != 4 || at->offset & 3)
		return false;
	*changed = vdevs_pass(d) ? vplic_passed_read(p, at->offset, value) : vplic_read(p, at->offset, value);
	return true;
}

static bool plic_write(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t value, uint64_t *changed)
{
	struct vplic *p = &d->vplics[at->number];
	uint32_t word = (uint32_t)value;

	if (size != 4 || at->offset & 3)
		return false;
	*changed = vdevs_pass(d) ? vplic_passed_write(p, at->offset, word) : vplic_write(p, at->offset, word);
	return true;
}

/* ---- the UART ---- */

static bool uart_window(const struct plan_vm *plan, uint32_t number, struct range *window)
{
	*window = (struct range){ plan->vuart.base.v, plan->vuart.size };
	return number == 0 && plan->vuart.size;
}

static bool uart_read(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t *value, uint64_t *changed)
{
	return vuart_read(&d->vuart, at->offset, size, value, changed);
}

static bool uart_write(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t value, uint64_t *changed)
{
	return vuart_write(&d->vuart, at->offset, size, value, changed);
}

/* ---- the table ---- */

static const struct vdev_kind kinds[] = {
	{ plic_window, plic_read, plic_write },
	{ uart_window, uart_read, uart_write },
};

bool vdev_find(const struct vdevs *d, gpa_t address, struct vdev_place *at)
{
	struct range window;

	for (uint32_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (uint32_t n = 0; kinds[k].window(d->plan, n, &window); n++) {
			if (address.v - window.base >= window.size)	/* below the base it wraps to a large number */
				continue;
			*at = (struct vdev_place){ &kinds[k], n, address.v - window.base };
			return true;
		}
	return false;
}

bool vdev_read(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t *value, uint64_t *changed)
{
	return at->kind->read(d, at, size, value, changed);
}

bool vdev_write(struct vdevs *d, const struct vdev_place *at, uint32_t size, uint64_t value, uint64_t *changed)
{
	return at->kind->write(d, at, size, value, changed);
}
