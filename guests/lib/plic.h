/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's PLIC: register offsets and raw access. RISC-V PLIC specification 1.0.0, "Memory
 * Map". Contexts come from the device tree (struct cpu, plic_ctx).
 */
#ifndef GUESTS_LIB_PLIC_H
#define GUESTS_LIB_PLIC_H

#include <stdbool.h>
#include <stdint.h>

struct plic {
	uint64_t base;		/* 0: the guest has none */
	uint64_t size;
	uint32_t ndev;		/* highest source */
	uint32_t ncontexts;
};
extern struct plic plic;

#define PLIC_PRIORITY(src)	(4UL * (src))
#define PLIC_PENDING(src)	(0x1000UL + 4UL * ((src) / 32))
#define PLIC_ENABLE(ctx, src)	(0x2000UL + 0x80UL * (unsigned long)(ctx) + 4UL * ((src) / 32))
#define PLIC_THRESHOLD(ctx)	(0x200000UL + 0x1000UL * (unsigned long)(ctx))
#define PLIC_CLAIM(ctx)		(0x200004UL + 0x1000UL * (unsigned long)(ctx))

void plic_init(void);

static inline uint32_t plic_read(uint64_t offset)
{
	return *(volatile uint32_t *)(plic.base + offset);
}

static inline void plic_write(uint64_t offset, uint32_t v)
{
	*(volatile uint32_t *)(plic.base + offset) = v;
}

static inline void plic_enable(int ctx, uint32_t src, bool on)
{
	uint32_t v = plic_read(PLIC_ENABLE(ctx, src));
	uint32_t bit = 1U << (src % 32);

	plic_write(PLIC_ENABLE(ctx, src), on ? v | bit : v & ~bit);
}

static inline bool plic_enabled(int ctx, uint32_t src)
{
	return plic_read(PLIC_ENABLE(ctx, src)) >> (src % 32) & 1;
}

static inline bool plic_pending(uint32_t src)
{
	return plic_read(PLIC_PENDING(src)) >> (src % 32) & 1;
}

static inline uint32_t plic_claim(int ctx)
{
	return plic_read(PLIC_CLAIM(ctx));
}

static inline void plic_complete(int ctx, uint32_t src)
{
	plic_write(PLIC_CLAIM(ctx), src);
}

#endif
