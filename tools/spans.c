/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owners of RAM as one sorted list without gaps for each bank, for pictures and comparisons:
 * the plan's owners in order of addresses, with the free ranges.
 */
#include <stdlib.h>

#include "tools/tool.h"

/* Keeps it if it begins below the best so far, of what reaches behind at. */
static void consider(struct span *best, bool *found, struct range r, struct span s, uint64_t at)
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

/* The first span with an owner at or behind an address; of several a guest's first, reserved ones last. */
static bool next_claim(const struct plan *plan, const struct host *host, uint64_t at,
		       struct span *best)
{
	bool found = false;
	struct range piece;
	uint32_t i, j;

	for (i = 0; i < plan->nr_vms; i++) {
		for (j = 0; j < plan->vms[i].nr_regions; j++) {
			const struct plan_region *m = &plan->vms[i].regions[j];

			if (m->kind == REGION_RAM)
				consider(best, &found, (struct range){ m->hpa.v, m->size },
					 (struct span){ .kind = SPAN_VM, .vm = i, .region = j },
					 at);
		}
	}
	if (plan_hyp_piece(plan, at, &piece))
		consider(best, &found, piece, (struct span){ .kind = SPAN_HYP }, at);
	for (i = 0; i < plan->nr_firmware; i++)
		consider(best, &found, plan->firmware[i].range, (struct span){ .kind = SPAN_FIRMWARE }, at);
	for (i = 0; i < host->nr_reserved; i++)
		consider(best, &found, host->reserved[i].range,
			 (struct span){ .kind = SPAN_RESERVED }, at);
	return found;
}

static void append(struct spans *spans, struct span s)
{
	struct span *last = spans->count ? &spans->list[spans->count - 1] : NULL;

	if (last && last->kind == s.kind && last->bank == s.bank && s.kind != SPAN_VM &&
	    range_last(last->range) + 1 == s.range.base)
		last->range.size += s.range.size;
	else if (spans->count < ARRAY_LEN(spans->list))
		spans->list[spans->count++] = s;
}

static void add_bank(struct spans *spans, const struct plan *plan, const struct host *host,
		     uint32_t bank)
{
	uint64_t at = host->ram[bank].base, last = range_last(host->ram[bank]);
	struct span s;

	while (at <= last) {
		if (!next_claim(plan, host, at, &s) || s.range.base > last)
			s = (struct span){ .range = { at, last - at + 1 } };
		else if (s.range.base > at)
			s = (struct span){ .range = { at, s.range.base - at } };
		if (range_last(s.range) > last)
			s.range.size = last - s.range.base + 1;
		s.bank = bank;
		append(spans, s);
		at = range_last(s.range) + 1;	/* RAM ends below 2^56 */
	}
}

void spans_find(struct spans *spans, const struct plan *plan, const struct host *host)
{
	uint32_t i;

	spans->count = 0;
	for (i = 0; i < host->nr_ram; i++)
		add_bank(spans, plan, host, i);
}

const char *span_owner(const struct span *span, const struct plan *plan)
{
	static const char *const names[] = {
		[SPAN_FREE] = "free", [SPAN_HYP] = "hypervisor", [SPAN_FIRMWARE] = "firmware",
		[SPAN_RESERVED] = "reserved",
	};

	return span->kind == SPAN_VM ? plan->vms[span->vm].name : names[span->kind];
}
