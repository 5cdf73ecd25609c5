/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI IPI: to self, to siblings, and the edges of the hart mask. SBI specification 3.0, chapters
 * "Hart list parameter" and "IPI Extension". A call that fails must have sent nothing.
 */
#include "guests/test/test.h"

static long ipi(uint64_t mask, uint64_t base)
{
	return sbi_call(EID_IPI, 0, mask, base, 0, 0, 0).error;
}

static uint64_t self(void)
{
	return this_cpu()->hartid;
}

static void t_self(void)
{
	struct cpu *c = this_cpu();

	csr_write(sie, 1UL << IRQ_SOFT);
	irq_enable();
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t n = c->soft_count;
		long err = ipi(1, self());

		EXPECT(err == 0, "error %ld", err);
		EXPECT(WAIT_UNTIL(c->soft_count == n + 1, LONG_MS), "%lu interrupts for IPI %u",
		       c->soft_count - n, i);
	}
	irq_disable();
}

/* With interrupts off, sip.SSIP shows at once, and writing it clears it. */
static void t_pending(void)
{
	irq_disable();
	csr_clear(sip, 2);
	ipi(1UL << self(), 0);
	EXPECT(WAIT_UNTIL(csr_read(sip) & 2, LONG_MS), "sip.SSIP stays 0");
	csr_clear(sip, 2);
	EXPECT(!(csr_read(sip) & 2), "sip.SSIP cannot be cleared");
	csr_set(sip, 2);
	EXPECT(csr_read(sip) & 2, "sip.SSIP cannot be set by the hart itself");
	csr_clear(sip, 2);
}

static void t_siblings(void)
{
	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	if (!workers_start())
		return;
	for (unsigned int k = 0; k < 50; k++) {
		for (unsigned int i = 1; i < ncpus; i++) {
			uint64_t n = cpus[i].soft_count;
			long err = ipi(1, cpus[i].hartid);

			EXPECT(err == 0, "error %ld", err);
			EXPECT(WAIT_UNTIL(cpus[i].soft_count > n, LONG_MS),
			       "hart %lu never gets IPI %u", cpus[i].hartid, k);
		}
	}
	workers_stop();
}

/* One call for all: as base -1 (the mask does not matter), and as a mask of all. */
static void t_all(void)
{
	static const uint64_t forms[][2] = {
		{ 0, ~0ULL }, { ~0ULL, ~0ULL }, { 1, ~0ULL }, { 0, 0 },
	};

	if (!workers_start())
		return;
	csr_write(sie, 1UL << IRQ_SOFT);
	irq_enable();
	for (unsigned int f = 0; f < ARRAY_SIZE(forms); f++) {
		uint64_t n[MAX_CPUS], mask = forms[f][0];
		long err;

		if (forms[f][1] == 0)
			mask = (1ULL << ncpus) - 1;
		for (unsigned int i = 0; i < ncpus; i++)
			n[i] = cpus[i].soft_count;
		err = ipi(mask, forms[f][1]);
		EXPECT(err == 0, "mask 0x%lx base 0x%lx: %ld", mask, forms[f][1], err);
		for (unsigned int i = 0; i < ncpus; i++)
			EXPECT(WAIT_UNTIL(cpus[i].soft_count > n[i], LONG_MS),
			       "mask 0x%lx base 0x%lx: hart %lu gets none", mask, forms[f][1],
			       cpus[i].hartid);
	}
	irq_disable();
	workers_stop();
}

static void expect_refused(uint64_t mask, uint64_t base)
{
	uint64_t n[MAX_CPUS];
	long err;

	for (unsigned int i = 0; i < ncpus; i++)
		n[i] = cpus[i].soft_count;
	err = ipi(mask, base);
	EXPECT_SPEC(err == SBI_INVALID_PARAM, "mask 0x%lx base 0x%lx: %ld", mask, base, err);
	delay_ms(2);
	for (unsigned int i = 0; i < ncpus; i++)
		EXPECT_SPEC(cpus[i].soft_count == n[i], "mask 0x%lx base 0x%lx reaches hart %lu",
			    mask, base, cpus[i].hartid);
}

static void t_mask_edges(void)
{
	uint64_t all = (1ULL << ncpus) - 1;
	long err;

	if (!workers_start())
		return;
	csr_write(sie, 1UL << IRQ_SOFT);
	irq_enable();
	err = ipi(0, 0);
	EXPECT(err == 0, "empty mask: %ld", err);
	err = ipi(0, self());
	EXPECT(err == 0, "empty mask, base of self: %ld", err);
	expect_refused(1ULL << ncpus, 0);
	expect_refused(all | 1ULL << ncpus, 0);
	expect_refused(~0ULL, 0);
	expect_refused(1ULL << 63 | 1, 0);
	expect_refused(1, ncpus);
	expect_refused(1, 63);
	expect_refused(1, 64);
	expect_refused(1, 4096);
	expect_refused(1, 1ULL << 32);
	expect_refused(1, (1ULL << 32) + self());
	expect_refused(1, 1ULL << 63);
	expect_refused(1, ~0ULL - 1);
	expect_refused(2, ~0ULL - 1);
	expect_refused(4, ~0ULL - 1);
	irq_disable();
	workers_stop();
}

/* To a stopped hart: no error, no wake-up, and nothing pending when it starts later. */
static volatile uint64_t start_sip;

static void note_sip(void *arg)
{
	(void)arg;
	start_sip = csr_read(sip);
}

static void t_stopped(void)
{
	uint32_t runs;
	long err;

	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	runs = cpus[1].runs;
	err = ipi(1, cpus[1].hartid);
	EXPECT_SPEC(err == 0, "IPI to a stopped hart: %ld", err);
	delay_ms(2);
	EXPECT(READ_ONCE(cpus[1].runs) == runs, "the IPI started a stopped hart");
	start_sip = ~0ULL;
	if (!EXPECT(smp_run(&cpus[1], note_sip, NULL) == 0, "start fails"))
		return;
	EXPECT(smp_join(&cpus[1]), "hart does not stop");
	EXPECT_SPEC(!(start_sip & 2), "sip 0x%lx at start", start_sip);
}

void tests_ipi(void)
{
	RUN({ "ipi.self", t_self }, { "ipi.pending", t_pending }, { "ipi.siblings", t_siblings },
	    { "ipi.all", t_all }, { "ipi.mask", t_mask_edges }, { "ipi.stopped", t_stopped });
}
