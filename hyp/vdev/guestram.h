/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's RAM as its virtual devices and calls reach it: guest-physical ranges, checked against the plan, through the
 * calling hart's window. The guest may change what is read at any time: read once, then check the copy.
 */
#ifndef HYP_VDEV_GUESTRAM_H
#define HYP_VDEV_GUESTRAM_H

#include "hyp/base/err.h"
#include "hyp/plan/plan.h"

/* True if all of [address, address + size) is RAM of the guest; size 0 is not. It may span regions. */
bool guestram_valid(const struct plan_vm *p, gpa_t address, uint64_t size);

/* Copy size bytes; the range must be RAM of the guest, otherwise ERR_RANGE and nothing is copied. */
enum err guestram_read(const struct plan_vm *p, void *to, gpa_t from, uint64_t size) __must_check;
enum err guestram_write(const struct plan_vm *p, gpa_t to, const void *from, uint64_t size) __must_check;

/* One access of 16 bits, at a multiple of 2: what another hart writes is seen whole. ERR_RANGE as above. */
enum err guestram_read16(const struct plan_vm *p, uint16_t *value, gpa_t from) __must_check;
enum err guestram_write16(const struct plan_vm *p, gpa_t to, uint16_t value) __must_check;

#endif
