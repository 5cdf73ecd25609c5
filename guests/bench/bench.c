/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures what leaving a guest costs, in instructions: QEMU's cycle counter counts them with
 * `-icount shift=0`. The same image runs natively in S-mode and in a partition. It prints
 *	bench: NAME count N min A median B max C
 * for each operation, or `bench: NAME skip: why`, and `bench: done`. With two harts it only sends
 * interrupts from one to the other; the cycle counter knows no harts under -icount, so scripts/bench
 * counts there. The operations themselves are in ops.S, what drives them here and in measure.c, statistics in stats.c.
 */
#include "guests/bench/aia.h"
#include "guests/bench/measure.h"
#include "guests/bench/stats.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/mmu.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"

#define NS_PER_S	1000000000ULL

static struct irq_frame frame;
static uint64_t rtc;
static uint32_t source;

/* Called by ops.S when full_trap sees what it does not expect. */
void bench_fatal(uint64_t cause, uint64_t epc, uint64_t tval) __attribute__((noreturn));
void bench_fatal(uint64_t cause, uint64_t epc, uint64_t tval)
{
	line("FAIL bench: trap: scause 0x%lx sepc 0x%lx (image+0x%lx) stval 0x%lx", cause, epc,
	     epc - (uint64_t)image_start, tval);
	sbi_shutdown();
}

/* ---- SBI calls ---- */

static void bench_calls(void)
{
	uint64_t self = this_cpu()->hartid, page = (uint64_t)image_start;
	struct op_args base = { .a = { 0, 0, 0, 0, 0, 0, BASE_SPEC, EID_BASE } };
	struct op_args set_timer = { .a = { time_now() + 3600 * machine.timebase, 0, 0, 0, 0, 0, 0,
					    EID_TIME } };
	struct op_args fence_page = { .a = { 1, self, page, PAGE_SIZE, 0, 0, RFNC_SFENCE, EID_RFNC } };
	struct op_args fence_all = { .a = { 1, self, 0, UINT64_MAX, 0, 0, RFNC_SFENCE, EID_RFNC } };
	struct op_args unknown = { .a = { 0, 0, 0, 0, 0, 0, 0, 0x12345678 } };

	measure("base", op_base, &base);
	measure("set_timer", op_set_timer, &set_timer);
	timer_set(TIME_NEVER);
	measure("fence_page", op_fence_page, &fence_page);
	measure("fence_all", op_fence_all, &fence_all);
	measure("unknown", op_unknown, &unknown);
}

#define NOWHERE		0x4000000	/* nothing lies there, in the machine or the partition */
#define TEXTS		20		/* they and the results have room in the console's ring */
#define BURST		4		/* lines of the log that a guest may cause in a second */

static bool in_partition(void)
{
	return sbi_call(EID_BASE, BASE_IMPL_ID, 0, 0, 0, 0, 0).value != IMPL_OPENSBI;
}

static char text[128] __attribute__((aligned(128)));

/* What a guest writes to its console, and what the hypervisor writes about it. */
static void bench_text(void)
{
	struct op_args dbcn = { .a = { sizeof(text), (uint64_t)text, 0, 0, 0, 0, DBCN_WRITE, EID_DBCN } };
	struct op_args nothing = { .addr = NOWHERE };
	struct op_args set_timer = { .a = { time_now() + 3600 * machine.timebase, 0, 0, 0, 0, 0, 0, EID_TIME } };

	if (!in_partition())
		return;
	for (unsigned int i = 0; i < sizeof(text); i++)
		text[i] = (i & 63) == 63 ? '\n' : '.';
	stats_begin("dbcn");
	for (unsigned int i = 0; i < TEXTS; i++)
		stats_add(op_dbcn(&dbcn));
	stats_end();
	for (unsigned int i = 0; i < TEXTS; i++)	/* which is shown meanwhile */
		op_dbcn(&dbcn);
	measure("set_timer_text", op_set_timer_text, &set_timer);
	stats_begin("complaint");
	for (unsigned int i = 0; i < BURST; i++)
		stats_add(op_complaint(&nothing));
	stats_end();
}

/* A virtual UART: its driver's loop, a character at a time. */
static void bench_uart(void)
{
	struct op_args args = { .value = '.' };
	int node = dt_compatible(-1, "ns16550a");
	struct range r;

	if (!in_partition() || node < 0 || !dt_reg(node, 0, &r))
		return;
	args.addr = r.base;
	stats_begin("uart_char");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		args.value = (i & 31) == 31 ? '\n' : '.';
		stats_add(op_uart_char(&args));
	}
	stats_end();
}

/* ---- interrupts that need no device ---- */

