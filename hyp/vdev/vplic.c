/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated PLIC of a VM; see vplic.h for its model. RISC-V PLIC Specification 1.0.0.
 * Register access on the host's PLIC is drivers/plic.c's work, notifying vcpus of a changed line the
 * caller's. Every access costs a bounded number of steps: at most one for each vcpu of the VM or one
 * for each priority, never one for each source.
 *
 * Lock: vplic.lock, in each function of the interface. The claim, the completion and the enables on the
 * host's PLIC happen under it too, so a source is never seen half-way.
 */
#include "hyp/vdev/vplic.h"

#include "drivers/plic.h"
#include "hyp/base/plic_map.h"
#include "hyp/base/str.h"
#include "hyp/vdev/vplic_int.h"

/* ---- what is ready, and for which vcpu ---- */

/* The line is up if a source is ready whose priority is above the threshold. */
static inline void update_line(struct vplic *v, uint32_t vcpu)
{
	uint64_t bit = 1ull << vcpu;

	if (v->levels[vcpu] >> v->threshold[vcpu] >> 1)
		v->next_lines |= bit;
	else
		v->next_lines &= ~bit;
}

/* Some source of word w is ready with priority p and enabled for the vcpu, or none is any more. */
static inline void update_summary(struct vplic *v, uint32_t vcpu, uint32_t p, uint32_t w, bool some)
{
	uint32_t *summary = &v->summary[vcpu][p];

	if (some) {
		*summary |= 1u << w;
		v->levels[vcpu] |= (uint8_t)(1u << p);
	} else {
		*summary &= ~(1u << w);
		if (!*summary)
			v->levels[vcpu] &= (uint8_t)~(1u << p);
	}
}

static void make_ready(struct vplic *v, uint32_t id)
{
	uint32_t w = word_of(id), bit = bit_of(id), p = v->priority[id];

	if (!p)
		return;
	v->ready[p][w] |= bit;
	v->ready_levels[w] |= (uint8_t)(1u << p);
	for (uint32_t vcpu = 0; vcpu < v->nr_vcpus; vcpu++) {
		if (!(v->enable[w][vcpu] & bit))
			continue;
		update_summary(v, vcpu, p, w, true);
		update_line(v, vcpu);
	}
}

/* The priority must still be the one with which it was made ready. */
static void make_unready(struct vplic *v, uint32_t id)
{
	uint32_t w = word_of(id), bit = bit_of(id), p = v->priority[id];

	if (!p)
		return;
	v->ready[p][w] &= ~bit;
	if (!v->ready[p][w])
		v->ready_levels[w] &= (uint8_t)~(1u << p);
	for (uint32_t vcpu = 0; vcpu < v->nr_vcpus; vcpu++) {
		if (!(v->enable[w][vcpu] & bit) || v->ready[p][w] & v->enable[w][vcpu])
			continue;
		update_summary(v, vcpu, p, w, false);
		update_line(v, vcpu);
	}
}

static void set_pending(struct vplic *v, uint32_t id)
{
	v->pending[word_of(id)] |= bit_of(id);
	make_ready(v, id);
}

/* Other harts read lines without the lock. So it must show the state before or after an operation, never one between:
 * nothing would notify them of the next change. Returns the vcpus that changed. */
static uint64_t publish_lines(struct vplic *v)
{
	uint64_t changed = v->lines ^ v->next_lines;

	if (changed)
		__atomic_store_n(&v->lines, v->next_lines, __ATOMIC_RELEASE);
	return changed;
}

static inline uint64_t publish_and_release(struct vplic *v)
{
	uint64_t changed = publish_lines(v);

	lock_release(&v->lock);
	return changed;
}

/* The same of an operation that does not ask how contexts are reached. */
static uint64_t notify_and_release(struct vplic *v)
{
	return v->mode == PLIC_EMULATED ? publish_and_release(v) : vplic_passed_release(v);
}

bool vplic_line(const void *vplic, uint32_t vcpu)
{
	const struct vplic *v = vplic;

	return __atomic_load_n(&v->lines, __ATOMIC_ACQUIRE) >> vcpu & 1;
}

/* ---- the way of an interrupt ---- */

