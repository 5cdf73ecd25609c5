/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's PLICs (RISC-V Platform-Level Interrupt Controller Specification 1.0.0). Register access
 * only; hyp/vdev/vplic.c checks which guest owns a source. No lock here: an enable word holds sources of
 * several VMs, but of one context, and a context belongs to one hart, so to one VM, whose vplic lock
 * covers the word. Priorities are one word a source.
 *
 * plic: index into plan.intcs; context: of the host; id: 1..ndev; word: id / 32. Callers have checked
 * them. A context whose page lies outside the PLIC's `reg` range is not accessed: a claim returns 0,
 * writes have no effect.
 */
#ifndef DRIVERS_PLIC_H
#define DRIVERS_PLIC_H

#include "drivers/intc.h"
#include "hyp/base/plic_map.h"
#include "hyp/base/types.h"
#include "hyp/plan/plan.h"
#include "hyp/riscv/mmio.h"

/*
 * The PLIC as an interrupt controller of the host (intc.h). Its init() sets all priorities to 0 and, in every context
 * of a hart of the plan, disables all sources and sets threshold 0. It probes how many priority levels exist.
 */
extern const struct intc_ops plic_ops;

/* The highest priority that the PLIC implements, as probed; at least 1. */
uint32_t plic_max_priority(uint32_t plic);

/*
 * Whether the page of that context can be mapped into a guest: it lies in the PLIC's `reg` range, is aligned to 4 KiB,
 * and priorities are plain numbers of at least three bits, as the guest's emulated ones are. *page: its address.
 */
bool plic_context_page(uint32_t plic, uint32_t context, hpa_t *page);

/* Properties of a PLIC. A vPLIC has a copy for the writes below, which are on the fast path of a guest's access. */
struct plic_regs {
	uint64_t base;
	uint32_t nr_contexts;		/* whose page lies wholly in the `reg` range of the device tree */
	uint32_t max_priority;
	uint32_t priority_shift;	/* of the lowest writable bit of a priority register */
	bool plain;			/* no shift, and priorities 0 to 7 exist: values are written as they are */
};

/* After intc_init(). */
struct plic_regs plic_regs(uint32_t plic);

/* As plic_set_priority(), for a priority from 0 to 7; one above max_priority becomes max_priority. */
static inline void plic_put_priority(const struct plic_regs *p, uint64_t id, uint32_t priority)
{
	if (__builtin_expect(p->max_priority < 7, false) && priority > p->max_priority)
		priority = p->max_priority;
	mmio_write32(hpa(p->base + 4 * id), priority << p->priority_shift);
}

/* The same for a PLIC with `plain`. */
static inline void plic_put_plain_priority(const struct plic_regs *p, uint64_t id, uint32_t priority)
{
	mmio_write32(hpa(p->base + 4 * id), priority);
}

/* All 32 sources of a word at once, of a context below nr_contexts. */
static inline void plic_put_enables(const struct plic_regs *p, uint64_t context, uint64_t word, uint32_t bits)
{
	mmio_write32(hpa(p->base + PLIC_ENABLE_BASE + PLIC_ENABLE_STRIDE * context + 4 * word), bits);
}

/* The pending bits of 32 sources. */
static inline uint32_t plic_get_pending(const struct plic_regs *p, uint64_t word)
{
	return mmio_read32(hpa(p->base + PLIC_PENDING_BASE + 4 * word));
}

/* Claims on a context below nr_contexts. */
static inline uint32_t plic_get_claim(const struct plic_regs *p, uint64_t context)
{
	return mmio_take32(hpa(p->base + PLIC_CONTEXT_BASE + PLIC_CONTEXT_CLAIM + PLIC_CONTEXT_STRIDE * context));
}

/* Writes id to the complete register of a context below nr_contexts, enabled or not. */
static inline void plic_put_complete(const struct plic_regs *p, uint64_t context, uint32_t id)
{
	mmio_write32(hpa(p->base + PLIC_CONTEXT_BASE + PLIC_CONTEXT_CLAIM + PLIC_CONTEXT_STRIDE * context), id);
}

void plic_set_priority(uint32_t plic, uint32_t id, uint32_t priority);

void plic_set_enable(uint32_t plic, uint32_t context, uint32_t id, bool on);

/* Sets the enables of up to 32 sources at once: those in mask become as in bits, the others do not change. */
void plic_set_enables(uint32_t plic, uint32_t context, uint32_t word, uint32_t mask, uint32_t bits);

bool plic_pending(uint32_t plic, uint32_t id);
uint32_t plic_pending_word(uint32_t plic, uint32_t word);
void plic_set_threshold(uint32_t plic, uint32_t context, uint32_t threshold);
uint32_t plic_threshold(uint32_t plic, uint32_t context);

/* Returns the id, 0 if nothing is pending for that context. */
uint32_t plic_claim(uint32_t plic, uint32_t context);

/* Completes id, which this context has claimed. A PLIC ignores the completion of an id that is not
 * enabled in the context, so this function enables it around the write if the guest has disabled it. */
void plic_complete(uint32_t plic, uint32_t context, uint32_t id);

#endif
