/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of virtual devices; see vdev.h. No lock: the devices have their own. */
#include "hyp/vdev/vdev.h"

#include "hyp/base/panic.h"

struct vdev_kind {
	/* The window and the state of the device of that number; false if the VM has fewer. */
	bool (*get)(struct vdevs *d, uint32_t number, struct vdev *out);
	vdev_read_t read;
	vdev_write_t write;
};

/* ---- PLICs: 32 bits wide and aligned, as the registers of the specification ---- */

static bool plic_get(struct vdevs *d, uint32_t number, struct vdev *out)
{
	if (number >= d->plan->nr_vplics)
		return false;
	out->base = d->plan->vplics[number].base.v;
	out->size = d->plan->vplics[number].size;
	out->state = &d->vplics[number];
	return true;
}

static bool plic_read(void *state, uint64_t offset, uint32_t size, uint64_t *value, uint64_t *changed)
{
	const struct vplic *p = state;

	if (size != 4 || offset & 3)
		return false;
	*changed =
		p->mode == PLIC_EMULATED ? vplic_read(state, offset, value) : vplic_passed_read(state, offset, value);
	return true;
}

static bool plic_write(void *state, uint64_t offset, uint32_t size, uint64_t value, uint64_t *changed)
{
	const struct vplic *p = state;
	uint32_t word = (uint32_t)value;

	if (size != 4 || offset & 3)
		return false;
	*changed =
		p->mode == PLIC_EMULATED ? vplic_write(state, offset, word) : vplic_passed_write(state, offset, word);
	return true;
}

/* ---- the UART ---- */

static bool uart_get(struct vdevs *d, uint32_t number, struct vdev *out)
{
	out->base = d->plan->vuart.base.v;
	out->size = d->plan->vuart.size;
	out->state = &d->vuart;
	return number == 0 && out->size;
}

static bool uart_read(void *state, uint64_t offset, uint32_t size, uint64_t *value, uint64_t *changed)
{
	return vuart_read(state, offset, size, value, changed);
}

static bool uart_write(void *state, uint64_t offset, uint32_t size, uint64_t value, uint64_t *changed)
{
	return vuart_write(state, offset, size, value, changed);
}

/* ---- the table ---- */

static const struct vdev_kind kinds[] = {
	{ plic_get, plic_read, plic_write },
	{ uart_get, uart_read, uart_write },
};

void vdev_list(struct vdevs *d)
{
	struct vdev one = { 0 };

	d->nr = 0;
	for (uint32_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (uint32_t n = 0; kinds[k].get(d, n, &one); n++) {
			ASSERT(d->nr < MAX_VDEVS);
			one.read = kinds[k].read;
			one.write = kinds[k].write;
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