static void bench_ipi_self(void)
{
	struct op_args args = { .a = { 1, this_cpu()->hartid, 0, 0, 0, 0, 0, EID_IPI } };

	stats_begin("ipi_self");
	vector(quick_trap, this_cpu());
	for (unsigned int i = 0; i < ROUNDS; i++) {
		csr_write(sie, 1UL << IRQ_SOFT);
		stats_add(op_ipi_self(&args));
	}
	vector_back();
	stats_end();
}

/*
 * What to add to the cycle counter to have nanoseconds since time 0. A reading of time bounds it to one
 * tick; readings at all phases leave one value, if a cycle is a nanosecond.
 */
static bool clock_offset(uint64_t tick_ns, int64_t *offset)
{
	static uint64_t pairs[2 * 128];
	int64_t low = INT64_MIN, high = INT64_MAX;

	op_clocks(pairs);
	for (unsigned int i = 0; i < 128; i++) {
		int64_t least = (int64_t)(pairs[2 * i] * tick_ns + 1 - pairs[2 * i + 1]);
		int64_t most = least + (int64_t)tick_ns - 1;

		low = least > low ? least : low;
		high = most < high ? most : high;
	}
	*offset = low;
	return low == high;
}

/* All phases once: the median is what a deadline set at no special time sees. */
static void bench_timer(void)
{
	struct timer_args args = { .tick_ns = NS_PER_S / machine.timebase, .sstc = cpus[0].sstc };

	if (args.tick_ns > TIMER_MAX_TICK_NS || !clock_offset(args.tick_ns, &args.offset)) {
		line("bench: timer skip: a cycle is not a nanosecond here");
		return;
	}
	stats_begin("timer");
	vector(quick_trap, this_cpu());
	for (args.phase = 0; args.phase < args.tick_ns; args.phase++) {
		args.deadline = time_now() + 100;
		csr_write(sie, 1UL << IRQ_TIMER);
		stats_add(op_timer(&args) + (uint64_t)args.offset - args.deadline * args.tick_ns);
		timer_set(TIME_NEVER);
	}
	vector_back();
	stats_end();
}

/* ---- the PLIC and the RTC ---- */

static void rtc_write(uint64_t offset, uint32_t value)
{
	*(volatile uint32_t *)(rtc + offset) = value;
}

static bool find_devices(void)
{
	int node = dt_compatible(-1, "google,goldfish-rtc");
	struct range r;

	if (!plic.base || node < 0 || !dt_reg(node, 0, &r))
		return false;
	rtc = r.base;
	source = dt_plic_source(node, 0);
	return source != 0;
}

static void source_on(void)
{
	int ctx = this_cpu()->plic_ctx;

	rtc_write(RTC_CLEAR_INTERRUPT, 1);
	rtc_write(RTC_ALARM_HIGH, 0);
	rtc_write(RTC_IRQ_ENABLED, 1);
	plic_write(PLIC_PRIORITY(source), 1);
	plic_write(PLIC_THRESHOLD(ctx), 0);
	plic_enable(ctx, source, true);
}

/* Registers of the guest's own device: exits only where their page is not mapped, as another owner has a part of it. */
static void measure_device(void)
{
	struct op_args read = { .addr = rtc + RTC_IRQ_ENABLED };
	struct op_args write = { .addr = rtc + RTC_ALARM_HIGH };
	struct op_args first = { .addr = rtc };

	measure("window_read", op_window_read, &read);
	measure("window_write", op_window_write, &write);
	measure("window_read_slow", op_window_read_slow, &first);
}

static void measure_registers(int ctx)
{
	struct op_args priority = { .addr = plic.base + PLIC_PRIORITY(source) };
	struct op_args enable = { .addr = plic.base + PLIC_ENABLE(ctx, source) };
	struct op_args threshold = { .addr = plic.base + PLIC_THRESHOLD(ctx) };
	struct op_args claim = { .addr = plic.base + PLIC_CLAIM(ctx) };
	struct op_args pending = { .addr = plic.base + PLIC_PENDING(0) };

	measure("priority_read", op_priority_read, &priority);
	measure("enable_read", op_enable_read, &enable);
	measure("threshold_read", op_threshold_read, &threshold);
	measure("claim", op_claim, &claim);
	measure("pending_read", op_pending_read, &pending);
	measure("read_slow", op_read_slow, &priority);
	measure("read_lwu", op_read_lwu, &priority);

	/* Every write changes something. */
	stats_begin("priority_write");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		priority.value = 1 + (i & 1);
		stats_add(op_priority_write(&priority));
	}
	stats_end();
	stats_begin("write_slow");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		priority.value = 1 + (i & 1);
		stats_add(op_write_slow(&priority));
	}
	stats_end();
	stats_begin("enable_write");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		enable.value = i & 1 ? 1U << (source % 32) : 0;
		stats_add(op_enable_write(&enable));
	}
	stats_end();
	stats_begin("threshold_write");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		threshold.value = i & 1 ? 0 : 3;
		stats_add(op_threshold_write(&threshold));
	}
	stats_end();
}

