/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI RFENCE: parameters and edges, and a real check that a sibling's stale translation goes
 * away. SBI specification 3.0, chapter "RFENCE Extension".
 */
#include "guests/test/test.h"

static long fence(uint64_t fid, uint64_t mask, uint64_t base, uint64_t start, uint64_t size,
		  uint64_t asid)
{
	return sbi_call(EID_RFNC, fid, mask, base, start, size, asid).error;
}

/* The harts that run now: only this one, or with workers all. */
static void check_params(uint64_t mask)
{
	static const uint64_t sizes[][2] = {
		{ 0, 0 }, { 0, ~0ULL }, { 0x1000, ~0ULL }, { 0x80200000, 1 },
		{ 0x80200000, 4096 }, { 0x80200000, 0x12345 }, { 0x80200123, 4096 },
		{ 0, 1ULL << 62 }, { 0x1000, 1ULL << 62 }, { 1ULL << 38, 1ULL << 38 },
		{ MMU_WINDOW, 512 * PAGE_SIZE },
	};
	long err;

	for (unsigned int fid = 0; fid <= 2; fid++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			err = fence(fid, mask, 0, sizes[i][0], sizes[i][1], 1);
			EXPECT(err == 0, "fid %u start 0x%lx size 0x%lx: %ld", fid, sizes[i][0],
			       sizes[i][1], err);
		}
		err = fence(fid, 0, ~0ULL, 0, 0, 0);
		EXPECT(err == 0, "fid %u, all harts: %ld", fid, err);
		err = fence(fid, 0, 0, 0, 0, 0);
		EXPECT(err == 0, "fid %u, empty mask: %ld", fid, err);
		err = fence(fid, mask, 0, ~0ULL - 4095, 8192, 0);
		EXPECT_SPEC(err == 0 || err == SBI_INVALID_ADDRESS,
			    "fid %u, range that wraps: %ld", fid, err);
	}
	err = fence(2, mask, 0, 0, 4096, ~0ULL);
	EXPECT_SPEC(err == 0 || err == SBI_INVALID_PARAM, "asid -1: %ld", err);
}

static void t_params(void)
{
	check_params(1ULL << this_cpu()->hartid);
	if (workers_start())
		check_params((1ULL << ncpus) - 1);
	workers_stop();
}

static void t_mask(void)
{
	static const uint64_t bad[][2] = {
		{ 1ULL << 63 | 1, 0 }, { ~0ULL, 0 }, { 1, 64 }, { 1, 4096 }, { 1, 1ULL << 32 },
		{ 1, ~0ULL - 1 }, { 2, ~0ULL - 1 }, { 4, ~0ULL - 1 },
	};

	for (unsigned int fid = 0; fid <= 2; fid++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
			long err = fence(fid, bad[i][0], bad[i][1], 0, 4096, 0);

			EXPECT_SPEC(err == SBI_INVALID_PARAM, "fid %u mask 0x%lx base 0x%lx: %ld",
				    fid, bad[i][0], bad[i][1], err);
		}
		EXPECT_SPEC(fence(fid, 1ULL << ncpus, 0, 0, 4096, 0) == SBI_INVALID_PARAM,
			    "fid %u, hart %u", fid, ncpus);
	}
}

/* The guest has no H: the four hypervisor kinds are not supported. */
static void t_hyper(void)
{
	for (unsigned int fid = 3; fid <= 6; fid++) {
		long err = fence(fid, 1, 0, 0, 4096, 0);

		EXPECT_OURS(err == SBI_NOT_SUPPORTED, "fid %u: %ld", fid, err);
	}
	for (unsigned int fid = 7; fid <= 9; fid++) {
		long err = fence(fid, 1, 0, 0, 4096, 0);

		EXPECT(err == SBI_NOT_SUPPORTED, "fid %u: %ld", fid, err);
	}
}

/* The reader hart reads window page 0 once for each request, through its own TLB. */
static volatile uint64_t request, answered, answer;
static uint64_t page_a[512] __attribute__((aligned(4096)));
static uint64_t page_b[512] __attribute__((aligned(4096)));

