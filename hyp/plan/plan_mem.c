/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM: fixed regions are checked, the others are placed where they first fit, in the order of the
 * configuration, so that the same input always gives the same plan. Nothing lies in reserved
 * memory, in the firmware's, in the hypervisor's or in another guest's.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

/* An owner of a range of host memory. */
struct claim {
	struct range range;
	enum { CLAIM_HYP, CLAIM_FIRMWARE, CLAIM_RESERVED, CLAIM_VM, CLAIM_SHARED } kind;
	uint16_t owner;		/* CLAIM_RESERVED: node, CLAIM_VM, CLAIM_SHARED: index */
};

const char *size_text(uint64_t size, char *buf, size_t room)
{
	if (size >= GIB && size % GIB == 0)
		fmt_str(buf, room, "%luG", size >> 30);
	else if (size >= MIB && size % MIB == 0)
		fmt_str(buf, room, "%luM", size >> 20);
	else if (size % KIB == 0)
		fmt_str(buf, room, "%luK", size >> 10);
	else
		fmt_str(buf, room, "0x%lx", size);
	return buf;
}

bool plan_add_region(struct planner *pl, uint32_t vm, const char *prop, struct plan_region region)
{
	struct plan_vm *v = &pl->plan->vms[vm];

	if (v->nr_regions == MAX_VM_REGIONS) {
		vm_problem(pl, vm, PROBLEM_LIMIT, prop,
			   "the guest needs more than %d mappings; this build has room for no more",
			   MAX_VM_REGIONS);
		return false;
	}
	v->regions[v->nr_regions++] = region;
	return true;
}

/* Stores c in *best if it overlaps r and begins lower than *best. */
static void note_if_lower(struct claim *best, bool *found, struct range r, struct claim c)
{
	if (!c.range.size || !range_overlaps(c.range, r))
		return;
	if (!*found || c.range.base < best->range.base)
		*best = c;
	*found = true;
}

static bool lowest_claim(const struct planner *pl, struct range r, struct claim *best)
{
	const struct plan *plan = pl->plan;
	bool found = false;

	note_if_lower(best, &found, r, (struct claim){ plan->hyp, CLAIM_HYP, 0 });
	for (uint32_t i = 0; i < plan->nr_firmware; i++)
		note_if_lower(best, &found, r, (struct claim){ plan->firmware[i].range, CLAIM_FIRMWARE, 0 });
	for (uint32_t i = 0; i < pl->host->nr_reserved; i++)
		note_if_lower(best, &found, r, (struct claim){ pl->host->reserved[i].range,
							       CLAIM_RESERVED,
							       pl->host->reserved[i].node });
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		for (uint32_t j = 0; j < plan->vms[i].nr_regions; j++) {
			const struct plan_region *m = &plan->vms[i].regions[j];

			if (m->kind == REGION_RAM)
				note_if_lower(best, &found, r,
					      (struct claim){ { m->hpa.v, m->size }, CLAIM_VM, i });
		}
	}
	for (uint32_t i = 0; i < plan->nr_shared; i++)
		note_if_lower(best, &found, r,
			      (struct claim){ { plan->shared[i].hpa.v, plan->shared[i].size }, CLAIM_SHARED, i });
	return found;
}

static const char *claimant(const struct planner *pl, const struct claim *c, char *buf, size_t size)
{
	char path[HOST_PATH_SIZE];

	switch (c->kind) {
	case CLAIM_HYP:
		fmt_str(buf, size, "the hypervisor");
		break;
	case CLAIM_FIRMWARE:
		fmt_str(buf, size, "the firmware");
		break;
	case CLAIM_RESERVED:
		if (c->owner == NO_NODE)
			fmt_str(buf, size, "a memory reservation of the host");
		else
			fmt_str(buf, size, "%s",
				host_path(pl->host, c->owner, path, sizeof(path)));
		break;
	case CLAIM_VM:
		fmt_str(buf, size, "guest %s", pl->plan->vms[c->owner].name);
		break;
	case CLAIM_SHARED:
		fmt_str(buf, size, "shared memory %s", pl->plan->shared[c->owner].name);
		break;
	}
	return buf;
}

