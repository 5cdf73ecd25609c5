/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt handler of stress, on both harts: handlers that nest by priority, claims in a loop or one at a time,
 * completions at the other context and by the other hart, events between service and completion, and a reboot in the
 * middle of a service. It counts what must not happen.
 */
#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/stress/stress.h"

#define DEEPEST		3

static uint32_t rebooting;	/* by one hart; the other one does not count that boot again */

/* NULL: none of ours. */
static struct source *source_of(uint32_t id)
{
	for (unsigned int i = 0; i < nr_sources; i++)
		if (sources[i].dev->source == id)
			return &sources[i];
	return NULL;
}

void take_handed(void)
{
	uint32_t id = __atomic_exchange_n(&me()->handed, 0, __ATOMIC_ACQUIRE);

	if (!id)
		return;
	plic_complete(own_context(), id);
	count(counted.by_other);
	__atomic_fetch_sub(&source_of(id)->pinned, 1, __ATOMIC_RELEASE);
}

/* Another event may come, and the handler of a higher priority. */
static void let_in(const struct source *s)
{
	uint32_t threshold = me()->threshold;
	struct source *o = another(s);

	set_threshold(s->priority > threshold ? s->priority : threshold);
	irq_enable();
	if (chance(2) && own_it(o))
		make(o);
	for (uint32_t n = chance(40); n; n--)
		cpu_relax();
	irq_disable();
	set_threshold(threshold);
}

static void complete(struct source *s, bool alone)
{
	uint32_t id = s->dev->source, none = 0, how = alone ? 0 : chance(4);

	if (how == 3 && __atomic_compare_exchange_n(&harts[1 - this_cpu()->index].handed, &none, id, false,
						    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		return;
	if (how == 2)
		count(counted.elsewhere);
	plic_complete(how == 2 ? other_context() : own_context(), id);
	__atomic_fetch_sub(&s->pinned, 1, __ATOMIC_RELEASE);
}

static void reboot_now(void)
{
	*boots() = (uint8_t)(*boots() + 1);
	sbi_call(EID_SRST, 0, 1, 0, 0, 0, 0);
	count(counted.lost);	/* it came back */
}

static void serve(struct source *s)
{
	bool alone = s->alone, before;

	__atomic_fetch_add(&s->pinned, 1, __ATOMIC_ACQUIRE);
	if (__atomic_exchange_n(&s->in_service, 1, __ATOMIC_ACQUIRE) || !READ_ONCE(s->busy))
		count(counted.duplicates);
	if (restart_at && READ_ONCE(counted.events) > restart_at &&
	    !__atomic_exchange_n(&rebooting, 1, __ATOMIC_RELAXED))
		reboot_now();
	if (me()->depth < DEEPEST && chance(3) == 0)
		let_in(s);
	s->dev->ops->calm(s->dev);
	mb();
	count(s->served);
	me()->taken++;
	before = chance(2);
	WRITE_ONCE(s->in_service, 0);
	if (before) {	/* the next event may come before the completion */
		__atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
		count(counted.early);
	}
	complete(s, alone);
	if (!before)
		__atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
}

/* A claim, counted; a hart that finds nothing meanwhile sees that a claim is in progress. */
static uint32_t claim(struct hart *h)
{
	uint32_t id;

	__atomic_store_n(&h->claiming, true, __ATOMIC_RELAXED);
	mb();
	id = plic_claim(own_context());
	if (id)
		__atomic_fetch_add(&h->claims, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&h->claiming, false, __ATOMIC_RELEASE);
	return id;
}

/* Nothing to claim. The other hart, which has the same sources enabled, may have been faster; otherwise the cause is
 * unknown. */
static void count_spurious(void)
{
	const struct hart *other = &harts[1 - this_cpu()->index];
	/* before its count, which comes first there */
	bool claiming = __atomic_load_n(&other->claiming, __ATOMIC_ACQUIRE);

	count(counted.spurious);
	if (!claiming && __atomic_load_n(&other->claims, __ATOMIC_ACQUIRE) == me()->seen)
		count(counted.unexplained);
}

static void external(void)
{
	struct hart *h = me();
	bool first = true;
	uint32_t id;

	if (h->depth++)
		count(counted.nested);
	while ((id = claim(h))) {
		struct source *s = source_of(id);

		if (s)
			serve(s);
		else
			count(counted.duplicates);
		first = false;
		if (chance(3) == 0)
			break;		/* one at a time: what is left interrupts again */
	}
	if (first)
		count_spurious();
	h->seen = __atomic_load_n(&harts[1 - this_cpu()->index].claims, __ATOMIC_ACQUIRE);
	h->depth--;
}

void stress_trap(uint64_t cause, uint64_t epc, uint64_t tval)
{
	struct tf tf = { .epc = epc, .cause = cause, .tval = tval };

	if (cause == (CAUSE_INTERRUPT | IRQ_EXT))
		external();
	else if (cause == (CAUSE_INTERRUPT | IRQ_TIMER))
		csr_clear(sie, 1UL << IRQ_TIMER);
	else
		trap_fatal(&tf, "stress");
}
