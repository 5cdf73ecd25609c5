/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owners of RAM as one sorted list without gaps for each bank, for pictures and comparisons:
 * the plan's owners in order of addresses, with the free ranges.
 */
#include <stdlib.h>

#include "tools/tool.h"

/* It becomes the best if it begins below the best so far; only what reaches behind at counts. */
static void consider(struct ram_part *best, bool *found, struct range r, struct ram_part s, uint64_t at)
{
	if (!r.size || range_last(r) < at)
		return;
	if (r.base < at) {
		r.size -= at - r.base;
		r.base = at;
	}
	if (*found && best->range.base <= r.base)
		return;
	*best = s;
	best->range = r;
	*found = true;
}

/* The first part with an owner at or behind an address; of several a guest's first, reserved ones last. */
static bool next_claim(const struct plan *plan, const struct host *host, uint64_t at,
		       struct ram_part *best)
{
	bool found = false;
	struct range piece;

	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		for (uint32_t j = 0; j < plan->vms[i].nr_regions; j++) {
			const struct plan_region *m = &plan->vms[i].regions[j];

			if (m->kind == REGION_RAM)
				consider(best, &found, (struct range){ m->hpa.v, m->size },
					 (struct ram_part){ .owner = RAM_VM, .vm = i, .region = j },
					 at);
		}
	}
	for (uint32_t i = 0; i < plan->nr_shared; i++)
		consider(best, &found, (struct range){ plan->shared[i].hpa.v, plan->shared[i].size },
			 (struct ram_part){ .owner = RAM_SHARED, .region = i }, at);
	if (plan_hyp_piece(plan, at, &piece))
		consider(best, &found, piece, (struct ram_part){ .owner = RAM_HYP }, at);
	for (uint32_t i = 0; i < plan->nr_firmware; i++)
		consider(best, &found, plan->firmware[i].range, (struct ram_part){ .owner = RAM_FIRMWARE }, at);
	for (uint32_t i = 0; i < host->nr_reserved; i++)
		consider(best, &found, host->reserved[i].range,
			 (struct ram_part){ .owner = RAM_RESERVED }, at);
	return found;
}

static void append(struct ram_owners *owners, struct ram_part s)
{
	struct ram_part *last = owners->count ? &owners->list[owners->count - 1] : NULL;

	if (last && last->owner == s.owner && last->bank == s.bank && s.owner != RAM_VM && s.owner != RAM_SHARED &&
	    range_last(last->range) + 1 == s.range.base)
		last->range.size += s.range.size;
	else if (owners->count < ARRAY_LEN(owners->list))
		owners->list[owners->count++] = s;
}

static void add_bank(struct ram_owners *owners, const struct plan *plan, const struct host *host,
		     uint32_t bank)
{
	uint64_t at = host->ram[bank].base, last = range_last(host->ram[bank]);
	struct ram_part s;

	while (at <= last) {
		if (!next_claim(plan, host, at, &s) || s.range.base > last)
			s = (struct ram_part){ .range = { at, last - at + 1 } };
		else if (s.range.base > at)
			s = (struct ram_part){ .range = { at, s.range.base - at } };
		if (range_last(s.range) > last)
			s.range.size = last - s.range.base + 1;
		s.bank = bank;
		append(owners, s);
		at = range_last(s.range) + 1;	/* RAM ends below 2^56 */
	}
}

void ram_owners_find(struct ram_owners *owners, const struct plan *plan, const struct host *host)
{
	owners->count = 0;
	for (uint32_t i = 0; i < host->nr_ram; i++)
		add_bank(owners, plan, host, i);
}

const char *ram_owner_name(const struct ram_part *part, const struct plan *plan)
{
	static const char *const names[] = {
		[RAM_FREE] = "free", [RAM_HYP] = "hypervisor", [RAM_FIRMWARE] = "firmware",
		[RAM_RESERVED] = "reserved",
	};

	if (part->owner == RAM_SHARED)
		return plan->shared[part->region].name;
	return part->owner == RAM_VM ? plan->vms[part->vm].name : names[part->owner];
}