/* Reports if the image, as it was loaded, overlaps reserved memory. */
static void check_image(struct planner *pl)
{
	struct range hyp = pl->plan->loaded;
	char path[HOST_PATH_SIZE];

	for (uint32_t i = 0; i < pl->host->nr_reserved; i++) {
		const struct host_reserved *r = &pl->host->reserved[i];

		if (range_overlaps(r->range, hyp))
			problem_report(pl->r, PROBLEM_BAD_HOST, false,
				       r->node == NO_NODE ? "/" : host_path(pl->host, r->node, path, sizeof(path)),
				       "", "0x%lx to 0x%lx is reserved, and the hypervisor with its package lies at "
				       "0x%lx to 0x%lx; load it elsewhere", r->range.base, range_last(r->range),
				       hyp.base, range_last(hyp));
	}
}

static void stated_firmware(struct planner *pl)
{
	struct plan *plan = pl->plan;
	char size[24];

	plan->firmware_reserved = pl->config->has_firmware && !pl->config->nr_firmware;
	for (uint32_t i = 0; i < pl->config->nr_firmware; i++) {
		struct range r = pl->config->firmware[i];

		if (!host_has_ram(pl->host, r))
			problem_report(pl->r, PROBLEM_MEMORY_NOT_RAM, true, "/", "firmware",
				       "%s at 0x%lx is not wholly RAM of the host; say where the firmware's memory is",
				       size_text(r.size, size, sizeof(size)), r.base);
		else if (range_overlaps(r, plan->hyp))
			problem_report(pl->r, PROBLEM_MEMORY_OVERLAP, true, "/", "firmware",
				       "%s at 0x%lx overlaps 0x%lx to 0x%lx of the hypervisor; say where the "
				       "firmware's memory is", size_text(r.size, size, sizeof(size)), r.base,
				       plan->hyp.base,
				       range_last(plan->hyp));
		plan->firmware[plan->nr_firmware++] = (struct plan_firmware){ r, true };
	}
}

/* Adds one more piece. The last entry of the table becomes everything up to the image. */
static void add_firmware_piece(struct plan *plan, struct range piece)
{
	if (plan->nr_firmware == MAX_FIRMWARE - 1)
		piece.size = plan->loaded.base - piece.base;
	if (plan->nr_firmware < MAX_FIRMWARE)
		plan->firmware[plan->nr_firmware++] = (struct plan_firmware){ piece, false };
}

/*
 * Firmware that reserves nothing still lies somewhere: below the image, which it has loaded. Other reservations there
 * do not show where, so all RAM below the image that nothing reserves counts as the firmware's.
 */
static void assume_firmware(struct planner *pl)
{
	uint64_t end, last, loaded = pl->plan->loaded.base;
	struct claim c;

	if (!host_has_ram(pl->host, (struct range){ loaded, 1 }) && !pl->host->nr_reserved)
		problem_report(pl->r, PROBLEM_BAD_HOST, false, "/", "",
			       "the image was loaded at 0x%lx, which is not RAM, and nothing is reserved, so the "
			       "firmware's memory may be anywhere; say where, by \"firmware\" of the root", loaded);
	for (uint32_t i = 0; i < pl->host->nr_ram && pl->host->ram[i].base < loaded; i++) {
		last = range_last(pl->host->ram[i]);
		last = last < loaded ? last : loaded - 1;
		for (uint64_t base = pl->host->ram[i].base; base <= last; base = range_last(c.range) + 1) {
			bool claimed = lowest_claim(pl, (struct range){ base, last - base + 1 }, &c);

			end = !claimed ? last + 1 : c.range.base > base ? c.range.base : base;
			if (base < end)
				add_firmware_piece(pl->plan, (struct range){ base, end - base });
			if (!claimed || range_last(c.range) >= last)
				break;
		}
	}
}

void plan_firmware(struct planner *pl)
{
	pl->plan->nr_firmware = 0;
	pl->plan->firmware_reserved = false;
	check_image(pl);
	if (pl->config->has_firmware)
		stated_firmware(pl);
	else
		assume_firmware(pl);
}

/* The bank that r overlaps, or whose end or begin is nearest to it. */
static struct range nearest_bank(const struct host *host, struct range r)
{
	uint64_t best = UINT64_MAX, away;
	struct range near = host->ram[0];

	for (uint32_t i = 0; i < host->nr_ram; i++) {
		struct range bank = host->ram[i];

		away = range_overlaps(bank, r) ? 0 : bank.base > r.base ? bank.base - range_last(r) :
		       r.base - range_last(bank);
		if (away < best) {
			best = away;
			near = bank;
		}
	}
	return near;
}

/* A second remedy, for a guest that is linked for this address. */
static const char *overlap_remedy(const struct claim *c)
{
	switch (c->kind) {
	case CLAIM_HYP:
		return "; or have the hypervisor elsewhere: docs/config.md, \"Memory\"";
	case CLAIM_FIRMWARE:
		return "; if the firmware is elsewhere, say so by \"firmware\" of the root";
	default:
		return "";
	}
}

