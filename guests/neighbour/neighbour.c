/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest that must not notice what others do. It ticks at 1 kHz on a fixed grid of deadlines, keeps
 * hashes of its free RAM and of its own code and checks 64 KiB of them at each tick, and keeps what it
 * has written to its registers: floating point, CSRs, and the PLIC's for its device, a goldfish RTC if it
 * has one, whose alarms it counts. A deadline is lost if it is never served; one that is served late is
 * reported (jitter), but is no failure: the host's CPUs are shared.
 * bootargs: neighbour.every=MS between reports (default 500). It never ends by itself.
 */
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/fpregs.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"

#define HZ		1000
#define CHUNK		65536UL
#define MAX_CHUNKS	256
#define FP_BASE		0x5a5a000000000000UL
#define PRIORITY	5
#define THRESHOLD	2
#define STUCK_MS	10000

#define RTC_ALARM_LOW		0x08
#define RTC_ALARM_HIGH		0x0c
#define RTC_IRQ_ENABLED		0x10
#define RTC_CLEAR_INTERRUPT	0x1c

struct chunk {
	const uint64_t *at;
	uint64_t size;		/* bytes */
	uint64_t hash;
};

extern char rela_end[];	/* linker/guest.ld: code and constants lie before it */

static struct chunk chunks[MAX_CHUNKS];
static unsigned int nchunks;
static uint64_t watched;		/* bytes in all chunks */

static uint64_t period, first, deadline;	/* timebase ticks */
static volatile uint64_t ticks;
static uint64_t early, late, jitter_max, lost;
static uint64_t passes, bad_hash, bad_state;

static uint64_t rtc;
static uint32_t rtc_source;
static volatile uint64_t alarms, served;
static volatile uint64_t extra, empty;	/* an interrupt without an alarm; a claim that returns 0 */

static uint64_t hash(const struct chunk *c)
{
	uint64_t h = 0xcbf29ce484222325UL;

	for (uint64_t i = 0; i < c->size / 8; i++)
		h = (h ^ c->at[i]) * 0x100000001b3UL;
	return h;
}

static void add_chunks(uint64_t from, uint64_t end)
{
	for (; from < end && nchunks < MAX_CHUNKS; from += CHUNK, nchunks++) {
		struct chunk *c = &chunks[nchunks];

		c->at = (const uint64_t *)from;
		c->size = end - from < CHUNK ? end - from : CHUNK;
		c->hash = hash(c);
		watched += c->size;
	}
}

/* Free RAM behind the image gets a pattern, up to what comes next. */
static void fill_ram(void)
{
	uint64_t at = ((uint64_t)image_end + CHUNK - 1) & ~(CHUNK - 1), from = at, x = 88172645463325252UL;

	while (dt_in_ram(at, CHUNK) && !dt_reserved(at, CHUNK)) {
		uint64_t *p = (uint64_t *)at;

		for (unsigned int i = 0; i < CHUNK / 8; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			p[i] = x;
		}
		at += CHUNK;
	}
	add_chunks(from, at);
}

static void check_memory(void)
{
	static unsigned int next;
	const struct chunk *c = &chunks[next];

	if (hash(c) != c->hash && !bad_hash++)
		line("neighbour: BAD memory at 0x%lx + 0x%lx", (uint64_t)c->at, c->size);
	if (++next == nchunks) {
		next = 0;
		passes++;
	}
}

/* Deadlines stay on their grid: each is served, however late. */
static void on_timer(struct cpu *c)
{
	uint64_t now = time_now();

	(void)c;
	if (now < deadline) {
		early++;
	} else {
		if (now - deadline > jitter_max)
			jitter_max = now - deadline;
		late += now - deadline > period;
		ticks++;
		deadline += period;
	}
	timer_set(deadline);
}

static void rtc_write(uint64_t offset, uint32_t v)
{
	*(volatile uint32_t *)(rtc + offset) = v;
}

static void on_external(struct cpu *c)
{
	uint32_t id = plic_claim(c->plic_ctx);

	if (id == rtc_source && served < alarms) {
		rtc_write(RTC_CLEAR_INTERRUPT, 1);
		served++;
	} else if (id) {
		extra++;
	} else {
		empty++;
	}
	if (id)
		plic_complete(c->plic_ctx, id);
}

/* An alarm in the past: it raises at once. */
static void raise_alarm(void)
{
	alarms++;
	rtc_write(RTC_IRQ_ENABLED, 1);
	rtc_write(RTC_ALARM_HIGH, 0);
	rtc_write(RTC_ALARM_LOW, 1);
}