static inline __attribute__((always_inline)) uint32_t claim(struct vplic *v, uint32_t vcpu)
{
	uint32_t p, w, id;

	if (!v->levels[vcpu])
		return 0;
	p = highest_bit(v->levels[vcpu]);
	w = (uint32_t)__builtin_ctz(v->summary[vcpu][p]);
	id = 32 * w + (uint32_t)__builtin_ctz(v->ready[p][w] & v->enable[w][vcpu]);
	v->claimed[w] |= bit_of(id);
	v->claimer[id] = (uint8_t)vcpu;
	v->pending[w] &= ~bit_of(id);
	v->claims[id]++;
	make_unready(v, id);
	return id;
}

uint32_t vplic_claim_here(struct vplic *v, uint32_t vcpu)
{
	return claim(v, vcpu);
}

/* Any context that has the source enabled may complete it ("Interrupt Completion"), or has claimed it. id: one of the
 * VM's. */
static inline __attribute__((always_inline)) void complete(struct vplic *v, uint32_t vcpu, uint32_t id)
{
	uint32_t w = word_of(id), bit = bit_of(id);

	if (!(v->claimed[w] & bit) || (!(v->enable[w][vcpu] & bit) && v->claimer[id] != vcpu))
		return;
	v->claimed[w] &= ~bit;
	if (v->again[w] & bit) {
		v->again[w] &= ~bit;
		set_pending(v, id);	/* and in flight in the host, as the last claim has left it */
	} else if (v->physical[w] & bit) {
		plic_complete(v->plic, (uint32_t)v->context[v->taker[id]], id);
	} else if (v->level[w] & bit) {
		set_pending(v, id);
	}
}

void vplic_complete_here(struct vplic *v, uint32_t vcpu, uint32_t id)
{
	complete(v, vcpu, id);
}

/* The host's PLIC gave a source of this VM. */
static inline void arrive(struct vplic *v, uint32_t vcpu, uint32_t id)
{
	v->taker[id] = (uint8_t)vcpu;
	if (test_id(v->claimed, id))
		v->again[word_of(id)] |= bit_of(id);
	else
		set_pending(v, id);
}

/* The host's PLIC gave an id that it cannot have been asked for: a fault of the machine, or ours. It is
 * silenced on this context, so that it cannot occupy the hart. */
static __noinline void drop_spurious(struct vplic *v, uint32_t vcpu, uint32_t id)
{
	uint32_t context = (uint32_t)v->context[vcpu];

	v->spurious++;
	if (id > v->host_ndev)
		return;
	/* Not through intc_ops(): what it leads to may change registers that are the guest's (FEW). */
	plic_complete(v->plic, context, id);
	plic_set_enable(v->plic, context, id, false);
}

uint64_t vplic_physical(void *vplic, uint32_t vcpu)
{
	struct vplic *v = vplic;
	uint32_t context = (uint32_t)v->context[vcpu], id;

	if (context >= v->host.nr_contexts)	/* NO_CONTEXT is, too */
		return 0;
	lock_acquire(&v->lock);
	for (uint32_t i = 0; i <= v->nr_physical; i++) {	/* one more: a spurious one, or the 0 */
		id = plic_get_claim(&v->host, context);
		if (!id)
			break;
		if (is_physical(v, id))
			arrive(v, vcpu, id);
		else
			drop_spurious(v, vcpu, id);
	}
	return publish_and_release(v);
}

uint64_t vplic_set_level(void *vplic, uint32_t id, bool level)
{
	struct vplic *v = vplic;

	if (!is_owned(v, id) || is_physical(v, id))
		return 0;
	lock_acquire(&v->lock);
	if (level) {
		v->level[word_of(id)] |= bit_of(id);
		if (!test_id(v->claimed, id))
			set_pending(v, id);
	} else {
		v->level[word_of(id)] &= ~bit_of(id);
	}
	return notify_and_release(v);
}

/* ---- registers ---- */

/* The result of LW. */
static inline uint64_t as_register(uint32_t word)
{
	return (uint64_t)(int32_t)word;
}

/* What the host's PLIC has pending is pending for the guest too, though it has not been claimed because
 * the guest has it masked. */
static __noinline uint64_t read_pending(struct vplic *v, uint64_t offset, uint64_t *value)
{
	uint64_t w = (offset - PLIC_PENDING_BASE) / 4;
	uint32_t pending;

	*value = 0;
	if (w >= VPLIC_WORDS)
		return 0;
	lock_acquire(&v->lock);
	pending = v->pending[w];
	if (v->physical[w])
		pending |= plic_get_pending(&v->host, w) & v->physical[w] & ~v->claimed[w];
	lock_release(&v->lock);
	*value = as_register(pending);
	return 0;
}

