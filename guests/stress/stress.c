/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every event of level-triggered devices is served exactly once, whatever two harts do to the PLIC meanwhile:
 * handlers that nest by priority, claims in a loop or one at a time, completions at the other context and by the other
 * hart, events between service and completion, bursts, sources masked in every way, thresholds and priorities that
 * change, sources that move between harts, WFI with interrupts on and off, and reboots in the middle of a service.
 * There are two devices, and a third if the tree has a second UART: that of console = "uart", a virtual source.
 * bootargs: stress.events=N (20000), stress.restarts=N (0: how many reboots; counted in the UART's scratch register,
 * which outlives the guest), stress.seed=N. One line says it all: `stress: N events, N interrupts, ...`, then `ok
 * stress`.
 */
#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/dt.h"
#include "guests/lib/lock.h"
#include "guests/lib/timer.h"
#include "guests/stress/stress.h"

#define UART_SCRATCH	7

struct source sources[SOURCES];
unsigned int nr_sources;
struct hart harts[HARTS];
struct counted counted;
uint64_t restart_at;
static uint64_t wanted;
static struct spinlock enables;

uint32_t chance(uint32_t n)
{
	struct hart *h = me();

	h->random ^= h->random >> 12;
	h->random ^= h->random << 25;
	h->random ^= h->random >> 27;
	return (uint32_t)(h->random * 0x2545f4914f6cdd1dull >> 32) % n;
}

void set_threshold(uint32_t value)
{
	me()->threshold = value;
	plic_write(PLIC_THRESHOLD(own_context()), value);
}

static void set_priority(struct source *s, uint32_t value)
{
	s->priority = value;
	plic_write(PLIC_PRIORITY(s->dev->source), value);
}

static void set_enable(int context, const struct source *s, bool on)
{
	unsigned long flags = irq_save();

	spin_lock(&enables);
	plic_enable(context, s->dev->source, on);
	spin_unlock(&enables);
	irq_restore(flags);
}

volatile uint8_t *boots(void)
{
	const struct device *uart = device_find("uart");

	return (volatile uint8_t *)(uart->base + ((uint64_t)UART_SCRATCH << uart->shift));
}