static void setup_rtc(void)
{
	int node = dt_compatible(-1, "google,goldfish-rtc"), ctx = this_cpu()->plic_ctx;
	struct range r;

	if (node < 0 || !dt_reg(node, 0, &r) || ctx < 0)
		return;
	rtc = r.base;
	rtc_source = dt_plic_source(node, 0);
	rtc_write(RTC_CLEAR_INTERRUPT, 1);
	plic_write(PLIC_PRIORITY(rtc_source), PRIORITY);
	plic_write(PLIC_THRESHOLD(ctx), THRESHOLD);
	plic_enable(ctx, rtc_source, true);
}

static void expect(bool held, const char *what, uint64_t value)
{
	if (!held && bad_state++ < 8)
		line("neighbour: BAD %s: 0x%lx", what, value);
}

/* Without D there are no registers of 64 bits to check. */
static bool has_fp(void)
{
	return dt_isa_has(this_cpu()->index, "d");
}

static void check_state(void)
{
	struct cpu *c = this_cpu();
	uint64_t wrong = has_fp() ? fp_wrong(FP_BASE) : 0;

	expect(!wrong, "floating-point registers", wrong);
	expect(csr_read(stvec) == (uint64_t)trap_entry, "stvec", csr_read(stvec));
	expect(csr_read(sscratch) == (uint64_t)c, "sscratch", csr_read(sscratch));
	expect(csr_read(satp) == 0, "satp", csr_read(satp));
	expect(csr_read(scounteren) == 5, "scounteren", csr_read(scounteren));
	expect((csr_read(sie) & 0x222) == (rtc ? 0x220 : 0x20), "sie", csr_read(sie));
	if (!rtc)
		return;
	expect(plic_read(PLIC_PRIORITY(rtc_source)) == PRIORITY, "priority",
	       plic_read(PLIC_PRIORITY(rtc_source)));
	expect(plic_enabled(c->plic_ctx, rtc_source), "enables", 0);
	expect(plic_read(PLIC_THRESHOLD(c->plic_ctx)) == THRESHOLD, "threshold",
	       plic_read(PLIC_THRESHOLD(c->plic_ctx)));
}

/* Wait until the timer has caught up with the grid; a deadline that then is still due is lost. */
static void count_lost(void)
{
	WAIT_UNTIL(READ_ONCE(deadline) > time_now(), STUCK_MS);
	if (READ_ONCE(deadline) + ms_to_ticks(STUCK_MS) > time_now())
		return;
	lost++;
	irq_disable();
	timer_set(deadline);
	irq_enable();
}

static void report(void)
{
	uint64_t n, due;

	count_lost();
	irq_disable();
	n = ticks;
	due = (deadline - first) / period;
	irq_enable();
	line("neighbour: ticks=%lu due=%lu lost=%lu early=%lu passes=%lu kib=%lu bad_hash=%lu bad_state=%lu "
	     "alarms=%lu served=%lu extra=%lu empty=%lu late=%lu jitter_max_us=%lu", n, due, lost, early,
	     passes, watched >> 10, bad_hash, bad_state, alarms, served, extra, empty, late,
	     ticks_to_ns(jitter_max) / 1000);
}

static void start(void)
{
	csr_set(sstatus, SSTATUS_FS);
	if (has_fp())
		fp_write(FP_BASE);
	csr_write(scounteren, 5);
	add_chunks((uint64_t)image_start, (uint64_t)rela_end & ~7UL);
	fill_ram();
	setup_rtc();
	irq_handlers.timer = on_timer;
	irq_handlers.ext = on_external;
	first = deadline = time_now() + period;
	timer_set(deadline);
	csr_write(sie, 1UL << IRQ_TIMER | (rtc ? 1UL << IRQ_EXT : 0));
	irq_enable();
}

void guest_main(void)
{
	uint64_t every = arg_u64("neighbour.every", 500), n;

	period = machine.timebase / HZ;
	start();
	line("neighbour: %u KiB watched, %s", (unsigned int)(watched >> 10),
	     rtc ? "with an RTC" : "no device");
	for (uint64_t next_report = every;;) {
		n = ticks;
		check_memory();
		if (rtc && n % 20 == 0 && served == alarms)
			raise_alarm();
		if (n % 10 == 0)
			check_state();
		if (n >= next_report) {
			report();
			next_report = n + every;
		}
		irq_disable();
		if (ticks == n)
			wfi();
		irq_enable();
	}
}