static __noinline uint64_t read_enable(struct vplic *v, uint64_t offset, uint64_t *value)
{
	uint32_t w = offset % PLIC_ENABLE_STRIDE / 4, vcpu;

	*value = 0;
	if (find_context(v, (offset - PLIC_ENABLE_BASE) / PLIC_ENABLE_STRIDE, &vcpu))
		*value = as_register(__atomic_load_n(&v->enable[w][vcpu], __ATOMIC_ACQUIRE));
	return 0;
}

static __noinline uint64_t read_claim(struct vplic *v, uint32_t vcpu, uint64_t *value)
{
	*value = 0;
	if (!__atomic_load_n(&v->levels[vcpu], __ATOMIC_ACQUIRE))
		return 0;
	lock_acquire(&v->lock);
	*value = claim(v, vcpu);
	return publish_and_release(v);
}

static __noinline uint64_t read_context(struct vplic *v, uint64_t offset, uint64_t *value)
{
	uint32_t vcpu;

	*value = 0;
	switch (context_register(v, offset, &vcpu)) {
	case 0:
		*value = __atomic_load_n(&v->threshold[vcpu], __ATOMIC_ACQUIRE);
		return 0;
	case PLIC_CONTEXT_CLAIM:
		return read_claim(v, vcpu, value);
	default:
		return 0;
	}
}

/*
 * A register that is one byte or word here is read without the lock: it is whole at any time, and a hart that reads
 * it (with acquire) sees what was written before it.
 */
static inline uint64_t read_below_contexts(struct vplic *v, uint64_t offset, uint64_t *value)
{
	if (offset < PLIC_PENDING_BASE) {
		*value = __atomic_load_n(&v->priority[offset / 4], __ATOMIC_ACQUIRE);
		return 0;
	}
	if (offset < PLIC_ENABLE_BASE)
		return read_pending(v, offset, value);
	return read_enable(v, offset, value);
}

uint64_t vplic_read(void *vplic, uint64_t offset, uint64_t *value)
{
	struct vplic *v = vplic;

	if (offset < PLIC_CONTEXT_BASE)
		return read_below_contexts(v, offset, value);
	return read_context(v, offset, value);
}

uint64_t vplic_passed_read(void *vplic, uint64_t offset, uint64_t *value)
{
	struct vplic *v = vplic;

	if (offset < PLIC_CONTEXT_BASE)
		return read_below_contexts(v, offset, value);
	return vplic_passed_read_context(v, offset, value);
}

/* Of a source that pends. */
static __noinline uint64_t move_level(struct vplic *v, uint64_t id, uint32_t priority)
{
	make_unready(v, (uint32_t)id);
	__atomic_store_n(&v->priority[id], (uint8_t)priority, __ATOMIC_RELAXED);
	make_ready(v, (uint32_t)id);
	return notify_and_release(v);
}

static inline uint64_t store_priority(struct vplic *v, uint64_t id, uint32_t priority)
{
	if (v->pending[id / 32] >> (id % 32) & 1)
		return move_level(v, id, priority);
	__atomic_store_n(&v->priority[id], (uint8_t)priority, __ATOMIC_RELAXED);
	lock_release(&v->lock);
	return 0;
}

/* Of a host's PLIC with other priorities. */
static __noinline uint64_t scale_priority(struct vplic *v, uint64_t id, uint32_t priority)
{
	plic_put_priority(&v->host, id, priority);
	return store_priority(v, id, priority);
}

/* id: wide, so that it need not be extended again and again. */
static __noinline uint64_t write_priority(struct vplic *v, uint64_t id, uint32_t value)
{
	uint64_t w = id / 32;
	uint32_t priority = value % VPLIC_PRIORITIES, shift = id % 32;
	uint32_t physical = v->physical[w] >> shift & 1;

	if (!(v->owned[w] >> shift & 1))
		return 0;
	lock_acquire(&v->lock);
	if (physical) {
		if (__builtin_expect(!v->host.plain, false))
			return scale_priority(v, id, priority);
		plic_put_plain_priority(&v->host, id, priority);
	}
	return store_priority(v, id, priority);
}

/* Of a word in which sources are ready. */
static __noinline uint64_t move_enables(struct vplic *v, uint32_t vcpu, uint32_t w)
{
	for (uint32_t p = 1; p < VPLIC_PRIORITIES; p++)
		update_summary(v, vcpu, p, w, v->ready[p][w] & v->enable[w][vcpu]);
	update_line(v, vcpu);
	return notify_and_release(v);
}

