/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between vplic.c, vplic_passed.c and vplic_create.c. */
#ifndef HYP_VDEV_VPLIC_INT_H
#define HYP_VDEV_VPLIC_INT_H

#include "hyp/base/plic_map.h"
#include "hyp/vdev/vplic.h"

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

/* id may be anything that a guest or the hardware says. */
static inline bool is_owned(const struct vplic *v, uint32_t id)
{
	return id < MAX_IRQS && test_id(v->owned, id);
}

/* Of a value below 256 that is not 0. */
static inline uint32_t highest_bit(uint32_t v)
{
	uint32_t n = 0;

	for (uint32_t half = 4; half; half /= 2) {
		if (v >> half) {
			v >>= half;
			n += half;
		}
	}
	return n;
}

/* Where an offset at or above the enables leads: an S-mode context that exists, or not. */
static inline bool find_context(const struct vplic *v, uint64_t context, uint32_t *vcpu)
{
	*vcpu = (uint32_t)(context / 2);
	return context & 1 && context / 2 < v->nr_vcpus;
}

#define NO_REGISTER	PLIC_CONTEXT_STRIDE	/* no offset in a context */

/* The register at that offset, at or above PLIC_CONTEXT_BASE: 0 is the threshold, others are reserved; NO_REGISTER if
 * there is no such context. */
static inline uint64_t context_register(const struct vplic *v, uint64_t offset, uint32_t *vcpu)
{
	bool exists = find_context(v, (offset - PLIC_CONTEXT_BASE) / PLIC_CONTEXT_STRIDE, vcpu);

	return exists ? offset % PLIC_CONTEXT_STRIDE : NO_REGISTER;
}

/* A claim and a completion of what pends here, under the lock. id: one of the VM's. */
uint32_t vplic_claim_here(struct vplic *v, uint32_t vcpu);
void vplic_complete_here(struct vplic *v, uint32_t vcpu, uint32_t id);

/* vplic_passed.c: accesses at or above PLIC_CONTEXT_BASE. */
uint64_t vplic_passed_read_context(struct vplic *v, uint64_t offset, uint64_t *value);
uint64_t vplic_passed_write_context(struct vplic *v, uint64_t offset, uint32_t value);

/* Where contexts are passed: the vcpus whose harts have to look; releases the lock. */
uint64_t vplic_passed_release(struct vplic *v);

#endif
