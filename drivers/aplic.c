/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's APLICs; see aplic.h. */
#include "drivers/aplic.h"

#include "hyp/riscv/mmio.h"

static uint64_t bases[MAX_INTCS];	/* constant after init */

uint32_t aplic_read(uint32_t aplic, uint32_t offset)
{
	return mmio_read32(hpa(bases[aplic] + offset));
}

void aplic_write(uint32_t aplic, uint32_t offset, uint32_t value)
{
	mmio_write32(hpa(bases[aplic] + offset), value);
}

/* Makes the source inactive: no message of it follows, and nothing of it is pending. */
static void silence(uint32_t aplic, uint32_t source)
{
	aplic_write(aplic, APLIC_CLRIENUM, source);
	aplic_write(aplic, APLIC_SOURCECFG + 4 * source, 0);	/* its pending bit is 0 from here on */
}

/* DM first, alone: a change of it leaves all targets UNSPECIFIED. */
static void init(const struct plan *plan, uint32_t intc)
{
	uint32_t source;

	bases[intc] = plan->intcs[intc].base.v;
	aplic_write(intc, APLIC_DOMAINCFG, APLIC_DOMAIN_DM);
	for (source = 1; source <= plan->intcs[intc].ndev; source++)
		silence(intc, source);
	aplic_write(intc, APLIC_DOMAINCFG, APLIC_DOMAIN_DM | APLIC_DOMAIN_IE);
}

static void quiesce(uint32_t intc, const struct intc_share *share)
{
	uint32_t word, bits;

	for (word = 0; word < MAX_IRQS / 32; word++)
		for (bits = share->sources[word]; bits; bits &= bits - 1)
			silence(intc, 32 * word + (uint32_t)__builtin_ctz(bits));
}

const struct intc_ops aplic_ops = { .init = init, .quiesce = quiesce };
