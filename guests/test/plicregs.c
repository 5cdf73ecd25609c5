/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The register model of the guest's PLIC: own and foreign sources, contexts, ids out of range.
 * Real interrupts are the irq guest's business. RISC-V PLIC specification 1.0.0.
 */
#include "guests/test/test.h"

static int ctx(void)
{
	return cpus[0].plic_ctx;
}

static bool no_plic(void)
{
	if (plic.base && ctx() >= 0)
		return false;
	check_skip("no PLIC");
	return true;
}

/* The value that a write leaves; the old one is put back. */
static uint32_t after_write(uint64_t offset, uint32_t v)
{
	uint32_t old = plic_read(offset), got;

	plic_write(offset, v);
	got = plic_read(offset);
	plic_write(offset, old);
	return got;
}

static void t_priority_own(void)
{
	uint32_t s = own_source(), got;

	if (no_plic())
		return;
	if (!s) {
		check_skip("no device with an interrupt");
		return;
	}
	for (uint32_t v = 0; v <= 7; v++) {
		got = after_write(PLIC_PRIORITY(s), v);
		EXPECT(got == v, "source %u: wrote %u, reads %u", s, v, got);
	}
	got = after_write(PLIC_PRIORITY(s), 0xffffffff);
	EXPECT(got <= 7, "source %u: wrote all ones, reads 0x%x", s, got);
}

/* Linux writes the priorities of all sources: nothing happens, and they read 0. */
static void t_priority_foreign(void)
{
	uint32_t tried = 0;

	if (no_plic())
		return;
	for (uint32_t s = 0; s < 1024; s++) {
		if (s && s <= plic.ndev && dt_owns_source(s))
			continue;
		plic_write(PLIC_PRIORITY(s), 7);
		EXPECT_OURS(plic_read(PLIC_PRIORITY(s)) == 0, "id %u: priority %u", s,
			    plic_read(PLIC_PRIORITY(s)));
		plic_write(PLIC_PRIORITY(s), 0);
		tried++;
	}
	EXPECT(tried > 0, "every id is our own");
}

static uint32_t own_bits(uint32_t word)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < 32; i++) {
		uint32_t s = word * 32 + i;

		if (s && s <= plic.ndev && dt_owns_source(s))
			bits |= 1U << i;
	}
	return bits;
}

static void t_enable(void)
{
	if (no_plic())
		return;
	for (unsigned int h = 0; h < ncpus; h++) {
		for (uint32_t w = 0; w < 32; w++) {
			uint64_t at = PLIC_ENABLE(cpus[h].plic_ctx, 32 * w);
			uint32_t own = own_bits(w), got = after_write(at, 0xffffffff);

			EXPECT((got & own) == own, "context %d word %u: wrote all, reads 0x%x",
			       cpus[h].plic_ctx, w, got);
			EXPECT_OURS(got == own, "context %d word %u: own 0x%x, reads 0x%x",
				    cpus[h].plic_ctx, w, own, got);
			EXPECT(plic_read(at) == 0, "context %d word %u stays 0x%x",
			       cpus[h].plic_ctx, w, plic_read(at));
		}
	}
}

static void t_threshold(void)
{
	uint32_t got;

	if (no_plic())
		return;
	for (unsigned int h = 0; h < ncpus; h++) {
		uint64_t at = PLIC_THRESHOLD(cpus[h].plic_ctx);

		for (uint32_t v = 0; v <= 7; v++) {
			got = after_write(at, v);
			EXPECT(got == v, "hart %lu: wrote %u, reads %u", cpus[h].hartid, v, got);
		}
		got = after_write(at, 0xffffffff);
		EXPECT(got <= 7, "hart %lu: wrote all ones, reads 0x%x", cpus[h].hartid, got);
	}
}

static void t_pending(void)
{
	if (no_plic())
		return;
	for (uint32_t w = 0; w < 32; w++) {
		uint32_t old = plic_read(PLIC_PENDING(32 * w));

		plic_write(PLIC_PENDING(32 * w), ~old);
		EXPECT(plic_read(PLIC_PENDING(32 * w)) == old, "word %u: 0x%x, was 0x%x", w,
		       plic_read(PLIC_PENDING(32 * w)), old);
		EXPECT_OURS(!(old & ~own_bits(w)), "word %u shows foreign sources: 0x%x", w, old);
	}
	EXPECT(plic_claim(ctx()) == 0, "a write to pending made an interrupt");
}

static void t_claim(void)
{
	static const uint32_t ids[] = { 0, 1, 33, 95, 96, 127, 1023, 1024, 4096, 0x80000000,
					0xffffffff };

	if (no_plic())
		return;
	for (unsigned int h = 0; h < ncpus; h++) {
		int c = cpus[h].plic_ctx;

		EXPECT(plic_claim(c) == 0, "claim of context %d with nothing pending", c);
		for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
			plic_complete(c, ids[i]);
		if (plic.ndev)
			plic_complete(c, plic.ndev + 1);
		EXPECT(plic_claim(c) == 0, "claim of context %d after wild completes", c);
	}
}

/* The M-mode contexts are inert, contexts beyond the harts are not there. */
static void t_contexts(void)
{
	if (no_plic())
		return;
	if (sbi.opensbi) {
		check_skip("the machine's M-mode contexts are the firmware's");
		return;
	}
	for (unsigned int c = 0; c < plic.ncontexts + 4; c++) {
		bool own = false;

		for (unsigned int h = 0; h < ncpus; h++)
			own |= cpus[h].plic_ctx == (int)c;
		if (own || PLIC_THRESHOLD(c) + 8 > plic.size)
			continue;
		plic_write(PLIC_ENABLE(c, 0), 0xffffffff);
		EXPECT(plic_read(PLIC_ENABLE(c, 0)) == 0, "context %u: enables stick", c);
		EXPECT(plic_claim((int)c) == 0, "context %u: claim", c);
		plic_write(PLIC_THRESHOLD(c), 3);
		plic_complete((int)c, 1);
	}
}

/* Every register offset of the first pages and of the context pages can be read and written. */
static void t_sweep(void)
{
	unsigned int n = 0;

	if (no_plic())
		return;
	for (uint64_t off = 0; off < plic.size; off += off < 0x3000 ? 4 : 0x1000 - 4) {
		uint64_t at = off & ~3ULL;
		const struct tf *r;
		struct tf in;

		if (sbi.opensbi && at >= 0x1000)
			break;
		lab_fill(&in);
		in.x[REG_A0] = plic.base + at;
		r = lab_run(&in, enc_load(W_W, REG_A1, REG_A0, 0));
		EXPECT(r->cause == CAUSE_BREAKPOINT, "read of +0x%lx: cause %lu", at, r->cause);
		in.x[REG_A1] = 0;
		r = lab_run(&in, enc_store(W_W, REG_A1, REG_A0, 0));
		EXPECT(r->cause == CAUSE_BREAKPOINT, "write of +0x%lx: cause %lu", at, r->cause);
		n++;
	}
	EXPECT(n > 100, "%u registers", n);
}

void tests_plic(void)
{
	RUN({ "plic.priority-own", t_priority_own },
	    { "plic.priority-foreign", t_priority_foreign },
	    { "plic.enable", t_enable }, { "plic.threshold", t_threshold },
	    { "plic.pending", t_pending }, { "plic.claim", t_claim },
	    { "plic.contexts", t_contexts }, { "plic.sweep", t_sweep });
}