static void bench_complete(int ctx)
{
	struct op_args args = { .addr = plic.base + PLIC_CLAIM(ctx), .value = source };

	stats_begin("complete");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		rtc_write(RTC_ALARM_LOW, 1);
		if (plic_claim(ctx) != source)
			break;
		rtc_write(RTC_CLEAR_INTERRUPT, 1);
		stats_add(op_complete(&args));
		op_settle();
	}
	stats_end();
}

static void bench_ext_entry(int ctx)
{
	struct op_args args = { .addr = rtc + RTC_ALARM_LOW, .value = 1 };

	stats_begin("ext_entry");
	vector(quick_trap, this_cpu());
	for (unsigned int i = 0; i < ROUNDS; i++) {
		csr_write(sie, 1UL << IRQ_EXT);
		stats_add(op_ext_entry(&args));
		rtc_write(RTC_CLEAR_INTERRUPT, 1);
		plic_complete(ctx, plic_claim(ctx));
		op_settle();
	}
	vector_back();
	stats_end();
}

static void bench_ext_resume(int ctx)
{
	struct op_args args = { .addr = rtc + RTC_ALARM_LOW, .value = 1 };

	frame = (struct irq_frame){ .claim = plic.base + PLIC_CLAIM(ctx), .source = source,
				    .calm = rtc + RTC_CLEAR_INTERRUPT,
				    .stack = this_cpu()->trap_sp, .handler = serve_device };
	stats_begin("ext_resume");
	vector(full_trap, &frame);
	csr_write(sie, 1UL << IRQ_EXT);
	for (unsigned int i = 0; i < ROUNDS; i++)
		stats_add(op_ext_resume(&args));
	vector_back();
	stats_end();
	if (frame.count != ROUNDS)
		line("FAIL bench: %lu interrupts for %u events", frame.count, ROUNDS);
}

static void bench_external(void)
{
	int ctx = this_cpu()->plic_ctx;

	if (!find_devices() || ctx < 0) {
		line("bench: external skip: no PLIC, or no goldfish RTC with an interrupt");
		return;
	}
	source_on();
	measure_device();
	measure_registers(ctx);
	source_on();
	bench_complete(ctx);
	bench_ext_entry(ctx);
	bench_ext_resume(ctx);
}

/* ---- two harts ---- */

static volatile bool over;

static void spin(void *arg)
{
	(void)arg;
	while (!over)
		;
}

/* A fence on all siblings, of which there are several. */
static void bench_siblings(void)
{
	struct op_args fence = { .a = { (1UL << ncpus) - 2, 0, (uint64_t)image_start, PAGE_SIZE, 0, 0, RFNC_SFENCE,
					EID_RFNC } };

	for (unsigned int i = 1; i < ncpus; i++) {
		if (smp_run(&cpus[i], spin, NULL))
			line("FAIL bench: a sibling does not start");
	}
	measure("fence_siblings", op_fence_siblings, &fence);
	over = true;
	for (unsigned int i = 1; i < ncpus; i++) {
		if (!smp_join(&cpus[i]))
			line("FAIL bench: a sibling does not stop");
	}
}

static void bench_sibling(void)
{
	static const struct service service = { NULL, sibling_trap, IRQ_SOFT, 2 * ROUNDS };
	struct op_args args = { .a = { 1, cpus[1].hartid, 0, 0, 0, 0, 0, EID_IPI } };
	struct op_args fence = { .a = { 1, cpus[1].hartid, (uint64_t)image_start, PAGE_SIZE, 0, 0, RFNC_SFENCE,
					EID_RFNC } };
	struct op_args fence_bit = { .a = { 1UL << cpus[1].hartid, 0, 0, UINT64_MAX, 0, 0, RFNC_SFENCE,
					    EID_RFNC } };

	if (!sibling_serves(&service))
		return;
	measure("fence_sibling", op_fence_sibling, &fence);
	measure("fence_bit", op_fence_bit, &fence_bit);
	measure_sibling("ipi_sibling", op_ipi_sibling, &args);
	args.a[0] = 1UL << cpus[1].hartid;
	args.a[1] = 0;
	measure_sibling("ipi_bit", op_ipi_bit, &args);
	sibling_ends();
}

void guest_main(void)
{
	line("bench: boot_time %lu ns", ticks_to_ns(boot_time));
	line("bench: timer by %s", cpus[0].sstc ? "Sstc" : "SBI TIME");
	if (ncpus > 2) {
		bench_siblings();
	} else if (ncpus > 1) {
		bench_sibling();
		if (aia_find())
			bench_aia_sibling();
	} else {
		stats_begin("empty");
		stats_add(op_empty());
		stats_end();
		bench_calls();
		bench_ipi_self();
		bench_timer();
		if (aia_find())
			bench_aia();
		else
			bench_external();
		bench_text();
		bench_uart();
	}
	line("bench: done");
}
