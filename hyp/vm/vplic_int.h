/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between vplic.c and vplic_create.c. */
#ifndef HYP_VM_VPLIC_INT_H
#define HYP_VM_VPLIC_INT_H

#include "hyp/vm/vplic.h"

static inline uint32_t word_of(uint32_t id) { return id / 32; }
static inline uint32_t bit_of(uint32_t id) { return 1u << (id % 32); }

static inline bool test_id(const uint32_t *map, uint32_t id)
{
	return map[word_of(id)] & bit_of(id);
}

/* id may be anything that a guest or the hardware says. */
static inline bool is_physical(const struct vplic *v, uint32_t id)
{
	return id < MAX_IRQS && test_id(v->physical, id);
}

/*
 * The VM's sources on the host's PLIC as at power-on: masked, with priority 0, nothing in flight or latched; its contexts'
 * thresholds 0. What was in flight is taken from pending, claimed and taker. Under vplic.lock, while no vcpu runs.
 */
void vplic_quiesce_host(struct vplic *v);

#endif
