/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doorbells of shared memories; see doorbell.h for registers and locks. */
#include "hyp/vdev/doorbell.h"

#include "hyp/base/str.h"
#include "hyp/riscv/hart.h"

/* All doorbells, by shared memory and number of the peer. Constant after boot. */
static struct doorbell *doorbells[MAX_SHARED][MAX_VMS];

static bool runs(const struct doorbell *d)
{
	return __atomic_load_n(&d->life, __ATOMIC_ACQUIRE) & 1;
}

/*
 * Release: what the ringing guest has written is there before the bit. The mail is sent only for the first bit: until
 * the guest has read the register, its line stays up, or mail is on its way.
 */
static void ring(struct doorbell *to, uint32_t bits)
{
	if (!__atomic_fetch_or(&to->rang, bits, __ATOMIC_ACQ_REL))
		hart_send_one(to->hart, MAIL_LINK);
}

/* The guest has started or ended: its peers that run are rung at. */
static void announce(const struct doorbell *d)
{
	uint32_t bit = 1u << (RANG_LIFE_SHIFT + d->plan->peer);

	for (uint32_t i = 0; i < d->memory->nr_peers; i++) {
		struct doorbell *to = doorbells[d->plan->shared][i];

		if (to != d && runs(to))
			ring(to, bit);
	}
}

/* Under the lock: passes the level to the interrupt controller. A guest that does not run gets no interrupt. */
static uint64_t update(struct doorbell *d)
{
	bool level = runs(d) && __atomic_load_n(&d->rang, __ATOMIC_ACQUIRE);

	if (level == d->level || !d->intc)
		return 0;
	d->level = level;
	return d->intc->ops->set_level(d->intc->state, d->plan->irq, level);
}

uint64_t doorbell_poke(struct doorbell *d)
{
	uint64_t changed;

	if (!d->plan)
		return 0;
	lock_acquire(&d->lock);
	changed = update(d);
	lock_release(&d->lock);
	return changed;
}

static uint64_t read_rang(struct doorbell *d, uint64_t *value)
{
	uint64_t changed;

	lock_acquire(&d->lock);
	*value = __atomic_exchange_n(&d->rang, 0, __ATOMIC_ACQ_REL);
	changed = update(d);
	lock_release(&d->lock);
	return changed;
}

uint64_t doorbell_read(void *state, uint64_t offset, uint64_t *value)
{
	struct doorbell *d = state;
	uint64_t peer = (offset - DOORBELL_LIFE) / 4;

	*value = 0;
	if (offset == DOORBELL_PEERS)
		*value = d->memory->nr_peers;
	else if (offset == DOORBELL_SELF)
		*value = d->plan->peer;
	else if (offset == DOORBELL_RANG)
		return read_rang(d, value);
	else if (offset >= DOORBELL_LIFE && peer < d->memory->nr_peers)
		*value = __atomic_load_n(&doorbells[d->plan->shared][peer]->life, __ATOMIC_ACQUIRE);
	return 0;
}

uint64_t doorbell_write(void *state, uint64_t offset, uint32_t value)
{
	struct doorbell *d = state;
	struct doorbell *to;

	if (offset != DOORBELL_RING || value >= d->memory->nr_peers)
		return 0;
	to = doorbells[d->plan->shared][value];
	if (runs(to))
		ring(to, 1u << d->plan->peer);
	return 0;
}

void doorbell_start(struct doorbell *d)
{
	if (!d->plan)
		return;
	__atomic_store_n(&d->rang, 0, __ATOMIC_RELEASE);
	__atomic_fetch_add(&d->life, 1, __ATOMIC_ACQ_REL);
	announce(d);
}

void doorbell_reset(struct doorbell *d)
{
	bool ran;

	if (!d->plan)
		return;
	lock_acquire(&d->lock);
	ran = runs(d);
	if (ran)
		__atomic_fetch_add(&d->life, 1, __ATOMIC_ACQ_REL);
	d->level = false;	/* and stays so: update() */
	lock_release(&d->lock);
	if (ran)
		announce(d);
}

__boot void doorbell_create(struct doorbell *d, const struct plan *plan, uint32_t vm, uint32_t index,
			    const struct vintc *intc, struct hart *hart)
{
	const struct plan_share *s = &plan->vms[vm].shares[index];

	memset(d, 0, sizeof(*d));
	d->plan = s;
	d->memory = &plan->shared[s->shared];
	d->intc = s->irq ? intc : NULL;
	d->hart = hart;
	doorbells[s->shared][s->peer] = d;
}
