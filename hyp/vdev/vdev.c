/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of virtual devices; see vdev.h. No lock: the devices have their own. */
#include "hyp/vdev/vdev.h"

#include "hyp/base/panic.h"

/* A kind fills in the device of that number, with its window; false if the VM has fewer. */
typedef bool (*vdev_get_t)(struct vdevs *d, uint32_t number, struct vdev *out);

static bool get_plic(struct vdevs *d, uint32_t number, struct vdev *out)
{
	const struct plan_vplic *p = &d->plan->vplics[number];

	if (number >= d->plan->nr_vplics)
		return false;
	if (d->intcs[number].ops == &vaplic_ops) {
		*out = (struct vdev){ p->base.v, p->size, &d->vintcs[number].aplic, NULL, vaplic_read, vaplic_write };
		return true;
	}
	*out = (struct vdev){ p->base.v, p->size, &d->vintcs[number].plic, NULL, vplic_read, vplic_write };
	if (vdevs_pass(d)) {
		out->read = vplic_passed_read;
		out->write = vplic_passed_write;
	}
	return true;
}

/* takes() has checked the size, which does not matter any more. */
static uint64_t read_uart(void *state, uint64_t offset, uint64_t *value)
{
	uint64_t changed;

	return vuart_read(state, offset, 1, value, &changed) ? changed : 0;
}

static uint64_t write_uart(void *state, uint64_t offset, uint32_t value)
{
	uint64_t changed;

	return vuart_write(state, offset, 1, value, &changed) ? changed : 0;
}

static bool get_uart(struct vdevs *d, uint32_t number, struct vdev *out)
{
	const struct plan_vuart *u = &d->plan->vuart;

	*out = (struct vdev){ u->base.v, u->size, &d->vuart, vuart_takes, read_uart, write_uart };
	return number == 0 && u->size;
}

static bool get_doorbell(struct vdevs *d, uint32_t number, struct vdev *out)
{
	if (number >= d->plan->nr_shares)
		return false;
	*out = (struct vdev){ d->plan->shares[number].doorbell.v, PAGE_SIZE, &d->doorbells[number], NULL, doorbell_read,
			      doorbell_write };
	return true;
}

static bool get_window(struct vdevs *d, uint32_t number, struct vdev *out)
{
	const struct plan_window *w = &d->plan->windows[number];

	if (number >= d->plan->nr_windows)
		return false;
	*out = (struct vdev){ .base = w->base.v, .size = w->size };
	return true;
}

static bool get_card(struct vdevs *d, uint32_t number, struct vdev *out)
{
	if (number >= d->plan->nr_cards)
		return false;
	*out = (struct vdev){ d->plan->cards[number].base.v, PAGE_SIZE, &d->cards[number], vnet_takes, vnet_read,
			      vnet_write };
	return true;
}

/* ---- the table ---- */

static const vdev_get_t kinds[] = { get_plic, get_uart, get_doorbell, get_window, get_card };

__boot void vdev_list(struct vdevs *d)
{
	struct vdev one;

	d->nr = 0;
	for (uint32_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (uint32_t n = 0; kinds[k](d, n, &one); n++) {
			ASSERT(d->nr < MAX_VDEVS);
			d->list[d->nr++] = one;
		}
}

const struct vdev *vdev_find(const struct vdevs *d, gpa_t address, uint64_t *offset)
{
	for (const struct vdev *v = d->list; v < d->list + d->nr; v++) {
		*offset = address.v - v->base;
		if (*offset < v->size)	/* below the base it wraps to a large number */
			return v;
	}
	return NULL;
}
