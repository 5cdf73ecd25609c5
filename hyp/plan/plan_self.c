/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the hypervisor lies while guests run. Firmware loads it at the start of RAM, where existing systems are linked
 * and which is the only RAM that devices with short addresses reach. So it moves, with its package, to the top of RAM
 * or to where the configuration says (docs/architecture.md, "Out of the guests' way"). The place depends only on what
 * is known before anything else is planned: RAM, reservations, the firmware's memory, and the guests' fixed regions.
 */
#include "hyp/base/fmt.h"
#include "hyp/plan/plan_int.h"

/* What a place must not touch. */
struct obstacle {
	struct range range;
	const char *whose;	/* for a problem */
};

#define MAX_OBSTACLES	(HOST_MAX_RESERVED + MAX_VMS * CONFIG_MAX_MEMORY + MAX_FIRMWARE + 2)

static struct {
	uint32_t count;
	struct obstacle list[MAX_OBSTACLES];
} obstacles;	/* large; the planner is not re-entrant */

static void add_obstacle(struct range range, const char *whose)
{
	if (range.size)
		obstacles.list[obstacles.count++] = (struct obstacle){ range, whose };
}

static void find_obstacles(const struct planner *pl)
{
	const struct host *host = pl->host;
	const struct config *config = pl->config;

	obstacles.count = 0;
	add_obstacle(pl->plan->loaded, "itself, as it was loaded");
	add_obstacle(host->tree, "the firmware's device tree, which it reads until all harts have started");
	for (uint32_t i = 0; i < pl->plan->nr_firmware; i++)
		add_obstacle(pl->plan->firmware[i].range, "the firmware");
	for (uint32_t i = 0; i < host->nr_reserved; i++)
		add_obstacle(host->reserved[i].range, "a memory reservation of the host");
	for (uint32_t i = 0; i < config->nr_vms; i++) {
		for (uint32_t j = 0; j < config->vms[i].nr_memory; j++) {
			const struct config_memory *m = &config->vms[i].memory[j];

			if (m->fixed)
				add_obstacle((struct range){ m->at, m->size }, "a guest's fixed memory");
		}
	}
}

/* The lowest of those that r touches, or NULL. */
static const struct obstacle *obstacle_in(struct range r)
{
	const struct obstacle *lowest = NULL;

	for (uint32_t i = 0; i < obstacles.count; i++) {
		const struct obstacle *o = &obstacles.list[i];

		if (range_overlaps(o->range, r) && (!lowest || o->range.base < lowest->range.base))
			lowest = o;
	}
	return lowest;
}

/* The highest place for size bytes in a bank, at a multiple of 2 MiB; false if there is none. */
static bool highest_in(struct range bank, uint64_t size, uint64_t *base)
{
	uint64_t end = bank.base + bank.size;	/* RAM ends below 2^56 */
	const struct obstacle *o;

	end = end < PLAN_HYP_END ? end : PLAN_HYP_END;
	for (;;) {
		if (end < size || align_down(end - size, LEAF_2M) < bank.base)
			return false;
		*base = align_down(end - size, LEAF_2M);
		o = obstacle_in((struct range){ *base, size });
		if (!o)
			return true;
		end = o->range.base;
	}
}

/* The hypervisor stays where it was loaded if that is RAM and the highest place, or if there is no other. */
static uint64_t top_of_ram(const struct planner *pl)
{
	struct range loaded = pl->plan->loaded;
	uint32_t i = pl->host->nr_ram;
	uint64_t base;

	while (i--) {
		if (highest_in(pl->host->ram[i], loaded.size, &base))
			return base > loaded.base || !host_has_ram(pl->host, loaded) ? base : loaded.base;
	}
	return loaded.base;
}

/* An overlap with a guest's fixed memory is reported when that memory is placed. */
static bool check_place(struct planner *pl, struct range r)
{
	const struct obstacle *o = obstacle_in(r);
	char size[24];

	size_text(r.size, size, sizeof(size));
	if (!host_has_ram(pl->host, r))
		problem_report(pl->r, PROBLEM_MEMORY_NOT_RAM, true, "/", "hypervisor-at",
			       "%s at 0x%lx is not wholly RAM of the host; leave it out to have the top of RAM",
			       size, r.base);
	else if (r.base + r.size > PLAN_HYP_END)
		problem_report(pl->r, PROBLEM_ADDRESS_TOO_HIGH, true, "/", "hypervisor-at",
			       "%s at 0x%lx is beyond 0x%lx, where the hypervisor's own page tables end; choose a "
			       "lower address", size, r.base, PLAN_HYP_END);
	else if (o)
		problem_report(pl->r, PROBLEM_MEMORY_OVERLAP, true, "/", "hypervisor-at",
			       "%s at 0x%lx overlaps 0x%lx to 0x%lx of %s; take another address, or leave it out",
			       size, r.base, o->range.base, range_last(o->range), o->whose);
	else
		return true;
	return false;
}

/* Images that are used in place are not copied, so the package stays unless the configuration says otherwise. */
static bool uses_in_place(const struct config *config)
{
	for (uint32_t i = 0; i < config->nr_vms; i++) {
		if (config->vms[i].policy.in_place)
			return true;
	}
	return false;
}

static void choose_place(struct planner *pl)
{
	const struct config *config = pl->config;
	struct plan *plan = pl->plan;
	struct range there = { config->hyp_address, plan->loaded.size };

	plan->hyp = plan->loaded;
	if (config->hyp_place == HYP_LOADED || (config->hyp_place == HYP_TOP && uses_in_place(config)))
		return;
	find_obstacles(pl);
	if (config->hyp_place == HYP_TOP)
		plan->hyp.base = top_of_ram(pl);
	else if (there.base != plan->loaded.base && check_place(pl, there))
		plan->hyp = there;
}

void plan_self(struct planner *pl)
{
	const struct range *hyp = &pl->plan->hyp;

	choose_place(pl);
	if (!host_has_ram(pl->host, *hyp))
		problem_report(pl->r, PROBLEM_BAD_HOST, false, "/", "",
			       "the hypervisor lies at 0x%lx to 0x%lx, which is not RAM", hyp->base, range_last(*hyp));
}
