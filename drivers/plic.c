/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the host's PLICs (RISC-V PLIC Specification 1.0.0, "Memory Map"). The caller checks which guest
 * owns a source, and holds the lock: see plic.h.
 */
#include "drivers/plic.h"

#include "hyp/riscv/mmio.h"

static struct plic_regs host_plics[MAX_INTCS];
static const struct plan *host_plan;	/* constant after init_plic() */

static uint32_t read_reg(const struct plic_regs *p, uint64_t offset)
{
	return mmio_read32(hpa(p->base + offset));
}

static void write_reg(const struct plic_regs *p, uint64_t offset, uint32_t value)
{
	mmio_write32(hpa(p->base + offset), value);
}

static uint64_t priority_reg(uint32_t id)
{
	return PLIC_PRIORITY_BASE + 4ull * id;
}

static uint64_t enable_reg(uint32_t context, uint32_t word)
{
	return PLIC_ENABLE_BASE + (uint64_t)PLIC_ENABLE_STRIDE * context + 4ull * word;
}

static uint64_t context_reg(uint32_t context, uint32_t reg)
{
	return PLIC_CONTEXT_BASE + (uint64_t)PLIC_CONTEXT_STRIDE * context + reg;
}

static __boot uint32_t count_contexts(uint64_t size)
{
	uint64_t n = size > PLIC_CONTEXT_BASE ? (size - PLIC_CONTEXT_BASE) / PLIC_CONTEXT_STRIDE : 0;

	return n < PLIC_MAX_CONTEXTS ? (uint32_t)n : PLIC_MAX_CONTEXTS;
}

/*
 * Writes all-ones to each priority, reads it back, then writes 0. The writable bits are WARL and
 * every combination of them is valid ("Interrupt Priorities"). Sources whose priority is hard-wired to
 * 0 are left out. The driver uses the lowest run of bits that all other sources have in common.
 */
static __boot void init_priorities(struct plic_regs *p, uint32_t ndev)
{
	uint32_t common = UINT32_MAX, kept;

	for (uint32_t id = 1; id <= ndev; id++) {
		write_reg(p, priority_reg(id), UINT32_MAX);
		kept = read_reg(p, priority_reg(id));
		write_reg(p, priority_reg(id), 0);
		if (kept & common)
			common &= kept;
	}
	p->priority_shift = (uint32_t)__builtin_ctz(common);
	common >>= p->priority_shift;
	p->max_priority = common & ~(common + 1);
	p->plain = !p->priority_shift && p->max_priority >= 7;
}

static __boot void init_context(const struct plic_regs *p, uint32_t context, uint32_t ndev)
{
	if (context >= p->nr_contexts)
		return;
	for (uint32_t word = 0; word <= ndev / 32; word++)
		write_reg(p, enable_reg(context, word), 0);
	write_reg(p, context_reg(context, 0), 0);
}

static __boot void init_plic(const struct plan *plan, uint32_t plic)
{
	const struct plan_intc *host = &plan->intcs[plic];
	struct plic_regs *regs = &host_plics[plic];

	host_plan = plan;
	regs->base = host->base.v;
	regs->nr_contexts = count_contexts(host->size);
	for (uint32_t h = 0; h < plan->nr_harts; h++)
		if (plan->harts[h].plic_context[plic] != NO_CONTEXT)
			init_context(regs, (uint32_t)plan->harts[h].plic_context[plic], host->ndev);
	init_priorities(regs, host->ndev);
}

uint32_t plic_max_priority(uint32_t plic)
{
	return host_plics[plic].max_priority;
}

struct plic_regs plic_regs(uint32_t plic)
{
	return host_plics[plic];
}

bool plic_context_page(uint32_t plic, uint32_t context, hpa_t *page)
{
	const struct plic_regs *p = &host_plics[plic];

	*page = hpa(p->base + context_reg(context, 0));
	return context < p->nr_contexts && page->v % PAGE_SIZE == 0 && p->plain;
}

void plic_set_priority(uint32_t plic, uint32_t id, uint32_t priority)
{
	const struct plic_regs *p = &host_plics[plic];

	write_reg(p, priority_reg(id), priority << p->priority_shift);
}

void plic_set_enables(uint32_t plic, uint32_t context, uint32_t word, uint32_t mask, uint32_t bits)
{
	const struct plic_regs *p = &host_plics[plic];
	uint32_t old, enabled;

	if (context >= p->nr_contexts)
		return;
	old = read_reg(p, enable_reg(context, word));
	write_reg(p, enable_reg(context, word), (old & ~mask) | (bits & mask));
	enabled = bits & mask & ~old;
	if (enabled) {
		/* QEMU's PLIC checks for pending sources after a new enable only when a priority is written. */
		uint64_t priority = priority_reg(32 * word + (uint32_t)__builtin_ctz(enabled));

		write_reg(p, priority, read_reg(p, priority));
	}
}

void plic_set_enable(uint32_t plic, uint32_t context, uint32_t id, bool on)
{
	uint32_t bit = 1u << (id % 32);

	plic_set_enables(plic, context, id / 32, bit, on ? bit : 0);
}

uint32_t plic_pending_word(uint32_t plic, uint32_t word)
{
	return read_reg(&host_plics[plic], PLIC_PENDING_BASE + 4ull * word);
}

