/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer by SBI TIME and, where the ISA has Sstc, by stimecmp: future, past, never, and that
 * both are one timer. QEMU 7.2 does not show sip.STIP in VS-mode, so interrupts are taken, not
 * polled. SBI specification 3.0, chapter "Timer Extension"; privileged specification, "Sstc".
 */
#include "guests/test/test.h"

static volatile uint64_t fired_at;

static void on_timer(struct cpu *c)
{
	(void)c;
	fired_at = time_now();
	csr_clear(sie, 1UL << IRQ_TIMER);
}

static void by_sbi(uint64_t when)
{
	struct sbiret r = sbi_call(EID_TIME, 0, when, 0, 0, 0, 0);

	EXPECT(r.error == 0, "set_timer(0x%lx): %ld", when, r.error);
}

static void by_csr(uint64_t when)
{
	csr_write(0x14d, when);
}

static void arm(void)
{
	fired_at = 0;
	irq_handlers.timer = on_timer;
	csr_set(sie, 1UL << IRQ_TIMER);
	irq_enable();
}

static void disarm(void)
{
	irq_disable();
	csr_clear(sie, 1UL << IRQ_TIMER);
	irq_handlers.timer = NULL;
}

static void check_future(void (*set)(uint64_t))
{
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t when = time_now() + ms_to_ticks(2);

		set(when);
		arm();
		EXPECT(WAIT_UNTIL(fired_at, LONG_MS), "no interrupt in a minute");
		EXPECT(!fired_at || fired_at >= when, "fired %lu ticks early", when - fired_at);
		disarm();
	}
	set(TIME_NEVER);
}

static void check_past(void (*set)(uint64_t))
{
	uint64_t past[] = { 0, 1, time_now(), time_now() - 1 };

	for (unsigned int i = 0; i < ARRAY_SIZE(past); i++) {
		set(past[i]);
		arm();
		EXPECT(WAIT_UNTIL(fired_at, LONG_MS), "deadline %lu never fires", past[i]);
		disarm();
	}
	set(TIME_NEVER);
}

/* A deadline that was pending is taken back by a later one before interrupts come on. */
static void check_cancel(void (*set)(uint64_t), void (*undo)(uint64_t))
{
	uint64_t later[] = { TIME_NEVER, time_now() + ms_to_ticks(3600000) };

	for (unsigned int i = 0; i < ARRAY_SIZE(later); i++) {
		set(time_now());
		delay_ms(2);
		undo(later[i]);
		arm();
		delay_ms(10);
		EXPECT(!fired_at, "fires after it was set to 0x%lx", later[i]);
		disarm();
		undo(TIME_NEVER);
	}
}

/* wfi wakes for a timer that is enabled in sie, with interrupts masked. */
static void check_wfi(void (*set)(uint64_t))
{
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t when = time_now() + ms_to_ticks(3);

		irq_disable();
		csr_set(sie, 1UL << IRQ_TIMER);
		set(when);
		while (time_now() < when)
			wfi();
		arm();
		EXPECT(WAIT_UNTIL(fired_at, LONG_MS), "no interrupt after wfi");
		disarm();
	}
	set(TIME_NEVER);
}

static void t_future(void)
{
	check_future(by_sbi);
}

static void t_past(void)
{
	check_past(by_sbi);
}

static void t_cancel(void)
{
	check_cancel(by_sbi, by_sbi);
}

static void t_wfi(void)
{
	check_wfi(by_sbi);
}

#define EID_BULKHEAD	0x0a424b48
#define BULKHEAD_EXITS	1
#define EXIT_ECALL	5
#define NR_EXITS	9

/* Exits of this hart but for SBI calls, by Bulkhead's own count (docs/sbi.md); 0 where there is no count. */
static uint64_t exits_so_far(void)
{
	uint64_t sum = 0;

	for (unsigned int kind = 0; kind < NR_EXITS; kind++) {
		struct sbiret r = sbi_call(EID_BULKHEAD, BULKHEAD_EXITS, cpus[0].hartid, kind, 0, 0, 0);

		if (kind != EXIT_ECALL && !r.error)
			sum += (uint64_t)r.value;
	}
	return sum;
}

