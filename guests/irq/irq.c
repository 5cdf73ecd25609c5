/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real level interrupts from passed-through devices through the guest's PLIC: one interrupt per
 * event, masking by enable, priority and threshold, claim and complete by the book, and moving a
 * source to another hart. Devices are found by compatible: ns16550a (its "transmitter empty"
 * interrupt) and google,goldfish-rtc (its alarm). bootargs: irq.rounds=N (default 10000), irq.mapped=1 (plic-mode
 * "mapped": what docs/architecture.md says of thresholds and of polling there is not expected otherwise).
 */
#include "guests/irq/irq.h"
#include "guests/lib/device.h"
#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"

/* What the handler saw; one source at a time is used. */
static const struct device *dev;
static volatile uint64_t taken[MAX_CPUS], spurious, wrong_id, not_raised;
static volatile unsigned int raise_again;	/* the handler itself makes the next event */

static void on_ext(struct cpu *c)
{
	uint32_t id = plic_claim(c->plic_ctx);

	if (!id) {
		spurious++;
		return;
	}
	if (id != dev->source) {
		wrong_id++;
	} else if (!dev->ops->raised(dev)) {
		not_raised++;
	}
	/* The device first: a hart that polls the count may raise the next event at once. */
	if (raise_again && --raise_again)
		dev->ops->raise(dev);
	else
		dev->ops->calm(dev);
	mb();
	taken[c->index]++;
	plic_complete(c->plic_ctx, id);
}

static uint64_t taken_all(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < ncpus; i++)
		n += taken[i];
	return n;
}

static void clear_counts(void)
{
	for (unsigned int i = 0; i < ncpus; i++)
		taken[i] = 0;
	spurious = wrong_id = not_raised = 0;
}

/* The source enabled at one hart with priority 1, threshold 0; interrupts on at this hart. */
static void begin(int ctx)
{
	clear_counts();
	raise_again = 0;
	dev->ops->calm(dev);
	plic_write(PLIC_THRESHOLD(ctx), 0);
	plic_write(PLIC_PRIORITY(dev->source), 1);
	plic_enable(ctx, dev->source, true);
	irq_handlers.ext = on_ext;
	csr_write(sie, 1UL << IRQ_EXT);
	irq_enable();
}

static void end(int ctx)
{
	irq_disable();
	csr_write(sie, 0);
	dev->ops->calm(dev);
	plic_enable(ctx, dev->source, false);
	plic_write(PLIC_PRIORITY(dev->source), 0);
	EXPECT(plic_claim(ctx) == 0, "something is left to claim");
	EXPECT(!wrong_id, "%lu claims of a wrong source", wrong_id);
	EXPECT(!not_raised, "%lu interrupts without an event", not_raised);
}

static void rounds_on(const struct device *d)
{
	int ctx = this_cpu()->plic_ctx;
	uint64_t n = arg_u64("irq.rounds", 10000), k;

	dev = d;
	begin(ctx);
	for (k = 0; k < n; k++) {
		d->ops->raise(d);
		if (!EXPECT(WAIT_UNTIL(taken_all() > k, LONG_MS), "interrupt %lu never comes", k))
			break;
		if (!EXPECT(taken_all() == k + 1, "%lu interrupts for %lu events", taken_all(),
			    k + 1))
			break;
	}
	delay_ms(2);
	EXPECT(taken_all() == k, "%lu interrupts for %lu events", taken_all(), k);
	end(ctx);
	line("irq: %s source %u: %lu events, %lu interrupts, %lu spurious", d->name, d->source, k,
	     taken_all(), spurious);
}

/* Nothing comes for a while, though the device asks. */
static void expect_quiet(const char *why)
{
	dev->ops->raise(dev);
	delay_ms(5);
	EXPECT(taken_all() == 0, "%s: %lu interrupts", why, taken_all());
	EXPECT(plic_pending(dev->source), "%s: not shown as pending", why);
}

/* What was held back comes when the mask goes: once. */
static void expect_release(const char *why)
{
	EXPECT(WAIT_UNTIL(taken_all() == 1, LONG_MS), "%s: %lu interrupts after release", why,
	       taken_all());
	delay_ms(2);
	EXPECT(taken_all() == 1, "%s: %lu interrupts after release", why, taken_all());
	clear_counts();
}

