/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that lives many short lives. At the start of each it checks that nothing of an earlier one is
 * left: registers, CSRs, RAM, floating point, PLIC, and the state of its sibling hart. Then it dirties all of
 * that, puts its sibling into some state, and ends.
 * bootargs: restart.how=WAY and restart.sibling=STATE (the tables below; default: another one each life),
 * restart.csrs (all CSRs that there are, too).
 */
#include <string.h>
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/fpregs.h"
#include "guests/lib/mmu.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"
#include "guests/restart/restart.h"

#define EID_BULKHEAD	0x0a424b48
#define BULKHEAD_KICK	0
#define SRST_SHUTDOWN	0
#define SRST_COLD	1
#define SRST_WARM	2
#define SRST_FAILURE	1
#define PATTERN		0xdeadbeefcafef00dUL

static unsigned int failures, nr_csrs;

static void expect(bool held, const char *what, uint64_t value)
{
	if (!held && failures++ < 8)
		line("FAIL restart: %s: 0x%lx", what, value);
}

/* ---- what a life begins with ---- */

static void check_boot_state(void)
{
	const struct boot_state *b = &boot_state;
	uint64_t dirty = SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_VS | SSTATUS_FS | SSTATUS_SUM |
			 SSTATUS_MXR;

	expect(b->gprs == 0, "registers", b->gprs);
	expect(!(b->sstatus & dirty), "sstatus", b->sstatus);
	expect(b->sie == 0, "sie", b->sie);
	expect(b->sip == 0, "sip", b->sip);
	expect(b->stvec == 0, "stvec", b->stvec);
	expect(b->sscratch == 0, "sscratch", b->sscratch);
	expect(b->trap == 0, "sepc, scause, stval", b->trap);
	expect(b->satp == 0, "satp", b->satp);
	expect(b->bss == 0, "bss", b->bss);
}

static void wrong_csr(unsigned int csr, uint64_t value)
{
	if (failures++ < 8)
		line("FAIL restart: CSR 0x%x: 0x%lx", csr, value);
}

static void check_hart(void)
{
	uint64_t fp;

	expect(csr_read(scounteren) == 7, "scounteren", csr_read(scounteren));
	if (arg_str("restart.csrs"))
		nr_csrs = csrs_check(wrong_csr);
	if (!dt_isa_has(0, "d"))
		return;
	csr_set(sstatus, SSTATUS_FS);
	fp = fp_bits();
	expect(!fp, "floating-point registers", fp);
}

/* Nothing pends: no interrupt comes when all are enabled. */
static void check_quiet(void)
{
	struct cpu *c = this_cpu();

	csr_write(sie, 0x222);
	irq_enable();
	delay_ms(1);
	irq_disable();
	expect(c->soft_count == 0, "software interrupts", c->soft_count);
	expect(c->timer_count == 0, "timer interrupts", c->timer_count);
	expect(c->ext_count == 0, "external interrupts", c->ext_count);
	csr_write(sie, 0);
}

static void check_sibling(void *arg)
{
	(void)arg;
	expect(csr_read(sepc) == 0, "sibling's sepc", csr_read(sepc));
	expect(csr_read(scause) == 0, "sibling's scause", csr_read(scause));
	expect(csr_read(stval) == 0, "sibling's stval", csr_read(stval));
	expect(csr_read(satp) == 0, "sibling's satp", csr_read(satp));
	check_hart();
	check_quiet();
}

static void check_ram(void)
{
	uint64_t at = (uint64_t)image_end, dirty = 0;

	for (; dt_in_ram(at, PAGE_SIZE) && !dt_reserved(at, PAGE_SIZE); at += PAGE_SIZE) {
		const uint64_t *p = (const uint64_t *)at;

		for (unsigned int i = 0; i < PAGE_SIZE / 8; i += 4)
			dirty |= p[i] | p[i + 1] | p[i + 2] | p[i + 3];
	}
	expect(!dirty, "RAM", dirty);
}

static void check_plic(void)
{
	if (!plic.base)
		return;
	for (uint32_t source = 1; source <= plic.ndev; source++)
		expect(plic_read(PLIC_PRIORITY(source)) == 0, "priority", source);
	for (uint32_t source = 0; source <= plic.ndev; source += 32) {
		expect(plic_read(PLIC_PENDING(source)) == 0, "pending", plic_read(PLIC_PENDING(source)));
		for (uint32_t ctx = 0; ctx < plic.ncontexts; ctx++)
			expect(plic_read(PLIC_ENABLE(ctx, source)) == 0, "enables",
			       plic_read(PLIC_ENABLE(ctx, source)));
	}
	for (uint32_t ctx = 1; ctx < plic.ncontexts; ctx += 2) {
		expect(plic_read(PLIC_THRESHOLD(ctx)) == 0, "threshold", plic_read(PLIC_THRESHOLD(ctx)));
		expect(plic_claim((int)ctx) == 0, "claim", ctx);
	}
}

