/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that several guests have (docs/links.md): spare RAM of the host, which belongs to exactly the guests that list
 * it, and for each of them a place in its address space, the page of a doorbell, and an interrupt that exists in its
 * PLIC only. A guest sees the memory at its host address, unless the guest has something else there.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

#define WINDOWS		0x10000000ull	/* pages of virtual devices are searched from here on */

/* ---- the guest's address space ---- */

/* Stores r in *first if it overlaps wanted and ends lower than *first, or is the first one to overlap. */
static void note(struct range wanted, struct range r, struct range *first, bool *found)
{
	if (!r.size || !range_overlaps(r, wanted))
		return;
	if (!*found || range_last(r) < range_last(*first))
		*first = r;
	*found = true;
}

/* Something of the guest that overlaps wanted, in its own address space. */
static bool is_taken(const struct plan_vm *v, struct range wanted, struct range *by)
{
	bool found = false;

	for (uint32_t i = 0; i < v->nr_regions; i++)
		note(wanted, (struct range){ v->regions[i].gpa.v, v->regions[i].size }, by, &found);
	for (uint32_t i = 0; i < v->nr_vplics; i++)
		note(wanted, (struct range){ v->vplics[i].base.v, v->vplics[i].size }, by, &found);
	if (v->vuart.size)
		note(wanted, range_pages((struct range){ v->vuart.base.v, v->vuart.size }), by, &found);
	for (uint32_t i = 0; i < v->nr_shares; i++)
		note(wanted, (struct range){ v->shares[i].doorbell.v, PAGE_SIZE }, by, &found);
	for (uint32_t i = 0; i < v->nr_cards; i++)
		note(wanted, (struct range){ v->cards[i].base.v, PAGE_SIZE }, by, &found);
	return found;
}

/* Likewise, or of the host: a guest's drivers may have the board's addresses built in. */
static bool is_used(const struct planner *pl, const struct plan_vm *v, struct range wanted, struct range *by)
{
	bool found = is_taken(v, wanted, by);

	for (uint32_t i = 0; i < pl->host->nr_ram; i++)
		note(wanted, pl->host->ram[i], by, &found);
	for (uint32_t i = 0; i < pl->host->nr_regs; i++)
		note(wanted, pl->host->regs[i].range, by, &found);
	for (uint32_t i = 0; i < pl->plan->nr_intcs; i++)
		note(wanted, (struct range){ pl->plan->intcs[i].base.v, pl->plan->intcs[i].size }, by, &found);
	return found;
}

/* Moves *wanted behind what is in its way, to a multiple of align; false if the address space ends before. */
static bool move_behind(struct range *wanted, struct range by, uint64_t align)
{
	uint64_t base = align_up(range_last(by) + 1, align);

	if (base <= wanted->base || !range_valid((struct range){ base, wanted->size }))
		return false;
	wanted->base = base;
	return true;
}

bool plan_find_window(const struct planner *pl, const struct plan_vm *v, gpa_t *at)
{
	struct range page = { WINDOWS, PAGE_SIZE }, by;

	while (is_used(pl, v, page, &by)) {
		if (!move_behind(&page, by, PAGE_SIZE))
			return false;
	}
	*at = gpa(page.base);
	return true;
}

/* Where the guest sees memory of that host address: there, or behind what is in the way. */
static bool find_place(const struct plan_vm *v, hpa_t there, uint64_t size, gpa_t *at)
{
	struct range wanted = { there.v, size }, by;

	while (is_taken(v, wanted, &by)) {
		if (!move_behind(&wanted, by, LEAF_2M))
			return false;
	}
	*at = gpa(wanted.base);
	return true;
}

/* ---- what guests share ---- */

/* That guest's entry for a shared memory, or NULL. */
static const struct config_share *find_share(const struct config_vm *c, const char *name)
{
	for (uint32_t i = 0; i < c->nr_shares; i++) {
		if (!strcmp(c->shares[i].name, name))
			return &c->shares[i];
	}
	return NULL;
}