static void mask_by_enable(int ctx)
{
	plic_enable(ctx, dev->source, false);
	expect_quiet("not enabled");
	plic_enable(ctx, dev->source, true);
	/* QEMU's PLIC looks again at an enable's effect only at the next other change. */
	if (!WAIT_UNTIL(taken_all(), 20)) {
		check_note("an enable alone does not deliver what is pending");
		plic_write(PLIC_PRIORITY(dev->source), 1);
	}
	if (!WAIT_UNTIL(taken_all(), 20)) {
		check_note("nor does writing the priority again");
		dev->ops->raise(dev);
	}
	expect_release("enable");
}

static void mask_by_priority(int ctx)
{
	uint32_t src = dev->source;

	plic_write(PLIC_PRIORITY(src), 0);
	expect_quiet("priority 0");
	plic_write(PLIC_PRIORITY(src), 1);
	expect_release("priority");
	for (uint32_t p = 1; p <= 7; p += 3) {
		plic_write(PLIC_PRIORITY(src), p);
		plic_write(PLIC_THRESHOLD(ctx), p);
		expect_quiet("threshold as high as the priority");
		plic_write(PLIC_THRESHOLD(ctx), p - 1);
		expect_release("threshold");
	}
	plic_write(PLIC_THRESHOLD(ctx), 0);
}

static void masks_on(const struct device *d)
{
	int ctx = this_cpu()->plic_ctx;

	dev = d;
	begin(ctx);
	mask_by_enable(ctx);
	mask_by_priority(ctx);

	csr_clear(sie, 1UL << IRQ_EXT);
	expect_quiet("sie.SEIE off");
	csr_set(sie, 1UL << IRQ_EXT);
	expect_release("sie.SEIE");

	irq_disable();
	expect_quiet("SIE off");
	irq_enable();
	expect_release("SIE");
	end(ctx);
}

/* By hand, with interrupts off: claim takes the pending bit, complete lets it come again. */
static void claims_on(const struct device *d)
{
	int ctx = this_cpu()->plic_ctx;
	uint32_t src = d->source, id;

	dev = d;
	begin(ctx);
	irq_disable();
	EXPECT(plic_claim(ctx) == 0, "claim before any event");
	d->ops->raise(d);
	EXPECT(WAIT_UNTIL(plic_pending(src), LONG_MS), "not pending");
	id = plic_claim(ctx);
	EXPECT(id == src, "claim gives %u, not %u", id, src);
	EXPECT(!plic_pending(src), "pending after the claim");
	EXPECT(plic_claim(ctx) == 0, "claimed twice");
	plic_complete(ctx, 0);
	plic_complete(ctx, src == 1 ? 2 : 1);
	plic_complete(ctx, 1023);
	EXPECT(plic_claim(ctx) == 0, "completing others completes this one");
	plic_complete(ctx, src);
	/* A real gateway asks again; QEMU's PLIC waits for the device to set its line again. */
	if (!WAIT_UNTIL(plic_claim(ctx) == src, 20)) {
		check_note("a level that stays up does not come again after complete");
		d->ops->raise(d);
		EXPECT(WAIT_UNTIL(plic_claim(ctx) == src, LONG_MS), "no claim of the next event");
	}
	d->ops->calm(d);
	plic_complete(ctx, src);
	delay_ms(1);
	id = plic_claim(ctx);
	EXPECT(id == 0, "level down: claim gives %u", id);
	plic_complete(ctx, src);
	EXPECT(plic_claim(ctx) == 0, "complete of what is not claimed");
	end(ctx);
}

/* An event that comes between claim and complete is not lost: it interrupts after complete. */
static void again_on(const struct device *d)
{
	int ctx = this_cpu()->plic_ctx;

	dev = d;
	begin(ctx);
	raise_again = 1000;
	d->ops->raise(d);
	EXPECT(WAIT_UNTIL(taken_all() == 1000, LONG_MS), "%lu interrupts of 1000", taken_all());
	delay_ms(2);
	EXPECT(taken_all() == 1000, "%lu interrupts for 1000 events", taken_all());
	end(ctx);
}

/* Masks or unmasks; a mask by threshold of 1 and of 7 in turn. */
static void mask(int ctx, unsigned int how, bool on)
{
	static unsigned int turn;

	if (how == 0) {
		plic_enable(ctx, dev->source, !on);
		plic_write(PLIC_PRIORITY(dev->source), 1);	/* see mask_by_enable() */
	} else if (how == 1) {
		plic_write(PLIC_PRIORITY(dev->source), on ? 0 : 1);
	} else {
		turn += on;
		plic_write(PLIC_THRESHOLD(ctx), !on ? 0 : turn & 1 ? 1 : 7);
	}
}

