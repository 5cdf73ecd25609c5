/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest without sense: random instructions in S- and U-mode, with and without translation, random CSR accesses
 * and random SBI calls, on all harts at once. It destroys itself soon; its partition restarts it (on-crash =
 * "restart", watchdog-ms), and it continues with another seed.
 * bootargs: random.seed=N, mixed with the time of the start; random.replay=N is taken as it is.
 * random.foreign=N: a decimal address that another owner has.
 */
#include "guests/lib/console.h"
#include "guests/lib/dt.h"
#include "guests/lib/mmu.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"
#include "guests/random/random.h"

#define EID_BULKHEAD	0x0a424b48
#define BULKHEAD_KICK	0
#define REPORT_MS	100
#define STUCK_MS	500

struct counts counts[MAX_CPUS];

static uint64_t rng[MAX_CPUS], foreign, stuck_since, stuck_at;

uint64_t rnd(void)
{
	uint64_t *x = &rng[this_cpu()->index];

	*x ^= *x >> 12;
	*x ^= *x << 25;
	*x ^= *x >> 27;
	return *x * 0x2545f4914f6cdd1dUL;
}

uint64_t sandbox(void)
{
	return machine.ram[0].base + 0x200000 + this_cpu()->index * 0x100000UL;
}

uint64_t rnd_value(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 8, 64, 4096, 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 41,
					  1UL << 62, 1UL << 63, ~0UL, ~0UL - 4095, ~0UL - 7 };
	static const uint64_t others[] = { 0x80000000, 0x80200000, 0x100000, 0x101000, 0x2000000, 0x10008000 };

	switch (rnd_below(8)) {
	case 0:
		return rnd();
	case 1:
		return edges[rnd_below(ARRAY_SIZE(edges))];
	case 2:
		return plic.base + (rnd_below(plic.size) & ~3UL);
	case 3:
		return plic.base + (one_in(2) ? PLIC_THRESHOLD(rnd_below(8)) : PLIC_ENABLE(rnd_below(8), 0)) +
		       4 * rnd_below(2);
	case 4:
		return others[rnd_below(ARRAY_SIZE(others))] + (rnd() & 0xff8);
	case 5:
		return foreign + (rnd() & 0xfffff8);
	default:
		return sandbox() + (rnd() & (SANDBOX_SIZE - 1));
	}
}

/* Ends the excursion that was interrupted, as an exception does. */
static void on_timer(struct cpu *c)
{
	csr_clear(sie, 1UL << IRQ_TIMER);
	if (!c->exc_sp)
		return;
	counts[c->index].timeouts++;
	c->exc = c->tf;
	c->exc.cause = CAUSE_BREAKPOINT;
	c->tf.epc = (uint64_t)excursion_return;
	c->tf.x[2] = c->exc_sp;
	c->tf.x[4] = (uint64_t)c;
	c->tf.status = (c->tf.status | SSTATUS_SPP) & ~(uint64_t)SSTATUS_SPIE;
	c->exc_sp = 0;
}

const struct tf *run_bounded(const struct tf *in, bool user, bool paged)
{
	const struct tf *r;

	if (paged && !user)
		mmu_on(rnd_below(4));
	timer_set(time_now() + ms_to_ticks(1) / 2);
	csr_write(sie, 1UL << IRQ_TIMER);
	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	irq_enable();
	r = excursion(in, user);
	irq_disable();
	csr_write(sie, 0);
	csr_write(satp, 0);
	csr_clear(sstatus, SSTATUS_SUM | SSTATUS_MXR);
	csr_write(sip, 0);
	return r;
}

static void step(void)
{
	uint64_t kind = rnd_below(8);

	if (kind < 3)
		random_block();
	else if (kind < 5)
		random_csr();
	else
		random_call();
	irq_disable();
}

static void run_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		step();
}

/* What a sibling does is seen by its counts. One that is stopped is started, one that hangs ends the life. */
static void look_after_sibling(struct cpu *c)
{
	uint64_t progress = counts[c->index].calls + counts[c->index].csrs + counts[c->index].blocks;
	uint64_t now = time_now();

	if (sbi_call(EID_HSM, HSM_STATUS, c->hartid, 0, 0, 0, 0).value == HSM_STOPPED)
		smp_run(c, run_for_ever, NULL);
	if (progress != stuck_at) {
		stuck_at = progress;
		stuck_since = now;
	} else if (now - stuck_since > ms_to_ticks(STUCK_MS)) {
		line("random: the sibling hangs");
		sbi_shutdown();
	}
}

static void report(void)
{
	struct counts t = { 0 };

	for (unsigned int i = 0; i < ncpus; i++) {
		t.blocks += counts[i].blocks;
		t.instructions += counts[i].instructions;
		t.csrs += counts[i].csrs;
		t.calls += counts[i].calls;
		t.traps += counts[i].traps;
		t.timeouts += counts[i].timeouts;
	}
	line("random: blocks=%lu instructions=%lu csrs=%lu calls=%lu traps=%lu timeouts=%lu", t.blocks,
	     t.instructions, t.csrs, t.calls, t.traps, t.timeouts);
}

void guest_main(void)
{
	uint64_t seed = arg_u64("random.replay", 0), next = 0;

	if (!seed)
		seed = (arg_u64("random.seed", 1) + boot_time) * 0x9e3779b97f4a7c15UL;
	foreign = arg_u64("random.foreign", 0xa0000000);
	sbi_shutdown_reason = 1;	/* whatever goes wrong here is a crash */
	line("random: seed=%lu", seed);
	for (unsigned int i = 0; i < ncpus; i++)
		rng[i] = seed + i ? seed + i : 1;
	mmu_build();
	irq_handlers.timer = on_timer;
	stuck_since = time_now();
	for (;;) {
		sbi_call(EID_BULKHEAD, BULKHEAD_KICK, 0, 0, 0, 0, 0);
		step();
		if (ncpus > 1)
			look_after_sibling(&cpus[1]);
		if (time_now() >= next) {
			report();
			next = time_now() + ms_to_ticks(REPORT_MS);
		}
	}
}