/* ---- what a life leaves behind ---- */

static void dirty_hart(void)
{
	if (arg_str("restart.csrs"))
		csrs_dirty();
	csr_set(sstatus, SSTATUS_FS | SSTATUS_SUM | SSTATUS_MXR);
	if (dt_isa_has(0, "d"))
		fp_write(PATTERN);
	csr_write(scounteren, 0);
	csr_write(stval, PATTERN);
	csr_write(sepc, PATTERN);
	csr_write(scause, 15);
	mmu_on(7);
	csr_write(sie, 0x222);
	csr_set(sip, 2);
	timer_set(time_now());
}

static void dirty_ram(void)
{
	uint64_t at = (uint64_t)image_end;

	for (; dt_in_ram(at, PAGE_SIZE) && !dt_reserved(at, PAGE_SIZE); at += PAGE_SIZE) {
		uint64_t *p = (uint64_t *)at;

		for (unsigned int i = 0; i < PAGE_SIZE / 8; i += 4)
			p[i] = p[i + 1] = p[i + 2] = p[i + 3] = PATTERN;
	}
}

/* A level that is up, claimed and not completed. */
static void dirty_plic(void)
{
	int node = dt_compatible(-1, "google,goldfish-rtc"), ctx = this_cpu()->plic_ctx;
	uint32_t source;
	struct range r;

	if (node < 0 || !dt_reg(node, 0, &r) || ctx < 0)
		return;
	source = dt_plic_source(node, 0);
	plic_write(PLIC_PRIORITY(source), 7);
	plic_enable(ctx, source, true);
	plic_write(PLIC_THRESHOLD(ctx), 3);
	((volatile uint32_t *)r.base)[4] = 1;	/* IRQ_ENABLED, ALARM_HIGH, ALARM_LOW: due at once */
	((volatile uint32_t *)r.base)[3] = 0;
	((volatile uint32_t *)r.base)[2] = 1;
	WAIT_UNTIL(plic_pending(source), 1000);
	if (time_now() & 64)
		expect(plic_claim(ctx) == source, "claim of the own source", source);
}

/* ---- the sibling ---- */

static volatile bool sibling_ready;

static void sibling_spins(void *arg)
{
	(void)arg;
	dirty_hart();
	sibling_ready = true;
	for (;;)
		cpu_relax();
}

static void sibling_suspended(void *arg)
{
	dirty_hart();
	csr_write(sie, 0);
	sibling_ready = true;
	for (;;)
		sbi_call(EID_HSM, HSM_SUSPEND, (uint64_t)arg, (uint64_t)secondary_entry, 0, 0, 0);
}

static void sibling_waits(void *arg)
{
	(void)arg;
	dirty_hart();
	csr_write(sie, 0);
	sibling_ready = true;
	for (;;)
		wfi();
}

static void sibling_calls(void *arg)
{
	(void)arg;
	dirty_hart();
	sibling_ready = true;
	for (;;) {
		sbi_call(EID_RFNC, RFNC_SFENCE, 0, ~0UL, 0, ~0UL, 0);
		sbi_call(EID_IPI, 0, 0, ~0UL, 0, 0, 0);
	}
}

static void sibling_reads(void *arg)
{
	(void)arg;
	dirty_hart();
	sibling_ready = true;
	for (;;)
		plic_read(PLIC_PRIORITY(1));
}

static void sibling_traps(void *arg)
{
	(void)arg;
	csr_write(stvec, (uint64_t)trap_for_ever);
	sibling_ready = true;
	trap_for_ever();
}

static const struct {
	const char *name;
	void (*fn)(void *arg);
	uint64_t arg;
	bool wait;	/* until it has got there; else it is about to start when the VM ends */
} siblings[] = {
	{ "stopped", NULL, 0, false },
	{ "spins", sibling_spins, 0, true },
	{ "suspended", sibling_suspended, 0, true },
	{ "suspended-nonret", sibling_suspended, 0x80000000, true },
	{ "waits", sibling_waits, 0, true },
	{ "calls", sibling_calls, 0, true },
	{ "reads", sibling_reads, 0, true },
	{ "traps", sibling_traps, 0, true },
	{ "starting", sibling_spins, 0, false },
};