/* Masked after it has come, with interrupts off meanwhile: nothing interrupts, not even with nothing to claim. */
static void late_on(const struct device *d)
{
	static const char *const names[] = { "enable", "priority", "threshold" };
	int ctx = this_cpu()->plic_ctx;

	dev = d;
	begin(ctx);
	for (unsigned int k = 0; k < 60; k++) {
		unsigned int how = k % 3;

		if (how == 2 && arg_u64("irq.mapped", 0))
			continue;
		irq_disable();
		d->ops->raise(d);
		EXPECT(WAIT_UNTIL(plic_pending(d->source), LONG_MS), "not pending");
		for (unsigned int n = 0; n < 2000; n++)
			cpu_relax();
		mask(ctx, how, true);
		irq_enable();
		delay_ms(1);
		EXPECT(!taken_all() && !spurious, "masked by %s: %lu interrupts, %lu with claim 0", names[how],
		       taken_all(), spurious);
		mask(ctx, how, false);
		expect_release(names[how]);
	}
	end(ctx);
}

/* A guest that polls sip.SEIP: it is down when all is served. */
static void poll_on(const struct device *d)
{
	int ctx = this_cpu()->plic_ctx;
	unsigned int loops = 0;

	if (arg_u64("irq.mapped", 0)) {
		check_skip("a mapped context: SEIP stays up until the next SRET");
		return;
	}
	dev = d;
	begin(ctx);
	irq_disable();
	for (unsigned int k = 0; k < 20; k++) {
		uint32_t id;

		d->ops->raise(d);
		EXPECT(WAIT_UNTIL(plic_pending(d->source), LONG_MS), "not pending");
		for (unsigned int n = 0; n < 2000; n++)
			cpu_relax();
		id = plic_claim(ctx);
		EXPECT(id == d->source, "claim gives %u", id);
		d->ops->calm(d);
		mb();
		plic_complete(ctx, id);
		for (; csr_read(sip) & 1UL << IRQ_EXT && loops < 100000; loops++)
			plic_claim(ctx);
	}
	EXPECT(loops < 100000, "SEIP stays up though nothing pends");
	end(ctx);
}

/* As Linux's change of affinity under a handler: claimed at A, moved to B, completed at A, comes at B. */
static void flight_on(const struct device *d)
{
	int a = cpus[0].plic_ctx, b = ncpus > 1 ? cpus[1].plic_ctx : -1;
	uint32_t id;

	if (b < 0) {
		check_skip("one hart");
		return;
	}
	dev = d;
	begin(a);
	irq_disable();
	plic_write(PLIC_THRESHOLD(b), 0);
	d->ops->raise(d);
	EXPECT(WAIT_UNTIL(plic_pending(d->source), LONG_MS), "not pending");
	EXPECT(plic_claim(a) == d->source, "no claim at A");
	plic_enable(a, d->source, false);
	plic_enable(b, d->source, true);
	d->ops->calm(d);
	mb();
	plic_complete(a, d->source);
	d->ops->raise(d);
	EXPECT(WAIT_UNTIL((id = plic_claim(b)), LONG_MS), "the next event does not come at B");
	EXPECT(id == d->source, "claim gives %u at B", id);
	d->ops->calm(d);
	mb();
	plic_complete(b, id);
	plic_enable(b, d->source, false);
	end(a);
}

static volatile bool sibling_quit;

static uint32_t siblings_ready;

/* Firmware may set up a hart's PLIC context when the hart starts: the hart does its own. */
static void take_interrupts(void *arg)
{
	int ctx = this_cpu()->plic_ctx;

	plic_write(PLIC_THRESHOLD(ctx), 0);
	plic_enable(ctx, dev->source, *(bool *)arg);
	__atomic_fetch_add(&siblings_ready, 1, __ATOMIC_RELEASE);
	csr_write(sie, 1UL << IRQ_EXT);
	irq_enable();
	while (!sibling_quit)
		cpu_relax();
	irq_disable();
}

