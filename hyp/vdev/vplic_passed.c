/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contexts of a PLIC that are passed to the guest (plic-mode "guarded" and "mapped"; docs/architecture.md, "An
 * interrupt in two exits"), as far as an access to them traps; see vplic.h. Where the page is read-only ("guarded"),
 * completions and thresholds come here or to guarded.S, and are passed on if they name a source of the VM. While a
 * virtual source pends on a context, its page is not mapped at all, and a claim here returns the first of both kinds.
 *
 * A page is unmapped and mapped again by the context's own hart alone (vplic_look), which fences only itself. A sibling
 * that uses a context not its own may use the page a moment longer: it finds what had come before the virtual source.
 *
 * Lock: vplic.lock, as in vplic.c. G-stage entries are written by one hart each, and read by hardware.
 */
#include "drivers/plic.h"
#include "hyp/base/plic_map.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/hart.h"
#include "hyp/vdev/vplic_int.h"

#define MASKS_ALL	(VPLIC_PRIORITIES - 1)

static bool has_context(const struct vplic *v, uint32_t vcpu)
{
	return v->context[vcpu] != NO_CONTEXT;
}

/* Under the lock, or on the own hart: what the guest has written last, by us or by itself. */
static uint32_t threshold_of(const struct vplic *v, uint32_t vcpu)
{
	if (!has_context(v, vcpu))
		return v->threshold[vcpu];
	return plic_threshold(v->plic, (uint32_t)v->context[vcpu]) % VPLIC_PRIORITIES;
}

uint64_t vplic_passed_release(struct vplic *v)
{
	uint64_t changed = 0;

	for (uint32_t vcpu = 0; vcpu < v->nr_vcpus; vcpu++)
		if (v->levels[vcpu] != v->seen[vcpu])
			changed |= 1ull << vcpu;
	lock_release(&v->lock);
	return changed;
}

/* ---- claims ---- */

/*
 * Whether the hardware has something of a priority above this one, so that a claim there returns it. The hart's own
 * line shows it, with that threshold for a moment. What another PLIC raises, or a line that falls late, may make a
 * lower one come first: a matter of order, and of nothing else.
 */
static bool host_is_above(const struct vplic *v, uint32_t vcpu, uint32_t level)
{
	uint32_t context = (uint32_t)v->context[vcpu], old;
	bool above;

	if (level == MASKS_ALL || this_hart()->index != v->vcpu_hart[vcpu])
		return false;
	old = plic_threshold(v->plic, context);
	plic_set_threshold(v->plic, context, level);
	vplic_flush(v, vcpu);
	above = csr_read(CSR_SIP) & 1ul << IRQ_SEI;
	plic_set_threshold(v->plic, context, old);
	vplic_flush(v, vcpu);
	return above;
}

/* The highest priority, as a claim has it; of the same, what is virtual. */
static uint64_t claim_first(struct vplic *v, uint32_t vcpu)
{
	uint32_t levels = v->levels[vcpu], id = 0;

	if (has_context(v, vcpu) && (!levels || host_is_above(v, vcpu, highest_bit(levels))))
		id = plic_claim(v->plic, (uint32_t)v->context[vcpu]);
	return id ? id : vplic_claim_here(v, vcpu);
}

uint64_t vplic_passed_read_context(struct vplic *v, uint64_t offset, uint64_t *value)
{
	uint32_t vcpu;

	*value = 0;
	switch (context_register(v, offset, &vcpu)) {
	case 0:
		*value = threshold_of(v, vcpu);
		return 0;
	case PLIC_CONTEXT_CLAIM:
		lock_acquire(&v->lock);
		*value = claim_first(v, vcpu);
		return vplic_passed_release(v);
	default:
		return 0;
	}
}

/* ---- completions and thresholds ---- */

/*
 * A completion goes where the guest has written it, and what it does there is the PLIC's matter: a source whose enables
 * have moved to another context in flight is as it would be without us. Where we have masked by enables, the guest's
 * own enables decide.
 */
static void complete_in_host(struct vplic *v, uint32_t vcpu, uint32_t id)
{
	uint32_t context = (uint32_t)v->context[vcpu];

	if (v->masked >> vcpu & 1 && v->enable[word_of(id)][vcpu] & bit_of(id))
		plic_complete(v->plic, context, id);
	else
		plic_put_complete(&v->host, context, id);
}

static uint64_t write_complete(struct vplic *v, uint32_t vcpu, uint32_t id)
{
	lock_acquire(&v->lock);
	if (!is_owned(v, id))
		v->foreign += id != 0;
	else if (!is_physical(v, id))
		vplic_complete_here(v, vcpu, id);
	else if (has_context(v, vcpu))
		complete_in_host(v, vcpu, id);
	return vplic_passed_release(v);
}

/* The vcpu's own hart does what is left to be done. */
static uint64_t write_threshold(struct vplic *v, uint32_t vcpu, uint32_t value)
{
	lock_acquire(&v->lock);
	v->threshold[vcpu] = (uint8_t)(value % VPLIC_PRIORITIES);
	if (has_context(v, vcpu))
		plic_set_threshold(v->plic, (uint32_t)v->context[vcpu], value % VPLIC_PRIORITIES);
	return vplic_passed_release(v) | 1ull << vcpu;
}

uint64_t vplic_passed_write_context(struct vplic *v, uint64_t offset, uint32_t value)
{
	uint32_t vcpu;

	switch (context_register(v, offset, &vcpu)) {
	case 0:
		return write_threshold(v, vcpu, value);
	case PLIC_CONTEXT_CLAIM:
		return write_complete(v, vcpu, value);
	default:
		return 0;
	}
}

/* ---- what the own hart does ---- */

/* Under the lock: a threshold of 7 masks nothing on some PLICs (rv_plic adds 1 to it, in three bits). */
static void shield(struct vplic *v, uint32_t vcpu)
{
	bool mask = threshold_of(v, vcpu) == MASKS_ALL;

	if (v->mode != PLIC_GUARDED || mask == (v->masked >> vcpu & 1))
		return;
	v->masked ^= 1ull << vcpu;
	for (uint32_t w = 0; w < VPLIC_WORDS; w++)
		if (v->physical[w])
			plic_set_enables(v->plic, (uint32_t)v->context[vcpu], w, v->physical[w],
					 mask ? 0 : v->enable[w][vcpu]);
}

static void set_page(struct vplic *v, uint32_t vcpu, bool mapped)
{
	uint64_t value = mapped ? v->leaf[vcpu] : 0;

	if (!v->entry[vcpu] || *v->entry[vcpu] == value)
		return;
	__atomic_store_n(v->entry[vcpu], value, __ATOMIC_RELEASE);
	hfence_gvma_all();
}

struct vintc_look vplic_look(void *vplic, uint32_t vcpu)
{
	struct vplic *v = vplic;
	struct vintc_look l;
	bool pends;

	lock_acquire(&v->lock);
	v->seen[vcpu] = v->levels[vcpu];
	pends = v->seen[vcpu] != 0;
	if (has_context(v, vcpu))
		shield(v, vcpu);
	l.guard = pends || v->masked >> vcpu & 1 ? CTX_GUARD_NONE : v->guard[vcpu];
	lock_release(&v->lock);
	/* A hart that changes levels from now on notifies this one. The page first: then no write of a threshold
	 * bypasses us. */
	set_page(v, vcpu, !pends);
	l.line = pends && v->seen[vcpu] >> threshold_of(v, vcpu) >> 1;
	return l;
}

void vplic_flush(const void *vplic, uint32_t vcpu)
{
	const struct vplic *v = vplic;

	if (has_context(v, vcpu))
		plic_threshold(v->plic, (uint32_t)v->context[vcpu]);
}