static void add_share(struct planner *pl, uint32_t vm, uint32_t shared, uint8_t peer, bool read_only)
{
	const struct plan_shared *m = &pl->plan->shared[shared];
	struct plan_vm *v = &pl->plan->vms[vm];
	struct plan_share s = { .shared = (uint8_t)shared, .peer = peer, .read_only = read_only };

	if (!find_place(v, m->hpa, m->size, &s.base) || !plan_find_window(pl, v, &s.doorbell)) {
		vm_problem(pl, vm, PROBLEM_ADDRESS_TOO_HIGH, "shares",
			   "the guest's address space has no room for \"%s\" and its doorbell; assign fewer devices",
			   m->name);
		return;
	}
	if (!plan_add_region(pl, vm, "shares", (struct plan_region){
		    .gpa = s.base, .hpa = m->hpa, .size = m->size, .kind = REGION_SHARED,
		    .rights = read_only ? RIGHT_R : RIGHT_R | RIGHT_W, .device = (uint8_t)v->nr_shares }))
		return;
	plan_virtual_irq(pl, v, &s.vplic, &s.irq);
	v->shares[v->nr_shares++] = s;
	/* The host's PLIC lacks this source: a completion of it must trap. */
	if (v->policy.plic_mode == PLIC_MAPPED)
		v->policy.plic_mode = PLIC_GUARDED;
}

/* RAM for a shared memory that some guest lists. */
static bool place(struct planner *pl, struct plan_shared *m)
{
	uint64_t base;
	char size[24];

	if (plan_find_ram(pl, m->size, LEAF_2M, &base) || plan_find_ram(pl, m->size, PAGE_SIZE, &base)) {
		m->hpa = hpa(base);
		return true;
	}
	problem_report(pl->r, PROBLEM_MEMORY_NO_ROOM, true, "/", "shared",
		       "no free RAM for the %s of \"%s\" in one piece; reduce it, or the memory of guests",
		       size_text(m->size, size, sizeof(size)), m->name);
	return false;
}

static void find_peers(const struct planner *pl, struct plan_shared *m)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		if (find_share(&pl->config->vms[vm], m->name))
			m->peers[m->nr_peers++] = (uint8_t)vm;
	}
}

static void plan_one(struct planner *pl, const struct config_shared *c)
{
	uint32_t index = pl->plan->nr_shared;
	struct plan_shared m = { .size = c->size };

	memcpy(m.name, c->name, sizeof(m.name));
	find_peers(pl, &m);
	if (m.nr_peers < 2)
		problem_note(pl->r, true, "/", "shared", "\"%s\" is listed in \"shares\" of %s", m.name,
			     m.nr_peers ? "one guest only" : "no guest, and takes no memory");
	if (!m.nr_peers || !place(pl, &m))
		return;
	pl->plan->shared[pl->plan->nr_shared++] = m;
	for (uint32_t i = 0; i < m.nr_peers; i++)
		add_share(pl, m.peers[i], index, (uint8_t)i,
			  find_share(&pl->config->vms[m.peers[i]], m.name)->read_only);
}

static void check_names(struct planner *pl, uint32_t vm)
{
	const struct config_vm *c = &pl->config->vms[vm];
	uint32_t j;

	for (uint32_t i = 0; i < c->nr_shares; i++) {
		for (j = 0; j < pl->config->nr_shared; j++) {
			if (!strcmp(c->shares[i].name, pl->config->shared[j].name))
				break;
		}
		if (j == pl->config->nr_shared)
			vm_problem(pl, vm, PROBLEM_UNKNOWN_SHARED, "shares",
				   "there is no shared memory \"%s\"; add \"%s 4M\" to \"shared\" of the root, or "
				   "correct the name", c->shares[i].name, c->shares[i].name);
	}
}

void plan_shared(struct planner *pl)
{
	for (uint32_t i = 0; i < pl->plan->nr_vms; i++)
		check_names(pl, i);
	for (uint32_t i = 0; i < pl->config->nr_shared; i++)
		plan_one(pl, &pl->config->shared[i]);
}
