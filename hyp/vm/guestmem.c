/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to guest memory, checked against the plan; see guestmem.h.
 */
#include "hyp/vm/guestmem.h"

#include "hyp/base/str.h"
#include "hyp/riscv/fault.h"

/* Host address of a guest's RAM address and how many bytes lie behind it in that region; 0 if none do. */
static uint64_t find(const struct vm *vm, uint64_t address, uint8_t **host)
{
	const struct plan_vm *p = vm->plan;

	for (uint32_t i = 0; i < p->nr_regions; i++) {
		const struct plan_region *r = &p->regions[i];
		uint64_t offset = address - r->gpa.v;

		if (r->kind != REGION_RAM || address < r->gpa.v || offset >= r->size)
			continue;
		*host = (uint8_t *)(uintptr_t)(r->hpa.v + offset);
		return r->size - offset;
	}
	return 0;
}

bool guestmem_valid(const struct vm *vm, gpa_t address, uint64_t size)
{
	uint64_t at = address.v, left = size;
	uint8_t *host;

	if (!size)
		return false;
	while (left) {	/* at most once a region: the next address is in another one */
		uint64_t room = find(vm, at, &host);

		if (!room)
			return false;
		if (room >= left)
			return true;
		at += room;	/* regions end below 2^64, so this does not wrap to one of them */
		left -= room;
	}
	return true;
}

enum err guestmem_read(const struct vm *vm, void *to, gpa_t from, uint64_t size)
{
	uint8_t *dst = to, *host;

	if (!guestmem_valid(vm, from, size))
		return ERR_RANGE;
	for (uint64_t done = 0; done < size; ) {
		uint64_t room = find(vm, from.v + done, &host);
		uint64_t n = room < size - done ? room : size - done;

		memcpy(dst + done, host, n);
		done += n;
	}
	return OK;
}

enum err guestmem_write(const struct vm *vm, gpa_t to, const void *from, uint64_t size)
{
	const uint8_t *src = from;
	uint8_t *host;

	if (!guestmem_valid(vm, to, size))
		return ERR_RANGE;
	for (uint64_t done = 0; done < size; ) {
		uint64_t room = find(vm, to.v + done, &host);
		uint64_t n = room < size - done ? room : size - done;

		memcpy(host, src + done, n);
		done += n;
	}
	return OK;
}

enum err guestmem_fetch(uint64_t pc, uint32_t *insn)
{
	uint64_t low, high = 0;

	if (guard_fetch16(&low, pc) != OK)
		return ERR_FAULT;
	/* The second half only if there is one: the first may be the last of a page. */
	if ((low & 3) == 3 && guard_fetch16(&high, pc + 2) != OK)
		return ERR_FAULT;
	*insn = (uint32_t)(low | high << 16);
	return OK;
}
