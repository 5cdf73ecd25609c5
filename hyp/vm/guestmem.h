/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one way from the hypervisor to a guest's memory. Guest-physical ranges are checked against the
 * plan, code is fetched with the guest's own translation. Another vcpu of the guest may change what is
 * read at any time: read once, then check the copy.
 */
#ifndef HYP_VM_GUESTMEM_H
#define HYP_VM_GUESTMEM_H

#include "hyp/vdev/guestram.h"
#include "hyp/vm/vm.h"

/* guestram.h has the contracts. */
static inline bool guestmem_valid(const struct vm *vm, gpa_t address, uint64_t size)
{
	return guestram_valid(vm->plan, address, size);
}

static inline enum err __must_check guestmem_read(const struct vm *vm, void *to, gpa_t from, uint64_t size)
{
	return guestram_read(vm->plan, to, from, size);
}

static inline enum err __must_check guestmem_write(const struct vm *vm, gpa_t to, const void *from, uint64_t size)
{
	return guestram_write(vm->plan, to, from, size);
}

/* Host memory of guests, while none of their harts runs: 0, or a copy of what the hypervisor maps. */
void guestmem_clear(hpa_t to, uint64_t size);
void guestmem_fill(hpa_t to, const void *from, uint64_t size);

/* A copy, too, and the CRC-32 of it. On a hart with Zbc one pass over the bytes is enough. */
uint32_t guestmem_fill_and_sum(hpa_t to, const void *from, uint64_t size);

/* Writes the caches back to that memory, by blocks of so many bytes (a power of 2, at most a page). */
void guestmem_clean(hpa_t at, uint64_t size, uint32_t block);

/*
 * The instruction at the guest-virtual pc; a compressed one in the low 16 bits. Only right after an exit,
 * before anything else traps. ERR_FAULT if it cannot be fetched any more (a sibling changed the mapping).
 */
enum err guestmem_fetch(uint64_t pc, uint32_t *insn) __must_check;

#endif