static void set_sibling(unsigned int i)
{
	long err;

	if (ncpus < 2 || !siblings[i].fn)
		return;
	err = smp_run(&cpus[1], siblings[i].fn, (void *)siblings[i].arg);
	expect(err == 0, "start of the sibling", (uint64_t)err);
	if (siblings[i].wait)
		expect(WAIT_UNTIL(sibling_ready, LONG_MS), "the sibling does not come up", i);
	if (siblings[i].fn == sibling_suspended)
		WAIT_UNTIL(sbi_call(EID_HSM, HSM_STATUS, cpus[1].hartid, 0, 0, 0, 0).value == HSM_SUSPENDED,
			   LONG_MS);
}

/* ---- ways to end ---- */

static void reset(uint64_t type, uint64_t reason)
{
	sbi_call(EID_SRST, 0, type, reason, 0, 0, 0);
}

static void by_cold(void)
{
	reset(SRST_COLD, 0);
}

static void by_warm(void)
{
	reset(SRST_WARM, 0);
}

/* Upper bits of both parameters are ignored. */
static void by_wide(void)
{
	reset(0xabcdef0000000000UL | SRST_COLD, 0x1234567800000000UL);
}

static void by_failure(void)
{
	reset(SRST_SHUTDOWN, SRST_FAILURE);
}

static void by_shutdown(void)
{
	reset(SRST_SHUTDOWN, 0);
}

static void by_load(void)
{
	csr_write(satp, 0);
	(void)*(volatile uint64_t *)0x7f000000UL;
}

static void by_fetch(void)
{
	csr_write(satp, 0);
	((void (*)(void))0x7f000000UL)();
}

static void by_silence(void)
{
	sbi_call(EID_BULKHEAD, BULKHEAD_KICK, 0, 0, 0, 0, 0);
	for (;;)
		cpu_relax();
}

/* A timer that is due and is not served. */
static void by_deafness(void)
{
	timer_set(time_now());
	for (;;)
		cpu_relax();
}

static void by_stop(void)
{
	sbi_call(EID_HSM, HSM_STOP, 0, 0, 0, 0, 0);
}

static void by_sleep(void)
{
	timer_set(time_now());
	csr_write(sie, 0);
	for (;;)
		sbi_call(EID_HSM, HSM_SUSPEND, 0, 0, 0, 0, 0);
}

static const struct way {
	const char *name;
	void (*fn)(void);
} ways[] = {	/* those that are reboots first */
	{ "cold", by_cold }, { "warm", by_warm }, { "wide", by_wide },
	{ "failure", by_failure }, { "shutdown", by_shutdown },
	{ "load", by_load }, { "fetch", by_fetch },
	{ "silence", by_silence }, { "deafness", by_deafness },
	{ "stop", by_stop }, { "sleep", by_sleep },
};
#define DEFAULT_WAYS 3

static const struct way *choose_way(uint64_t random)
{
	const char *name = arg_str("restart.how");

	for (unsigned int i = 0; name && i < ARRAY_SIZE(ways); i++) {
		if (!strcmp(name, ways[i].name))
			return &ways[i];
	}
	expect(!name, "restart.how is unknown", 0);
	return &ways[random % DEFAULT_WAYS];
}

static unsigned int choose_sibling(uint64_t random)
{
	const char *name = arg_str("restart.sibling");

	for (unsigned int i = 0; name && i < ARRAY_SIZE(siblings); i++) {
		if (!strcmp(name, siblings[i].name))
			return i;
	}
	expect(!name, "restart.sibling is unknown", 0);
	return (unsigned int)(random % ARRAY_SIZE(siblings));
}

void guest_main(void)
{
	uint64_t random = (boot_time * 0x9e3779b97f4a7c15UL) >> 32;
	const struct way *way = choose_way(random >> 16);
	unsigned int sibling = choose_sibling(random);

	check_boot_state();
	check_hart();
	check_quiet();
	check_ram();
	check_plic();
	mmu_build();
	if (ncpus > 1) {
		struct sbiret r = sbi_call(EID_HSM, HSM_STATUS, cpus[1].hartid, 0, 0, 0, 0);

		expect(r.error == 0 && r.value == HSM_STOPPED, "status of the sibling", (uint64_t)r.value);
		expect(smp_run(&cpus[1], check_sibling, NULL) == 0, "start of the sibling", 0);
		expect(smp_join(&cpus[1]), "the sibling does not stop", 0);
	}
	dirty_ram();
	dirty_plic();
	set_sibling(sibling);
	dirty_hart();
	if (!failures && nr_csrs)
		line("restart: ok, %u CSRs, ends by %s, sibling %s", nr_csrs, way->name, siblings[sibling].name);
	else if (!failures)
		line("restart: ok, ends by %s, sibling %s", way->name, siblings[sibling].name);
	way->fn();
	line("FAIL restart: %s came back", way->name);
	for (;;)
		wfi();
}
