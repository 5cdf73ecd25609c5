/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples from one guest to another, through a ring in shared memory (docs/links.md). The source writes one at each
 * tick and rings; the sink is interrupted, checks each sample, and measures how late it is. Both positions stand in the
 * memory, which outlives both guests: a source or sink that restarts continues where its earlier life has ended.
 *
 * bootargs: ring.role=source or sink; ring.hz=N (1000); ring.samples=N: the source restarts after so many, the sink
 * after it has read so many (0, the default: never); ring.lives=N: then power off in place of the Nth restart (0:
 * never); ring.every=N (1000): samples between reports of the sink.
 */
#include <stdbool.h>
#include <string.h>
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/doorbell.h"
#include "guests/lib/dt.h"
#include "guests/lib/plic.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"

#define SLOTS	8192u	/* some seconds: a busy host lets a guest wait */

struct sample {
	uint64_t number;	/* from 1 on, over all lives */
	uint64_t time;		/* ticks of the time CSR, when it was written */
	uint64_t check;		/* of both */
	uint64_t reserved[5];	/* a cache block of its own */
};

struct ring {
	uint64_t head;		/* samples written; the source's */
	uint64_t reserved0[7];
	uint64_t tail;		/* samples read; the sink's */
	uint64_t full;		/* samples that the source had no room for */
	uint64_t lives[2];	/* of source and sink, as they count themselves */
	uint64_t reserved1[4];
	struct sample slots[SLOTS];
};

static struct ring *ring;
static uint64_t ring_size;
static volatile struct doorbell *bell;
static uint32_t source, peer;
static uint64_t period, deadline, limit, every;
static uint64_t done;			/* samples of this life */
static uint64_t bad, interrupts, changes;
static uint64_t late_min = ~0ul, late_max, late_sum, late_count;

static uint64_t check_of(const struct sample *s)
{
	return (s->number * 0x9e3779b97f4a7c15ul) ^ s->time;
}

/* ---- the source ---- */

static void on_timer(struct cpu *c)
{
	uint64_t head = ring->head;
	struct sample *s = &ring->slots[head % SLOTS];

	(void)c;
	if (head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) < SLOTS) {
		s->number = head + 1;
		s->time = time_now();
		s->check = check_of(s);
		__atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE);
		doorbell_ring(bell, peer);
	} else {
		ring->full++;
	}
	done++;
	deadline += period;
	timer_set(deadline);
}

/* ---- the sink ---- */

static void take(const struct sample *s, uint64_t number)
{
	uint64_t late = time_now() - s->time;

	if (s->number != number || s->check != check_of(s))
		bad++;
	late_min = late < late_min ? late : late_min;
	late_max = late > late_max ? late : late_max;
	late_sum += late;
	late_count++;
}

static void read_ring(void)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE), tail = ring->tail;

	for (; tail != head; tail++, done++)
		take(&ring->slots[tail % SLOTS], tail + 1);
	__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
}

static void on_external(struct cpu *c)
{
	uint32_t id = plic_claim(c->plic_ctx), rang;

	if (id != source)
		return;
	rang = bell->rang;
	interrupts += (rang & RANG_BY(peer)) != 0;
	changes += (rang & RANG_LIFE(peer)) != 0;
	read_ring();
	plic_complete(c->plic_ctx, id);
}

static void report(void)
{
	unsigned long flags = irq_save();
	uint64_t n = late_count ? late_count : 1;

	line("ring: read=%lu bad=%lu full=%lu interrupts=%lu changes=%lu late_ns=%lu/%lu/%lu", ring->tail, bad,
	     ring->full, interrupts, changes, late_count ? ticks_to_ns(late_min) : 0, ticks_to_ns(late_sum / n),
	     ticks_to_ns(late_max));
	irq_restore(flags);
}

/* ---- both ---- */

static bool find_memory(void)
{
	int node = dt_compatible(-1, "bulkhead,shared-memory-v1");
	struct range memory, doorbell;

	if (node < 0 || !dt_reg(node, 0, &memory) || !dt_reg(node, 1, &doorbell) || memory.size < sizeof(*ring))
		return false;
	ring = (struct ring *)memory.base;
	ring_size = memory.size;
	bell = (volatile struct doorbell *)doorbell.base;
	source = dt_plic_source(node, 0);
	peer = !bell->self;
	return source && bell->peers == 2;
}

/* Behind the ring nothing is ever written. */
static uint64_t nonzero_behind(void)
{
	const uint64_t *word = (const uint64_t *)(ring + 1), *end = (const uint64_t *)((uint64_t)ring + ring_size);
	uint64_t n = 0;

	for (; word < end; word++)
		n += *word != 0;
	return n;
}

static void enable_doorbell(void)
{
	int ctx = this_cpu()->plic_ctx;

	irq_handlers.ext = on_external;
	plic_write(PLIC_PRIORITY(source), 1);
	plic_write(PLIC_THRESHOLD(ctx), 0);
	plic_enable(ctx, source, true);
}

static void sleep_until_done(uint64_t n)
{
	while (READ_ONCE(done) < n) {
		irq_disable();
		if (READ_ONCE(done) < n)
			wfi();
		irq_enable();
	}
}

void guest_main(void)
{
	bool is_source = !strcmp(arg_str("ring.role"), "source");
	uint64_t lives = arg_u64("ring.lives", 0), life;

	if (!find_memory()) {
		line("FAIL ring: no shared memory of two guests");
		return;
	}
	limit = arg_u64("ring.samples", 0);
	every = arg_u64("ring.every", 1000);
	period = machine.timebase / arg_u64("ring.hz", 1000);
	life = ++ring->lives[!is_source];
	line("ring: %s, peer %u of %u, life %lu, peer's %u, nonzero %lu", is_source ? "source" : "sink", bell->self,
	     bell->peers, life, bell->life[peer], nonzero_behind());
	enable_doorbell();
	if (is_source) {
		irq_handlers.timer = on_timer;
		deadline = time_now() + period;
		timer_set(deadline);
	} else {
		read_ring();	/* what came while it did not run */
	}
	csr_write(sie, 1UL << (is_source ? IRQ_TIMER : IRQ_EXT));
	irq_enable();
	for (uint64_t next = every; !limit || next < limit; next += every) {
		sleep_until_done(next);
		if (!is_source)
			report();
	}
	sleep_until_done(limit);
	irq_disable();
	if (!is_source)
		report();
	if (!lives || life < lives)
		sbi_call(EID_SRST, 0, 1, 0, 0, 0, 0);
	line("ring: done, powering off");
}