static bool check_fixed(struct planner *pl, uint32_t vm, struct range r)
{
	struct range near;
	char who[HOST_PATH_SIZE + 8], size[24];
	struct claim c;

	if (!host_has_ram(pl->host, r)) {
		near = nearest_bank(pl->host, r);
		vm_problem(pl, vm, PROBLEM_MEMORY_NOT_RAM, "memory",
			   "%s at 0x%lx is not wholly RAM of the host, whose nearest is 0x%lx to 0x%lx; leave out "
			   "\"at\" to have it placed", size_text(r.size, size, sizeof(size)), r.base, near.base,
			   range_last(near));
		return false;
	}
	if (!lowest_claim(pl, r, &c))
		return true;
	vm_problem(pl, vm, PROBLEM_MEMORY_OVERLAP, "memory",
		   "%s at 0x%lx overlaps 0x%lx to 0x%lx of %s; take another address, or leave out \"at\"%s",
		   size_text(r.size, size, sizeof(size)), r.base, c.range.base, range_last(c.range),
		   claimant(pl, &c, who, sizeof(who)), overlap_remedy(&c));
	return false;
}

/* r: in the addresses of the guest, which are those of DMA. */
static bool reached(struct planner *pl, uint32_t vm, struct range r, const char *property)
{
	char path[HOST_PATH_SIZE], size[24];
	uint16_t node = plan_dma_limit(pl, vm, r);

	if (node != NO_NODE)
		vm_problem(pl, vm, PROBLEM_DMA_WINDOW, "memory",
			   "%s at 0x%lx: %s does not reach all of it by DMA, as \"dma-ranges\" of a bus above it says; "
			   "leave out \"%s\" to have it placed", size_text(r.size, size, sizeof(size)), r.base,
			   host_path(pl->host, node, path, sizeof(path)), property);
	return node == NO_NODE;
}

/* First address of the bank, congruent to offset modulo align, where size bytes are free. vm: NO_OWNER, or the guest
 * whose devices must reach it by DMA. */
static bool fit_in_bank(const struct planner *pl, uint32_t vm, struct range bank, uint64_t size, uint64_t align,
			uint64_t offset, uint64_t *base)
{
	struct range r = { align_down(bank.base, align) + offset, size };
	struct claim c;
	bool claimed;

	if (r.base < bank.base)
		r.base += align;
	while (range_contains(bank, r.base, size)) {
		claimed = lowest_claim(pl, r, &c);
		if (!claimed && (vm == NO_OWNER || plan_dma_limit(pl, vm, r) == NO_NODE)) {
			*base = r.base;
			return true;
		}
		if (!claimed) {
			r.base += align;
			continue;
		}
		if (range_last(c.range) >= range_last(bank))
			return false;
		r.base = align_down(range_last(c.range), align) + offset;
		if (r.base <= range_last(c.range))
			r.base += align;
	}
	return false;
}

bool plan_find_ram(const struct planner *pl, uint64_t size, uint64_t align, uint64_t *base)
{
	for (uint32_t i = 0; i < pl->host->nr_ram; i++) {
		if (fit_in_bank(pl, NO_OWNER, pl->host->ram[i], size, align, 0, base))
			return true;
	}
	return false;
}

static bool fit(const struct planner *pl, uint32_t vm, const struct config_memory *m, uint64_t align,
		uint64_t *base)
{
	for (uint32_t i = 0; i < pl->host->nr_ram; i++) {
		/* DMA of a guest with "as" is at the guest's addresses: see give(). */
		if (fit_in_bank(pl, m->mapped ? NO_OWNER : vm, pl->host->ram[i], m->size, align,
				m->mapped ? m->as % align : 0, base))
			return true;
	}
	return false;
}

/* The most that still fits anywhere, in whole 2 MiB. */
static uint64_t largest_free(struct planner *pl)
{
	uint64_t most = 0;

	plan_free_memory(pl);
	for (uint32_t i = 0; i < pl->plan->nr_free; i++)
		most = pl->plan->free[i].size > most ? pl->plan->free[i].size : most;
	return most;
}

