/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's PLICs (RISC-V Platform-Level Interrupt Controller Specification 1.0.0). Register access
 * only; who may touch which source is hyp/vdev/vplic.c's matter. Enable registers are shared by sources
 * of several VMs in one 32-bit word *of one context*, and a context belongs to one hart, so to one VM:
 * its VM's vplic lock covers them. Priorities are one word a source. So nothing here needs a lock.
 *
 * plic: index into plan.plics; context: of the host; id: 1..ndev; word: id / 32. Callers have checked
 * them; a context whose page does not lie in the window that the device tree gives is left alone: no
 * claim finds anything, writes do nothing.
 */
#ifndef DRIVERS_PLIC_H
#define DRIVERS_PLIC_H

#include "hyp/base/types.h"
#include "hyp/plan/plan.h"
#include "hyp/riscv/mmio.h"

/* Remembers where the PLICs are; for every source no priority and, in every context of a hart of the
 * plan, nothing enabled, threshold 0. Probes how many priority levels exist. Once, at boot. */
void plic_init(const struct plan *plan);

/* Highest priority that the PLIC implements, as probed; at least 1. */
uint32_t plic_max_priority(uint32_t plic);

/*
 * Whether the page of that context can be given to a guest: it lies in the window, at a page, and priorities are
 * plain numbers of at least three bits, as the guest's emulated ones are. *page: where.
 */
bool plic_context_page(uint32_t plic, uint32_t context, hpa_t *page);

/* What is known of a PLIC. A vPLIC keeps a copy for the writes below, which are on the shortest way of a guest's access. */
struct plic_regs {
	uint64_t base;
	uint32_t nr_contexts;		/* whose page lies wholly in the window of the device tree */
	uint32_t max_priority;
	uint32_t priority_shift;	/* of the lowest writable bit of a priority register */
	bool plain;			/* priorities up to 7 are what they are */
};

/* After plic_init(). */
struct plic_regs plic_regs(uint32_t plic);

/* As plic_set_priority(), but any priority up to 7: above the highest it is the highest. */
static inline void plic_put_priority(const struct plic_regs *p, uint64_t id, uint32_t priority)
{
	if (__builtin_expect(p->max_priority < 7, false) && priority > p->max_priority)
		priority = p->max_priority;
	mmio_write32(hpa(p->base + 4 * id), priority << p->priority_shift);
}

/* The same where they are plain. */
static inline void plic_put_plain_priority(const struct plic_regs *p, uint64_t id, uint32_t priority)
{
	mmio_write32(hpa(p->base + 4 * id), priority);
}

/* All 32 sources of a word at once, of a context below nr_contexts. */
static inline void plic_put_enables(const struct plic_regs *p, uint64_t context, uint64_t word, uint32_t bits)
{
	mmio_write32(hpa(p->base + 0x2000 + 0x80 * context + 4 * word), bits);
}

/* Writes id where a claim is completed; what that does is left to the PLIC. Likewise. */
static inline void plic_put_complete(const struct plic_regs *p, uint64_t context, uint32_t id)
{
	mmio_write32(hpa(p->base + 0x200004 + 0x1000 * context), id);
}

void plic_set_priority(uint32_t plic, uint32_t id, uint32_t priority);

void plic_set_enable(uint32_t plic, uint32_t context, uint32_t id, bool on);

/* Up to 32 sources at once: those of mask get the enables of bits, the others keep theirs. */
void plic_set_enables(uint32_t plic, uint32_t context, uint32_t word, uint32_t mask, uint32_t bits);

bool plic_pending(uint32_t plic, uint32_t id);
uint32_t plic_pending_word(uint32_t plic, uint32_t word);
void plic_set_threshold(uint32_t plic, uint32_t context, uint32_t threshold);
uint32_t plic_threshold(uint32_t plic, uint32_t context);

/* Returns the id, 0 if nothing is pending for that context. */
uint32_t plic_claim(uint32_t plic, uint32_t context);

/* Ends the gateway's wait for id, claimed on this context. A PLIC ignores the completion of an id that
 * is not enabled in the context, so this one enables it around the write if the guest has disabled it. */
void plic_complete(uint32_t plic, uint32_t context, uint32_t id);

#endif
