/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real-time demo guest: one hart, a periodic timer interrupt, and honest accounting of how
 * late each handler ran. Jitter of a tick is the time from its deadline to its handler; a
 * deadline is missed when its handler ran more than one period late.
 * bootargs: rt.hz=N (default 100), rt.ticks=N (power off after N ticks; 0, the default: never),
 * rt.every=N (ticks between progress lines, default one second's worth), rt.shell=1 (answers what is typed on its
 * SBI console).
 */
#include <stdbool.h>
#include <string.h>
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"

struct stats {
	uint64_t min;
	uint64_t max;
	uint64_t sum;
	uint64_t count;
};

static uint64_t period;			/* in timebase ticks, like all times here */
static uint64_t deadline;
static volatile uint64_t ticks;
static uint64_t limit;			/* ticks; 0: none */
static uint64_t missed;
static struct stats window, total;

static void stats_add(struct stats *s, uint64_t v)
{
	if (!s->count || v < s->min)
		s->min = v;
	if (v > s->max)
		s->max = v;
	s->sum += v;
	s->count++;
}

/* Deadlines stay on their grid: a late tick does not shift the ones after it. */
static void on_timer(struct cpu *c)
{
	uint64_t late = time_now() - deadline;

	(void)c;
	stats_add(&window, late);
	stats_add(&total, late);
	if (late > period)
		missed++;
	ticks++;
	deadline += period;
	timer_set(ticks == limit ? TIME_NEVER : deadline);
}

static void print_machine(uint64_t hz)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < machine.nram; i++) {
		bytes += machine.ram[i].size;
		line("rt: RAM 0x%lx, %lu KiB", machine.ram[i].base, machine.ram[i].size >> 10);
	}
	line("rt: %u hart%s, %lu MiB RAM, timebase %lu Hz, timer by %s", ncpus,
	     ncpus == 1 ? "" : "s", bytes >> 20, machine.timebase,
	     cpus[0].sstc ? "Sstc" : "SBI TIME");
	line("rt: %lu Hz, %s%lu ticks, bootargs \"%s\"", hz, limit ? "" : "no limit, ",
	     limit, machine.bootargs);
}

static void print_tick(uint64_t n, const struct stats *w)
{
	line("rt: tick %lu jitter min/avg/max %lu/%lu/%lu ns", n, ticks_to_ns(w->min),
	     ticks_to_ns(w->sum / (w->count ? w->count : 1)), ticks_to_ns(w->max));
}

static void print_report(uint64_t n, uint64_t n_missed, const struct stats *t)
{
	line("rt: report ticks=%lu missed=%lu jitter_min_ns=%lu jitter_max_ns=%lu", n, n_missed,
	     ticks_to_ns(t->min), ticks_to_ns(t->max));
}

/* ---- what is typed: looked for at each tick, by SBI DBCN ---- */

#define PROMPT	"rt> "

static bool shell;
static char typed[64];
static size_t typed_len;

static void prompt(void)
{
	sbi_call(EID_DBCN, DBCN_WRITE, sizeof(PROMPT) - 1, (uint64_t)PROMPT, 0, 0, 0);
	if (typed_len)
		sbi_call(EID_DBCN, DBCN_WRITE, typed_len, (uint64_t)typed, 0, 0, 0);
}

/* Copy what the handler counts with the timer held off, then print at leisure. */
static void report(bool last)
{
	unsigned long flags = irq_save();
	struct stats w = window, t = total;
	uint64_t n = ticks, n_missed = missed;

	window = (struct stats){ 0 };
	irq_restore(flags);
	if (shell)	/* over the prompt */
		sbi_call(EID_DBCN, DBCN_BYTE, '\r', 0, 0, 0, 0);
	if (!last)
		print_tick(n, &w);
	print_report(n, n_missed, &t);
	if (shell && !last)
		prompt();
}

static void answer(void)
{
	typed[typed_len] = 0;
	sbi_call(EID_DBCN, DBCN_BYTE, '\n', 0, 0, 0, 0);
	if (!strcmp(typed, "ticks"))
		line("rt: ticks=%lu missed=%lu of %lu Hz", ticks, missed, machine.timebase / period);
	else if (typed_len)
		line("rt: I know: ticks");
	typed_len = 0;
	prompt();
}

static void take_key(char c)
{
	if (c == '\r' || c == '\n') {
		answer();
	} else if (c == '\b' || c == 0x7f) {
		for (const char *s = typed_len ? "\b \b" : ""; *s; s++)
			sbi_call(EID_DBCN, DBCN_BYTE, (uint8_t)*s, 0, 0, 0, 0);
		typed_len -= typed_len > 0;
	} else if (c >= ' ' && typed_len + 1 < sizeof(typed)) {
		typed[typed_len++] = c;
		sbi_call(EID_DBCN, DBCN_BYTE, (uint8_t)c, 0, 0, 0, 0);
	}
}

static void take_keys(void)
{
	static char keys[16];
	struct sbiret r = { 0, 0 };

	if (shell)
		r = sbi_call(EID_DBCN, DBCN_READ, sizeof(keys), (uint64_t)keys, 0, 0, 0);
	for (long i = 0; !r.error && i < r.value && i < (long)sizeof(keys); i++)
		take_key(keys[i]);
}

/* Sleep until the count reaches n: the check and the wfi must not be parted by an interrupt. */
static void wait_for_tick(uint64_t n)
{
	while (ticks < n) {
		irq_disable();
		if (ticks < n)
			wfi();
		irq_enable();
		take_keys();
	}
}

void guest_main(void)
{
	uint64_t hz = arg_u64("rt.hz", 100);
	uint64_t every;

	limit = arg_u64("rt.ticks", 0);
	if (!hz || hz > machine.timebase / 10) {
		line("FAIL rt: rt.hz=%lu is not possible", hz);
		return;
	}
	every = arg_u64("rt.every", hz);
	every = every ? every : hz;
	period = machine.timebase / hz;
	print_machine(hz);
	shell = arg_u64("rt.shell", 0) && sbi.dbcn;
	if (shell)
		prompt();

	irq_handlers.timer = on_timer;
	deadline = time_now() + period;
	timer_set(deadline);
	csr_write(sie, 1UL << IRQ_TIMER);
	irq_enable();
	for (uint64_t next = every; !limit || next < limit; next += every) {
		wait_for_tick(next);
		report(false);
	}
	wait_for_tick(limit);
	irq_disable();
	timer_set(TIME_NEVER);
	report(true);
	line("rt: done, powering off");
}