/*
 * A context belongs to one hart, so to one VM: the host's enables of it are those here, and nothing need be read.
 * QEMU's PLIC sees what is pending behind a new enable only when a priority is written, of whatever source.
 */
static inline void put_enables(struct vplic *v, uint64_t vcpu, uint64_t w, uint32_t old, uint32_t value)
{
	if (v->context[vcpu] == NO_CONTEXT || v->masked >> vcpu & 1)
		return;
	plic_put_enables(&v->host, (uint64_t)v->context[vcpu], w, value);
	if (!(value & ~old))
		return;
	if (v->host.plain)
		plic_put_plain_priority(&v->host, v->some_physical, v->priority[v->some_physical]);
	else
		plic_put_priority(&v->host, v->some_physical, v->priority[v->some_physical]);
}

static __noinline uint64_t write_enable(struct vplic *v, uint64_t offset, uint32_t value)
{
	uint64_t context = offset / PLIC_ENABLE_STRIDE - PLIC_ENABLE_BASE / PLIC_ENABLE_STRIDE;
	uint64_t w = offset % PLIC_ENABLE_STRIDE / 4, vcpu = context / 2;
	uint32_t old, physical = v->physical[w];

	if (!(context & 1) || vcpu >= v->nr_vcpus)
		return 0;
	value &= v->owned[w];
	lock_acquire(&v->lock);
	old = v->enable[w][vcpu];
	if ((old ^ value) & physical)
		put_enables(v, vcpu, w, old & physical, value & physical);
	__atomic_store_n(&v->enable[w][vcpu], value, __ATOMIC_RELAXED);
	if (v->ready_levels[w])
		return move_enables(v, (uint32_t)vcpu, (uint32_t)w);
	lock_release(&v->lock);
	return 0;
}

static __noinline uint64_t write_context(struct vplic *v, uint64_t offset, uint32_t value)
{
	uint32_t vcpu;

	switch (context_register(v, offset, &vcpu)) {
	case 0:
		lock_acquire(&v->lock);
		__atomic_store_n(&v->threshold[vcpu], (uint8_t)(value % VPLIC_PRIORITIES), __ATOMIC_RELAXED);
		update_line(v, vcpu);
		return publish_and_release(v);
	case PLIC_CONTEXT_CLAIM:
		if (!is_owned(v, value))
			return 0;
		lock_acquire(&v->lock);
		complete(v, vcpu, value);
		return publish_and_release(v);
	default:
		return 0;
	}
}

/* The pending registers, between PLIC_PENDING_BASE and PLIC_ENABLE_BASE, are read-only. */
static inline uint64_t write_below_contexts(struct vplic *v, uint64_t offset, uint32_t value)
{
	if (offset < PLIC_PENDING_BASE)
		return write_priority(v, offset / 4, value);
	if (offset < PLIC_ENABLE_BASE)
		return 0;
	return write_enable(v, offset, value);
}

uint64_t vplic_write(void *vplic, uint64_t offset, uint32_t value)
{
	struct vplic *v = vplic;

	if (offset < PLIC_CONTEXT_BASE)
		return write_below_contexts(v, offset, value);
	return write_context(v, offset, value);
}

uint64_t vplic_passed_write(void *vplic, uint64_t offset, uint32_t value)
{
	struct vplic *v = vplic;

	if (offset < PLIC_CONTEXT_BASE)
		return write_below_contexts(v, offset, value);
	return vplic_passed_write_context(v, offset, value);
}

/* ---- reset ---- */

void vplic_reset(void *vplic)
{
	struct vplic *v = vplic;
	const struct intc_share share = { v->physical, v->vcpu_hart, v->nr_vcpus };

	lock_acquire(&v->lock);
	intc_ops(v->plic)->quiesce(v->plic, &share);
	v->next_lines = 0;
	memset(v->level, 0, sizeof(v->level));
	memset(v->pending, 0, sizeof(v->pending));
	memset(v->claimed, 0, sizeof(v->claimed));
	memset(v->again, 0, sizeof(v->again));
	memset(v->ready, 0, sizeof(v->ready));
	memset(v->ready_levels, 0, sizeof(v->ready_levels));
	memset(v->summary, 0, sizeof(v->summary));
	memset(v->levels, 0, sizeof(v->levels));
	v->masked = 0;
	memset(v->threshold, 0, sizeof(v->threshold));
	memset(v->priority, 0, sizeof(v->priority));
	memset(v->enable, 0, sizeof(v->enable));
	publish_lines(v);
	lock_release(&v->lock);
}
