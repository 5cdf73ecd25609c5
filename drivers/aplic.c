/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's APLICs; see aplic.h. */
#include "drivers/aplic.h"

#include "hyp/riscv/imsic.h"
#include "hyp/riscv/mmio.h"

static uint64_t bases[MAX_INTCS];	/* constant after init, as the plan */
static const struct plan *host_plan;
static struct {
	uint32_t source;
	bool level;
} own[MAX_INTCS];			/* the hypervisor's source; of the hart that it is routed to */

static uint32_t read_reg(uint32_t aplic, uint32_t offset)
{
	return mmio_read32(hpa(bases[aplic] + offset));
}

static void write_reg(uint32_t aplic, uint32_t offset, uint32_t value)
{
	mmio_write32(hpa(bases[aplic] + offset), value);
}

/* Makes the source inactive: no message of it follows, and nothing of it is pending. */
static void silence(uint32_t aplic, uint32_t source)
{
	write_reg(aplic, APLIC_CLRIENUM, source);
	write_reg(aplic, APLIC_SOURCECFG + 4 * source, 0);	/* its pending bit is 0 from here on */
}

/* DM first, alone: a change of it leaves all targets UNSPECIFIED. */
static void init(const struct plan *plan, uint32_t intc)
{
	host_plan = plan;
	bases[intc] = plan->intcs[intc].base.v;
	write_reg(intc, APLIC_DOMAINCFG, APLIC_DOMAIN_DM);
	for (uint32_t source = 1; source <= plan->intcs[intc].ndev; source++)
		silence(intc, source);
	write_reg(intc, APLIC_DOMAINCFG, APLIC_DOMAIN_DM | APLIC_DOMAIN_IE);
}

static void quiesce(uint32_t intc, const struct intc_share *share)
{
	for (uint32_t word = 0; word < MAX_IRQS / 32; word++)
		for (uint32_t bits = share->sources[word]; bits; bits &= bits - 1)
			silence(intc, 32 * word + (uint32_t)__builtin_ctz(bits));
}

/* ---- the hypervisor's source ---- */

static uint32_t mode_of(uint32_t flags)
{
	switch (flags) {
	case IRQ_EDGE_RISE:
		return APLIC_MODE_EDGE_RISE;
	case IRQ_EDGE_FALL:
		return APLIC_MODE_EDGE_FALL;
	case IRQ_LEVEL_LOW:
		return APLIC_MODE_LEVEL_LOW;
	default:
		return APLIC_MODE_LEVEL_HIGH;
	}
}

static void route(uint32_t intc, uint32_t hart, uint32_t source, uint32_t flags)
{
	uint32_t index = (uint32_t)host_plan->harts[hart].plic_context[intc];

	own[intc].source = source;
	own[intc].level = flags >= IRQ_LEVEL_HIGH;
	imsic_open_own(host_plan->file_ids, APLIC_OWN_ID);
	write_reg(intc, APLIC_SOURCECFG + 4 * source, mode_of(flags));
	write_reg(intc, APLIC_TARGET + 4 * source, index << APLIC_TARGET_HART | APLIC_OWN_ID);
	write_reg(intc, APLIC_SETIENUM, source);
}

static uint32_t claim(uint32_t intc, uint32_t hart)
{
	(void)hart;
	return imsic_claim_own() == APLIC_OWN_ID ? own[intc].source : 0;
}

/* A level that is still up has sent its message: the next one follows this write. A level that rises after the input
 * was read sends one by itself. */
static void complete(uint32_t intc, uint32_t hart, uint32_t source)
{
	(void)hart;
	if (own[intc].level && read_reg(intc, APLIC_CLRIP + source / 32 * 4) >> source % 32 & 1)
		write_reg(intc, APLIC_SETIPNUM, source);
}

static void mask(uint32_t intc, uint32_t hart, uint32_t source)
{
	(void)hart;
	write_reg(intc, APLIC_CLRIENUM, source);
}

const struct intc_ops aplic_ops = {
	.init = init, .route = route, .claim = claim, .complete = complete, .mask = mask, .quiesce = quiesce,
};