static void reader(void *arg)
{
	uint64_t n = 0;

	(void)arg;
	mmu_on(1);
	for (;;) {
		while (READ_ONCE(request) == n)
			cpu_relax();
		n = request;
		if (n == ~0ULL)
			break;
		answer = *(volatile uint64_t *)MMU_PAGE(0);
		mb();
		answered = n;
	}
	mmu_off();
}

static uint64_t ask(void)
{
	request++;
	mb();
	if (!EXPECT(WAIT_UNTIL(answered == request, LONG_MS), "the reader hart is silent"))
		return 0;
	return answer;
}

static long fence_kind(unsigned int kind, uint64_t hart)
{
	switch (kind) {
	case 0:
		return fence(RFNC_SFENCE, 1, hart, MMU_PAGE(0), PAGE_SIZE, 0);
	case 1:
		return fence(RFNC_SFENCE, 1, hart, 0, 0, 0);
	case 2:
		return fence(RFNC_SFENCE, 1, hart, 0, ~0ULL, 0);
	case 3:
		return fence(RFNC_SFENCE, 1, hart, MMU_PAGE(0), 1ULL << 62, 0);
	case 4:
		return fence(RFNC_SFENCE_ASID, 1, hart, MMU_PAGE(0), PAGE_SIZE, 1);
	case 5:
		return fence(RFNC_SFENCE_ASID, 1, hart, 0, ~0ULL, 1);
	case 6:
		return fence(RFNC_SFENCE, 0, ~0ULL, MMU_PAGE(0), PAGE_SIZE, 0);
	default:
		return fence(RFNC_SFENCE, (1ULL << ncpus) - 1, 0, MMU_PAGE(0), PAGE_SIZE, 0);
	}
}

static void t_stale(void)
{
	unsigned int stale = 0;
	bool b = false;

	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	page_a[0] = 0xaaaa;
	page_b[0] = 0xbbbb;
	request = answered = 0;
	mmu_set(0, (uint64_t)page_a, PTE_RW);
	if (!EXPECT(smp_run(&cpus[1], reader, NULL) == 0, "start"))
		return;
	ask();
	for (unsigned int i = 0; i < 160; i++) {
		uint64_t got, want;
		long err;

		b = !b;
		want = b ? 0xbbbb : 0xaaaa;
		mmu_set(0, (uint64_t)(b ? page_b : page_a), PTE_RW);
		if (i < 8)
			stale += ask() != want;
		err = fence_kind(i % 8, cpus[1].hartid);
		EXPECT(err == 0, "kind %u: %ld", i % 8, err);
		got = ask();
		EXPECT(got == want, "kind %u, round %u: 0x%lx, stale", i % 8, i, got);
	}
	request = ~0ULL;
	EXPECT(smp_join(&cpus[1]), "does not stop");
	check_note("%u of 8 reads were stale before their fence", stale);
}

/* The calling hart is one of the mask: its own stale translation must go too. */
static void t_stale_self(void)
{
	uint64_t self = this_cpu()->hartid;

	mmu_set(0, (uint64_t)page_a, PTE_RW);
	page_a[0] = 0xaaaa;
	page_b[0] = 0xbbbb;
	mmu_on(1);
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t want = i & 1 ? 0xaaaa : 0xbbbb, got;

		(void)*(volatile uint64_t *)MMU_PAGE(0);
		mmu_set(0, (uint64_t)(i & 1 ? page_a : page_b), PTE_RW);
		fence_kind(i % 8, self);
		got = *(volatile uint64_t *)MMU_PAGE(0);
		EXPECT(got == want, "kind %u: 0x%lx, stale", i % 8, got);
	}
	mmu_off();
}

void tests_rfence(void)
{
	RUN({ "rfence.params", t_params }, { "rfence.mask", t_mask }, { "rfence.hyper", t_hyper },
	    { "rfence.stale", t_stale }, { "rfence.stale-self", t_stale_self });
}