bool plic_pending(uint32_t plic, uint32_t id)
{
	return plic_pending_word(plic, id / 32) >> (id % 32) & 1;
}

void plic_set_threshold(uint32_t plic, uint32_t context, uint32_t threshold)
{
	const struct plic_regs *p = &host_plics[plic];

	if (context < p->nr_contexts)
		write_reg(p, context_reg(context, 0), threshold << p->priority_shift);
}

uint32_t plic_threshold(uint32_t plic, uint32_t context)
{
	const struct plic_regs *p = &host_plics[plic];

	return context < p->nr_contexts ? read_reg(p, context_reg(context, 0)) >> p->priority_shift : 0;
}

uint32_t plic_claim(uint32_t plic, uint32_t context)
{
	const struct plic_regs *p = &host_plics[plic];

	return context < p->nr_contexts ? plic_get_claim(p, context) : 0;
}

void plic_complete(uint32_t plic, uint32_t context, uint32_t id)
{
	const struct plic_regs *p = &host_plics[plic];
	uint64_t enable = enable_reg(context, id / 32);
	uint32_t bit = 1u << (id % 32), old;

	if (context >= p->nr_contexts)
		return;
	old = read_reg(p, enable);
	if (!(old & bit))
		write_reg(p, enable, old | bit);
	write_reg(p, context_reg(context, PLIC_CONTEXT_CLAIM), id);
	if (!(old & bit))
		write_reg(p, enable, old);
}

/* ---- the face of intc.h ---- */

static uint32_t context_of(uint32_t plic, uint32_t hart)
{
	return (uint32_t)host_plan->harts[hart].plic_context[plic];
}

static void route_source(uint32_t plic, uint32_t hart, uint32_t source, uint32_t flags)
{
	(void)flags;	/* a PLIC has no such register */
	plic_set_threshold(plic, context_of(plic, hart), 0);
	plic_set_priority(plic, source, 1);
	plic_set_enable(plic, context_of(plic, hart), source, true);
}

static uint32_t claim_source(uint32_t plic, uint32_t hart)
{
	uint32_t id = plic_claim(plic, context_of(plic, hart));

	return id <= host_plan->intcs[plic].ndev ? id : 0;
}

static void complete_source(uint32_t plic, uint32_t hart, uint32_t source)
{
	plic_complete(plic, context_of(plic, hart), source);
}

static void mask_source(uint32_t plic, uint32_t hart, uint32_t source)
{
	plic_set_enable(plic, context_of(plic, hart), source, false);
}

static void mask_share(uint32_t plic, const struct intc_share *share)
{
	for (uint32_t i = 0; i < share->nr_harts; i++) {
		uint32_t context = context_of(plic, share->harts[i]);

		plic_set_threshold(plic, context, 0);
		for (uint32_t word = 0; word < MAX_IRQS / 32; word++)
			if (share->sources[word])
				plic_set_enables(plic, context, word, share->sources[word], 0);
	}
}

/*
 * A guest that claims in the hardware may have claimed on any of its contexts, and some PLICs accept a completion from
 * the claiming context only (Spike's). To complete a source that is not in flight changes nothing.
 */
static void complete_everywhere(uint32_t plic, const struct intc_share *share, uint32_t id)
{
	for (uint32_t i = 0; i < share->nr_harts; i++)
		plic_complete(plic, context_of(plic, share->harts[i]), id);
}

/* A hart of the VM that has a context; its context. NO_CONTEXT: the VM cannot get any interrupt of this PLIC. */
static int some_context(uint32_t plic, const struct intc_share *share)
{
	for (uint32_t i = 0; i < share->nr_harts; i++)
		if (context_of(plic, share->harts[i]) < host_plics[plic].nr_contexts)
			return (int)context_of(plic, share->harts[i]);
	return NO_CONTEXT;
}

/* Takes the request that the PLIC has latched for a masked source, and answers it. */
static void drain_source(uint32_t plic, uint32_t context, uint32_t id)
{
	uint32_t taken;

	plic_set_priority(plic, id, host_plics[plic].max_priority);
	plic_set_enable(plic, context, id, true);
	taken = plic_claim(plic, context);
	plic_set_enable(plic, context, id, false);
	plic_set_priority(plic, id, 0);
	if (taken == id)
		plic_complete(plic, context, taken);
}

static void quiesce_source(uint32_t plic, const struct intc_share *share, uint32_t id)
{
	int context = some_context(plic, share);

	plic_set_priority(plic, id, 0);
	complete_everywhere(plic, share, id);
	if (context != NO_CONTEXT && plic_pending(plic, id))
		drain_source(plic, (uint32_t)context, id);
}

static void quiesce_share(uint32_t plic, const struct intc_share *share)
{
	mask_share(plic, share);
	for (uint32_t word = 0; word < MAX_IRQS / 32; word++)
		for (uint32_t left = share->sources[word]; left; left &= left - 1)
			quiesce_source(plic, share, 32 * word + (uint32_t)__builtin_ctz(left));
}

const struct intc_ops plic_ops = {
	.init = init_plic,
	.route = route_source,
	.claim = claim_source,
	.complete = complete_source,
	.mask = mask_source,
	.quiesce = quiesce_share,
};