static bool place(struct planner *pl, uint32_t vm, const struct config_memory *m, uint64_t *base)
{
	uint64_t most;
	char size[24], largest[24];

	if (m->size >= LEAF_1G && fit(pl, vm, m, LEAF_1G, base))
		return true;
	if (fit(pl, vm, m, LEAF_2M, base))
		return true;
	most = largest_free(pl);
	if (!most)
		vm_problem(pl, vm, PROBLEM_MEMORY_NO_ROOM, "memory",
			   "no free RAM for %s: less than 2M is left in one piece; reduce the memory of the guests before it",
			   size_text(m->size, size, sizeof(size)));
	else
		vm_problem(pl, vm, PROBLEM_MEMORY_NO_ROOM, "memory",
			   "no free RAM for %s in one piece%s%s; the largest free one has %s: ask for less, or for "
			   "several regions",
			   size_text(m->size, size, sizeof(size)),
				   m->mapped ? " that agrees with \"as\" modulo 2M" : "",
			   plan_dma_limit(pl, vm, (struct range){ 0, UINT64_MAX }) == NO_NODE ? "" :
			   " that its devices reach by DMA (dma-ranges)",
			   size_text(most, largest, sizeof(largest)));
	return false;
}

static void give(struct planner *pl, uint32_t vm, uint32_t index, bool fixed)
{
	const struct config_memory *m = &pl->config->vms[vm].memory[index];
	struct plan_region region = { .size = m->size, .kind = REGION_RAM,
				      .rights = RIGHT_R | RIGHT_W | RIGHT_X };
	uint64_t base = m->at;

	if (m->fixed != fixed)
		return;
	if (!(fixed ? check_fixed(pl, vm, (struct range){ base, m->size }) : place(pl, vm, m, &base)))
		return;
	if ((fixed || m->mapped) && !reached(pl, vm, (struct range){ m->mapped ? m->as : base, m->size },
					     m->mapped ? "as" : "at"))
		return;
	region.hpa = hpa(base);
	region.gpa = gpa(m->mapped ? m->as : base);
	if (!index)
		pl->first_ram[vm] = pl->plan->vms[vm].nr_regions;
	plan_add_region(pl, vm, "memory", region);
}

void plan_memory(struct planner *pl)
{
	for (uint32_t pass = 0; pass < 2; pass++) {
		for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
			for (uint32_t i = 0; i < pl->config->vms[vm].nr_memory; i++)
				give(pl, vm, i, !pass);
		}
	}
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		if (!pl->config->vms[vm].nr_memory && !pl->config->vms[vm].faulty)
			vm_problem(pl, vm, PROBLEM_NO_MEMORY, "memory",
				   "the guest has no memory; add memory = \"512M\"");
	}
}

/* The guests' region inside of plan->hyp that ends behind address at and begins first; false if there is none. */
static bool first_in_place(const struct plan *plan, uint64_t at, struct range *region)
{
	bool found = false;

	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		if (!plan->vms[i].policy.in_place)
			continue;
		for (uint32_t j = 0; j < plan->vms[i].nr_regions; j++) {
			struct range r = { plan->vms[i].regions[j].hpa.v, plan->vms[i].regions[j].size };

			if (range_overlaps(r, plan->hyp) && range_last(r) >= at &&
			    (!found || r.base < region->base)) {
				*region = r;
				found = true;
			}
		}
	}
	return found;
}

bool plan_hyp_piece(const struct plan *plan, uint64_t at, struct range *piece)
{
	uint64_t end = plan->hyp.base + plan->hyp.size;
	struct range other;

	at = at > plan->hyp.base ? at : plan->hyp.base;
	while (at < end) {
		bool found = first_in_place(plan, at, &other);

		if (!found || other.base > at) {
			*piece = (struct range){ at, (found ? other.base : end) - at };
			return true;
		}
		at = range_last(other) + 1;
	}
	return false;
}

/* The free RAM, in whole 2 MiB: what automatic placement can still use. */
void plan_free_memory(struct planner *pl)
{
	struct plan *plan = pl->plan;
	struct range rest;
	struct claim c;
	uint64_t end, last;
	bool claimed;

	plan->nr_free = 0;
	for (uint32_t i = 0; i < pl->host->nr_ram; i++) {
		last = range_last(pl->host->ram[i]);
		for (uint64_t base = pl->host->ram[i].base; base <= last; base = range_last(c.range) + 1) {
			rest = (struct range){ base, last - base + 1 };
			claimed = lowest_claim(pl, rest, &c);
			end = !claimed ? last + 1 : c.range.base > base ? c.range.base : base;
			end = align_down(end, LEAF_2M);
			base = align_up(base, LEAF_2M);
			if (base < end && plan->nr_free < MAX_FREE)
				plan->free[plan->nr_free++] = (struct range){ base, end - base };
			if (!claimed || range_last(c.range) >= last)
				break;
		}
	}
}