/* All siblings wait for interrupts, with the device's source enabled or not. */
static void siblings_start(bool enable)
{
	sibling_quit = false;
	siblings_ready = 0;
	for (unsigned int i = 1; i < ncpus; i++) {
		EXPECT(smp_run(&cpus[i], take_interrupts, &enable) == 0, "start of hart %lu",
		       cpus[i].hartid);
		EXPECT(WAIT_UNTIL(READ_ONCE(siblings_ready) == i, LONG_MS), "hart %lu is not ready",
		       cpus[i].hartid);
	}
}

static void siblings_stop(void)
{
	sibling_quit = true;
	for (unsigned int i = 1; i < ncpus; i++)
		EXPECT(smp_join(&cpus[i]), "hart %lu does not stop", cpus[i].hartid);
}

/* The same source at each hart in turn: only the one that has it enabled is interrupted. */
static void move_on(const struct device *d)
{
	dev = d;
	begin(cpus[0].plic_ctx);
	siblings_start(false);
	plic_enable(cpus[0].plic_ctx, d->source, false);
	for (unsigned int k = 0; k < 40; k++) {
		struct cpu *c = &cpus[k % ncpus];

		clear_counts();
		plic_enable(c->plic_ctx, d->source, true);
		d->ops->raise(d);
		EXPECT(WAIT_UNTIL(taken[c->index], LONG_MS), "hart %lu gets none", c->hartid);
		delay_ms(1);
		EXPECT(taken[c->index] == 1 && taken_all() == 1, "hart %lu: %lu interrupts of %lu",
		       c->hartid, taken[c->index], taken_all());
		plic_enable(c->plic_ctx, d->source, false);
	}
	siblings_stop();
	end(cpus[0].plic_ctx);
}

/* Enabled at all harts at once: each event is taken by exactly one of them. */
static void shared_on(const struct device *d)
{
	uint64_t k;

	dev = d;
	begin(cpus[0].plic_ctx);
	siblings_start(true);
	for (k = 0; k < 200; k++) {
		d->ops->raise(d);
		if (!EXPECT(WAIT_UNTIL(taken_all() > k, LONG_MS), "event %lu is lost", k))
			break;
	}
	delay_ms(5);
	EXPECT(taken_all() == k, "%lu interrupts for %lu events", taken_all(), k);
	siblings_stop();
	for (unsigned int i = 1; i < ncpus; i++)
		plic_enable(cpus[i].plic_ctx, d->source, false);
	line("irq: %s shared: hart 0 took %lu of %lu, %lu spurious", d->name, taken[0], k,
	     spurious);
	end(cpus[0].plic_ctx);
}

static void with(const char *name, void (*fn)(const struct device *))
{
	const struct device *d = device_find(name);

	if (!plic.base)
		check_skip("no PLIC in the tree");
	else if (!d)
		check_skip("no %s in the tree", name);
	else if (EXPECT(d->source, "%s has no interrupt", name))
		fn(d);
}

#define TESTS_OF(id, name) \
	static void id##_rounds(void) { with(name, rounds_on); } \
	static void id##_masks(void) { with(name, masks_on); } \
	static void id##_claims(void) { with(name, claims_on); } \
	static void id##_again(void) { with(name, again_on); } \
	static void id##_move(void) { with(name, move_on); } \
	static void id##_shared(void) { with(name, shared_on); } \
	static void id##_late(void) { with(name, late_on); } \
	static void id##_poll(void) { with(name, poll_on); } \
	static void id##_flight(void) { with(name, flight_on); }

TESTS_OF(rtc, "rtc")
TESTS_OF(uart, "uart")

void guest_main(void)
{
	static const struct test tests[] = {
		{ "rtc.rounds", rtc_rounds }, { "rtc.masks", rtc_masks },
		{ "rtc.claims", rtc_claims }, { "rtc.again", rtc_again },
		{ "rtc.move", rtc_move }, { "rtc.shared", rtc_shared },
		{ "uart.rounds", uart_rounds }, { "uart.masks", uart_masks },
		{ "uart.claims", uart_claims }, { "uart.again", uart_again },
		{ "uart.move", uart_move }, { "uart.shared", uart_shared },
		{ "rtc.late", rtc_late }, { "rtc.poll", rtc_poll }, { "rtc.flight", rtc_flight },
		{ "uart.late", uart_late }, { "uart.poll", uart_poll }, { "uart.flight", uart_flight },
		{ "irq.order", irq_order },
	};

	line("irq: %u harts%s", ncpus, sbi.opensbi ? ", native" : "");
	device_init();
	check_run(tests, ARRAY_SIZE(tests));
	check_summary();
}
