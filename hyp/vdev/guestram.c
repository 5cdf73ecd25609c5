/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to a guest's RAM; see guestram.h. No lock: a window is the calling hart's. */
#include "hyp/vdev/guestram.h"

#include "hyp/base/str.h"
#include "hyp/riscv/sstage.h"

/* Host address of a guest's RAM address and how many bytes lie behind it in that region; 0 if none do. */
static uint64_t find(const struct plan_vm *p, uint64_t address, hpa_t *host)
{
	for (uint32_t i = 0; i < p->nr_regions; i++) {
		const struct plan_region *r = &p->regions[i];
		uint64_t offset = address - r->gpa.v;

		if (r->kind != REGION_RAM || address < r->gpa.v || offset >= r->size)
			continue;
		*host = hpa(r->hpa.v + offset);
		return r->size - offset;
	}
	return 0;
}

bool guestram_valid(const struct plan_vm *p, gpa_t address, uint64_t size)
{
	uint64_t at = address.v, left = size;
	hpa_t host;

	if (!size)
		return false;
	while (left) {	/* at most once a region: the next address is in another one */
		uint64_t room = find(p, at, &host);

		if (!room)
			return false;
		if (room >= left)
			return true;
		at += room;	/* regions end below 2^64, so this does not wrap to one of them */
		left -= room;
	}
	return true;
}

enum err guestram_read(const struct plan_vm *p, void *to, gpa_t from, uint64_t size)
{
	if (!guestram_valid(p, from, size))
		return ERR_RANGE;
	for (uint64_t done = 0, n; done < size; done += n) {
		hpa_t host;
		uint64_t room = find(p, from.v + done, &host);
		const void *at = sstage_window_of(host, room < size - done ? room : size - done, &n);

		memcpy((uint8_t *)to + done, at, n);
	}
	sstage_close_window();
	return OK;
}

enum err guestram_write(const struct plan_vm *p, gpa_t to, const void *from, uint64_t size)
{
	if (!guestram_valid(p, to, size))
		return ERR_RANGE;
	for (uint64_t done = 0, n; done < size; done += n) {
		hpa_t host;
		uint64_t room = find(p, to.v + done, &host);
		void *at = sstage_window_of(host, room < size - done ? room : size - done, &n);

		memcpy(at, (const uint8_t *)from + done, n);
	}
	sstage_close_window();
	return OK;
}

enum err guestram_read16(const struct plan_vm *p, uint16_t *value, gpa_t from)
{
	hpa_t host;

	if (from.v % 2 || find(p, from.v, &host) < 2)
		return ERR_RANGE;
	*value = __atomic_load_n((uint16_t *)sstage_window(host), __ATOMIC_RELAXED);
	sstage_close_window();
	return OK;
}

enum err guestram_write16(const struct plan_vm *p, gpa_t to, uint16_t value)
{
	hpa_t host;

	if (to.v % 2 || find(p, to.v, &host) < 2)
		return ERR_RANGE;
	__atomic_store_n((uint16_t *)sstage_window(host), value, __ATOMIC_RELAXED);
	sstage_close_window();
	return OK;
}
