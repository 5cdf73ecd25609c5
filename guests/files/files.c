/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt files and the APLIC of a guest on a host with AIA (RISC-V AIA 1.0, chapters 3 and 4). Each life finds a
 * new file on each hart, uses all identities and thresholds, interrupts its sibling, accesses the files of others and
 * writes at random to the APLIC. Then it leaves everything set and reboots: "files: ok, ..." or "FAIL ...".
 *
 * files.pages=COUNT: pages of the IMSIC from files.base=ADDRESS (decimal). files.watch=1: only counts the interrupts
 * that come, of which there must be none.
 */
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/lab.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"

#define SISELECT	0x150
#define SIREG		0x151
#define STOPEI		0x15c
#define EIDELIVERY	0x70
#define EITHRESHOLD	0x72
#define EIP		0x80
#define EIE		0xc0
#define ID_IPI		1u
#define IPIS		500u
#define APLIC_WRITES	3000u

static unsigned int ids, guest_bits;	/* highest identity; riscv,guest-index-bits */
static uint64_t page[MAX_CPUS];		/* of each hart's file */
static volatile unsigned int failed, taken[MAX_CPUS];

#define FAIL(...) do { failed++; line("FAIL files: " __VA_ARGS__); } while (0)

static uint64_t get(uint64_t reg)
{
	csr_write(SISELECT, reg);
	return csr_read(SIREG);
}

static void put(uint64_t reg, uint64_t value)
{
	csr_write(SISELECT, reg);
	csr_write(SIREG, value);
}

static void send(unsigned int cpu, uint32_t id)
{
	mb();
	*(volatile uint32_t *)page[cpu] = id;
	mb();
}

static uint64_t claim(void)
{
	return csr_swap(STOPEI, 0);
}

/* Of a new file: nothing is on. */
static void check_new(void *arg)
{
	uint64_t any = get(EIDELIVERY) | get(EITHRESHOLD);

	(void)arg;
	for (unsigned int i = 0; i <= ids / 64; i++)
		any |= get(EIP + 2 * i) | get(EIE + 2 * i);
	if (any || csr_read(STOPEI) || (csr_read(sip) & 1UL << IRQ_EXT))
		FAIL("hart %u begins with 0x%lx in its file", this_cpu()->index, any);
}

/* Priorities of major interrupts exist, and are 0. */
static void check_priorities(void)
{
	for (unsigned int reg = 0x30; reg < 0x40; reg += 2) {
		put(reg, ~0UL);
		if (get(reg))
			FAIL("iprio 0x%x is 0x%lx", reg, get(reg));
	}
}

static void enable_all(void)
{
	put(EIDELIVERY, 1);
	put(EITHRESHOLD, 0);
	for (unsigned int i = 0; i <= ids / 64; i++)
		put(EIE + 2 * i, ~0UL);
}

/* The lowest identity has the highest priority; a threshold hides itself and what is above it. */
static void check_ids(void)
{
	unsigned int self = this_cpu()->index;

	check_priorities();
	enable_all();
	for (unsigned int id = 1; id <= ids; id++) {
		send(self, id);
		if (!WAIT_UNTIL(csr_read(STOPEI) == (id << 16 | id), LONG_MS) || claim() != (id << 16 | id))
			FAIL("identity %u is not there", id);
		if (csr_read(STOPEI))
			FAIL("identity %u is there again", id);
	}
	send(self, 9);
	send(self, 7);
	put(EITHRESHOLD, 7);
	if (csr_read(STOPEI))
		FAIL("a threshold of 7 shows 0x%lx", csr_read(STOPEI));
	put(EITHRESHOLD, 8);
	if (claim() >> 16 != 7 || csr_read(STOPEI))
		FAIL("a threshold of 8 does not show 7");
	put(EITHRESHOLD, 0);
	if (claim() >> 16 != 9)
		FAIL("9 is lost");
	send(self, 0);
	send(self, ids + 1);
	if (csr_read(STOPEI))
		FAIL("an identity that does not exist is there");
}

static void on_external(struct cpu *c)
{
	uint64_t top = claim();

	if (!top)
		return;
	if (top >> 16 != ID_IPI)
		FAIL("hart %u gets 0x%lx", c->index, top);
	taken[c->index]++;
}

static void take_ipis(void *arg)
{
	(void)arg;
	check_new(NULL);
	enable_all();
	csr_set(sie, 1UL << IRQ_EXT);
	irq_enable();
	taken[this_cpu()->index] = 1;	/* ready */
	while (READ_ONCE(taken[this_cpu()->index]) <= IPIS)
		wfi();
	irq_disable();
	csr_clear(sie, 1UL << IRQ_EXT);
	send(this_cpu()->index, 5);	/* left for the next life */
}

static void check_ipis(void)
{
	if (ncpus < 2)
		return;
	if (smp_run(&cpus[1], take_ipis, NULL) != 0)
		FAIL("no sibling");
	if (!WAIT_UNTIL(READ_ONCE(taken[1]) == 1, LONG_MS))
		FAIL("the sibling is not ready");
	for (unsigned int i = 1; i <= IPIS; i++) {
		send(1, ID_IPI);
		if (!WAIT_UNTIL(READ_ONCE(taken[1]) == i + 1, LONG_MS))
			FAIL("IPI %u does not arrive", i);
	}
	if (!smp_join(&cpus[1]))
		FAIL("the sibling does not stop");
}