/* A hart that waits really does: wfi is not a loop, and no exit but for a timer that is not the hart's own. */
static void t_idle(void)
{
	const unsigned int rounds = 20, timer = cpus[0].sstc ? 0 : 2;
	uint64_t before, after;
	unsigned int wakes = 0;

	irq_disable();
	csr_set(sie, 1UL << IRQ_TIMER);
	before = exits_so_far();
	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t when = time_now() + ms_to_ticks(3);

		if (cpus[0].sstc)
			by_csr(when);
		else
			by_sbi(when);
		for (; time_now() < when; wakes++)
			wfi();
	}
	after = exits_so_far();
	by_sbi(TIME_NEVER);
	disarm();
	EXPECT(wakes <= 2 * rounds, "%u wakes in %u waits", wakes, rounds);
	EXPECT(after - before <= timer * rounds + 2, "%lu exits in %u waits", after - before, rounds);
}

static void t_sstc(void)
{
	if (!cpus[0].sstc) {
		check_skip("no Sstc in the ISA");
		return;
	}
	check_future(by_csr);
	check_past(by_csr);
	check_cancel(by_csr, by_csr);
	check_wfi(by_csr);
	by_csr(0x123456789abcdef0);
	EXPECT(csr_read(0x14d) == 0x123456789abcdef0, "stimecmp reads 0x%lx", csr_read(0x14d));
	by_csr(TIME_NEVER);
}

/*
 * Deadlines that pass at about the time when a call returns. After the last call the hart only waits in VS-mode, where
 * no code checks again: a timer that is overlooked on the way back is never taken. (QEMU 7.2: hyp/vm/vtimer.c.)
 */
static void t_calls(void)
{
	for (unsigned int i = 0; i < 2000; i++) {
		uint64_t when = time_now() + 100 + i % 64;

		if (cpus[0].sstc)
			by_csr(when);
		else
			by_sbi(when);
		arm();
		for (unsigned int calls = i * 7 % 97; calls && !fired_at; calls--)
			sbi_call(EID_BASE, 0, 0, 0, 0, 0, 0);
		if (!EXPECT(WAIT_UNTIL(fired_at, LONG_MS), "deadline %u never fires", i))
			break;
		disarm();
	}
	disarm();
	by_sbi(TIME_NEVER);
}

/* set_timer and stimecmp drive the same timer. */
static void t_mixed(void)
{
	if (!cpus[0].sstc) {
		check_skip("no Sstc in the ISA");
		return;
	}
	check_cancel(by_sbi, by_csr);
	check_cancel(by_csr, by_sbi);
}

/* Without Sstc in its ISA, stimecmp is an illegal instruction. */
static void t_no_sstc(void)
{
	const struct tf *r;
	struct tf in;

	if (cpus[0].sstc) {
		check_skip("Sstc is in the ISA");
		return;
	}
	lab_fill(&in);
	r = lab_run(&in, enc_csrr(CSR_STIMECMP, REG_A0));
	EXPECT(r->cause == CAUSE_ILLEGAL, "reading stimecmp: cause %lu", r->cause);
}

static void t_monotonic(void)
{
	uint64_t last = time_now(), start = last;

	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t t = time_now();

		EXPECT(t >= last, "time goes back by %lu", last - t);
		last = t;
	}
	EXPECT(WAIT_UNTIL(time_now() > start + 10, LONG_MS), "time stands still");
}

void tests_time(void)
{
	RUN({ "time.monotonic", t_monotonic }, { "time.future", t_future },
	    { "time.past", t_past }, { "time.cancel", t_cancel }, { "time.wfi", t_wfi },
	    { "time.idle", t_idle }, { "time.calls", t_calls },
	    { "time.sstc", t_sstc }, { "time.mixed", t_mixed }, { "time.no-sstc", t_no_sstc });
}