bool own_it(struct source *s)
{
	uint32_t idle = 0;

	return __atomic_compare_exchange_n(&s->busy, &idle, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void make(struct source *s)
{
	count(s->made);
	count(counted.events);
	s->dev->ops->raise(s->dev);
}

struct source *another(const struct source *s)
{
	return &sources[((uint32_t)(s - sources) + 1 + chance(nr_sources - 1)) % nr_sources];
}

/* Everything is open here, until the source is free again. */
static void wait_served(struct source *s)
{
	uint64_t end = time_now() + 4 * ms_to_ticks(LONG_MS);	/* a busy host may not run the other hart for long */

	set_threshold(0);
	csr_set(sie, 1UL << IRQ_EXT);
	irq_enable();
	while (READ_ONCE(s->busy) || READ_ONCE(s->pinned)) {
		take_handed();
		if (time_now() > end) {
			line("FAIL stress: event %lu of %s is lost: busy %u in_service %u pinned %u priority %u "
			     "pending "
			     "%x",
			     s->made, s->dev->name, s->busy, s->in_service, s->pinned, s->priority,
			     plic_read(PLIC_PENDING(s->dev->source)));
			count(counted.lost);
			return;
		}
		cpu_relax();
	}
}

/* Waits for what another one made, then has the source for itself, with its last completion written. */
static void get(struct source *s)
{
	irq_enable();
	do
		wait_served(s);
	while (!own_it(s));
	while (READ_ONCE(s->pinned))
		take_handed();
}

static void expect_masked(struct source *s, const char *how)
{
	uint64_t served = READ_ONCE(s->served);

	make(s);
	for (uint32_t n = 20 + chance(100); n; n--) {
		take_handed();
		cpu_relax();
	}
	if (READ_ONCE(s->served) != served) {
		line("FAIL stress: %s: %s served though masked", s->dev->name, how);
		count(counted.duplicates);
	}
	count(counted.masked);
}

/* Both harts have it enabled, whoever had it alone. The caller has the source for itself. */
static void share(struct source *s)
{
	while (READ_ONCE(s->pinned))
		take_handed();
	set_enable(cpus[0].plic_ctx, s, true);
	set_enable(cpus[1].plic_ctx, s, true);
	s->alone = false;
}

/* The other hart does not have it enabled; here it is masked by one of these. */
static void masked_here(struct source *s)
{
	s->alone = true;
	set_enable(other_context(), s, false);
	switch (chance(3)) {
	case 0:
		set_threshold(7);
		expect_masked(s, "threshold");
		set_threshold(chance(s->priority));
		break;
	case 1:
		csr_clear(sie, 1UL << IRQ_EXT);
		expect_masked(s, "sie");
		csr_set(sie, 1UL << IRQ_EXT);
		break;
	default:
		irq_disable();
		expect_masked(s, "SIE");
		if (chance(2))
			wfi();		/* it pends: no sleep */
		irq_enable();
	}
	wait_served(s);
	if (!own_it(s))
		return;		/* another maker was faster: alone until the next one gets it */
	share(s);
	__atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
}

static void masked_everywhere(struct source *s)
{
	uint32_t priority = 1 + chance(6);

	set_priority(s, 0);
	expect_masked(s, "priority 0");
	set_priority(s, priority);
}

/* Interrupts off at this hart, two devices at once, then on; sometimes it sleeps until they come. */
static void burst(struct source *s)
{
	struct source *o = another(s);

	irq_disable();
	make(s);
	if (own_it(o))
		make(o);
	if (chance(4) == 0) {
		timer_set(time_now() + ms_to_ticks(1));	/* the other hart may be faster */
		csr_set(sie, 1UL << IRQ_TIMER);
		wfi();
		count(counted.waits);
	}
	irq_enable();
}

static void one_round(void)
{
	struct source *s = &sources[chance(nr_sources)];

	get(s);
	if (s->alone)
		share(s);
	if (chance(4) == 0)
		set_priority(s, 1 + chance(6));
	switch (chance(8)) {
	case 0:
		masked_here(s);
		break;
	case 1:
		masked_everywhere(s);
		break;
	case 2: case 3:
		burst(s);
		break;
	default:
		if (chance(4) == 0)
			set_threshold(chance(7));
		make(s);
	}
	take_handed();
}

/* Both harts have come so far; what is handed to this one is completed meanwhile. */
static void together(uint32_t stage)
{
	static uint32_t arrived;

	__atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < stage * HARTS && !READ_ONCE(counted.lost))
		take_handed();
}

static void hart_main(void *arg)
{
	struct hart *h = me();

	(void)arg;
	h->random = arg_u64("stress.seed", 1) * 2 + 1 + this_cpu()->index;
	csr_write(stvec, stress_vector);
	set_threshold(0);
	for (unsigned int i = 0; i < nr_sources; i++)
		set_enable(own_context(), &sources[i], true);
	together(1);	/* a completion counts only where the source is enabled */
	csr_write(sie, 1UL << IRQ_EXT);
	irq_enable();
	while (READ_ONCE(counted.events) < wanted && !READ_ONCE(counted.lost))
		one_round();
	set_threshold(0);	/* what only this hart has enabled must not wait for the other one's end */
	together(2);
	for (unsigned int i = 0; i < nr_sources; i++)
		wait_served(&sources[i]);
	together(3);
	for (uint64_t end = time_now() + ms_to_ticks(20); time_now() < end;)
		take_handed();		/* and nothing more must come */
	irq_disable();
	csr_write(sie, 0);
	csr_write(stvec, trap_entry);
}

static bool set_up(void)
{
	static const char *const names[SOURCES] = { "rtc", "uart", "uart2" };

	device_init();
	for (nr_sources = 0; nr_sources < SOURCES && device_find(names[nr_sources]); nr_sources++)
		sources[nr_sources].dev = device_find(names[nr_sources]);
	if (nr_sources < 2 || !plic.base || ncpus < HARTS)
		return false;
	for (unsigned int i = 0; i < nr_sources; i++)
		set_priority(&sources[i], i + 1);
	wanted = arg_u64("stress.events", 20000);
	if (*boots() < arg_u64("stress.restarts", 0))
		restart_at = wanted / 4;
	return true;
}

static void report(void)
{
	uint64_t made = 0, served = 0;

	for (unsigned int i = 0; i < nr_sources; i++) {
		made += sources[i].made;
		served += sources[i].served;
		line("stress: %s: source %u, %lu events, %lu interrupts", sources[i].dev->name, sources[i].dev->source,
		     sources[i].made, sources[i].served);
		plic_enable(cpus[0].plic_ctx, sources[i].dev->source, false);
		plic_enable(cpus[1].plic_ctx, sources[i].dev->source, false);
	}
	line("stress: %lu events, %lu interrupts, %lu lost, %lu duplicates; hart 0 took %lu; %lu nested, %lu completed "
	     "elsewhere, %lu by the other hart, %lu events before completion, %lu masked, %lu waits, %lu spurious, %lu "
	     "of them alone",
	     made, served, counted.lost + (made - served), counted.duplicates, harts[0].taken, counted.nested,
	     counted.elsewhere, counted.by_other, counted.early, counted.masked, counted.waits, counted.spurious,
	     counted.unexplained);
	if (made == served && made >= wanted && !counted.lost && !counted.duplicates)
		line("ok stress");
	else
		line("FAIL stress");
}

void guest_main(void)
{
	if (!set_up()) {
		line("FAIL stress: needs a PLIC, two devices and two harts");
		return;
	}
	line("stress: boot %u, %lu events", *boots(), wanted);
	if (smp_run(&cpus[1], hart_main, NULL) != 0)
		line("FAIL stress: no sibling");
	hart_main(NULL);
	if (!smp_join(&cpus[1]))
		line("FAIL stress: the sibling does not stop");
	report();
}