static bool is_own(uint64_t at)
{
	unsigned int i;

	for (i = 0; i < ncpus && page[i] != at; i++)
		;
	return i < ncpus;
}

/* Stores and loads at the first and the last word of a page that is not the guest's. */
static unsigned int check_foreign(void)
{
	uint64_t base = arg_u64("files.base", 0);
	unsigned int tried = 0;
	struct tf regs;

	for (uint64_t at = base; at < base + 4096 * arg_u64("files.pages", 0); at += 4096) {
		for (unsigned int store = 0; !is_own(at) && store < 4; store++, tried++) {
			const struct tf *r;

			lab_fill(&regs);
			regs.x[REG_A0] = at + (store & 2 ? 4092 : 0);
			regs.x[REG_A1] = ID_IPI;
			r = lab_run(&regs, store & 1 ? enc_store(W_W, REG_A1, REG_A0, 0) :
				    enc_load(W_W, REG_A1, REG_A0, 0));
			if (r->cause != (store & 1 ? 7 : 5))
				FAIL("an access to 0x%lx ends with cause %lu", at, r->cause);
		}
	}
	return tried;
}

/* Any value to any register: numbers of sources, harts and files of all. */
static void disturb_aplic(uint64_t aplic)
{
	uint64_t seed = arg_u64("files.seed", 1);

	for (unsigned int i = 0; i < APLIC_WRITES; i++) {
		uint32_t value, at;

		seed = seed * 6364136223846793005UL + 1442695040888963407UL;
		at = (uint32_t)(seed >> 33) & 0x7ffc;
		value = (uint32_t)(seed >> 40);
		if (i % 3 == 0)		/* targets and genmsi of all harts, files and identities */
			at = 0x3000 + (at & 0xffc);
		if (i % 3 == 1)
			value %= 97;	/* a source */
		if (at >= 0x3000 && at < 0x4000)
			value = (value & 15) << 18 | (value >> 4 & 3) << 12 | (value >> 6 & 0xff);
		*(volatile uint32_t *)(aplic + at) = value;
		(void)*(volatile uint32_t *)(aplic + (seed >> 20 & 0x7ffc));
	}
}

/* genmsi to its own harts comes back to them; what it sends to others, watchers would see. */
static void check_aplic(void)
{
	int node = dt_compatible(-1, "riscv,aplic");
	unsigned int self = this_cpu()->index;
	struct range r;

	if (node < 0 || !dt_reg(node, 0, &r)) {
		FAIL("no APLIC");
		return;
	}
	disturb_aplic(r.base);
	while (claim())
		;
	*(volatile uint32_t *)(r.base + 0x3000) = (uint32_t)(page[self] >> (12 + guest_bits) & 15) << 18 | 77;
	if (!WAIT_UNTIL(csr_read(STOPEI) == (77 << 16 | 77), LONG_MS) || claim() >> 16 != 77)
		FAIL("genmsi does not arrive");
}

static void leave_all(void)
{
	for (unsigned int id = 3; id <= ids; id += 7)
		send(this_cpu()->index, id);
	put(EITHRESHOLD, 2);
	csr_write(SISELECT, EIE + 2);
}

static void on_foreign(struct cpu *c)
{
	uint64_t top = claim();

	if (top)
		FAIL("hart %u is interrupted by 0x%lx", c->index, top);
	c->soft_count++;
}

static void watch(void *arg)
{
	(void)arg;
	irq_handlers.ext = on_foreign;
	enable_all();
	csr_set(sie, 1UL << IRQ_EXT);
	irq_enable();
	for (uint64_t seconds = 1;; seconds++) {
		delay_ms(1000);
		line("files: hart %u has watched for %lu s, %u foreign", this_cpu()->index, seconds, failed);
	}
}

static bool find_files(void)
{
	int node = dt_compatible(-1, "riscv,imsics");
	struct range r;

	ids = node < 0 ? 0 : dt_cell(node, "riscv,num-ids", 0, 0);
	guest_bits = node < 0 ? 0 : dt_cell(node, "riscv,guest-index-bits", 0, 0);
	for (unsigned int i = 0; ids && i < ncpus; i++) {
		if (!dt_reg(node, i, &r))
			return false;
		page[i] = r.base;
	}
	return ids && dt_isa_has(0, "ssaia");
}

void guest_main(void)
{
	unsigned int tried;

	if (!find_files()) {
		FAIL("no interrupt files in the device tree");
		sbi_shutdown();
	}
	check_new(NULL);
	if (arg_u64("files.watch", 0))
		watch(NULL);
	irq_handlers.ext = on_external;
	check_ids();
	check_ipis();
	tried = check_foreign();
	check_aplic();
	leave_all();
	line("files: ok, %u identities, %u IPIs, %u foreign accesses, %u failed", ids, ncpus > 1 ? IPIS : 0, tried,
	     failed);
	sbi_call(EID_SRST, 0, 1, 0, 0, 0, 0);	/* cold reboot */
	FAIL("no reboot");
	sbi_shutdown();
}
